//! The command lines of users of arduino-cli, settings in files, and help that fits on a screen.

use fbuild_testkit::Project;
use fbuild_testkit::project::PLAIN;

use crate::project;

fn two_sketches() -> Project {
    project()
        .sketch("examples/Blink", PLAIN)
        .sketch("examples/MqttTest", PLAIN)
}

/// The rows of "The same with fbuild" in `docs/comparison.md`.
#[test]
fn command_lines_of_arduino_cli_are_accepted() {
    let page = format!("{}/../../docs/comparison.md", env!("CARGO_MANIFEST_DIR"));
    let page = fs_err::read_to_string(page).unwrap();
    let rows = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `arduino-cli "))
        .filter_map(|row| row.split_once("` | `fbuild ")?.1.split_once('`'));
    let commands: Vec<&str> = rows.map(|(command, _)| command).collect();
    assert!(commands.len() >= 12, "{commands:?}");
    for command in commands {
        let project = two_sketches()
            .sketch("Blink", PLAIN)
            .file(
                "Blink/sketch.yaml",
                "profiles:\n  ci:\n    fqbn: fake:avr:duet\n",
            )
            .simple_library("X", "");
        let command = command
            .replace("arduino:avr:uno", "fake:avr:solo")
            .replace("arduino:avr:nano", "fake:avr:solo")
            .replace("cpu=atmega328old", "speed=slow");
        let words = command.split(' ').collect::<Vec<_>>();
        let run = project.fbuild(&words);
        assert_eq!(run.code(), Some(0), "{command}: {}", run.transcript());
    }
}

#[test]
fn a_sketch_is_built_in_its_own_folder_and_nothing_is_written_there() {
    let project = project().sketch("Blink", PLAIN);
    let before = fs_err::read_dir(project.path("Blink")).unwrap().count();
    let run = project
        .command(["build", "-b", "solo"])
        .cwd(project.path("Blink"))
        .run()
        .ok();
    let output = project.home().join(".cache/fbuild-output");
    assert!(run.stderr.contains(output.as_str()), "{}", run.transcript());
    assert_eq!(
        fs_err::read_dir(project.path("Blink")).unwrap().count(),
        before
    );
    let dir = fs_err::read_dir(&output).unwrap().next().unwrap().unwrap();
    let name = dir.file_name().to_string_lossy().into_owned();
    assert!(name.starts_with("Blink-"), "{name}");
}

#[test]
fn the_output_directory_is_marked_and_clean_deletes_only_a_marked_one() {
    let project = two_sketches();
    project.compile_many(["examples"]).ok();
    assert_eq!(project.read(".fbuild/.gitignore"), "*\n");
    assert!(
        project
            .read(".fbuild/CACHEDIR.TAG")
            .starts_with("Signature: 8a477f597d28d172789f06886806bc55")
    );
    project.write(".fbuild/solo/old.txt", "");
    project.forget_calls();
    let clean = ["build", "--clean", "-b", "solo", "examples/Blink"];
    project.fbuild(clean).ok();
    assert!(!project.path(".fbuild/solo/old.txt").exists());
    assert!(project.calls().compiles_of("main.cpp") > 0);
    project.write("mine/file.txt", "");
    let other = [&clean[..], &["--output-dir", "mine"]].concat();
    project
        .fbuild(other)
        .expect_code(2)
        .says("was not made by fbuild");
    assert!(project.path("mine/file.txt").exists());
    assert!(!project.path("mine/.gitignore").exists());
}

#[test]
fn neither_outputs_nor_the_cache_may_be_in_source_trees() {
    let project = project()
        .sketch("Blink", PLAIN)
        .sketch("Lib/examples/E", PLAIN)
        .file("Lib/library.properties", "name=Lib\nversion=1\n");
    for (option, dir, sketch, tree) in [
        ("--output-dir", "Blink/out", "Blink", "sketch"),
        ("--output-dir", "Lib/out", "Lib/examples/E", "library"),
        ("--cache-dir", "Blink/cache", "Blink", "sketch"),
        ("--cache-dir", "Lib/cache", "Lib/examples/E", "library"),
    ] {
        let run = project.fbuild(["build", "-b", "solo", option, dir, sketch]);
        run.expect_code(2).says(&format!("is in the {tree}"));
        assert!(!project.path(dir).exists(), "{dir}");
        if option == "--cache-dir" {
            for command in ["preprocess", "libraries"] {
                let run = project.fbuild([command, "-b", "solo", option, dir, sketch]);
                run.expect_code(2).says(&format!("is in the {tree}"));
                assert!(!project.path(dir).exists(), "{command} {dir}");
            }
        }
    }
}

#[test]
fn an_empty_variable_for_the_cache_gives_one_warning_and_the_default() {
    let project = two_sketches();
    let run = project
        .command(["build", "-b", "solo", "examples/Blink"])
        .env("FBUILD_CACHE_DIR", "")
        .run()
        .ok();
    assert_eq!(run.stderr.matches("FBUILD_CACHE_DIR").count(), 1);
    assert!(project.home().join(".cache/fbuild").is_dir());
}

#[test]
fn sketches_are_included_and_excluded_by_patterns() {
    let project = two_sketches();
    let names = |options: &[&str]| {
        let run = project.compile(["examples"]).args(options).run().ok();
        let lines = run.lines().into_iter();
        lines.map(|line| line.sketch).collect::<Vec<_>>()
    };
    assert_eq!(names(&["--exclude", "Mqtt*"]), ["examples/Blink"]);
    assert_eq!(names(&["--include", "examples/M*"]), ["examples/MqttTest"]);
    let run = project
        .compile(["examples"])
        .args(["--include", "no*"])
        .run();
    run.expect_code(4).says("is selected by --include");
}

#[test]
fn boards_are_named_as_they_are_listed_and_take_options() {
    let project = two_sketches();
    let listed = project.fbuild(["boards"]).ok();
    let line = listed
        .stdout
        .lines()
        .find(|line| line.contains("fake:avr:solo"))
        .unwrap();
    let name = line.split_once("  ").unwrap().1.trim();
    project
        .fbuild(["build", "--board", name, "examples/Blink"])
        .ok();
    assert!(project.path(".fbuild/solo").is_dir());
    let options = ["--board-options", "speed=slow"];
    project.compile(["examples/Blink"]).args(options).run().ok();
    assert!(project.path(".fbuild/solo-speed-slow").is_dir());
}

#[test]
fn each_sketch_is_built_for_the_board_of_its_own_project_file() {
    let project = two_sketches()
        .file(
            "examples/Blink/sketch.yaml",
            "default_fqbn: fake:avr:duet\n",
        )
        .file(
            "examples/MqttTest/sketch.yaml",
            "default_fqbn: fake:avr:solo\n",
        );
    let run = project.fbuild(["build", "examples"]).ok();
    assert_eq!(run.lines().len(), 2, "{}", run.transcript());
    assert!(
        project
            .path(".fbuild/duet/examples/Blink/Blink.ino.hex")
            .is_file()
    );
    assert!(
        project
            .path(".fbuild/solo/examples/MqttTest/MqttTest.ino.hex")
            .is_file()
    );
    assert!(!project.path(".fbuild/solo/examples/Blink").exists());
}

#[test]
fn settings_come_from_a_file_above_the_sketches_and_options_win() {
    let project = two_sketches().file(
        "fbuild.toml",
        "board = [\"solo\"]\noutput-dir = \"made\"\nfail-fast = true\n",
    );
    let blink = project.path("examples/Blink");
    project.command(["build"]).cwd(&blink).run().ok();
    assert!(project.path("made/solo").is_dir());
    project
        .fbuild(["build", "-b", "duet", "examples/Blink"])
        .ok();
    assert!(project.path("made/duet").is_dir());
    let run = project.fbuild(["config", "-b", "duet", "examples"]).ok();
    let origin = |name: &str| {
        let line = run
            .stdout
            .lines()
            .find(|line| line.starts_with(&format!("{name} = ")));
        line.unwrap_or_else(|| panic!("{name}: {}", run.stdout))
            .to_owned()
    };
    assert!(origin("board").ends_with("# command line"));
    assert!(origin("output-dir").ends_with("/fbuild.toml"));
    assert!(origin("fail-fast").ends_with("/fbuild.toml"));
    assert!(origin("timeout").ends_with("# default"));
    assert!(origin("cache-dir").ends_with("# environment (FBUILD_CACHE_DIR)"));
    project.write("fbuild.toml", "bord = \"solo\"\n");
    project
        .fbuild(["build", "examples"])
        .expect_code(2)
        .says("unknown setting `bord`");
    project.write("fbuild.toml", "fail-fast = 3\n");
    project
        .fbuild(["build", "examples"])
        .expect_code(2)
        .says("`true` or `false`");
}

#[test]
fn rules_skip_sketches_and_choose_boards_and_options() {
    let project = two_sketches().sketch("examples/Fast", PLAIN).file(
        "fbuild.toml",
        "board = [\"solo,duet\"]\n[[rule]]\nsketches = [\"Mqtt*\"]\nskip = \"needs a broker\"\n\
         [[rule]]\nsketches = [\"Blink\"]\nboards = [\"duet\"]\n\
         [[rule]]\nsketches = [\"Fast\"]\noptions = [\"speed=slow\"]\nboards = [\"solo\"]\n",
    );
    let run = project.fbuild(["build", "examples"]);
    let built: Vec<String> = run
        .lines()
        .into_iter()
        .filter(|line| line.ok)
        .map(|line| line.sketch)
        .collect();
    assert!(
        built.iter().any(|name| name == "examples/Blink"),
        "{}",
        run.transcript()
    );
    assert!(
        run.stdout.contains("needs a broker"),
        "{}",
        run.transcript()
    );
    assert!(
        project
            .path(".fbuild/duet/examples/Blink/Blink.ino.hex")
            .is_file()
    );
    assert!(
        !project
            .path(".fbuild/solo/examples/Blink/Blink.ino.hex")
            .exists()
    );
}

#[test]
fn the_settings_of_arduino_cli_say_where_libraries_are() {
    let project = project()
        .sketch("A", &format!("#include <Own.h>\n{PLAIN}"))
        .file("book/libraries/Own/Own.h", "#pragma once\n");
    let settings = format!("directories:\n  user: {}\n", project.path("book"));
    let file = project.path("settings.yaml");
    fs_err::write(&file, settings).unwrap();
    project.compile(["A"]).run().expect_code(1);
    project
        .compile(["A"])
        .env("ARDUINO_CONFIG_FILE", &file)
        .run()
        .ok();
}

#[test]
fn what_fbuild_does_not_do_is_said_with_the_next_step() {
    let project = project()
        .file("pio/platformio.ini", "[env]\n")
        .file("pio/src/main.cpp", "");
    let run = project.fbuild([
        "upload",
        "-b",
        "arduino:avr:uno",
        "-p",
        "/dev/ttyACM0",
        "Blink",
    ]);
    let run = run.expect_code(2).says("arduino-cli upload");
    assert!(run.stderr.contains("from the folder that the build prints"));
    // Where the firmware will be is known from the build's own request, wherever the sketch is.
    let project = project.sketch("Blink", PLAIN);
    for (words, cwd) in [
        (&["upload", "-b", "solo", "Blink"][..], "."),
        (&["upload", "-b", "solo"], "Blink"),
        (
            &["upload", "-b", "solo", "--build-path", "out", "Blink"],
            ".",
        ),
        (&["upload", "-b", "fake:avr:solo:speed=slow", "Blink"], "."),
        (
            &["build", "--upload", "-p", "x", "-b", "solo", "Blink"],
            ".",
        ),
    ] {
        let run = project.command(words.iter()).cwd(project.path(cwd)).run();
        let said = run
            .expect_code(2)
            .says("arduino-cli upload --fqbn fake:avr:solo")
            .stderr
            .clone();
        let (_, file) = said.split_once("then upload ").unwrap();
        let (file, _) = file.split_once(": arduino-cli").unwrap();
        let build: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| *word != "--upload")
            .skip(1)
            .collect();
        let build = ["build"].into_iter().chain(build);
        project.command(build).cwd(project.path(cwd)).run().ok();
        assert!(project.path(cwd).join(file).is_file(), "{file}");
    }
    project
        .fbuild(["board", "listall"])
        .expect_code(2)
        .says("fbuild boards");
    project
        .fbuild(["monitor", "-p", "x"])
        .expect_code(2)
        .says("arduino-cli monitor");
    project
        .fbuild(["watch", "Blink"])
        .expect_code(2)
        .says("watchexec");
    let run = project.fbuild(["build", "-b", "solo", "pio"]);
    run.expect_code(4).says("PlatformIO project");
}

#[test]
fn likely_mistakes_are_remarked() {
    let project = two_sketches().library(
        "X",
        &[
            ("library.properties", "name=X\nversion=1\n"),
            ("src/X.h", ""),
        ],
    );
    let of = |options: &[&str]| project.compile(["examples/Blink"]).args(options).run().ok();
    of(&["--libraries", "libraries/X"]).says("is a library itself");
    of(&["--build-property", "compiler.cp.extra_flags=-DX"]).says("nothing in the platform");
    let run = of(&["--build-property", "compiler.cpp.extra_flags=-DX"]);
    assert!(
        !run.stderr.contains("nothing in the platform"),
        "{}",
        run.transcript()
    );
}

#[test]
fn listings_are_json_on_request() {
    let project = two_sketches();
    project.compile_many(["examples/Blink"]).ok();
    for (command, key) in [
        (&["boards", "--json"][..], "boards"),
        (&["boards", "--format", "json"], "boards"),
        (&["properties", "-b", "solo", "--json"], "properties"),
        (
            &["libraries", "-b", "solo", "examples/Blink", "--json"],
            "sketches",
        ),
        (&["cache", "stats", "--json"], "limit_bytes"),
    ] {
        let run = project.fbuild(command).ok();
        let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert!(!document[key].is_null(), "{command:?}: {}", run.stdout);
    }
}

#[test]
fn help_fits_on_a_screen() {
    let project = project();
    let rows = |words: &[&str]| {
        let run = project.command(words).env("COLUMNS", "80").run();
        let text = if run.stdout.is_empty() {
            run.stderr
        } else {
            run.stdout
        };
        (text.lines().count(), text)
    };
    let (count, text) = rows(&[]);
    assert!(text.contains("Usage:"), "{text}");
    assert!(count <= 23, "{count} rows:\n{text}");
    for command in [
        "build",
        "compile-many",
        "properties",
        "libraries",
        "cache",
        "boards",
    ] {
        let (count, text) = rows(&[command, "-h"]);
        assert!(text.contains("Usage:"), "{text}");
        assert!(count <= 40, "{command}: {count} rows:\n{text}");
    }
    let (_, text) = rows(&["build", "--help"]);
    assert!(
        text.contains("Examples:") && text.contains("--timeout"),
        "{text}"
    );
}
