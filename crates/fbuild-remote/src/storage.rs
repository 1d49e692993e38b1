//! Bytes by digest: the protocol's content-addressable storage, in batches for small blobs and byte streams for large ones.

use std::collections::{HashMap, HashSet};

use bazel_remote_apis::build::bazel::remote::execution::v2 as reapi;
use bazel_remote_apis::google::bytestream::byte_stream_client::ByteStreamClient;
use bazel_remote_apis::google::bytestream::{ReadRequest, WriteRequest};
use reapi::content_addressable_storage_client::ContentAddressableStorageClient;
use tonic::Status;

use crate::capabilities::Capabilities;
use crate::connection::Wire;
use crate::digest::BlobDigest;

/// Bytes in one message of a stream.
const CHUNK: usize = 1 << 20;

const ZSTD: i32 = reapi::compressor::Value::Zstd as i32;
const SHA256: i32 = reapi::digest_function::Value::Sha256 as i32;

/// The storage of one server.
#[derive(Clone)]
pub(crate) struct Storage {
    pub(crate) wire: Wire,
    pub(crate) instance: String,
    pub(crate) offers: Capabilities,
}

/// Bytes that came or went, and how many of them crossed the wire.
pub(crate) struct Moved<T> {
    pub(crate) value: T,
    pub(crate) wire_bytes: u64,
}

impl Storage {
    /// Returns which of `digests` the server lacks.
    pub(crate) async fn missing(
        &self,
        digests: &[BlobDigest],
    ) -> Result<HashSet<BlobDigest>, Status> {
        let mut missing = HashSet::new();
        // About 80 bytes each, far below the size of a message.
        for part in digests.chunks(10_000) {
            let request = reapi::FindMissingBlobsRequest {
                instance_name: self.instance.clone(),
                blob_digests: part.iter().map(BlobDigest::to_wire).collect(),
                digest_function: SHA256,
            };
            let answer = self
                .client()
                .find_missing_blobs(request)
                .await?
                .into_inner();
            let named = answer.missing_blob_digests.iter();
            missing.extend(named.filter_map(BlobDigest::from_wire));
        }
        Ok(missing)
    }

    /// Returns whether a blob fits into a batch with others.
    pub(crate) fn is_small(&self, digest: &BlobDigest) -> bool {
        digest.size() <= self.offers.batch_bytes / 4
    }

    /// Reads small blobs, each checked against its digest. A blob that the server lacks is an error of the status `NotFound`.
    pub(crate) async fn read_batch(
        &self,
        digests: &[BlobDigest],
    ) -> Result<Moved<HashMap<BlobDigest, Vec<u8>>>, Status> {
        let mut found = HashMap::new();
        let mut wire_bytes = 0;
        for part in batches(digests, self.offers.batch_bytes, BlobDigest::size) {
            let request = reapi::BatchReadBlobsRequest {
                instance_name: self.instance.clone(),
                digests: part.iter().map(BlobDigest::to_wire).collect(),
                acceptable_compressors: self
                    .offers
                    .zstd_batches
                    .then_some(ZSTD)
                    .into_iter()
                    .collect(),
                digest_function: SHA256,
            };
            let answer = self.client().batch_read_blobs(request).await?.into_inner();
            for blob in answer.responses {
                if let Some(status) = blob.status.filter(|status| status.code != 0) {
                    return Err(Status::new(status.code.into(), status.message));
                }
                let digest = blob.digest.as_ref().and_then(BlobDigest::from_wire);
                let digest = digest.ok_or_else(|| Status::data_loss("a blob without a digest"))?;
                wire_bytes += blob.data.len() as u64;
                let bytes = match blob.compressor {
                    ZSTD => decompress(&blob.data, &digest)?,
                    _ => blob.data,
                };
                check(&digest, &bytes)?;
                found.insert(digest, bytes);
            }
        }
        if let Some(digest) = digests.iter().find(|digest| !found.contains_key(*digest)) {
            return Err(Status::not_found(format!("blob {}", digest.hash())));
        }
        Ok(Moved {
            value: found,
            wire_bytes,
        })
    }

    /// Reads one blob of any size, checked against its digest.
    pub(crate) async fn read(&self, digest: &BlobDigest) -> Result<Moved<Vec<u8>>, Status> {
        let kind = if self.offers.zstd_streams {
            "compressed-blobs/zstd"
        } else {
            "blobs"
        };
        let request = ReadRequest {
            resource_name: self.resource(&format!("{kind}/{}/{}", digest.hash(), digest.size())),
            ..Default::default()
        };
        let mut stream = ByteStreamClient::new(self.wire.clone())
            .read(request)
            .await?
            .into_inner();
        let mut received = Vec::new();
        // Compressed bytes may exceed the blob's by a little; a server that sends more than that is cut off.
        let limit = digest.size() + digest.size() / 16 + (64 << 10);
        while let Some(message) = stream.message().await? {
            received.extend_from_slice(&message.data);
            if received.len() as u64 > limit {
                return Err(Status::data_loss(format!(
                    "blob {} is too long",
                    digest.hash()
                )));
            }
        }
        let wire_bytes = received.len() as u64;
        let bytes = match self.offers.zstd_streams {
            true => decompress(&received, digest)?,
            false => received,
        };
        check(digest, &bytes)?;
        Ok(Moved {
            value: bytes,
            wire_bytes,
        })
    }

    /// Writes small blobs; returns the bytes that crossed the wire.
    pub(crate) async fn write_batch(&self, blobs: &[(BlobDigest, Vec<u8>)]) -> Result<u64, Status> {
        let mut wire_bytes = 0;
        for part in batches(blobs, self.offers.batch_bytes, |(digest, _)| digest.size()) {
            let mut requests = Vec::with_capacity(part.len());
            for (digest, bytes) in part {
                let (data, compressor) = match self.offers.zstd_batches {
                    true => (compress(bytes)?, ZSTD),
                    false => (bytes.clone(), 0),
                };
                wire_bytes += data.len() as u64;
                requests.push(reapi::batch_update_blobs_request::Request {
                    digest: Some(digest.to_wire()),
                    data,
                    compressor,
                });
            }
            let request = reapi::BatchUpdateBlobsRequest {
                instance_name: self.instance.clone(),
                requests,
                digest_function: SHA256,
            };
            let answer = self
                .client()
                .batch_update_blobs(request)
                .await?
                .into_inner();
            let mut statuses = answer.responses.into_iter().filter_map(|blob| blob.status);
            if let Some(status) = statuses.find(|status| status.code != 0) {
                return Err(Status::new(status.code.into(), status.message));
            }
        }
        Ok(wire_bytes)
    }

    /// Writes one blob of any size; returns the bytes that crossed the wire. `upload` is a name that no other upload has.
    pub(crate) async fn write(
        &self,
        digest: &BlobDigest,
        bytes: &[u8],
        upload: &str,
    ) -> Result<u64, Status> {
        let (kind, data) = match self.offers.zstd_streams {
            true => ("compressed-blobs/zstd", compress(bytes)?),
            false => ("blobs", bytes.to_vec()),
        };
        let name = self.resource(&format!(
            "uploads/{upload}/{kind}/{}/{}",
            digest.hash(),
            digest.size()
        ));
        let wire_bytes = data.len() as u64;
        let last = data.len().div_ceil(CHUNK).saturating_sub(1);
        let mut messages: Vec<WriteRequest> = data
            .chunks(CHUNK)
            .enumerate()
            .map(|(index, part)| WriteRequest {
                resource_name: if index == 0 {
                    name.clone()
                } else {
                    String::new()
                },
                write_offset: (index * CHUNK) as i64,
                finish_write: index == last,
                data: part.to_vec(),
            })
            .collect();
        if messages.is_empty() {
            messages.push(WriteRequest {
                resource_name: name,
                finish_write: true,
                ..Default::default()
            });
        }
        let answer = ByteStreamClient::new(self.wire.clone())
            .write(tokio_stream::iter(messages))
            .await?
            .into_inner();
        // A server that has the blob already answers with its whole size, or -1 where it is compressed.
        let committed = answer.committed_size;
        let is_whole = committed == wire_bytes.cast_signed()
            || committed == digest.size().cast_signed()
            || committed == -1;
        match is_whole {
            true => Ok(wire_bytes),
            false => Err(Status::data_loss(format!(
                "{committed} of {wire_bytes} bytes of blob {} were stored",
                digest.hash()
            ))),
        }
    }

    fn client(&self) -> ContentAddressableStorageClient<Wire> {
        ContentAddressableStorageClient::new(self.wire.clone()).max_decoding_message_size(64 << 20)
    }

    fn resource(&self, rest: &str) -> String {
        match self.instance.as_str() {
            "" => rest.to_owned(),
            instance => format!("{instance}/{rest}"),
        }
    }
}

/// Divides `items` into runs whose sizes add up to at most `limit`; a larger item is alone.
fn batches<T>(items: &[T], limit: u64, size: impl Fn(&T) -> u64) -> impl Iterator<Item = &[T]> {
    let mut rest = items;
    std::iter::from_fn(move || {
        let mut total = 0;
        let fitting = rest.iter().take_while(|item| {
            // What the protocol adds to each blob.
            total += size(item) + 128;
            total <= limit
        });
        let count = fitting.count().max(1).min(rest.len());
        let (batch, left) = rest.split_at(count);
        rest = left;
        (!batch.is_empty()).then_some(batch)
    })
}

fn check(digest: &BlobDigest, bytes: &[u8]) -> Result<(), Status> {
    match BlobDigest::of(bytes) == *digest {
        true => Ok(()),
        false => Err(Status::data_loss(format!(
            "blob {} has other bytes",
            digest.hash()
        ))),
    }
}

fn compress(bytes: &[u8]) -> Result<Vec<u8>, Status> {
    zstd::bulk::compress(bytes, 1).map_err(|error| Status::internal(error.to_string()))
}

fn decompress(bytes: &[u8], digest: &BlobDigest) -> Result<Vec<u8>, Status> {
    let size = usize::try_from(digest.size()).map_err(|_| Status::data_loss("blob too large"))?;
    zstd::bulk::decompress(bytes, size)
        .map_err(|error| Status::data_loss(format!("blob {}: {error}", digest.hash())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_order_and_limit() {
        let sizes = [10, 500, 500, 2000, 1];
        let found: Vec<&[u64]> = batches(&sizes, 1000, |size| *size).collect();
        assert_eq!(found, [&[10, 500][..], &[500], &[2000], &[1]]);
        assert_eq!(batches(&[0u64; 0], 10, |size| *size).count(), 0);
    }

    #[test]
    fn damage_is_found() {
        let digest = BlobDigest::of(b"firmware");
        let packed = compress(b"firmware").unwrap();
        assert_eq!(decompress(&packed, &digest).unwrap(), b"firmware");
        assert!(decompress(b"junk", &digest).is_err());
        assert!(check(&digest, b"Firmware").is_err());
    }
}
