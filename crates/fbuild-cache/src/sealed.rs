//! Sealed files: a line with a checksum, then the content.
//!
//! The checksum covers the bucket, the name and the content, so a file that was cut, altered or put in another's place does not open.

use fbuild_model::input;
use std::io::Read;

use camino::Utf8Path;
use fbuild_model::{Digest, DigestWriter};

use crate::layout::Bucket;

/// A sealed file that is longer than this is not read, and none longer is written: these files are small.
const LONGEST: usize = 16 << 20;

/// Length of the checksum line: 64 digits and the line feed.
const HEAD: usize = 65;

/// What came of reading a sealed file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// The content.
    Intact(Vec<u8>),
    /// There is no such file.
    Absent,
    /// There is one, and this is wrong with it.
    Damaged(String),
}

fn checksum(bucket: Bucket, name: Digest, content: &[u8]) -> Digest {
    let mut writer = DigestWriter::new("sealed 1");
    writer.field(bucket.name()).digest(name).field(content);
    writer.finish()
}

/// Returns the bytes of the file that holds `content` under `name`, or `None` if it is too long.
pub(crate) fn seal(bucket: Bucket, name: Digest, content: &[u8]) -> Option<Vec<u8>> {
    let length = HEAD + content.len();
    if length > LONGEST {
        return None;
    }
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(checksum(bucket, name, content).to_string().as_bytes());
    bytes.push(b'\n');
    bytes.extend_from_slice(content);
    Some(bytes)
}

/// Returns the content of a file's bytes, or what is wrong with them.
pub(crate) fn unseal(bucket: Bucket, name: Digest, mut bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let Some((head, content)) = bytes.split_at_checked(HEAD) else {
        return Err("cut short".to_owned());
    };
    let written = head
        .strip_suffix(b"\n")
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| digits.parse::<Digest>().ok())
        .ok_or("no checksum")?;
    if written != checksum(bucket, name, content) {
        return Err("the checksum differs".to_owned());
    }
    bytes.drain(..HEAD);
    Ok(bytes)
}

/// Reads the sealed file at `path`, which should be the one called `name`.
pub(crate) fn read(bucket: Bucket, name: Digest, path: &Utf8Path) -> Opened {
    let mut bytes = Vec::new();
    let read = input::open_regular(path).and_then(|file| {
        let length = file.metadata()?.len();
        if length > LONGEST as u64 {
            return Ok(false);
        }
        bytes.reserve_exact(length as usize + 1);
        // The limit holds also when the file grows meanwhile, as a foreign one may.
        file.take(LONGEST as u64)
            .read_to_end(&mut bytes)
            .map(|_| true)
    });
    match read {
        Ok(true) => match unseal(bucket, name, bytes) {
            Ok(content) => Opened::Intact(content),
            Err(problem) => Opened::Damaged(problem),
        },
        Ok(false) => Opened::Damaged("too long".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Opened::Absent,
        Err(error) => Opened::Damaged(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> Digest {
        Digest::of(b"name")
    }

    #[test]
    fn what_was_sealed_opens() {
        for content in [&b""[..], b"x", &[0xff; 5000]] {
            let bytes = seal(Bucket::Facts, name(), content).unwrap();
            assert_eq!(unseal(Bucket::Facts, name(), bytes).unwrap(), content);
        }
    }

    #[test]
    fn nothing_else_opens() {
        let good = seal(Bucket::Facts, name(), b"content").unwrap();
        assert!(unseal(Bucket::Entries, name(), good.clone()).is_err());
        assert!(unseal(Bucket::Facts, Digest::of(b"other"), good.clone()).is_err());
        for cut in 0..good.len() {
            assert!(
                unseal(Bucket::Facts, name(), good[..cut].to_vec()).is_err(),
                "{cut}"
            );
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x81;
            assert!(unseal(Bucket::Facts, name(), bad).is_err(), "{at}");
        }
        let mut longer = good;
        longer.push(b'\n');
        assert!(unseal(Bucket::Facts, name(), longer).is_err());
    }

    #[test]
    fn long_content_is_refused() {
        assert_eq!(seal(Bucket::Facts, name(), &vec![0; LONGEST]), None);
    }

    #[test]
    fn reading_distinguishes_absent_from_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(dir.path()).unwrap().join("file");
        assert_eq!(read(Bucket::Facts, name(), &path), Opened::Absent);
        fs_err::write(&path, seal(Bucket::Facts, name(), b"c").unwrap()).unwrap();
        assert_eq!(
            read(Bucket::Facts, name(), &path),
            Opened::Intact(b"c".to_vec())
        );
        fs_err::write(&path, b"").unwrap();
        assert!(matches!(
            read(Bucket::Facts, name(), &path),
            Opened::Damaged(_)
        ));
        let huge = fs_err::File::create(&path).unwrap();
        huge.set_len(1 << 40).unwrap();
        assert_eq!(
            read(Bucket::Facts, name(), &path),
            Opened::Damaged("too long".into())
        );
        fs_err::remove_file(&path).unwrap();
        fs_err::create_dir(&path).unwrap();
        assert!(matches!(
            read(Bucket::Facts, name(), &path),
            Opened::Damaged(_)
        ));
    }
}
