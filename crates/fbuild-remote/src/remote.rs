//! The server as the rest of fbuild sees it: blocking calls, counted, and off once it keeps failing.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use camino::Utf8Path;
use fbuild_model::Fingerprint;
use fbuild_model::event::RemoteUse;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::action_cache::{self, Key, RemoteBlob, RemoteResult};
use crate::breaker::Breaker;
use crate::capabilities::{self, Capabilities};
use crate::connection::{self, Wire};
use crate::digest::BlobDigest;
use crate::error::RemoteError;
use crate::options::RemoteOptions;
use crate::storage::Storage;
use crate::traffic::{Counters, add};

/// Lookups under way at the same time: servers answer each in milliseconds, but many at once.
const LOOKUPS: usize = 100;

/// A server of the Remote Execution API.
pub struct Remote {
    runtime: Runtime,
    wire: Wire,
    options: RemoteOptions,
    offers: OnceLock<Result<Capabilities, RemoteError>>,
    breaker: Breaker,
    counters: Counters,
    uploads: AtomicU64,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Remote {
    /// Prepares a client. Nothing is sent before the first request.
    ///
    /// # Errors
    /// If a certificate or key cannot be read or used, or the event loop cannot be started.
    pub fn new(options: RemoteOptions) -> Result<Self, RemoteError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("remote")
            .enable_all()
            .build()
            .map_err(|error| RemoteError::Server {
                endpoint: options.endpoint.to_string(),
                problem: error.to_string(),
            })?;
        let wire = {
            let _entered = runtime.enter();
            connection::connect(&options)?
        };
        Ok(Self {
            runtime,
            wire,
            options,
            offers: OnceLock::new(),
            breaker: Breaker::default(),
            counters: Counters::default(),
            uploads: AtomicU64::new(0),
        })
    }

    /// Asks the server what it offers; the answer is kept.
    ///
    /// # Errors
    /// If the server does not answer, or does not name blobs by SHA-256.
    pub fn capabilities(&self) -> Result<Capabilities, RemoteError> {
        let ask = || {
            let offers = self.call(capabilities::query(
                self.wire.clone(),
                &self.options.instance,
            ))?;
            match offers.sha256 {
                true => Ok(offers),
                false => Err(RemoteError::Unsupported {
                    endpoint: self.options.endpoint.to_string(),
                    feature: "SHA-256 digests".to_owned(),
                }),
            }
        };
        let offers = self.offers.get_or_init(|| {
            // Without an answer to the first question, no other is asked.
            ask().inspect_err(|error| self.breaker.switch_off(error))
        });
        offers.clone()
    }

    /// Looks results up, many at a time. What the server does not have is absent from the answer.
    ///
    /// # Errors
    /// If the server fails; results found until then are lost with it.
    pub fn lookup(
        &self,
        fingerprints: &[Fingerprint],
    ) -> Result<HashMap<Fingerprint, RemoteResult>, RemoteError> {
        self.capabilities()?;
        let found = self.counted(async {
            let mut found = HashMap::new();
            let mut left = fingerprints.iter().copied();
            let mut under_way = JoinSet::new();
            loop {
                while under_way.len() < LOOKUPS {
                    let Some(fingerprint) = left.next() else {
                        break;
                    };
                    let (wire, instance) = (self.wire.clone(), self.options.instance.clone());
                    under_way.spawn(async move {
                        (
                            fingerprint,
                            action_cache::get(wire, &instance, fingerprint).await,
                        )
                    });
                }
                let Some(joined) = under_way.join_next().await else {
                    break;
                };
                let (fingerprint, result) =
                    joined.map_err(|error| tonic::Status::internal(error.to_string()))?;
                if let Some(result) = result? {
                    found.insert(fingerprint, result);
                }
            }
            Ok(found)
        })?;
        add(&self.counters.hits, found.len() as u64);
        add(
            &self.counters.misses,
            (fingerprints.len() - found.len()) as u64,
        );
        Ok(found)
    }

    /// Fetches blobs, each checked against its SHA-256 digest.
    ///
    /// # Errors
    /// If the server fails, or a blob is missing or damaged there.
    pub fn fetch(
        &self,
        digests: &[BlobDigest],
    ) -> Result<HashMap<BlobDigest, Vec<u8>>, RemoteError> {
        let storage = self.storage()?;
        let (small, large): (Vec<_>, Vec<_>) = digests
            .iter()
            .cloned()
            .partition(|digest| storage.is_small(digest));
        let moved = self.counted(async {
            let batch = storage.read_batch(&small).await?;
            let (mut found, mut wire_bytes) = (batch.value, batch.wire_bytes);
            for digest in large {
                let blob = storage.read(&digest).await?;
                wire_bytes += blob.wire_bytes;
                found.insert(digest, blob.value);
            }
            Ok((found, wire_bytes))
        });
        let (found, wire_bytes) = moved?;
        add(&self.counters.bytes_down, wire_bytes);
        Ok(found)
    }

    /// Publishes a result: first the blobs that the server lacks, then the result that names them.
    ///
    /// # Errors
    /// If a file cannot be read, or the server fails or refuses.
    pub fn publish(
        &self,
        fingerprint: Fingerprint,
        entry: Vec<u8>,
        files: &[(&str, &Utf8Path)],
    ) -> Result<(), RemoteError> {
        let storage = self.storage()?;
        let key = Key::of(fingerprint);
        let mut blobs = vec![
            (BlobDigest::of(&key.command), key.command),
            (BlobDigest::of(&key.action), key.action),
            // The empty directory that the action names as its inputs.
            (BlobDigest::of(&[]), Vec::new()),
        ];
        let mut named = Vec::with_capacity(files.len());
        for (name, path) in files {
            let bytes = fs_err::read(path).map_err(|error| file(path, &error))?;
            let digest = BlobDigest::of(&bytes);
            named.push(RemoteBlob {
                name: (*name).to_owned(),
                digest: digest.clone(),
            });
            blobs.push((digest, bytes));
        }
        let result = RemoteResult {
            entry,
            blobs: named,
        };
        let upload = self.uploads.fetch_add(1, Ordering::Relaxed);
        let wire_bytes = self.counted(async {
            let digests: Vec<BlobDigest> = blobs.iter().map(|(digest, _)| digest.clone()).collect();
            let missing = storage.missing(&digests).await?;
            blobs.retain(|(digest, _)| missing.contains(digest));
            let (small, large): (Vec<_>, Vec<_>) = blobs
                .into_iter()
                .partition(|(digest, _)| storage.is_small(digest));
            let mut wire_bytes = storage.write_batch(&small).await?;
            for (index, (digest, bytes)) in large.iter().enumerate() {
                let name = upload_name(upload, index);
                wire_bytes += storage.write(digest, bytes, &name).await?;
            }
            action_cache::update(
                self.wire.clone(),
                &self.options.instance,
                fingerprint,
                &result,
            )
            .await?;
            Ok(wire_bytes)
        })?;
        add(&self.counters.bytes_up, wire_bytes);
        add(&self.counters.uploads, 1);
        Ok(())
    }

    /// Returns whether results of this machine are to be uploaded.
    pub fn uploads_results(&self) -> bool {
        self.options.upload_results
    }

    /// Returns why the server was switched off for this run, once.
    pub fn take_warning(&self) -> Option<String> {
        self.breaker.take_reason()
    }

    /// Returns what the server was used for so far.
    pub fn traffic(&self) -> RemoteUse {
        self.counters.traffic()
    }

    fn storage(&self) -> Result<Storage, RemoteError> {
        Ok(Storage {
            wire: self.wire.clone(),
            instance: self.options.instance.clone(),
            offers: self.capabilities()?,
        })
    }

    /// Carries a request to its end, and counts time and failures.
    fn counted<T>(
        &self,
        request: impl Future<Output = Result<T, tonic::Status>>,
    ) -> Result<T, RemoteError> {
        if self.breaker.is_off() {
            return Err(RemoteError::Off);
        }
        let began = Instant::now();
        let outcome = self.call(request);
        self.counters.waited(began.elapsed());
        self.breaker.count(&outcome);
        outcome
    }

    fn call<T>(
        &self,
        request: impl Future<Output = Result<T, tonic::Status>>,
    ) -> Result<T, RemoteError> {
        let seconds = self.options.timeout.as_secs();
        let endpoint = self.options.endpoint.to_string();
        // The channel limits each request; a stream that trickles is limited here.
        let limit = self.options.timeout.saturating_mul(4) + Duration::from_secs(1);
        let outcome = self
            .runtime
            .block_on(async { tokio::time::timeout(limit, request).await });
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(status)) => Err(RemoteError::of_status(&endpoint, &status, seconds)),
            Err(_) => Err(RemoteError::Timeout { endpoint, seconds }),
        }
    }
}

fn file(path: &Utf8Path, error: &io::Error) -> RemoteError {
    RemoteError::File {
        path: path.to_owned(),
        problem: error.to_string(),
    }
}

/// Returns a name for an upload in the form of a UUID, as the protocol asks for; different in each process and upload.
fn upload_name(upload: u64, index: usize) -> String {
    let mut unique = fbuild_model::DigestWriter::new("upload");
    let time = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    unique
        .field(std::process::id().to_le_bytes())
        .field(time.as_nanos().to_le_bytes())
        .field(upload.to_le_bytes())
        .field(index.to_le_bytes());
    let hash = unique.finish().to_string();
    format!(
        "{}-{}-4{}-8{}-{}",
        &hash[..8],
        &hash[8..12],
        &hash[13..16],
        &hash[17..20],
        &hash[20..32]
    )
}
