//! A firmware image: which byte stands at which address.
//!
//! Two Intel HEX files may cut the same bytes into records differently, so images are compared, not texts.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use ihex::{Reader, Record};

/// Why an image cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The file cannot be read.
    #[error("read the image `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// It is not Intel HEX.
    #[error("read the image `{path}`: {problem}")]
    Format {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// Bytes by address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image(BTreeMap<u32, u8>);

impl Image {
    /// Reads an Intel HEX file.
    ///
    /// # Errors
    /// If it cannot be read or is none.
    pub fn read(path: &Utf8Path) -> Result<Self, ImageError> {
        let text = fs_err::read_to_string(path).map_err(|source| ImageError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text).map_err(|problem| ImageError::Format {
            path: path.to_owned(),
            problem,
        })
    }

    /// Reads the text of an Intel HEX file.
    ///
    /// # Errors
    /// What is wrong with it, with the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut image = Self::default();
        let mut base = 0_u32;
        let mut ended = false;
        for (index, record) in Reader::new(text).enumerate() {
            let record = record.map_err(|error| format!("line {}: {error}", index + 1))?;
            match record {
                Record::Data { offset, value } => {
                    for (at, byte) in (u32::from(offset)..).zip(value) {
                        image.0.insert(base.wrapping_add(at), byte);
                    }
                }
                Record::ExtendedSegmentAddress(segment) => base = u32::from(segment) << 4,
                Record::ExtendedLinearAddress(upper) => base = u32::from(upper) << 16,
                Record::StartSegmentAddress { .. } | Record::StartLinearAddress(_) => {}
                Record::EndOfFile => ended = true,
            }
        }
        if ended {
            Ok(image)
        } else {
            Err("it has no end-of-file record".to_owned())
        }
    }

    /// Returns how many bytes it sets.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether it sets none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the lowest address at which two images do not hold the same.
    pub fn first_difference(&self, other: &Self) -> Option<u32> {
        let one_way = |a: &Self, b: &Self| {
            a.0.iter()
                .find(|&(at, byte)| b.0.get(at) != Some(byte))
                .map(|(&at, _)| at)
        };
        one_way(self, other)
            .into_iter()
            .chain(one_way(other, self))
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_into_records_does_not_matter() {
        let one = Image::parse(":0400000001020304F2\n:00000001FF\n").unwrap();
        let two = Image::parse(":020002000304F5\n:020000000102FB\n:00000001FF\n").unwrap();
        assert_eq!(one, two);
        assert_eq!((one.len(), one.first_difference(&two)), (4, None));
    }

    #[test]
    fn the_first_difference_is_found_on_either_side() {
        let long = Image::parse(":0400000001020304F2\n:00000001FF\n").unwrap();
        let short = Image::parse(":020000000102FB\n:00000001FF\n").unwrap();
        let other = Image::parse(":0400000001FF0304F5\n:00000001FF\n").unwrap();
        let empty = Image::parse(":00000001FF\n").unwrap();
        assert!(empty.is_empty());
        for (a, b, expect) in [
            (&long, &short, 2),
            (&short, &long, 2),
            (&long, &other, 1),
            (&empty, &long, 0),
        ] {
            assert_eq!(a.first_difference(b), Some(expect));
        }
    }

    #[test]
    fn extended_addresses_are_followed() {
        let linear = Image::parse(":020000040001F9\n:0100000055AA\n:00000001FF\n").unwrap();
        let segment = Image::parse(":020000021000EC\n:0100000055AA\n:00000001FF\n").unwrap();
        assert_eq!(linear, segment);
        assert_eq!(linear.first_difference(&Image::default()), Some(0x1_0000));
    }

    #[test]
    fn what_is_no_image_is_an_error() {
        for (text, expect) in [
            ("", "no end-of-file"),
            (":0400000001020304F2\n", "no end-of-file"),
            ("hello\n", "line 1"),
            (":0400000001020304F3\n:00000001FF\n", "line 1"),
        ] {
            let error = Image::parse(text).unwrap_err();
            assert!(error.contains(expect), "{text}: {error}");
        }
        let error = Image::read(Utf8Path::new("/no/such/file.hex")).unwrap_err();
        assert_eq!(error.to_string(), "read the image `/no/such/file.hex`");
    }
}
