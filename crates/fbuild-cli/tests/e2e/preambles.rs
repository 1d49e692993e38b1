//! Precompiled preambles with the real compiler: what it uses and what it refuses is counted, and neither changes the firmware.

use camino::Utf8PathBuf;
use fbuild_testkit::{Project, Run, Tree};

use crate::toolchain::{NEEDED, all_there};

const SIX: [&str; 6] = ["P1", "P2", "P3", "P4", "P5", "P6"];

fn text(number: usize, name: &str) -> String {
    format!(
        "int value = {number};\nvoid setup() {{ Serial.begin(9600); }}\nvoid loop() {{ Serial.println(value); /* {name} */ }}\n"
    )
}

/// Six sketches that begin alike, for the real platform.
fn six(number: usize) -> Project {
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild"));
    write(&project, number);
    project
}

fn write(project: &Project, number: usize) {
    for name in SIX {
        project.write(&format!("{name}/{name}.ino"), text(number, name));
    }
}

fn build(project: &Project, args: &[&str]) -> Run {
    project.compile_for("uno", SIX).args(args).run().ok()
}

/// How many compiles used their preamble, and how many did not.
fn counts(run: &Run) -> (u64, u64) {
    let preambles = &run.report()["preambles"];
    let number = |name: &str| preambles[name].as_u64().unwrap();
    (number("used"), number("not_used"))
}

fn firmware(project: &Project) -> Vec<Vec<u8>> {
    let hex = |name: &str| project.read_bytes(format!(".fbuild/uno/{name}/{name}.ino.hex"));
    SIX.iter().map(|name| hex(name)).collect()
}

/// The precompiled header in the cache, which is the largest file there.
fn precompiled(project: &Project) -> Utf8PathBuf {
    let tree = Tree::read(&project.cache());
    let paths = tree
        .files()
        .into_iter()
        .map(|path| project.cache().join(path));
    paths
        .max_by_key(|path| fs_err::metadata(path).unwrap().len())
        .unwrap()
}

#[test]
fn a_preamble_that_the_compiler_refuses_is_counted_and_changes_nothing() {
    if !all_there(&NEEDED) {
        return;
    }
    let project = six(1);
    let run = build(&project, &["--verbose"]);
    if counts(&run) == (0, 0) {
        eprintln!("SKIPPED: the compiler cannot use precompiled headers here");
        return;
    }
    assert_eq!(counts(&run), (6, 0), "{}", run.transcript());
    let run = run.says("6 of 6 compiles used the precompiled preamble");
    assert!(run.stderr.contains(".preamble.cpp"), "{}", run.stderr);
    assert_eq!(
        counts(&build(&project, &[])),
        (0, 0),
        "nothing runs, so nothing counts"
    );

    // The length stays, so the cache cannot know without reading all of it.
    let path = precompiled(&project);
    let mut bytes = fs_err::read(&path).unwrap();
    assert!(bytes.starts_with(b"gpch"), "{path}");
    bytes[..4].copy_from_slice(b"none");
    fs_err::remove_file(&path).unwrap();
    fs_err::write(&path, bytes).unwrap();
    write(&project, 2);
    let run = build(&project, &[]);
    assert_eq!(counts(&run), (0, 6), "{}", run.transcript());
    run.says("0 of 6 compiles used the precompiled preamble");
    let with = firmware(&project);

    let other = six(2);
    let run = build(&other, &["--pch", "off"]);
    assert_eq!(counts(&run), (0, 0));
    assert!(!run.stderr.contains("preamble"), "{}", run.transcript());
    assert_eq!(firmware(&other), with);
}
