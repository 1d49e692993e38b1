//! What the compiler says it read: the depfiles that it left in the working directory.

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_scan::depfile::Depfile;

/// Reads all depfiles in the working directory.
pub(crate) fn dependencies(work: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = work.read_dir_utf8().into_iter().flatten().flatten();
    let depfiles = entries.filter(|entry| entry.path().extension() == Some("d"));
    depfiles
        .filter_map(|entry| fs_err::read(entry.path()).ok())
        .filter_map(|bytes| Depfile::parse(&bytes).ok())
        .flat_map(|depfile| depfile.dependencies)
        .collect()
}

/// Returns whether the precompiled form of `header` was used by a compile that read `dependencies`; `None` if the compiler did not say what it
/// read.
///
/// gcc says nothing when it refuses a precompiled header and reads the header instead. But only then the header is among what it read: with
/// the precompiled one, gcc names at most that.
pub(crate) fn pch_used(dependencies: &[Utf8PathBuf], header: &Utf8Path) -> Option<bool> {
    let precompiled = format!("{header}.gch");
    let named = |path: &str| dependencies.iter().any(|known| known == path);
    (!dependencies.is_empty()).then(|| named(&precompiled) || !named(header.as_str()))
}

/// Returns whether `path` is one of `declared`, also where the spelling differs (`a/../b.h`).
pub(crate) fn is_declared(declared: &HashSet<&Utf8Path>, path: &Utf8Path) -> bool {
    if declared.contains(path) {
        return true;
    }
    let Ok(canonical) = path.canonicalize_utf8() else {
        return false;
    };
    declared.iter().any(|known| {
        known.file_name() == path.file_name()
            && known
                .canonicalize_utf8()
                .is_ok_and(|known| known == canonical)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_was_read_was_not_used_precompiled() {
        let header = Utf8Path::new("/o/preambles/1/preamble.h");
        for (listed, expect) in [
            (&[][..], None),
            (&["/s/A.ino.preamble.cpp"], Some(true)),
            (
                &["/s/A.ino.preamble.cpp", "/o/preambles/1/preamble.h.gch"],
                Some(true),
            ),
            // Some versions name what lies behind the precompiled header too.
            (
                &[
                    "/s/A.cpp",
                    "/o/preambles/1/preamble.h.gch",
                    "/o/preambles/1/preamble.h",
                ],
                Some(true),
            ),
            (
                &["/s/A.cpp", "/o/preambles/1/preamble.h", "/c/Arduino.h"],
                Some(false),
            ),
            (&["/s/A.cpp", "/o/preambles/2/preamble.h"], Some(true)),
        ] {
            let listed: Vec<Utf8PathBuf> = listed.iter().map(Utf8PathBuf::from).collect();
            assert_eq!(pch_used(&listed, header), expect, "{listed:?}");
        }
    }

    #[test]
    fn depfiles_are_read_and_compared_by_file() {
        let dir = tempfile::tempdir().unwrap();
        let work = Utf8Path::from_path(dir.path()).unwrap();
        fs_err::create_dir(work.join("sub")).unwrap();
        fs_err::write(work.join("a.h"), "").unwrap();
        fs_err::write(work.join("x.o"), "x.o: no.h\n").unwrap();
        fs_err::write(
            work.join("x.d"),
            format!("x.o: {work}/sub/../a.h \\\n b.h\n"),
        )
        .unwrap();
        let listed = dependencies(work);
        assert_eq!(listed.len(), 2);
        let a = work.join("a.h");
        let declared = HashSet::from([a.as_path()]);
        assert!(is_declared(&declared, &listed[0]));
        assert!(is_declared(&declared, &a));
        assert!(!is_declared(&declared, &listed[1]));
    }
}
