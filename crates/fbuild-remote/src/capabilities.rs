//! What a server offers.

use bazel_remote_apis::build::bazel::remote::execution::v2 as reapi;
use reapi::capabilities_client::CapabilitiesClient;

use crate::connection::Wire;

/// gRPC servers refuse messages over 4 MiB unless configured otherwise; some room is for the frame around the blobs.
const DEFAULT_BATCH: u64 = (4 << 20) - (64 << 10);

/// What a server says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// It names blobs by SHA-256.
    pub sha256: bool,
    /// It accepts results of clients.
    pub accepts_results: bool,
    /// It runs actions.
    pub executes: bool,
    /// Byte streams may be compressed with zstd.
    pub zstd_streams: bool,
    /// Blobs in batches may be compressed with zstd.
    pub zstd_batches: bool,
    /// The most bytes of blobs in one batch.
    pub batch_bytes: u64,
}

/// Asks a server what it offers.
pub(crate) async fn query(wire: Wire, instance: &str) -> Result<Capabilities, tonic::Status> {
    let request = reapi::GetCapabilitiesRequest {
        instance_name: instance.to_owned(),
    };
    let answer = CapabilitiesClient::new(wire)
        .get_capabilities(request)
        .await?
        .into_inner();
    Ok(read(&answer))
}

fn read(answer: &reapi::ServerCapabilities) -> Capabilities {
    let sha256 = reapi::digest_function::Value::Sha256 as i32;
    let zstd = reapi::compressor::Value::Zstd as i32;
    let cache = answer.cache_capabilities.clone().unwrap_or_default();
    let limit = u64::try_from(cache.max_batch_total_size_bytes).unwrap_or(0);
    Capabilities {
        sha256: cache.digest_functions.contains(&sha256),
        accepts_results: cache
            .action_cache_update_capabilities
            .is_some_and(|update| update.update_enabled),
        executes: answer
            .execution_capabilities
            .as_ref()
            .is_some_and(|execution| execution.exec_enabled),
        zstd_streams: cache.supported_compressors.contains(&zstd),
        zstd_batches: cache.supported_batch_update_compressors.contains(&zstd),
        // Zero means that the server names no limit.
        batch_bytes: match limit {
            0 => DEFAULT_BATCH,
            limit => limit.min(DEFAULT_BATCH),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_answer_offers_nothing() {
        let nothing = read(&reapi::ServerCapabilities::default());
        assert!(!nothing.sha256 && !nothing.accepts_results && !nothing.executes);
        assert!(!nothing.zstd_streams && !nothing.zstd_batches);
        assert_eq!(nothing.batch_bytes, DEFAULT_BATCH);
    }
}
