//! The real toolchain: our examples for uno, in a simulator, and against arduino-builder.

use std::process::{Command, Output};
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_testkit::{Project, Run, Tree, need, needs};

pub(crate) fn repository() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// The repository's examples, built once for all tests here; `None` if there is no toolchain.
fn examples() -> Option<&'static (Project, Run)> {
    static BUILT: OnceLock<Option<(Project, Run)>> = OnceLock::new();
    BEFORE.get_or_init(|| Tree::read(&repository().join("examples")));
    let built = BUILT.get_or_init(|| {
        needs!(need::AVR);
        let project = Project::new(env!("CARGO_BIN_EXE_fbuild"));
        let output = project.path("out");
        let run = project
            .compile_for("uno", ["examples", "--output-dir", output.as_str()])
            .cwd(repository())
            .run();
        Some((project, run))
    });
    built.as_ref()
}

/// The repository's examples as they were before they were built.
static BEFORE: OnceLock<Tree> = OnceLock::new();

/// Returns the file of an example's firmware.
fn firmware(project: &Project, name: &str, extension: &str) -> Utf8PathBuf {
    let tree = Tree::read(&project.path("out"));
    let end = format!("{name}.ino.{extension}");
    let found = tree
        .files()
        .into_iter()
        .find(|path| path.file_name() == Some(&end))
        .map(ToOwned::to_owned);
    project
        .path("out")
        .join(found.unwrap_or_else(|| panic!("{end} was built")))
}

#[test]
fn all_examples_build_for_uno() {
    let Some((_, run)) = examples() else { return };
    assert_eq!(run.code(), Some(0), "{}", run.transcript());
    let main_files = |dir: Utf8PathBuf| {
        let tree = Tree::read(&dir);
        tree.files()
            .iter()
            .filter(|path| {
                matches!(path.extension(), Some("ino" | "pde"))
                    && path.file_stem() == path.parent().and_then(Utf8Path::file_name)
            })
            .count()
    };
    assert_eq!(run.lines().len(), main_files(repository().join("examples")));
    assert!(run.lines().len() >= 12);
    for line in run.lines() {
        assert!(line.ok && line.message.contains("bytes flash"), "{line:?}");
    }
    let report = run.report();
    let fallbacks = report["plan"]["fallbacks"].as_array().unwrap();
    assert!(
        fallbacks.is_empty(),
        "our own scanner reads them all: {fallbacks:?}"
    );
}

#[test]
fn the_repository_is_not_written_to() {
    let Some((_, _)) = examples() else { return };
    let after = Tree::read(&repository().join("examples"));
    assert!(after.files().len() > 14, "{}", after.files().len());
    let changes = BEFORE.get().unwrap().changes(&after);
    assert!(changes.is_empty(), "{changes:?}");
}

/// Runs firmware in the simulator and returns what it wrote to the serial port.
fn simulated(elf: &Utf8Path) -> String {
    let output: Output = Command::new("timeout")
        .args([
            "-s",
            "INT",
            "60",
            "simavr",
            "-m",
            "atmega328p",
            "-f",
            "16000000",
        ])
        .arg(elf)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned()
        + &String::from_utf8_lossy(&output.stdout);
    // The simulator wraps every line in colour and writes two full stops for the line end.
    let plain = regex::Regex::new("\u{1b}\\[[0-9;]*m")
        .unwrap()
        .replace_all(&text, "")
        .into_owned();
    plain
        .lines()
        .map(|line| line.trim_end_matches('.').to_owned() + "\n")
        .collect()
}

#[test]
fn firmware_prints_in_a_simulator_what_the_sketch_prints() {
    let Some((project, _)) = examples() else {
        return;
    };
    needs!("simavr");
    let text = simulated(&firmware(project, "HelloSerial", "elf"));
    for line in ["hello from fbuild", "1! = 1", "3! = 6", "5! = 120", "done"] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert_eq!(
        text.matches("hello from fbuild").count(),
        1,
        "it does not start over\n{text}"
    );
}

#[test]
fn an_interrupt_handler_that_nobody_references_runs() {
    let Some((project, _)) = examples() else {
        return;
    };
    needs!("simavr");
    let text = simulated(&firmware(project, "CountTicks", "elf"));
    assert!(text.lines().any(|line| line == "ticks counted"), "{text}");
    assert_eq!(text.matches("waiting for ticks").count(), 1, "{text}");
}

/// Builds a sketch with arduino-builder as arduino-cli would link it: the core archive in sorted order (docs/parity.md).
fn reference(sketch: &Utf8Path, dir: &Utf8Path) -> Vec<u8> {
    let build = dir.join("build");
    fs_err::create_dir_all(&build).unwrap();
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {args:?}\n{text}");
        text
    };
    let log = run(
        "arduino-builder",
        &[
            "-compile",
            "-verbose",
            "-hardware",
            "/usr/share/arduino/hardware",
            "-tools",
            "/usr/share/arduino/hardware/tools/avr",
            "-fqbn",
            "arduino:avr:uno",
            "-ide-version",
            "10607",
            "-prefs",
            "build.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__",
            "-build-path",
            build.as_str(),
            sketch.as_str(),
        ],
    );
    let core = Tree::read(&build.join("core"));
    let objects: Vec<String> = core
        .files()
        .iter()
        .filter(|path| path.extension() == Some("o"))
        .map(|path| build.join("core").join(path).into_string())
        .collect();
    assert!(objects.len() > 15 && objects.is_sorted());
    fs_err::remove_file(build.join("core/core.a")).unwrap();
    let archive = build.join("core/core.a").into_string();
    run(
        "avr-gcc-ar",
        &[
            &["rcs", archive.as_str()],
            objects
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .as_slice(),
        ]
        .concat(),
    );
    let link = log
        .lines()
        .find(|line| line.contains("-Wl,--gc-sections") && line.contains(".elf"))
        .expect("the link is logged");
    let words: Vec<String> = link
        .split_whitespace()
        .map(|word| word.trim_matches('"').to_owned())
        .collect();
    run(
        &words[0],
        &words[1..].iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let elf = words.iter().find(|word| word.ends_with(".elf")).unwrap();
    let hex = dir.join("reference.hex").into_string();
    run("avr-objcopy", &["-O", "ihex", "-R", ".eeprom", elf, &hex]);
    fs_err::read(hex).unwrap()
}

#[test]
fn firmware_is_arduino_builders() {
    let Some((project, _)) = examples() else {
        return;
    };
    needs!(need::ARDUINO_BUILDER);
    for name in ["HelloSerial", "TimerInterrupt"] {
        let dir = project.path(&format!("reference/{name}"));
        let expect = reference(&repository().join("examples").join(name), &dir);
        let got = fs_err::read(firmware(project, name, "hex")).unwrap();
        assert!(
            got == expect,
            "{name}: {} against {} bytes of hex",
            got.len(),
            expect.len()
        );
    }
}

#[test]
fn a_second_run_on_the_real_toolchain_starts_nothing() {
    let Some((project, _)) = examples() else {
        return;
    };
    let args = [
        "examples/Blink",
        "examples/Tabs",
        "--output-dir",
        project.path("again").as_str(),
    ]
    .map(str::to_owned);
    let report = project.root().with_file_name("second.json");
    let run = project
        .command([
            "compile-many",
            "--board",
            "uno",
            "--report",
            report.as_str(),
        ])
        .args(args)
        .cwd(repository())
        .run()
        .ok();
    assert_eq!(run.lines().len(), 2);
    let report: serde_json::Value =
        serde_json::from_str(&fs_err::read_to_string(report).unwrap()).unwrap();
    assert_eq!(report["counts"]["cached"], 2, "{}", run.transcript());
}

#[test]
fn a_missing_library_is_the_compilers_message_and_what_was_looked_at() {
    let Some((_, _)) = examples() else { return };
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild")).sketch(
        "NoServo",
        "#include <Servo9.h>\nvoid setup() {}\nvoid loop() {}\n",
    );
    let run = project.compile_for("uno", ["NoServo"]).run().expect_code(1);
    let log = fs_err::read_to_string(project.path(&run.line("NoServo").log)).unwrap();
    assert!(
        log.contains("NoServo.ino:1:")
            && log.contains("fatal error: Servo9.h: No such file or directory"),
        "{log}"
    );
    assert!(
        log.contains("/usr/share/arduino/hardware/arduino/avr/libraries"),
        "{log}"
    );
}
