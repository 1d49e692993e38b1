//! The binaries that come with a library (semantics 2.3.6).

use camino::{Utf8Path, Utf8PathBuf};

use crate::library::{Library, Precompiled};
use crate::walk::{self, Kind, WalkError};

/// A library's binaries for one controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// What is appended to `compiler.libraries.ldflags`: the folder, the library's own flags, one `-l` per file named `lib*`.
    pub ldflags: String,
    /// Archives that no `-l` can name; they join the object files.
    pub objects: Vec<Utf8PathBuf>,
    /// All files of the folder: what a link with them depends on.
    pub files: Vec<Utf8PathBuf>,
    /// Whether they take the place of the sources, which are not compiled then.
    pub replace_sources: bool,
}

/// Returns the binaries of `library` in the first of `dirs`, relative to its sources, that holds any: the folders of the controller, the one for
/// its floating-point unit first. `None` if the library states none or has none for this controller; its sources are compiled then. They
/// count only where the platform defines `compiler.libraries.ldflags`.
///
/// # Errors
/// A folder that cannot be listed.
pub fn binaries(library: &Library, dirs: &[Utf8PathBuf]) -> Result<Option<Binaries>, WalkError> {
    if library.precompiled == Precompiled::No {
        return Ok(None);
    }
    for dir in dirs.iter().map(|dir| library.include_dir().join(dir)) {
        let names = names_in(&dir)?;
        if !names.is_empty() {
            return Ok(Some(from_folder(library, &dir, &names)));
        }
    }
    Ok(None)
}

fn names_in(dir: &Utf8Path) -> Result<Vec<String>, WalkError> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries = walk::entries(dir, |_, _| true)?;
    Ok(entries
        .iter()
        .filter(|entry| entry.kind != Kind::Broken)
        .map(|entry| entry.name().to_owned())
        .collect())
}

fn from_folder(library: &Library, dir: &Utf8Path, names: &[String]) -> Binaries {
    let mut ldflags = format!(" \"-L{dir}\" {}", library.ldflags);
    let mut objects = Vec::new();
    for name in names {
        let Some(stem) = name.strip_suffix(".a").or_else(|| name.strip_suffix(".so")) else {
            continue;
        };
        match stem.strip_prefix("lib") {
            Some(short) => ldflags.push_str(&format!(" -l{short}")),
            None if name.ends_with(".a") => objects.push(dir.join(name)),
            None => {}
        }
    }
    Binaries {
        ldflags,
        objects,
        files: names.iter().map(|name| dir.join(name)).collect(),
        replace_sources: library.precompiled == Precompiled::Full,
    }
}
