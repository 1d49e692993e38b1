//! History: what the last build of a subject was made from and what it cost.
//!
//! A subject is a text by which the caller finds "the same thing" again although its inputs changed. The inputs tell why a result is
//! missing, the cost tells what to start first. Nothing here decides what is served.

use fbuild_model::{Cost, Digest, DigestWriter, MissReason, Parts};
use serde::{Deserialize, Serialize};

use crate::layout::Bucket;
use crate::sealed::{self, Opened};
use crate::store::Cache;

#[derive(Serialize)]
struct Written<'a> {
    subject: &'a str,
    cost: Cost,
    parts: &'a Parts,
}

#[derive(Deserialize)]
struct Inputs {
    parts: Parts,
}

#[derive(Deserialize)]
struct Price {
    cost: Cost,
}

impl Cache {
    /// Says why there is no result for `subject` with the inputs `parts`, compared with its last [`Cache::record`].
    pub fn reason(&self, subject: &str, parts: &Parts) -> MissReason {
        match self.read_history::<Inputs>(subject) {
            Some(last) => parts.difference(&last.parts),
            None => MissReason::New,
        }
    }

    /// Returns what the last build of `subject` cost.
    pub fn last_cost(&self, subject: &str) -> Option<Cost> {
        self.read_history::<Price>(subject).map(|last| last.cost)
    }

    /// Records that `subject` was just built from `parts` at this cost. A failure is a warning.
    pub fn record(&self, subject: &str, parts: &Parts, cost: Cost) {
        let content = serde_json::to_vec(&Written {
            subject,
            cost,
            parts,
        })
        .expect("all keys are text");
        self.put_sealed(Bucket::History, name_of(subject), &content);
    }

    fn read_history<T: for<'de> Deserialize<'de>>(&self, subject: &str) -> Option<T> {
        let name = name_of(subject);
        match sealed::read(
            Bucket::History,
            name,
            &self.layout.named(Bucket::History, name),
        ) {
            Opened::Intact(bytes) => serde_json::from_slice(&bytes).ok(),
            Opened::Absent | Opened::Damaged(_) => None,
        }
    }
}

fn name_of(subject: &str) -> Digest {
    let mut writer = DigestWriter::new("subject");
    writer.field(subject);
    writer.finish()
}
