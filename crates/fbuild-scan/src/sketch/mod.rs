//! One sketch: a folder, its main file, and the files that are copied with it (semantics 2.1).
//!
//! Loading looks at names only; [`crate::sketch::merge`] reads the content. It does not know boards or build directories.

pub mod find;
pub mod merge;
pub mod project;

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::sources::{self, has_extension};
use crate::walk::{self, Entry, Kind, WalkError};

/// Extensions of sketch text.
pub(crate) const SKETCH_TEXT: [&str; 2] = ["ino", "pde"];

/// Extensions of the files that are copied beside the merged text (semantics 2.1.3).
const CODE: [&str; 10] = ["h", "hpp", "hh", "c", "cpp", "cc", "cxx", "S", "tpp", "ipp"];

/// As [`CODE`], but a broken link of that name is left out (semantics 2.1.7).
const DOCUMENTS: [&str; 3] = ["md", "json", "adoc"];

/// Folders of version control, which cannot hold a file of the sketch and may be large.
const VERSION_CONTROL: [&str; 4] = [".git", ".svn", ".hg", ".bzr"];

/// The name under which builds of this tool are kept; never a part of a sketch.
pub(crate) const OUTPUT: &str = ".fbuild";

/// The file by which a build directory of Arduino's tools is known.
pub(crate) const BUILD_MARK: &str = "build.options.json";

/// Says why a sketch could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SketchError {
    /// There is nothing at the path.
    #[error("open sketch `{path}`: no such file or folder")]
    Absent {
        /// The path as given.
        path: Utf8PathBuf,
    },
    /// The path is a file that is no sketch text.
    #[error("open sketch `{path}`: neither a folder nor a `.ino` or `.pde` file")]
    NotASketch {
        /// The path as given.
        path: Utf8PathBuf,
    },
    /// Both `NAME.ino` and `NAME.pde` exist.
    #[error("open sketch `{dir}`: multiple main sketch files found (`{first}`, `{second}`)")]
    TwoMainFiles {
        /// The sketch folder.
        dir: Utf8PathBuf,
        /// The name of the one.
        first: String,
        /// The name of the other.
        second: String,
    },
    /// There is no `NAME.ino` and no `NAME.pde`.
    #[error("{}", no_main_file(.dir, .missing, .others))]
    NoMainFile {
        /// The sketch folder.
        dir: Utf8PathBuf,
        /// The name that was looked for.
        missing: String,
        /// Sketch text found instead, in the folder itself.
        others: Vec<String>,
    },
    /// The main file exists only because the file system ignores case.
    #[error("open sketch `{dir}`: no valid sketch found: missing `{}`", .dir.join(.missing))]
    OtherCase {
        /// The sketch folder.
        dir: Utf8PathBuf,
        /// The name that was looked for.
        missing: String,
    },
    /// A source or header of the sketch is a symbolic link to nothing.
    #[error("read `{path}`: the symbolic link leads nowhere")]
    BrokenLink {
        /// The link.
        path: Utf8PathBuf,
    },
    /// A folder of the sketch could not be listed.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// A file of the sketch could not be read.
    #[error("read sketch file: {0}")]
    Read(#[source] io::Error),
}

fn no_main_file(dir: &Utf8Path, missing: &str, others: &[String]) -> String {
    match others {
        [] => format!("no sketch in {dir}: it has no {missing}"),
        [one] => format!("{dir} contains {one}; rename it to {missing}"),
        names => format!(
            "no sketch in {dir}: it contains {}, and none of them is called {missing}",
            names.join(", ")
        ),
    }
}

/// A file that is copied beside the merged text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Additional {
    /// Where it is: below the sketch's folder, symbolic links below it not resolved.
    pub path: Utf8PathBuf,
    /// Its place relative to the sketch's folder, and so below `{build.path}/sketch`.
    pub relative: Utf8PathBuf,
}

/// A loaded sketch. All paths are absolute, with the folder's symbolic links resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    /// The folder's base name.
    pub name: String,
    /// The folder.
    pub dir: Utf8PathBuf,
    /// The main file, `NAME.ino` or `NAME.pde`.
    pub main: Utf8PathBuf,
    /// The other sketch texts of the folder itself, in byte order of their paths.
    pub others: Vec<Utf8PathBuf>,
    /// The files that are copied, in byte order of their paths.
    pub additional: Vec<Additional>,
}

impl Sketch {
    /// Loads the sketch at `path`: its folder, or any `.ino` or `.pde` file in the folder (semantics 2.1.1).
    ///
    /// Folders of version control and `.fbuild` are left out beside what semantics 2.1.3 leaves out.
    ///
    /// # Errors
    /// Every case of [`SketchError`]; each names the path.
    pub fn load(path: &Utf8Path) -> Result<Self, SketchError> {
        let real = match walk::canonical(path) {
            Ok(real) => real,
            Err(WalkError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(SketchError::Absent {
                    path: path.to_owned(),
                });
            }
            Err(error) => return Err(error.into()),
        };
        if real.is_dir() {
            return Self::load_folder(real);
        }
        match real.parent() {
            Some(folder) if is_sketch_text(&real) => Self::load_folder(folder.to_owned()),
            _ => Err(SketchError::NotASketch {
                path: path.to_owned(),
            }),
        }
    }

    fn load_folder(dir: Utf8PathBuf) -> Result<Self, SketchError> {
        let name = dir.file_name().unwrap_or_default().to_owned();
        let main = main_file(&dir, &name)?;
        let wanted = |name: &str| {
            !name.starts_with('.')
                && (is_sketch_text(name.into()) || has_extension(name, &CODE) || is_document(name))
        };
        let exported = dir.join("build");
        let enter = |folder: &Utf8Path| {
            let name = folder.file_name().unwrap_or_default();
            folder != exported
                && !VERSION_CONTROL.contains(&name)
                && name != OUTPUT
                && !folder.join(BUILD_MARK).exists()
        };
        let (mut others, mut additional) = (Vec::new(), Vec::new());
        for Entry { path, kind, .. } in walk::files(&dir, &enter, &wanted)? {
            let in_root = path.parent() == Some(&dir);
            let text = is_sketch_text(&path);
            if kind == Kind::Broken {
                if is_document(path.file_name().unwrap_or_default()) || (text && !in_root) {
                    continue;
                }
                return Err(SketchError::BrokenLink { path });
            }
            if text {
                if in_root && path != main {
                    others.push(path);
                }
                continue;
            }
            if let Ok(relative) = path.strip_prefix(&dir) {
                additional.push(Additional {
                    relative: relative.to_owned(),
                    path,
                });
            }
        }
        others.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        additional.sort_by(|a, b| a.path.as_str().cmp(b.path.as_str()));
        Ok(Self {
            name,
            dir,
            main,
            others,
            additional,
        })
    }

    /// Returns the main file's name, which is also `build.project_name`: `Blink.ino`.
    pub fn project_name(&self) -> &str {
        self.main.file_name().unwrap_or(&self.name)
    }

    /// Returns the name of the generated source, below `{build.path}/sketch`: `Blink.ino.cpp`.
    pub fn generated_name(&self) -> Utf8PathBuf {
        format!("{}.cpp", self.project_name()).into()
    }

    /// Returns the text files in the order in which they are merged: the main file, then the others.
    pub fn texts(&self) -> impl Iterator<Item = &Utf8Path> {
        std::iter::once(self.main.as_path()).chain(self.others.iter().map(Utf8PathBuf::as_path))
    }

    /// Returns the translation units of the sketch's root, relative to `{build.path}/sketch`, in link order; the generated source is one of
    /// them (semantics 2.1.5, 3.1).
    pub fn root_units(&self) -> Vec<Utf8PathBuf> {
        let copied = self.compiled(|parts| parts.len() == 1);
        let mut units: Vec<_> = std::iter::once(self.generated_name())
            .chain(copied)
            .collect();
        sources::sort_as_objects(&mut units);
        units
    }

    /// Returns the translation units below the sketch's `src` folder, relative to `{build.path}/sketch`, in link order.
    pub fn src_units(&self) -> Vec<Utf8PathBuf> {
        let mut units: Vec<_> = self.compiled(in_src).collect();
        sources::sort_as_objects(&mut units);
        units
    }

    /// Returns all translation units but the generated one in the order in which discovery scans them (semantics 5.1.1): those of the
    /// root by name, then those of `src` as a directory walk meets them.
    pub fn scanned_units(&self) -> Vec<Utf8PathBuf> {
        let mut root: Vec<_> = self.compiled(|parts| parts.len() == 1).collect();
        let mut src: Vec<_> = self.compiled(in_src).collect();
        root.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        src.sort_by(|a, b| {
            a.components()
                .map(|part| part.as_str())
                .cmp(b.components().map(|part| part.as_str()))
        });
        root.append(&mut src);
        root
    }

    fn compiled<'a>(
        &'a self,
        place: impl Fn(&[&str]) -> bool + 'a,
    ) -> impl Iterator<Item = Utf8PathBuf> + 'a {
        self.additional
            .iter()
            .filter(move |file| {
                let parts: Vec<&str> = file
                    .relative
                    .components()
                    .map(|part| part.as_str())
                    .collect();
                has_extension(parts.last().unwrap_or(&""), &sources::COMPILED) && place(&parts)
            })
            .map(|file| file.relative.clone())
    }
}

/// Below `src`, not in a hidden folder and not in one of version control (semantics 2.2).
fn in_src(parts: &[&str]) -> bool {
    match parts {
        ["src", folders @ .., _] => !folders.iter().any(|folder| sources::is_unrelated(folder)),
        _ => false,
    }
}

pub(crate) fn is_sketch_text(path: &Utf8Path) -> bool {
    has_extension(path.file_name().unwrap_or_default(), &SKETCH_TEXT)
}

fn is_document(name: &str) -> bool {
    has_extension(name, &DOCUMENTS)
}

/// Finds the main file of the sketch folder `dir`.
pub(crate) fn main_file(dir: &Utf8Path, name: &str) -> Result<Utf8PathBuf, SketchError> {
    let entries = walk::entries(dir, |name, folder| {
        !folder && has_extension(name, &SKETCH_TEXT)
    })?;
    let texts: Vec<&Entry> = entries
        .iter()
        .filter(|entry| entry.kind != Kind::Folder && is_sketch_text(&entry.path))
        .collect();
    let candidates = SKETCH_TEXT.map(|extension| format!("{name}.{extension}"));
    let mut mains = texts
        .iter()
        .filter(|entry| candidates.iter().any(|candidate| candidate == entry.name()));
    match (mains.next(), mains.next()) {
        (Some(main), None) if main.kind == Kind::Broken => Err(SketchError::BrokenLink {
            path: main.path.clone(),
        }),
        (Some(main), None) => Ok(main.path.clone()),
        (Some(first), Some(second)) => Err(SketchError::TwoMainFiles {
            dir: dir.to_owned(),
            first: first.name().to_owned(),
            second: second.name().to_owned(),
        }),
        (None, _) => {
            let missing = candidates[0].clone();
            if dir.join(&missing).exists() {
                return Err(SketchError::OtherCase {
                    dir: dir.to_owned(),
                    missing,
                });
            }
            let others = texts
                .iter()
                .filter(|entry| !entry.name().starts_with('.'))
                .map(|entry| entry.name().to_owned())
                .collect();
            Err(SketchError::NoMainFile {
                dir: dir.to_owned(),
                missing,
                others,
            })
        }
    }
}
