//! What a sketch is compiled from does not depend on the sketches that are planned with it.

use camino::Utf8PathBuf;
use fbuild_scan::library::Location;
use fbuild_scan::library::discovery::{DiscoveryError, Surroundings, discover};
use fbuild_scan::library::index::{LibraryIndex, Root};
use fbuild_scan::library::memo::ScanMemo;
use proptest::prelude::*;
use proptest::sample::Index;
use rayon::prelude::*;

use crate::memo::{NAMES, Scanner, line, shown, text};
use crate::space::Space;

const LIBRARIES: usize = 4;

/// The libraries of a generated world, and the scanner and memo that some of its sketches share.
struct Shared<'a> {
    space: &'a Space,
    scanner: Scanner,
    memo: ScanMemo,
    index: LibraryIndex,
    base: [Utf8PathBuf; 1],
}

impl<'a> Shared<'a> {
    fn new(space: &'a Space) -> Self {
        Self {
            space,
            scanner: Scanner::new(space.at("sys")),
            memo: ScanMemo::new(),
            index: LibraryIndex::new([Root::folder(space.at("libs"), Location::User)]).unwrap(),
            base: [space.at("core")],
        }
    }

    /// Returns what a sketch and its libraries are compiled from: the include path, and for each source its files with their content. This is
    /// what a unit's key is made of beside the command.
    fn plan(&self, sketch: usize) -> Vec<String> {
        let source = self.space.at(&format!("sketches/{sketch}.cpp"));
        let around = Surroundings {
            preprocess: &self.scanner,
            index: &self.index,
            architecture: "avr",
            base_dirs: &self.base,
            memo: &self.memo,
        };
        let found = match discover(std::slice::from_ref(&source), around) {
            Ok(found) => found,
            Err(DiscoveryError::Missing(missing)) => {
                return vec![format!("{} {:?}", missing.header, missing.include_dirs)];
            }
            Err(error) => return vec![error.to_string()],
        };
        let mut sources = vec![source];
        for library in &found.libraries {
            sources.extend(library.scanned_sources().unwrap().iter().cloned());
        }
        let dirs = &found.include_dirs;
        let units = sources.iter().map(|source| {
            let scan = self.memo.scan(&self.scanner, source, dirs);
            format!("{source} {}", shown(&scan))
        });
        std::iter::once(format!("{dirs:?} {:?}", found.unscanned))
            .chain(units)
            .collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Each sketch alone, against all together, by one worker and by two.
    #[test]
    fn sketches_do_not_depend_on_each_other(
        headers in proptest::collection::vec((0..LIBRARIES, any::<Index>(), text()), 0..10),
        own in proptest::collection::vec((text(), proptest::collection::vec(line(), 0..3)), LIBRARIES),
        system in proptest::collection::vec(text(), 3),
        sketches in proptest::collection::vec(
            (proptest::sample::subsequence((0..LIBRARIES).collect::<Vec<_>>(), 0..=LIBRARIES).prop_shuffle(), proptest::collection::vec(line(), 0..3)),
            2..5,
        ),
    ) {
        let space = Space::with(&["core/Arduino.h"]);
        for (name, text) in NAMES[3..].iter().zip(&system) {
            space.write(&format!("sys/{name}"), text);
        }
        for (at, (header, source)) in own.iter().enumerate() {
            space.write(&format!("libs/L{at}/L{at}.h"), header);
            space.write(&format!("libs/L{at}/L{at}.cpp"), format!("#include \"L{at}.h\"\n{}\n", source.join("\n")));
        }
        for (at, name, text) in &headers {
            space.write(&format!("libs/L{at}/{}", NAMES[name.index(NAMES.len())]), text);
        }
        for (at, (libraries, lines)) in sketches.iter().enumerate() {
            let includes: String = libraries.iter().map(|at| format!("#include <L{at}.h>\n")).collect();
            space.write(&format!("sketches/{at}.cpp"), format!("{includes}{}\n", lines.join("\n")));
        }
        let numbers: Vec<usize> = (0..sketches.len()).collect();
        let alone: Vec<_> = numbers.iter().map(|&at| Shared::new(&space).plan(at)).collect();
        let shared = Shared::new(&space);
        let together: Vec<_> = numbers.iter().map(|&at| shared.plan(at)).collect();
        prop_assert_eq!(&together, &alone);
        let shared = Shared::new(&space);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let by_two: Vec<_> = pool.install(|| numbers.par_iter().map(|&at| shared.plan(at)).collect());
        prop_assert_eq!(&by_two, &alone);
    }
}
