//! Fingerprints: what an action depends on, as a list that can be both hashed and explained.
//!
//! The list of [`Part`]s is the only source of the [`Fingerprint`], and the same list, kept from the last run, tells why a result was not
//! found ([`MissReason`]). So the explanation cannot drift from what was hashed.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, DigestWriter};

/// The digest of everything an action depends on; the key of its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(Digest);

impl Fingerprint {
    /// Returns the digest behind the fingerprint, for use as a storage key.
    pub fn digest(self) -> Digest {
        self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Makes a fingerprint of inputs that are told one by one: the same as [`Parts::fingerprint`] of their list.
#[derive(Debug)]
pub struct FingerprintWriter(DigestWriter);

impl Default for FingerprintWriter {
    fn default() -> Self {
        Self(DigestWriter::new("fingerprint 1"))
    }
}

impl FingerprintWriter {
    /// Adds the next input.
    pub fn add(&mut self, kind: PartKind, name: &str, digest: Digest) {
        self.0.field([kind as u8]).field(name).digest(digest);
    }

    /// Returns the fingerprint.
    pub fn finish(self) -> Fingerprint {
        Fingerprint(self.0.finish())
    }
}

/// What kind of input a [`Part`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// A program and the programs it starts itself, by content.
    Tool,
    /// One argument of the command line, in order.
    Argument,
    /// The source file that is compiled.
    Source,
    /// A header that was read.
    Header,
    /// An object or archive that is linked or archived.
    Object,
    /// An environment variable that reaches the bytes.
    Environment,
    /// The version of our own code that made the inputs.
    Fbuild,
}

impl fmt::Display for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tool => "tool",
            Self::Argument => "argument",
            Self::Source => "source",
            Self::Header => "header",
            Self::Object => "object",
            Self::Environment => "environment variable",
            Self::Fbuild => "fbuild's",
        })
    }
}

/// One input of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// What kind of input it is.
    pub kind: PartKind,
    /// Its name for people, with roots mapped to names (`{library:FastLED}/FastLED.h`).
    pub name: String,
    /// The digest of its content.
    pub digest: Digest,
}

/// All inputs of one action, in the order in which they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parts(Vec<Part>);

impl Parts {
    /// Adds an input whose content is already digested.
    pub fn add(&mut self, kind: PartKind, name: impl Into<String>, digest: Digest) {
        let name = name.into();
        self.0.push(Part { kind, name, digest });
    }

    /// Adds an argument of the command line; its text is its content.
    pub fn argument(&mut self, text: impl Into<String>) {
        let text = text.into();
        let digest = Digest::of(text.as_bytes());
        self.add(PartKind::Argument, text, digest);
    }

    /// Returns the inputs in order.
    pub fn iter(&self) -> impl Iterator<Item = &Part> {
        self.0.iter()
    }

    /// Returns the fingerprint: a digest over kind, name and content of all inputs, in order.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut writer = FingerprintWriter::default();
        for part in &self.0 {
            writer.add(part.kind, &part.name, part.digest);
        }
        writer.finish()
    }

    /// Says why an action with these inputs has no result although one with the inputs `before` had.
    ///
    /// Names the first difference in the order of importance tool, argument, source, header, object.
    pub fn difference(&self, before: &Parts) -> MissReason {
        type Key<'a> = (PartKind, &'a str);
        fn index(parts: &Parts) -> HashMap<Key<'_>, Digest> {
            parts
                .iter()
                .map(|part| ((part.kind, part.name.as_str()), part.digest))
                .collect()
        }
        let (old, new) = (index(before), index(self));
        let mut changes: Vec<(PartKind, u8, &str)> = Vec::new();
        for (&(kind, name), digest) in &new {
            match old.get(&(kind, name)) {
                Some(was) if was == digest => {}
                Some(_) => changes.push((kind, 0, name)),
                None => changes.push((kind, 1, name)),
            }
        }
        changes.extend(
            old.keys()
                .filter(|key| !new.contains_key(*key))
                .map(|&(kind, name)| (kind, 2, name)),
        );
        changes.sort();
        match changes.first() {
            Some(&(kind, 0, name)) => MissReason::Changed {
                kind,
                name: name.to_owned(),
            },
            Some(&(kind, 1, name)) => MissReason::Added {
                kind,
                name: name.to_owned(),
            },
            Some(&(kind, _, name)) => MissReason::Removed {
                kind,
                name: name.to_owned(),
            },
            None if self == before => MissReason::Evicted,
            None => MissReason::Reordered,
        }
    }
}

/// Why a result was not found in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum MissReason {
    /// Nothing is known of an earlier run of this action.
    New,
    /// An input has other content than in the last run.
    Changed {
        /// What kind of input it is.
        kind: PartKind,
        /// Its name.
        name: String,
    },
    /// An input that the last run did not have.
    Added {
        /// What kind of input it is.
        kind: PartKind,
        /// Its name.
        name: String,
    },
    /// An input that only the last run had.
    Removed {
        /// What kind of input it is.
        kind: PartKind,
        /// Its name.
        name: String,
    },
    /// The same inputs in another order.
    Reordered,
    /// The inputs are those of the last run, but the stored result is gone.
    Evicted,
    /// The stored result could not be used.
    Damaged {
        /// What is wrong with it.
        problem: String,
    },
    /// The result must not be stored or looked up.
    Uncacheable {
        /// Why not.
        because: String,
    },
}

impl fmt::Display for MissReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("not built before"),
            Self::Changed { kind, name } => write!(f, "{kind} `{name}` changed"),
            Self::Added { kind, name } => write!(f, "{kind} `{name}` added"),
            Self::Removed { kind, name } => write!(f, "{kind} `{name}` removed"),
            Self::Reordered => f.write_str("inputs in another order"),
            Self::Evicted => f.write_str("the stored result was evicted"),
            Self::Damaged { problem } => write!(f, "the stored result is damaged: {problem}"),
            Self::Uncacheable { because } => write!(f, "not cacheable: {because}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(items: &[(PartKind, &str, &str)]) -> Parts {
        let mut parts = Parts::default();
        for (kind, name, content) in items {
            parts.add(*kind, *name, Digest::of(content.as_bytes()));
        }
        parts
    }

    #[test]
    fn every_field_of_a_part_reaches_the_fingerprint() {
        let base = parts(&[(PartKind::Header, "X.h", "1")]);
        for other in [
            parts(&[(PartKind::Source, "X.h", "1")]),
            parts(&[(PartKind::Header, "Y.h", "1")]),
            parts(&[(PartKind::Header, "X.h", "2")]),
            parts(&[]),
        ] {
            assert_ne!(base.fingerprint(), other.fingerprint(), "{other:?}");
        }
        assert_eq!(base.fingerprint(), base.clone().fingerprint());
    }

    #[test]
    fn the_reason_names_what_differs() {
        use PartKind::{Argument, Header, Tool};
        let before = parts(&[
            (Tool, "avr-g++", "5.4"),
            (Argument, "-Os", "-Os"),
            (Header, "X.h", "1"),
        ]);
        let check = |now: &[(PartKind, &str, &str)], expect: &str| {
            assert_eq!(parts(now).difference(&before).to_string(), expect);
        };
        check(
            &[
                (Tool, "avr-g++", "5.4"),
                (Argument, "-Os", "-Os"),
                (Header, "X.h", "2"),
            ],
            "header `X.h` changed",
        );
        check(
            &[
                (Tool, "avr-g++", "5.4"),
                (Argument, "-Os", "-Os"),
                (Argument, "-DX", "-DX"),
                (Header, "X.h", "2"),
            ],
            "argument `-DX` added",
        );
        check(
            &[(Tool, "avr-g++", "7.3"), (Header, "X.h", "1")],
            "tool `avr-g++` changed",
        );
        check(
            &[(Tool, "avr-g++", "5.4"), (Header, "X.h", "1")],
            "argument `-Os` removed",
        );
        check(
            &[
                (Argument, "-Os", "-Os"),
                (Tool, "avr-g++", "5.4"),
                (Header, "X.h", "1"),
            ],
            "inputs in another order",
        );
        assert_eq!(before.difference(&before), MissReason::Evicted);
    }
}
