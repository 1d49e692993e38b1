//! Results by fingerprint: the protocol's action cache.

use bazel_remote_apis::build::bazel::remote::execution::v2 as reapi;
use fbuild_model::Fingerprint;
use prost::Message;
use reapi::action_cache_client::ActionCacheClient;

use crate::connection::Wire;
use crate::digest::BlobDigest;

/// Separates these actions from other programs' and from those of a later, incompatible format.
const FORMAT: &str = "fbuild-result-1";

/// A file of a result, as the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteBlob {
    /// The name that its publisher gave it.
    pub name: String,
    /// Its bytes.
    pub digest: BlobDigest,
}

/// A result as the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteResult {
    /// The local store's description of the result. Nothing in it was checked.
    pub entry: Vec<u8>,
    /// The files, in the order in which they were published.
    pub blobs: Vec<RemoteBlob>,
}

/// The messages behind the key of a result. They are uploaded with it, because some servers keep only results of actions they have.
pub(crate) struct Key {
    pub(crate) action: Vec<u8>,
    pub(crate) command: Vec<u8>,
}

impl Key {
    pub(crate) fn of(fingerprint: Fingerprint) -> Self {
        let command = reapi::Command {
            arguments: vec![FORMAT.to_owned()],
            ..Default::default()
        }
        .encode_to_vec();
        let action = reapi::Action {
            command_digest: Some(BlobDigest::of(&command).to_wire()),
            input_root_digest: Some(BlobDigest::of(&[]).to_wire()),
            salt: fingerprint.digest().as_bytes().to_vec(),
            ..Default::default()
        };
        Self {
            action: action.encode_to_vec(),
            command,
        }
    }

    pub(crate) fn digest(&self) -> BlobDigest {
        BlobDigest::of(&self.action)
    }
}

/// Looks a result up. `None` if the server has none, or one that fbuild did not write.
pub(crate) async fn get(
    wire: Wire,
    instance: &str,
    fingerprint: Fingerprint,
) -> Result<Option<RemoteResult>, tonic::Status> {
    let request = reapi::GetActionResultRequest {
        instance_name: instance.to_owned(),
        action_digest: Some(Key::of(fingerprint).digest().to_wire()),
        inline_stdout: true,
        digest_function: reapi::digest_function::Value::Sha256 as i32,
        ..Default::default()
    };
    match ActionCacheClient::new(wire)
        .get_action_result(request)
        .await
    {
        Ok(answer) => Ok(read(answer.into_inner())),
        Err(status) if status.code() == tonic::Code::NotFound => Ok(None),
        Err(status) => Err(status),
    }
}

fn read(result: reapi::ActionResult) -> Option<RemoteResult> {
    if result.exit_code != 0 || result.stdout_raw.is_empty() {
        return None;
    }
    let blob = |file: &reapi::OutputFile| {
        Some(RemoteBlob {
            name: file.path.clone(),
            digest: BlobDigest::from_wire(file.digest.as_ref()?)?,
        })
    };
    Some(RemoteResult {
        blobs: result
            .output_files
            .iter()
            .map(blob)
            .collect::<Option<_>>()?,
        entry: result.stdout_raw,
    })
}

/// Publishes a result whose blobs are on the server.
pub(crate) async fn update(
    wire: Wire,
    instance: &str,
    fingerprint: Fingerprint,
    result: &RemoteResult,
) -> Result<(), tonic::Status> {
    let file = |blob: &RemoteBlob| reapi::OutputFile {
        path: blob.name.clone(),
        digest: Some(blob.digest.to_wire()),
        ..Default::default()
    };
    let request = reapi::UpdateActionResultRequest {
        instance_name: instance.to_owned(),
        action_digest: Some(Key::of(fingerprint).digest().to_wire()),
        action_result: Some(reapi::ActionResult {
            output_files: result.blobs.iter().map(file).collect(),
            stdout_raw: result.entry.clone(),
            ..Default::default()
        }),
        digest_function: reapi::digest_function::Value::Sha256 as i32,
        ..Default::default()
    };
    ActionCacheClient::new(wire)
        .update_action_result(request)
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    use fbuild_model::fingerprint::PartKind;
    use fbuild_model::{Digest, Parts};

    use super::*;

    fn fingerprint(text: &str) -> Fingerprint {
        let mut parts = Parts::default();
        parts.add(PartKind::Argument, text, Digest::of(text.as_bytes()));
        parts.fingerprint()
    }

    #[test]
    fn each_fingerprint_has_its_key() {
        let digest = |text| Key::of(fingerprint(text)).digest();
        assert_eq!(digest("a"), digest("a"));
        assert_ne!(digest("a"), digest("b"));
    }

    #[test]
    fn results_of_others_are_not_taken() {
        let empty = reapi::ActionResult::default();
        assert_eq!(read(empty.clone()), None);
        let failed = reapi::ActionResult {
            exit_code: 1,
            stdout_raw: b"{}".to_vec(),
            ..empty.clone()
        };
        assert_eq!(read(failed), None);
        let no_digest = reapi::ActionResult {
            stdout_raw: b"{}".to_vec(),
            output_files: vec![reapi::OutputFile::default()],
            ..empty
        };
        assert_eq!(read(no_digest), None);
    }
}
