//! Damage to files below a directory.

use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::random::Random;

/// Kinds of damage; the names are rows of the table.
pub(crate) const KINDS: [&str; 6] = [
    "cache: a bit flipped",
    "cache: truncated",
    "cache: two files swapped",
    "cache: deleted",
    "cache: no permission",
    "cache: a directory in a file's place",
];

/// All files below `dir`, in order.
pub(crate) fn files(dir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = folder.read_dir_utf8() else {
            continue;
        };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path().to_owned()),
                Ok(kind) if kind.is_file() => found.push(entry.path().to_owned()),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// Damages one file below `dir`; returns which, or `None` if there is none.
pub(crate) fn damage(dir: &Utf8Path, kind: &str, random: &mut Random) -> Option<Utf8PathBuf> {
    let all = files(dir);
    // Every folder has the same chance, so that blobs do not hide the few files of other kinds.
    let mut folders: Vec<&Utf8Path> = all.iter().filter_map(|file| kind_of(dir, file)).collect();
    folders.dedup();
    if folders.is_empty() {
        return None;
    }
    let folder = *random.pick(&folders);
    let files: Vec<&Utf8PathBuf> = all
        .iter()
        .filter(|file| kind_of(dir, file) == Some(folder))
        .collect();
    let file = *random.pick(&files);
    let mode = |mode| fs_err::set_permissions(file, PermissionsExt::from_mode(mode));
    match kind {
        "cache: a bit flipped" => {
            let mut bytes = fs_err::read(file).ok()?;
            let at = random.below(bytes.len().max(1));
            *bytes.get_mut(at)? ^= 1 << random.below(8);
            rewrite(file, &bytes)?;
        }
        "cache: truncated" => {
            let bytes = fs_err::read(file).ok()?;
            rewrite(file, &bytes[..random.below(bytes.len().max(1))])?;
        }
        "cache: two files swapped" => {
            let other = *random.pick(&files);
            let (one, two) = (fs_err::read(file).ok()?, fs_err::read(other).ok()?);
            rewrite(file, &two)?;
            rewrite(other, &one)?;
        }
        "cache: deleted" => fs_err::remove_file(file).ok()?,
        "cache: no permission" => mode(0o000).ok()?,
        _ => {
            fs_err::remove_file(file).ok()?;
            fs_err::create_dir(file).ok()?;
        }
    }
    Some(file.clone())
}

/// The first folders of a file's path below `dir` (`v1/blobs`), which say what kind of file it is.
fn kind_of<'a>(dir: &Utf8Path, file: &'a Utf8Path) -> Option<&'a Utf8Path> {
    file.ancestors().find(|path| {
        path.strip_prefix(dir)
            .is_ok_and(|rest| rest.components().count() == 2)
    })
}

/// Changes a file in place, with its permissions and its time stamp as before: what a failing disk does.
fn rewrite(file: &Utf8Path, bytes: &[u8]) -> Option<()> {
    let meta = fs_err::metadata(file).ok()?;
    fs_err::set_permissions(file, PermissionsExt::from_mode(0o644)).ok()?;
    fs_err::write(file, bytes).ok()?;
    let open = fs_err::OpenOptions::new().write(true).open(file).ok()?;
    open.set_modified(meta.modified().ok()?).ok()?;
    fs_err::set_permissions(file, meta.permissions()).ok()
}
