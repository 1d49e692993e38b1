//! `sketch.yaml`: the board and the profile that count when none is named (semantics 2.1.8).

use fbuild_testkit::Project;
use fbuild_testkit::project::PLAIN;

use crate::project;

const PROFILES: &str = "profiles:
  pinned:
    fqbn: fake:avr:duet
    platforms:
      - platform: fake:avr (1.0.0)
    libraries:
      - Wanted (2.0.0)
      - dir: ../own/Near
  newer:
    fqbn: fake:avr:solo
    platforms:
      - platform: fake:avr (9.9.9)
  absent:
    fqbn: fake:avr:solo
    libraries:
      - Nowhere (1.0.0)
";

/// The version of the scripted platform.
fn with_version(project: Project, version: &str) -> Project {
    let file = project.platform().join("platform.local.txt");
    fs_err::write(file, format!("version={version}\n")).unwrap();
    project
}

#[test]
fn s2_1_8_the_default_board_is_used_where_none_is_named() {
    let project = project()
        .sketch("A", PLAIN)
        .sketch("B", PLAIN)
        .file("A/sketch.yaml", "default_fqbn: fake:avr:duet\n");
    project.fbuild(["compile-many", "A"]).ok();
    assert!(project.path(".fbuild/duet/A/A.ino.hex").is_file());
    project
        .fbuild(["compile-many", "--board", "solo", "A"])
        .ok();
    assert!(project.path(".fbuild/solo/A/A.ino.hex").is_file());
    let run = project.fbuild(["compile-many", "A", "B"]).expect_code(2);
    run.says("`A` asks for `fake:avr:duet`, `B` for none");
    project.write("B/sketch.yaml", "default_fqbn: fake:avr:duet\n");
    project.fbuild(["compile-many", "A", "B"]).ok();
    project.write("B/sketch.yaml", "default_fqbn: [\n");
    let run = project.fbuild(["compile-many", "B"]).expect_code(2);
    run.says("B/sketch.yaml");
}

#[test]
fn s2_1_8_a_profile_takes_what_is_installed_and_names_what_is_not() {
    let near = ("src/Near.h", "#pragma once\n#include <Wanted.h>\n");
    let project = with_version(project(), "1.0.0")
        .sketch("A", &format!("#include <Near.h>\n{PLAIN}"))
        .file("A/sketch.yaml", PROFILES)
        .file(&format!("own/Near/{}", near.0), near.1)
        .file("own/Near/library.properties", "name=Near\nversion=1\n")
        .library(
            "Wanted",
            &[
                ("library.properties", "name=Wanted\nversion=1.0.0\n"),
                ("src/Wanted.h", "#error the old one\n"),
            ],
        )
        .library(
            "Wanted-2",
            &[
                ("library.properties", "name=Wanted\nversion=2.0.0\n"),
                ("src/Wanted.h", "#pragma once\n"),
            ],
        );
    let with = |profile: &str| {
        project.fbuild([
            "compile-many",
            "--libraries",
            "libraries",
            "--profile",
            profile,
            "A",
        ])
    };
    with("pinned").ok();
    assert!(project.path(".fbuild/duet/A/A.ino.hex").is_file());
    with("newer")
        .expect_code(2)
        .says("platform `fake:avr` 9.9.9 is not installed (version 1.0.0 is)");
    with("absent")
        .expect_code(2)
        .says("library `Nowhere` 1.0.0 is not installed");
    with("other").expect_code(2).says("pinned, newer, absent");

    let text = PROFILES.replace(
        "profiles:",
        "default_profile: pinned\ndefault_fqbn: fake:avr:solo\nprofiles:",
    );
    project.write("A/sketch.yaml", &text);
    let default = ["compile-many", "--libraries", "libraries", "A"];
    project.fbuild(default).ok();
    project.write("A/sketch.yaml", text.replace("2.0.0", "3.0.0"));
    project
        .fbuild(default)
        .expect_code(2)
        .says("library `Wanted` 3.0.0 is not installed (version 1.0.0, 2.0.0 is)");
}

#[test]
fn a_rule_gives_libraries_to_its_sketches_alone() {
    let with = format!("#include <X.h>\n{PLAIN}");
    let rule = "[[rule]]\nsketches = [\"One*\"]\nlibraries = [\"libraries/X\"]\n";
    let project = project()
        .simple_library("X", "")
        .sketch("a/One", &with)
        .sketch("a/Two", &with)
        .file("fbuild.toml", rule);
    let build = |sketch: &str| project.fbuild(["build", "--board", "solo", sketch]);
    for _ in 0..2 {
        let run = build("a").expect_code(1);
        assert!(
            run.line("a/One").ok && !run.line("a/Two").ok,
            "{}",
            run.transcript()
        );
    }
    // Without the rule the record of the first build does not count.
    project.write("fbuild.toml", "");
    build("a/One").expect_code(1);
    project.write("fbuild.toml", rule.replace("libraries/X", "libraries/Y"));
    let run = build("a/One").expect_code(2);
    run.says("library libraries/Y: folder not found");
}

const ONLY_WITH_SPECIAL: &str = "#ifndef SPECIAL\n#error not special\n#endif\n";
const ONLY_WITHOUT_SPECIAL: &str = "#ifdef SPECIAL\n#error special\n#endif\n";

#[test]
fn a_rule_gives_definitions_to_its_sketches_and_to_what_they_use() {
    let rule = "[[rule]]\nsketches = [\"One*\"]\ndefines = [\"SPECIAL=1\"]\n";
    let project = project()
        .simple_library("X", "")
        .sketch(
            "a/One",
            &format!("#include <X.h>\n{ONLY_WITH_SPECIAL}{PLAIN}"),
        )
        .sketch(
            "a/Two",
            &format!("#include <X.h>\n{ONLY_WITHOUT_SPECIAL}{PLAIN}"),
        )
        .file("fbuild.toml", rule);
    let build = |args: &[&str]| {
        let common = ["build", "--board", "solo", "--libraries", "libraries"];
        project.fbuild(common.iter().chain(args))
    };
    build(&["a", "--report", "report.json"]).ok();
    // One board in every report, and a directory for each way to build for it.
    let report = project.read("report.json");
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["request"]["boards"].as_array().unwrap().len(), 1);
    assert_eq!(report["boards"].as_array().unwrap().len(), 1);
    assert_eq!(report["counts"]["requested"], 2);
    let logs: Vec<&str> = report["sketches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sketch| sketch["log"].as_str().unwrap())
        .collect();
    assert_ne!(
        logs[0].split('/').nth(1),
        logs[1].split('/').nth(1),
        "{logs:?}"
    );
    assert!(project.path(".fbuild/solo/a/Two/Two.ino.hex").is_file());
    assert!(!project.path(".fbuild/solo/a/One").exists());

    // Neither the record of the last run nor its link serves other definitions.
    build(&["a"]).ok();
    project.write("fbuild.toml", "");
    let run = build(&["a"]).expect_code(1);
    assert!(
        !run.line("a/One").ok && run.line("a/Two").ok,
        "{}",
        run.transcript()
    );
    project.write("fbuild.toml", rule.replace("One*", "Two*"));
    let run = build(&["a"]).expect_code(1);
    assert!(
        !run.line("a/One").ok && !run.line("a/Two").ok,
        "{}",
        run.transcript()
    );
    project.write("fbuild.toml", rule);
    build(&["a"]).ok();
    project.write("fbuild.toml", rule.replace("SPECIAL=1", "S=\\\"'"));
    build(&["a"]).expect_code(2).says("quotation marks");
}
