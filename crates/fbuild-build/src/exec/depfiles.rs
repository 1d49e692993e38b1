//! What the compiler says it read: the depfiles that it left in the working directory.

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_scan::depfile::Depfile;

use crate::action::Action;

/// The longest depfile that is read, in bytes; one of a compiler has some ten thousand.
const LONGEST: u64 = 16 << 20;

/// Reads all depfiles in the working directory of an action.
///
/// # Errors
/// What is wrong with one of them, or that there is none although the commands ask for one, for people.
pub(crate) fn dependencies(work: &Utf8Path, action: &Action) -> Result<Vec<Utf8PathBuf>, String> {
    let asks = |argument: &String| matches!(argument.as_str(), "-MMD" | "-MD");
    let wanted = action
        .steps
        .iter()
        .any(|step| step.command.args.iter().any(asks));
    listed(work, wanted)
}

fn listed(work: &Utf8Path, wanted: bool) -> Result<Vec<Utf8PathBuf>, String> {
    let fail = |error: std::io::Error| format!("cannot list `{work}`: {error}");
    let mut found = None;
    for entry in work.read_dir_utf8().map_err(fail)? {
        let entry = entry.map_err(fail)?;
        if entry.path().extension() == Some("d") {
            let depfile = read(entry.path())
                .map_err(|problem| format!("the depfile `{}` {problem}", entry.file_name()))?;
            found
                .get_or_insert_with(Vec::new)
                .extend(depfile.dependencies);
        }
    }
    match found {
        None if wanted => Err("the compiler wrote no depfile".to_owned()),
        found => Ok(found.unwrap_or_default()),
    }
}

fn read(path: &Utf8Path) -> Result<Depfile, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let found = path.symlink_metadata().map_err(unreadable)?;
    if !found.is_file() {
        return Err("is not a regular file".to_owned());
    }
    if found.len() > LONGEST {
        return Err(format!("is longer than {} MB", LONGEST >> 20));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    Depfile::parse(&bytes).map_err(|error| format!("cannot be parsed: {error}"))
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
        let listed = listed(work, true).unwrap();
        assert_eq!(listed.len(), 2);
        let a = work.join("a.h");
        let declared = HashSet::from([a.as_path()]);
        assert!(is_declared(&declared, &listed[0]));
        assert!(is_declared(&declared, &a));
        assert!(!is_declared(&declared, &listed[1]));
    }

    #[test]
    fn a_depfile_that_says_nothing_is_a_problem() {
        let dir = tempfile::tempdir().unwrap();
        let work = Utf8Path::from_path(dir.path()).unwrap();
        let problem = || listed(work, true).unwrap_err();
        assert_eq!(listed(work, false), Ok(Vec::new()));
        assert_eq!(problem(), "the compiler wrote no depfile");
        fs_err::create_dir(work.join("x.d")).unwrap();
        assert_eq!(problem(), "the depfile `x.d` is not a regular file");
        fs_err::remove_dir(work.join("x.d")).unwrap();
        let file = fs_err::File::create(work.join("x.d")).unwrap();
        file.set_len(200 << 20).unwrap();
        assert_eq!(problem(), "the depfile `x.d` is longer than 16 MB");
    }
}
