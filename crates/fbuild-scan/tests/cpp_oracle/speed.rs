//! How long scanning takes; not a test of time, but of the numbers' order (run it in release).

use std::time::Instant;

use camino::Utf8Path;
use fbuild_scan::cpp;
use fbuild_scan::tree::SourceTree;

use crate::corpus;

#[test]
#[ignore = "prints times; run with --release and FBUILD_TEST_FASTLED"]
fn fastled_discovery_time() {
    let Ok(root) = std::env::var("FBUILD_TEST_FASTLED") else {
        return;
    };
    let Some(compilers) = crate::compilers() else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let scratch = Utf8Path::from_path(scratch.path()).unwrap();
    let units: Vec<_> = corpus::fastled(&root)
        .into_iter()
        .map(|unit| (unit.generate(scratch), unit.include_dirs(), unit))
        .collect();
    let tree = SourceTree::new();
    for round in ["cold", "warm", "warm"] {
        let mut slowest = Vec::new();
        let start = Instant::now();
        for (source, dirs, unit) in &units {
            let begin = Instant::now();
            let compiler = &compilers[unit.language as usize];
            let scan = cpp::scan(&tree, &compiler.dialect, source, dirs);
            let path = matches!(&scan, Ok(fbuild_scan::preprocess::Scan::Complete(closure)) if closure.uses_path);
            slowest.push((
                begin.elapsed(),
                unit.source.file_name().unwrap_or_default(),
                path,
            ));
        }
        let total = start.elapsed();
        slowest.sort();
        let median = slowest[slowest.len() / 2];
        let paths = slowest.iter().filter(|(_, _, path)| *path).count();
        slowest.reverse();
        slowest.truncate(4);
        println!(
            "{round}: {} units in {total:?}, median {median:?}, {paths} use __FILE__, slowest {slowest:?}",
            units.len()
        );
        let start = Instant::now();
        let mut bytes = 0;
        let mut unsupported = Vec::new();
        for (source, dirs, unit) in units.iter().filter(|(_, _, unit)| unit.sketch) {
            let compiler = &compilers[unit.language as usize];
            match cpp::expand(
                &tree,
                &compiler.dialect,
                source,
                dirs,
                std::slice::from_ref(&unit.source),
            ) {
                Ok(text) => bytes += text.len(),
                Err(error) => unsupported.push(error.to_string()),
            }
        }
        println!(
            "    expanded to {bytes} bytes in {:?}; not: {}",
            start.elapsed(),
            unsupported.len()
        );
    }
}
