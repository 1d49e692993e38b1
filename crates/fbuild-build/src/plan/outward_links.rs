//! Symbolic links that lead out of the directory in which a sketch is built. Where the commands of a platform run in that directory, they
//! would write through such a link, so links go before the first command runs. What the commands are, the module does not know.

use std::io;

use camino::Utf8Path;

/// A link could not be removed, or a directory not be listed.
#[derive(Debug, thiserror::Error)]
#[error("remove symbolic links in {dir}")]
pub struct OutwardLinkError {
    /// The directory.
    pub dir: String,
    /// Why not.
    pub source: io::Error,
}

/// Removes the links below `dir` that lead out of it or nowhere, and follows none. Links of an earlier run to cached objects are among them;
/// the run that needs them makes them again.
///
/// # Errors
/// If `dir` is there and cannot be listed, or a link cannot be removed.
pub fn remove(dir: &Utf8Path) -> Result<(), OutwardLinkError> {
    let failed = |source| OutwardLinkError {
        dir: dir.to_string(),
        source,
    };
    match dir.canonicalize_utf8() {
        Ok(root) => remove_below(&root, &root).map_err(failed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

fn remove_below(dir: &Utf8Path, root: &Utf8Path) -> io::Result<()> {
    for entry in dir.read_dir_utf8()? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            remove_below(path, root)?;
        } else if kind.is_symlink() {
            let leads_in = path
                .canonicalize_utf8()
                .is_ok_and(|target| target.starts_with(root));
            if !leads_in {
                std::fs::remove_file(path)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fs_err::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_that_lead_in_stay() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap().join("A");
        remove(&dir).unwrap();
        fs_err::create_dir_all(dir.join("core")).unwrap();
        fs_err::write(dir.join("made.txt"), "").unwrap();
        symlink("made.txt", dir.join("in")).unwrap();
        symlink("/dev/null", dir.join("out")).unwrap();
        symlink("/nowhere", dir.join("core/dangling")).unwrap();
        symlink("/", dir.join("core/root")).unwrap();
        remove(&dir).unwrap();
        let is_there = |name: &str| dir.join(name).symlink_metadata().is_ok();
        assert!(is_there("in"));
        for gone in ["out", "core/dangling", "core/root"] {
            assert!(!is_there(gone), "{gone}");
        }
    }
}
