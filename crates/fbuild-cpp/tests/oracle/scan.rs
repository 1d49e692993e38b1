//! Which files a source reads: `scan` against `-M`.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp as cpp;
use fbuild_cpp::Scan;
use fbuild_cpp::SourceTree;
use fbuild_testkit::{need, needs};

use crate::compiler::{Read, in_parallel};
use crate::corpus::{self, Unit};

/// The shares, in percent, that were measured, less a little for other versions of the packages.
const LEAST_SKETCHES: usize = 85;
const LEAST_SOURCES: usize = 98;
const LEAST_FASTLED: usize = 95;

/// Compares all units, of which at least `least` percent must be readable in full by both.
fn compare(units: &[Unit], least: usize) {
    let Some(compilers) = crate::compilers() else {
        return;
    };
    assert!(!units.is_empty(), "there is nothing to compare on");
    let scratch = tempfile::tempdir().unwrap();
    let scratch = Utf8Path::from_path(scratch.path()).unwrap();
    let tree = SourceTree::new();
    let compared = std::sync::atomic::AtomicUsize::new(0);
    let complaints = in_parallel(units, |unit| {
        let compiler = &compilers[unit.language as usize];
        let source = unit.generate(scratch);
        let dirs = unit.include_dirs();
        let ours = cpp::scan(&tree, &compiler.dialect, &source, &dirs);
        let theirs = compiler.files(&source, &dirs);
        if matches!((&ours, &theirs), (Ok(Scan::Complete(_)), Read::Files(_))) {
            compared.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        difference(ours, theirs).map(|difference| format!("{}: {difference}", unit.source))
    });
    assert!(
        complaints.is_empty(),
        "{} of {}:\n{}",
        complaints.len(),
        units.len(),
        complaints.join("\n")
    );
    let compared = compared.into_inner();
    assert!(
        compared * 100 >= units.len() * least,
        "{compared} of {} were compared, which is less than {least} %",
        units.len()
    );
}

fn difference(ours: Result<Scan, cpp::Unsupported>, theirs: Read) -> Option<String> {
    match (ours, theirs) {
        (Ok(Scan::Complete(closure)), Read::Files(theirs)) => {
            let ours: Vec<_> = closure
                .files
                .iter()
                .map(|file| file.path().as_str())
                .collect();
            if ours == theirs {
                return None;
            }
            let more: Vec<_> = ours
                .iter()
                .filter(|file| !theirs.iter().any(|their| their == *file))
                .collect();
            let fewer: Vec<_> = theirs
                .iter()
                .filter(|file| !ours.contains(&file.as_str()))
                .collect();
            Some(format!(
                "ours alone {more:?}, theirs alone {fewer:?} ({} and {})",
                ours.len(),
                theirs.len()
            ))
        }
        (Ok(Scan::Missing { header, .. }), Read::Failed(stderr))
            if stderr.contains(&format!("fatal error: {header}: No such file")) =>
        {
            None
        }
        (Ok(Scan::Failed { .. }), Read::Failed(stderr)) if !stderr.contains("No such file") => None,
        (ours, Read::Files(theirs)) => Some(format!("{ours:?}, theirs {} files", theirs.len())),
        (Ok(Scan::Complete(closure)), Read::Failed(stderr)) => Some(format!(
            "complete with {} files, theirs {stderr}",
            closure.files.len()
        )),
        (ours, Read::Failed(stderr)) => Some(format!("{ours:?}, theirs {stderr}")),
    }
}

/// Sketches that include a library which is not among the directories fail on both sides.
#[test]
fn debian_sketches_read_what_the_compiler_reads() {
    needs!(crate::compiler::EXAMPLES, crate::compiler::PLATFORM);
    compare(&corpus::sketches(), LEAST_SKETCHES);
}

#[test]
fn debian_sources_read_what_the_compiler_reads() {
    needs!(crate::compiler::PLATFORM);
    compare(&corpus::platform_sources(), LEAST_SOURCES);
}

#[test]
fn fastled_reads_what_the_compiler_reads() {
    let Some(root) = need::opted_in("FBUILD_TEST_FASTLED") else {
        return;
    };
    compare(&corpus::fastled(&root), LEAST_FASTLED);
}

#[test]
fn a_missing_header_is_named() {
    let Some([_, compiler, _]) = crate::compilers() else {
        return;
    };
    let tree = SourceTree::new();
    let source = Utf8PathBuf::from("/nowhere/a.cpp");
    tree.insert(&source, b"#include \"none.h\"\n".to_vec());
    let scan = cpp::scan(&tree, &compiler.dialect, &source, &[]).unwrap();
    assert!(matches!(scan, Scan::Missing { header, output: None } if header == "none.h"));
}
