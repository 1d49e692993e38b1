//! Programs by name, as the shell finds them.

use std::env;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};

/// Finds a program by path, or by name in `PATH`, where a file that is not executable does not count.
pub fn find_program(program: &str) -> Option<Utf8PathBuf> {
    if program.contains('/') {
        let path = Utf8PathBuf::from(program);
        return path.is_file().then_some(path);
    }
    find_in(&env::var("PATH").ok()?, program)
}

fn find_in(path: &str, program: &str) -> Option<Utf8PathBuf> {
    path.split(':')
        .map(|dir| Utf8Path::new(dir).join(program))
        .find(|path| is_executable(path))
}

fn is_executable(path: &Utf8Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_executed_is_passed_over() {
        let guard = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(guard.path()).unwrap();
        for (dir, mode) in [("a", 0o644), ("b", 0o755)] {
            fs_err::create_dir(root.join(dir)).unwrap();
            let file = root.join(dir).join("cc");
            fs_err::write(&file, "").unwrap();
            fs_err::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let path = format!("{root}/none:{root}/a:{root}/b");
        assert_eq!(find_in(&path, "cc"), Some(root.join("b/cc")));
        assert_eq!(find_in(&format!("{root}/a"), "cc"), None);
    }
}
