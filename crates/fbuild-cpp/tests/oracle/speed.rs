//! How long scanning takes. It asserts nothing about time, because the machine may be busy; it prints CPU times to be read.

use std::time::Duration;

use camino::Utf8PathBuf;
use fbuild_cpp as cpp;
use fbuild_cpp::Scan;
use fbuild_cpp::SourceTree;

use crate::corpus;

/// Returns the CPU time of this thread.
fn cpu() -> Duration {
    let text = fs_err::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

#[test]
#[ignore = "prints times; run with --release and FBUILD_TEST_FASTLED"]
fn fastled_discovery_time() {
    let Ok(root) = std::env::var("FBUILD_TEST_FASTLED") else {
        return;
    };
    let Some(compilers) = crate::compilers() else {
        return;
    };
    let tree = SourceTree::new();
    let mut units = Vec::new();
    for unit in corpus::fastled(&root) {
        let source = match unit.sketch {
            true => Utf8PathBuf::from(format!("{}.cpp", unit.source)),
            false => unit.source.clone(),
        };
        if unit.sketch {
            tree.insert(&source, unit.generated_text());
        }
        units.push((source, unit));
    }
    for round in ["cold", "warm", "warm"] {
        let (mut times, mut complete) = (Vec::new(), 0);
        let start = cpu();
        for (source, unit) in &units {
            let begin = cpu();
            let dialect = &compilers[unit.language as usize].dialect;
            let scan = cpp::scan(&tree, dialect, source, &unit.dirs);
            complete += usize::from(matches!(scan, Ok(Scan::Complete(_))));
            times.push((cpu() - begin, unit.source.file_name().unwrap_or_default()));
        }
        let total = cpu() - start;
        times.sort();
        times.reverse();
        println!(
            "{round}: {} units, {complete} complete, in {total:?}; slowest {:?}",
            units.len(),
            &times[..3]
        );
        let start = cpu();
        let (mut expanded, mut bytes) = (0, 0);
        for (source, unit) in units.iter().filter(|(_, unit)| unit.sketch) {
            let dialect = &compilers[unit.language as usize].dialect;
            let keep = std::slice::from_ref(&unit.source);
            if let Ok(text) = cpp::expand(&tree, dialect, source, &unit.dirs, keep) {
                expanded += 1;
                bytes += text.len();
            }
        }
        println!(
            "    {expanded} sketches expanded to {bytes} bytes in {:?}",
            cpu() - start
        );
    }
}
