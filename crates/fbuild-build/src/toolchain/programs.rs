//! Programs by name, as the shell finds them.

use std::env;

use camino::{Utf8Path, Utf8PathBuf};

/// Finds a program by path, or by name in `PATH`.
pub fn find_program(program: &str) -> Option<Utf8PathBuf> {
    if program.contains('/') {
        let path = Utf8PathBuf::from(program);
        return path.is_file().then_some(path);
    }
    let path = env::var("PATH").ok()?;
    path.split(':')
        .map(|dir| Utf8Path::new(dir).join(program))
        .find(|path| path.is_file())
}
