//! What is known about sources that were scanned already, shared by all sketches and workers of a board.
//!
//! A library's source is scanned with another include path in every sketch that uses other libraries. Most of those paths make no difference:
//! an earlier answer is taken again when no directory that is new in the path could have answered an include of it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

use crate::preprocess::Preprocess;
use fbuild_cpp::{Closure, Scan};

/// Scans by source and include path. One memo serves one board: the answers depend on the compiler's flags.
#[derive(Debug, Default)]
pub struct ScanMemo {
    sources: Mutex<HashMap<Utf8PathBuf, Arc<Known>>>,
    paths: Mutex<HashMap<Vec<Utf8PathBuf>, Arc<[Utf8PathBuf]>>>,
    /// Paths at which there was nothing, so that an earlier answer could be taken.
    absent: Mutex<HashSet<Utf8PathBuf>>,
}

/// What is known about one source.
#[derive(Debug, Default)]
struct Known {
    answers: Mutex<Vec<Answer>>,
}

#[derive(Debug, Clone)]
struct Answer {
    dirs: Arc<[Utf8PathBuf]>,
    scan: Arc<OnceLock<Arc<Scan>>>,
}

/// A question and its answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The source.
    pub source: Utf8PathBuf,
    /// The include directories in order, the source's private one at the end.
    pub dirs: Arc<[Utf8PathBuf]>,
    /// The answer.
    pub scan: Arc<Scan>,
}

impl ScanMemo {
    /// Returns an empty memo.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns what `preprocess` says about `source` with these include directories; it is asked once.
    ///
    /// A second caller with the same question waits for the first one's answer, so `preprocess` must not wait for such a caller.
    pub fn scan(
        &self,
        preprocess: &dyn Preprocess,
        source: &Utf8Path,
        include_dirs: &[Utf8PathBuf],
    ) -> Arc<Scan> {
        self.scan_in(preprocess, source, include_dirs, None)
    }

    /// As [`Self::scan`], with one more directory at the end of the include path: the `utility` folder of the source's own library.
    pub fn scan_in(
        &self,
        preprocess: &dyn Preprocess,
        source: &Utf8Path,
        include_dirs: &[Utf8PathBuf],
        private_dir: Option<&Utf8Path>,
    ) -> Arc<Scan> {
        let dirs = self.intern(include_dirs, private_dir);
        let known = Arc::clone(lock(&self.sources).entry(source.to_owned()).or_default());
        let slot = known.slot(&dirs, &self.absent);
        Arc::clone(slot.get_or_init(|| Arc::new(preprocess.scan(source, &dirs))))
    }

    /// Takes in an answer that is known from elsewhere: of an earlier run, or by another way than asking.
    pub fn learn(&self, source: Utf8PathBuf, dirs: Vec<Utf8PathBuf>, scan: Scan) {
        let answer = Answer {
            dirs: self.intern(&dirs, None),
            scan: Arc::new(OnceLock::from(Arc::new(scan))),
        };
        let known = Arc::clone(lock(&self.sources).entry(source).or_default());
        let mut answers = lock(&known.answers);
        if !answers
            .iter()
            .any(|other| Arc::ptr_eq(&other.dirs, &answer.dirs))
        {
            answers.push(answer);
        }
    }

    /// Returns every answer, in order of sources; one that was given for several include paths is there with the first of them.
    pub fn answers(&self) -> Vec<Answered> {
        let mut all = Vec::new();
        for (source, known) in lock(&self.sources).iter() {
            let answers = lock(&known.answers);
            for (at, answer) in answers.iter().enumerate() {
                let again = answers[..at]
                    .iter()
                    .any(|other| Arc::ptr_eq(&other.scan, &answer.scan));
                if let (Some(scan), false) = (answer.scan.get(), again) {
                    all.push(Answered {
                        source: source.clone(),
                        dirs: Arc::clone(&answer.dirs),
                        scan: Arc::clone(scan),
                    });
                }
            }
        }
        all.sort_by(|a, b| (&a.source, &a.dirs).cmp(&(&b.source, &b.dirs)));
        all
    }

    /// Returns the paths that the memo itself looked up and that do not exist, before it gave an earlier answer: the answers depend on them beside the
    /// files of the tree.
    pub fn absent(&self) -> Vec<Utf8PathBuf> {
        lock(&self.absent).iter().cloned().collect()
    }

    /// Makes equal include paths one object, so that comparing them is comparing addresses.
    fn intern(
        &self,
        include_dirs: &[Utf8PathBuf],
        private_dir: Option<&Utf8Path>,
    ) -> Arc<[Utf8PathBuf]> {
        let path: Vec<Utf8PathBuf> = include_dirs
            .iter()
            .cloned()
            .chain(private_dir.map(Utf8Path::to_owned))
            .collect();
        let mut paths = lock(&self.paths);
        if let Some(known) = paths.get(&path) {
            return Arc::clone(known);
        }
        let shared: Arc<[Utf8PathBuf]> = path.clone().into();
        paths.insert(path, Arc::clone(&shared));
        shared
    }
}

impl Known {
    /// Returns where the answer for this include path is, or is to be, kept. The paths at which there must be nothing if it is an earlier
    /// answer are added to `absent`.
    fn slot(
        &self,
        dirs: &Arc<[Utf8PathBuf]>,
        absent: &Mutex<HashSet<Utf8PathBuf>>,
    ) -> Arc<OnceLock<Arc<Scan>>> {
        let answers: Vec<Answer> = {
            let mut answers = lock(&self.answers);
            if let Some(same) = answers
                .iter()
                .find(|answer| Arc::ptr_eq(&answer.dirs, dirs))
            {
                return Arc::clone(&same.scan);
            }
            if answers.is_empty() {
                let scan = Arc::default();
                answers.push(Answer {
                    dirs: Arc::clone(dirs),
                    scan: Arc::clone(&scan),
                });
                return scan;
            }
            answers.clone()
        };
        // Looking at the disk, outside of the lock.
        let fitting = answers.into_iter().find_map(|answer| {
            let Some(Scan::Complete(closure)) = answer.scan.get().map(|scan| &**scan) else {
                return None;
            };
            let mut paths = shadows(closure, &answer.dirs, dirs)?;
            {
                let absent = lock(absent);
                paths.retain(|path| !absent.contains(path));
            }
            if paths.iter().any(|path| path.exists()) {
                return None;
            }
            lock(absent).extend(paths);
            Some(answer.scan)
        });
        let scan = fitting.unwrap_or_default();
        let mut answers = lock(&self.answers);
        if let Some(same) = answers
            .iter()
            .find(|answer| Arc::ptr_eq(&answer.dirs, dirs))
        {
            return Arc::clone(&same.scan);
        }
        answers.push(Answer {
            dirs: Arc::clone(dirs),
            scan: Arc::clone(&scan),
        });
        scan
    }
}

/// Returns the paths at which a file would make a complete scan with the include path `before` come out differently with `now`; `None` if it
/// differs whatever is there.
///
/// Every directory that answered an include must still be in the path, in the same order. Then the scan differs only if a name that was looked
/// up is in another directory that is searched before the one where it was found. A name that was found in a system directory, or nowhere, is
/// looked for in all of them.
fn shadows(
    closure: &Closure,
    before: &[Utf8PathBuf],
    now: &[Utf8PathBuf],
) -> Option<Vec<Utf8PathBuf>> {
    let lookups = closure.lookups.as_ref()?;
    let mut rest = now.iter();
    let mut places = Vec::with_capacity(closure.used_dirs.len());
    for used in &closure.used_dirs {
        rest.find(|dir| *dir == used)?;
        places.push(now.len() - rest.len() - 1);
    }
    // Directories that were at the same place in the path before have been searched already.
    let common = before.iter().zip(now).take_while(|(a, b)| a == b).count();
    let others: Vec<(usize, &Utf8PathBuf)> = (now.iter().enumerate())
        .skip(common)
        .filter(|(_, dir)| !closure.used_dirs.contains(dir))
        .collect();
    let mut paths = Vec::new();
    for lookup in lookups {
        let upto = match lookup.found_in {
            Some(used) => *places.get(used)?,
            None => now.len(),
        };
        let searched = others.iter().take_while(|(at, _)| *at < upto);
        paths.extend(searched.map(|(_, dir)| dir.join(&lookup.name)));
    }
    Some(paths)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The values under these locks are complete after each statement, so a panic leaves them usable.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
