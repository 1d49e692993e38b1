//! `fbuild parity`: with a scripted reference, and with arduino-builder where it is installed.

#![expect(clippy::unwrap_used, reason = "a test stops at any surprise")]

use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Project, Run, need, needs};

fn project() -> Project {
    Project::new(env!("CARGO_BIN_EXE_fbuild"))
}

/// Writes a program that answers as arduino-cli does: for the sketch NAME it delivers `theirs/NAME.ino.hex`, or fails if there is none.
fn scripted_reference(project: &Project) -> Utf8PathBuf {
    let program = project.path("bin/arduino-cli");
    let theirs = project.path("theirs");
    let script = format!(
        r#"#!/bin/sh
echo "$@" >>'{theirs}/calls'
if [ "$1" = version ]; then echo 'arduino-cli  Version: 1.5.1'; exit 0; fi
while [ $# -gt 1 ]; do
  if [ "$1" = --build-path ]; then build=$2; fi
  shift
done
name=$(basename "$1")
if [ ! -f '{theirs}'/$name.ino.hex ]; then echo "$name.ino:1:1: error: not with me" >&2; exit 1; fi
cp '{theirs}'/$name.ino.hex "$build/"
"#
    );
    project.write("bin/arduino-cli", script);
    project.write("theirs/calls", "");
    fs_err::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    program
}

fn parity(project: &Project, reference: &Utf8Path, args: &[&str]) -> Run {
    project
        .command(["parity", "--reference", reference.as_str()])
        .args(args)
        .run()
}

/// The words of the result by sketch.
fn verdicts(run: &Run) -> Vec<(String, String)> {
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        (cells[2].to_owned(), cells[0].to_owned())
    };
    run.stdout.lines().map(row).collect()
}

fn pairs(expect: &[(&str, &str)]) -> Vec<(String, String)> {
    expect
        .iter()
        .map(|&(sketch, verdict)| (sketch.to_owned(), verdict.to_owned()))
        .collect()
}

#[test]
fn every_kind_of_verdict_has_its_word_and_exit_code() {
    let project = project()
        .fake_platform()
        .sketches(["Same", "Other", "Alone"], PLAIN)
        .sketch("Broken", "// fake: fail here\n")
        .sketch("Ours", "// fake: fail here\n");
    let reference = scripted_reference(&project);
    project
        .command(["compile-many", "--board", "solo", "Same", "Other", "Alone"])
        .run()
        .ok();
    let image = |name: &str| project.read(format!(".fbuild/solo/{name}/{name}.ino.hex"));
    project.write("theirs/Same.ino.hex", image("Same"));
    project.write("theirs/Other.ino.hex", image("Same"));
    project.write("theirs/Ours.ino.hex", image("Same"));

    let run = parity(
        &project,
        &reference,
        &["--board", "solo", "Same", "Alone", "Broken"],
    )
    .expect_code(0);
    assert!(
        !project.path(".fbuild/parity/reference/solo/Same").exists(),
        "what is the same is not kept"
    );
    assert_eq!(
        verdicts(&run),
        pairs(&[
            ("Same", "identical"),
            ("Alone", "not comparable"),
            ("Broken", "both fail")
        ]),
        "{}",
        run.transcript()
    );
    assert!(
        run.stdout
            .contains("the reference does not build it: Alone.ino:1:1: error: not with me"),
        "{}",
        run.transcript()
    );
    assert!(
        run.stderr.contains("Version: 1.5.1"),
        "{}",
        run.transcript()
    );

    let run = parity(&project, &reference, &["--board", "solo", "Other"]).expect_code(1);
    assert_eq!(verdicts(&run), pairs(&[("Other", "differs")]));
    assert!(
        project
            .path(".fbuild/parity/reference/solo/Other/Other.ino.hex")
            .is_file(),
        "what differs can be looked at"
    );
    assert!(run.stdout.contains("; first at 0x"), "{}", run.transcript());
    let run = parity(&project, &reference, &["--board", "solo", "Ours"]).expect_code(1);
    assert_eq!(
        verdicts(&run),
        pairs(&[("Ours", "only the reference builds")])
    );
}

#[test]
fn arduino_cli_gets_the_platform_the_options_and_the_libraries() {
    let project = project()
        .fake_platform()
        .sketch("S", PLAIN)
        .simple_library("Lib", "");
    let reference = scripted_reference(&project);
    let libraries = project.libraries();
    let arguments = [
        "--board",
        "solo",
        "--libraries",
        libraries.as_str(),
        "--build-property",
        "compiler.cpp.extra_flags=-DX",
        "--warnings",
        "all",
        "S",
    ];
    parity(&project, &reference, &arguments).expect_code(0);
    let calls = project.read("theirs/calls");
    let compile = calls
        .lines()
        .find(|line| line.starts_with("compile "))
        .unwrap();
    for words in [
        "--fqbn fake:avr:solo:speed=slow",
        "--warnings all",
        "--build-property compiler.cpp.extra_flags=-DX",
        &format!("--libraries {libraries}"),
    ] {
        assert!(compile.contains(words), "{words}: {compile}");
    }
    let config = compile
        .split(' ')
        .skip_while(|word| *word != "--config-file")
        .nth(1)
        .unwrap();
    let user = project.hardware().parent().unwrap().to_owned();
    assert_eq!(
        fs_err::read_to_string(config).unwrap(),
        format!("directories:\n  user: \"{user}\"\n")
    );
}

#[test]
fn without_a_reference_the_error_says_what_to_install() {
    let project = project().fake_platform().sketch("S", PLAIN);
    project
        .command(["parity", "--board", "solo", "S"])
        .env("PATH", "")
        .run()
        .expect_code(2)
        .says("neither arduino-cli nor arduino-builder")
        .says("apt-get install arduino-builder");
    parity(
        &project,
        "/no/such/arduino-cli".into(),
        &["--board", "solo", "S"],
    )
    .expect_code(2)
    .says("/no/such/arduino-cli");
}

#[test]
fn firmware_is_that_of_arduino_builder_relinked() {
    needs!(need::AVR, need::ARDUINO_BUILDER);
    let project = project()
        .sketch("Bare", "void setup() {}\nvoid loop() {}\n")
        // A library, a function pointer (stubs on mega), sources of three kinds, a prototype.
        .sketch("Mixed", "#include <SPI.h>\n#include <Wire.h>\n#include \"zz.h\"\nvoid setup() { SPI.begin(); Wire.begin(); Wire.onReceive(got); }\nvoid loop() { digitalWrite(zz(), low()); }\nvoid got(int n) { analogWrite(n, n); }\n")
        .file("Mixed/zz.h", "#ifdef __cplusplus\nextern \"C\" {\n#endif\nint zz(void);\nint low(void);\n#ifdef __cplusplus\n}\n#endif\n")
        .file("Mixed/zz.c", "#include \"zz.h\"\nint zz(void) { return 7; }\n")
        .file("Mixed/src/low.S", ".global low\nlow:\n  clr r24\n  clr r25\n  ret\n");
    let run = parity(
        &project,
        "/usr/bin/arduino-builder".into(),
        &["--board", "uno,mega,nano", "Bare", "Mixed"],
    )
    .expect_code(0);
    assert!(
        verdicts(&run)
            .iter()
            .all(|(_, verdict)| verdict == "identical")
            && verdicts(&run).len() == 6,
        "{}",
        run.transcript()
    );
    let table = parity(
        &project,
        "/usr/bin/arduino-builder".into(),
        &["--board", "uno,mega", "--markdown", "Bare"],
    )
    .expect_code(0)
    .stdout;
    assert!(
        table
            .contains("| sketch | arduino:avr:uno | arduino:avr:mega |\n|---|---|---|\n| Bare | 4"),
        "{table}"
    );
}

#[test]
fn what_arduino_builder_is_known_to_do_differently_is_found_out() {
    needs!(need::AVR, need::ARDUINO_BUILDER);
    let project = project()
        // It makes no prototype of `f(int)`, so it calls the other one.
        .sketch("Above", "int f(long x) { return x + analogRead(0); }\nvoid setup() { pinMode(f(1), OUTPUT); }\nint\nf(int x) { return x + 2 + analogRead(1); }\nvoid loop() {}\n")
        .sketch("Other", "int more();\nvoid setup() { more(); }\nvoid loop() {}\n")
        .file("Other/more.cc", "int more() { return 1; }\n")
        .sketch("Neither", "void setup() { nowhere(); }\nvoid loop() {}\n");
    let run = parity(
        &project,
        "/usr/bin/arduino-builder".into(),
        &["--board", "uno", "Above", "Other", "Neither"],
    )
    .expect_code(0);
    assert_eq!(
        verdicts(&run),
        pairs(&[
            ("Above", "not comparable"),
            ("Other", "not comparable"),
            ("Neither", "both fail")
        ]),
        "{}",
        run.transcript()
    );
    assert!(
        run.stdout
            .contains("it lacks `int f(int x);`); with ours it makes the same bytes"),
        "{}",
        run.transcript()
    );
    assert!(
        run.stdout.contains("it does not compile `sketch/more.cc`"),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_real_difference_is_told_with_its_place() {
    needs!(need::AVR, need::ARDUINO_BUILDER);
    // The reference is not told of the flag, because this program takes it away.
    let project = project().sketch(
        "S",
        "void setup() { analogWrite(3, LEVEL); }\nvoid loop() {}\n",
    );
    let wrapper = project.path("arduino-builder-wrapped");
    project.write(
        "arduino-builder-wrapped",
        "#!/bin/bash\nexec /usr/bin/arduino-builder \"${@//LEVEL=5/LEVEL=6}\"\n",
    );
    fs_err::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let arguments = [
        "--board",
        "uno",
        "--build-property",
        "compiler.cpp.extra_flags=-DLEVEL=5",
        "S",
    ];
    let run = parity(&project, &wrapper, &arguments).expect_code(1);
    let line = run.stdout.lines().next().unwrap();
    assert!(
        line.starts_with("differs\t") && line.contains("in `main`; .text has other content"),
        "{}",
        run.transcript()
    );
    assert!(
        project
            .path(".fbuild/parity/reference/uno/S/relinked/S.ino.elf")
            .is_file()
    );
}
