//! What a file is by its content. It does not know why that is needed.

use fbuild_model::input;
use std::io::Read;

use camino::Utf8Path;
use fbuild_model::{Digest, DigestStream};

/// Returns digest and length of the file at `path`, reading it in pieces: precompiled headers have a hundred megabytes.
///
/// # Errors
///
/// If the file cannot be read.
pub fn digest_of_file(path: &Utf8Path) -> std::io::Result<(Digest, u64)> {
    let mut file = input::open_regular(path)?;
    let mut stream = DigestStream::default();
    let mut piece = vec![0; 128 << 10];
    let mut size = 0;
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok((stream.finish(), size)),
            Ok(read) => {
                stream.update(&piece[..read]);
                size += read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
