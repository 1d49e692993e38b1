//! How the sketches of one board share libraries, for the report.
//!
//! A library has as many variants as it has different archives, whether they are planned now or stand from an earlier run.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::event::SharedLibrary;

use crate::incremental::record::Record;

/// The libraries of one board in order of first use.
#[derive(Debug, Clone, Default)]
pub struct Tally(Vec<Use>);

#[derive(Debug, Clone)]
struct Use {
    dir: Utf8PathBuf,
    name: String,
    /// Where its archives stand.
    archives: BTreeSet<Utf8PathBuf>,
    sketches: usize,
}

impl Tally {
    /// Counts one sketch that uses the library in `dir`, with the archive at `archive` if it is known.
    pub fn add(&mut self, dir: &Utf8Path, name: &str, archive: Option<&Utf8Path>) {
        let at = self.0.iter().position(|known| known.dir == dir);
        let at = at.unwrap_or_else(|| {
            self.0.push(Use {
                dir: dir.to_owned(),
                name: name.to_owned(),
                archives: BTreeSet::new(),
                sketches: 0,
            });
            self.0.len() - 1
        });
        let library = &mut self.0[at];
        library.sketches += 1;
        library.archives.extend(archive.map(Utf8Path::to_owned));
    }

    /// Counts a sketch that is up to date as a user of its libraries.
    pub fn add_record(&mut self, record: &Record) {
        for library in &record.libraries {
            let name = library.dir.file_name().unwrap_or(&library.name);
            let mut archives = record.archives.iter();
            let archive = archives.find(|archive| archive.file_stem() == Some(name));
            self.add(
                &library.dir,
                &library.name,
                archive.map(|path| path.as_path()),
            );
        }
    }

    /// Returns the libraries of the board called `board`.
    pub fn finish(self, board: &str) -> impl Iterator<Item = SharedLibrary> {
        self.0.into_iter().map(move |library| SharedLibrary {
            board: board.to_owned(),
            name: library.name,
            variants: library.archives.len().max(1),
            sketches: library.sketches,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_archives_and_users_are_sketches() {
        let mut tally = Tally::default();
        let mut add = |dir: &str, archive: Option<&str>| {
            let name = dir.trim_start_matches('/');
            tally.add(dir.into(), name, archive.map(Utf8Path::new));
        };
        add("/B", Some("/out/B.a"));
        add("/A", None);
        add("/B", Some("/out/B-2/B.a"));
        add("/B", Some("/out/B.a"));
        let found: Vec<_> = tally
            .finish("b:c:d")
            .map(|library| (library.name, library.variants, library.sketches))
            .collect();
        assert_eq!(found, [("B".to_owned(), 2, 3), ("A".to_owned(), 1, 1)]);
    }
}
