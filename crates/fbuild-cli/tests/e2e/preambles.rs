//! Precompiled preambles with the real compiler: what it uses and what it refuses is counted, and neither changes the firmware.

use fbuild_testkit::{Project, Run, Tree, need, needs};

use crate::integrity::launcher;
use crate::toolchain::repository;

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

#[test]
fn a_preamble_that_the_compiler_refuses_is_counted_and_changes_nothing() {
    needs!(need::AVR);
    let project = six(1);
    let run = build(&project, &["--verbose"]);
    needs!(need::That(
        counts(&run) != (0, 0),
        "the compiler cannot use precompiled headers here"
    ));
    assert_eq!(counts(&run), (6, 0), "{}", run.transcript());
    let run = run.says("the precompiled header in 6 of 6 compiles");
    assert!(run.stderr.contains(".preamble.cpp"), "{}", run.stderr);
    assert_eq!(
        counts(&build(&project, &[])),
        (0, 0),
        "nothing runs, so nothing counts"
    );

    // A header that is precompiled with other options than the compile's is refused.
    let differently = "case \" $* \" in *' -x c++-header '*) set -- \"$@\" -fexceptions;; esac\n";
    let program = launcher(&project, differently);
    let with_launcher = ["--compiler-launcher", program.as_str()];
    write(&project, 2);
    let run = build(&project, &with_launcher);
    assert_eq!(counts(&run), (0, 6), "{}", run.transcript());
    run.says("the precompiled header in 0 of 6 compiles");
    let with = firmware(&project);

    let other = six(2);
    let run = build(&other, &["--pch", "off"]);
    assert_eq!(counts(&run), (0, 0));
    assert!(
        !run.stderr.contains("preamble") && !run.stderr.contains("precompiled"),
        "{}",
        run.transcript()
    );
    assert_eq!(firmware(&other), with);
}

/// Every sketch that comes with the repository and with Debian's arduino packages, by a pattern that the program expands.
const ALL: [&str; 3] = [
    "examples",
    "/usr/share/doc/arduino/examples",
    "/usr/share/arduino/hardware/arduino/avr/libraries",
];

#[test]
fn no_firmware_of_any_example_differs_with_preambles_and_without() {
    needs!(need::AVR, ALL[1]);
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild"));
    let built = |mode: &str| {
        let out = project.path(mode);
        // A cache of its own for each, so that no object of the one serves the other.
        let cache = project.path(&format!("cache-{mode}"));
        let run = project
            .compile_for("uno", ALL)
            .args(["--pch", mode, "--output-dir", out.as_str()])
            .args(["--cache-dir", cache.as_str(), "--ignore-filters"])
            .cwd(repository())
            .run();
        let used = run.report()["preambles"]["used"].as_u64().unwrap();
        let tree = Tree::read(&out);
        let hexes = tree.files().into_iter();
        let hexes = hexes.filter(|path| path.extension() == Some("hex"));
        let firmware: Vec<_> = hexes
            .map(|path| (path.to_owned(), fs_err::read(out.join(path)).unwrap()))
            .collect();
        (used, firmware)
    };
    let (used, with) = built("on");
    let (unused, without) = built("off");
    // Some of Debian's need libraries that its packages do not hold.
    assert!(with.len() >= 100, "{} images", with.len());
    assert!(used >= 90 && unused == 0, "{used} and {unused}");
    for ((one, bytes), (other, expect)) in with.iter().zip(&without) {
        assert_eq!(one, other);
        assert!(bytes == expect, "{one} differs");
    }
    assert_eq!(with.len(), without.len());
}
