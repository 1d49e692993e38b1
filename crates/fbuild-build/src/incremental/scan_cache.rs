//! What was learnt about sources of core and libraries, kept with a trail.
//!
//! A scan is a pure function of its question (source, include path, the compiler's flags) and of what the disk answers. While a trail holds,
//! the disk answers as it did, so an earlier run's scans are taken again and only the sketches' own sources are scanned. It does not know
//! whether the trail holds; [`crate::incremental::record`] does.

use std::collections::{BTreeMap, HashMap};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::SourceTree;
use fbuild_cpp::{Closure, Lookup, Scan};
use fbuild_model::Digest;
use fbuild_scan::library::memo::{Answered, ScanMemo};
use serde::{Deserialize, Serialize};

/// What the preprocessors of one board know about sources, by the name of their language.
pub(crate) type Memos<'a> = [(&'static str, &'a ScanMemo)];

/// The scans of a run. Files and directories are named by their places in a list of paths, since most scans name the same ones.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ScanCache {
    paths: Vec<Utf8PathBuf>,
    /// By text: paths that differ in a `./` are equal as paths, but different names to the compiler.
    #[serde(skip)]
    places: HashMap<String, u32>,
    /// By what all records of a board have in common, and language.
    known: BTreeMap<String, Vec<Known>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Known {
    source: u32,
    dirs: Vec<u32>,
    answer: Answer,
}

#[derive(Debug, Serialize, Deserialize)]
enum Answer {
    Complete {
        files: Vec<u32>,
        used_dirs: Vec<u32>,
        uses_path: bool,
        uses_time: bool,
        absent: Vec<String>,
        /// Names, and the places in `used_dirs` where they were found.
        lookups: Vec<(u32, Option<usize>)>,
    },
    Missing(String),
}

impl ScanCache {
    /// Adds what a board's preprocessors know about sources of the tree that are on disk; `base` is what all records of the board have in
    /// common.
    pub fn add(&mut self, base: Digest, memos: &Memos<'_>, tree: &SourceTree) {
        let on_disk = |answered: &&Answered| {
            let source = tree.read(&answered.source).ok().flatten();
            source.is_some_and(|source| !source.is_generated())
        };
        for (language, memo) in memos {
            let answers = memo.answers();
            let known = answers.iter().filter(on_disk);
            let known = known.filter_map(|answered| self.known(answered)).collect();
            self.known.insert(key(base, language), known);
        }
    }

    /// Tells a board's preprocessors what is known; the files are those of the tree.
    pub fn teach(&self, base: Digest, memos: &Memos<'_>, tree: &SourceTree) {
        for (language, memo) in memos {
            for known in self.known.get(&key(base, language)).into_iter().flatten() {
                // An answer that names what is not there is none, and the source is scanned.
                let _ = self.tell(known, tree, memo);
            }
        }
    }

    fn tell(&self, known: &Known, tree: &SourceTree, memo: &ScanMemo) -> Option<()> {
        let path = |place: &u32| self.paths.get(*place as usize);
        let file = |place: &u32| tree.read(path(place)?).ok()?;
        let dirs = |places: &[u32]| -> Option<Vec<Utf8PathBuf>> {
            places.iter().map(|place| path(place).cloned()).collect()
        };
        let scan = match &known.answer {
            Answer::Missing(header) => Scan::Missing {
                header: header.clone(),
                output: None,
            },
            Answer::Complete {
                files,
                used_dirs,
                uses_path,
                uses_time,
                absent,
                lookups,
            } => Scan::Complete(Closure {
                files: files.iter().map(file).collect::<Option<_>>()?,
                used_dirs: dirs(used_dirs)?,
                uses_path: *uses_path,
                uses_time: *uses_time,
                absent: absent.clone(),
                lookups: Some(
                    lookups
                        .iter()
                        .map(|(name, found_in)| {
                            Some(Lookup {
                                name: path(name)?.to_string(),
                                found_in: *found_in,
                            })
                        })
                        .collect::<Option<_>>()?,
                ),
            }),
        };
        let source = path(&known.source)?;
        memo.learn(source.clone(), dirs(&known.dirs)?, scan);
        Some(())
    }

    /// Returns what is to be kept of an answer; `None` if it has to do with generated files, or nobody knows with which.
    fn known(&mut self, answered: &Answered) -> Option<Known> {
        let answer = match &*answered.scan {
            Scan::Missing {
                header,
                output: None,
            } => Answer::Missing(header.clone()),
            Scan::Complete(closure) if closure.files.iter().all(|file| !file.is_generated()) => {
                let files = closure.files.iter().map(|file| file.path());
                let lookups = closure.lookups.as_ref()?.iter();
                Answer::Complete {
                    files: self.places(files),
                    used_dirs: self.places(closure.used_dirs.iter().map(|dir| dir.as_path())),
                    uses_path: closure.uses_path,
                    uses_time: closure.uses_time,
                    absent: closure.absent.clone(),
                    lookups: lookups
                        .map(|lookup| (self.place(Utf8Path::new(&lookup.name)), lookup.found_in))
                        .collect(),
                }
            }
            _ => return None,
        };
        Some(Known {
            source: self.place(&answered.source),
            dirs: self.places(answered.dirs.iter().map(|dir| dir.as_path())),
            answer,
        })
    }

    fn places<'p>(&mut self, paths: impl Iterator<Item = &'p Utf8Path>) -> Vec<u32> {
        paths.map(|path| self.place(path)).collect()
    }

    fn place(&mut self, path: &Utf8Path) -> u32 {
        if let Some(&known) = self.places.get(path.as_str()) {
            return known;
        }
        // There are not four thousand million files.
        let place = self.paths.len() as u32;
        self.paths.push(path.to_owned());
        self.places.insert(path.as_str().to_owned(), place);
        place
    }
}

fn key(base: Digest, language: &str) -> String {
    format!("{base} {language}")
}
