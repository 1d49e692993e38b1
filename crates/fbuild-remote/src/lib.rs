//! A client of the Remote Execution API v2 (REAPI): results and bytes that other machines made.
//!
//! A result is found under the SHA-256 digest of a synthetic action whose salt is fbuild's fingerprint, so a lookup needs no input tree and
//! stays independent of paths. Whatever comes back is checked by the caller's own digests as well; a server can make a build slow, never
//! wrong. Calls block; an event loop of two threads carries them, so that many can be in flight.
//!
//! The crate does not know the local store, plans or processes. It does not decide whether a result may leave the machine.

mod action_cache;
mod breaker;
mod capabilities;
mod connection;
mod digest;
mod error;
mod options;
mod remote;
mod storage;
mod traffic;
mod uploads;

pub use action_cache::{RemoteBlob, RemoteResult};
pub use capabilities::Capabilities;
pub use digest::BlobDigest;
pub use error::RemoteError;
pub use options::{Endpoint, Header, OptionError, RemoteOptions, TlsOptions};
pub use remote::Remote;
pub use uploads::Uploads;
