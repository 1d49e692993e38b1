//! Merging a firmware with the bootloader's image, on texts alone.

use std::collections::BTreeMap;

use ihex::{Reader, Record};

/// Data bytes per record of a merged image.
const RECORD_BYTES: usize = 16;

/// Why two images cannot be merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A line of an image is no Intel HEX record.
    #[error("{image} image, line {line}: {problem}")]
    Record {
        /// `bootloader` or `sketch`.
        image: &'static str,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// Two records of one image write the same byte.
    #[error("{image} image, line {line}: writes bytes that an earlier line wrote")]
    Overlap {
        /// `bootloader` or `sketch`.
        image: &'static str,
        /// The line, counted from 1.
        line: usize,
    },
    /// An image does not end with an end-of-file record.
    #[error("{image} image: no end-of-file record")]
    Truncated {
        /// `bootloader` or `sketch`.
        image: &'static str,
    },
}

/// A firmware merged with a bootloader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The text of `.with_bootloader.hex`.
    pub hex: String,
    /// The bytes of `.with_bootloader.bin`; `None` if the span is larger than the limit.
    pub bin: Option<Vec<u8>>,
}

/// Bytes by start address, adjoining runs joined.
type Segments = BTreeMap<u64, Vec<u8>>;

/// Joins both images, the bootloader first: a segment of the sketch that overlaps it is left out.
///
/// `max_bin` is the largest span in bytes for which the `.bin` is made; bytes that no image sets are 0xFF in it.
pub fn merge_bootloader(
    sketch_hex: &str,
    bootloader_hex: &str,
    max_bin: u64,
) -> Result<Merged, MergeError> {
    let mut merged = segments(bootloader_hex, "bootloader")?;
    for (address, data) in segments(sketch_hex, "sketch")? {
        // An overlapping segment is left out as a whole, as the reference does.
        let _ = insert(&mut merged, address, data);
    }
    let start = merged.first_key_value().map_or(0, |(address, _)| *address);
    let end = merged
        .last_key_value()
        .map_or(0, |(address, data)| address + data.len() as u64);
    let span = end - start;
    let bin = (span <= max_bin).then(|| {
        let mut bin = Vec::new();
        for (address, data) in &merged {
            let offset = usize::try_from(address - start)
                .expect("the span is at most max_bin, which is addressable here");
            bin.resize(offset, 0xFF);
            bin.extend_from_slice(data);
        }
        bin
    });
    Ok(Merged {
        hex: dump(&merged),
        bin,
    })
}

/// Reads an image. Lines may end in CRLF; addresses may be extended linearly or by segment.
fn segments(hex: &str, image: &'static str) -> Result<Segments, MergeError> {
    let mut segments = Segments::new();
    let mut base: u64 = 0;
    // One reader per line, so that an error can name its line.
    for (at, text) in hex.lines().enumerate() {
        let line = at + 1;
        for record in Reader::new(text) {
            let record = record.map_err(|error| MergeError::Record {
                image,
                line,
                problem: error.to_string(),
            })?;
            match record {
                Record::Data { offset, value } => {
                    if !value.is_empty()
                        && insert(&mut segments, base + u64::from(offset), value).is_err()
                    {
                        return Err(MergeError::Overlap { image, line });
                    }
                }
                Record::ExtendedLinearAddress(upper) => base = u64::from(upper) << 16,
                Record::ExtendedSegmentAddress(segment) => base = u64::from(segment) << 4,
                Record::EndOfFile => return Ok(segments),
                Record::StartLinearAddress(_) | Record::StartSegmentAddress { .. } => {}
            }
        }
    }
    Err(MergeError::Truncated { image })
}

/// Adds bytes, joining them with the runs they touch; refuses bytes that are there already.
fn insert(segments: &mut Segments, address: u64, data: Vec<u8>) -> Result<(), ()> {
    let end = address + data.len() as u64;
    if let Some((start, before)) = segments.range(..end).next_back()
        && start + before.len() as u64 > address
    {
        return Err(());
    }
    let after = segments.remove(&end);
    let before = segments.range_mut(..address).next_back();
    let run = match before {
        Some((start, run)) if start + run.len() as u64 == address => {
            run.extend(data);
            run
        }
        _ => segments.entry(address).or_insert(data),
    };
    run.extend(after.into_iter().flatten());
    Ok(())
}

/// Writes an image: ascending addresses, an address record where the upper 16 bits change from 0 or what they were.
fn dump(segments: &Segments) -> String {
    let mut records = Vec::new();
    let mut upper = 0;
    for (start, data) in segments {
        let mut at = 0;
        while at < data.len() {
            let address = start + at as u64;
            if address >> 16 != upper {
                upper = address >> 16;
                // Addresses are sums of 32 bits at most in any real image; what exceeds them wraps as the format does.
                records.push(Record::ExtendedLinearAddress((upper & 0xFFFF) as u16));
            }
            let offset = (address & 0xFFFF) as u16;
            let room = 0x1_0000 - usize::from(offset);
            let take = RECORD_BYTES.min(data.len() - at).min(room);
            records.push(Record::Data {
                offset,
                value: data[at..at + take].to_vec(),
            });
            at += take;
        }
    }
    records.push(Record::EndOfFile);
    let lines = records.iter().map(|record| {
        record
            .to_record_string()
            .expect("a record of 16 bytes has a text")
    });
    lines.map(|line| line + "\n").collect()
}
