//! Odd names and odd bytes: blanks, quotes, parentheses, non-ASCII, non-UTF-8.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use camino::Utf8PathBuf;
use fbuild_testkit::project::PLAIN;
use fbuild_testkit::without_root;

use crate::{pairs, project, project_in};

const ODD: [&str; 8] = [
    "two  blanks",
    "it's",
    "(round)",
    "grün",
    "日本",
    "a&b;c",
    "100%$HOME",
    "#hash",
];

#[test]
fn projects_in_oddly_named_directories_build() {
    for name in ODD {
        for board in ["solo", "mute"] {
            let project = project_in(name)
                .simple_library("X", "")
                .sketch(
                    "A",
                    "#include <X.h>\n#include \"own.h\"\nvoid setup() {}\nvoid loop() {}\n",
                )
                .file("A/own.h", "#pragma once\n")
                .file("A/own.cpp", "#include \"own.h\"\nint own;\n");
            let run = project.compile_for(board, ["A"]).run().ok();
            assert_eq!(run.outcomes(), pairs(&[("A", "built")]), "{name}");
            assert!(
                project
                    .path(&format!(".fbuild/{board}/A/A.ino.hex"))
                    .exists()
            );
        }
    }
}

#[test]
fn oddly_named_sketches_build_and_their_lines_can_be_read() {
    let project = ODD
        .into_iter()
        .fold(project(), |project, name| project.sketch(name, PLAIN));
    let run = project.compile_many(ODD).ok();
    assert_eq!(run.lines().len(), ODD.len(), "{}", run.transcript());
    assert_eq!(run.outcomes().len(), ODD.len());
    let report = run.report();
    for sketch in report["sketches"].as_array().unwrap() {
        for artifact in sketch["artifacts"].as_array().unwrap() {
            assert!(
                project.path(artifact.as_str().unwrap()).exists(),
                "{artifact}"
            );
        }
    }
    let parsed: Vec<_> = run
        .lines()
        .into_iter()
        .filter(|line| line.log != "-")
        .collect();
    assert!(
        parsed.iter().all(|line| project.path(&line.log).exists()),
        "{parsed:?}"
    );
}

#[test]
fn a_quote_in_a_path_cannot_break_out() {
    let project = project_in("say \"hi\" there").sketch("A", PLAIN);
    let run = project.compile_many(["A"]);
    // A recipe cannot express every such path (semantics 1.3.4): then the sketch fails, and nothing worse happens.
    assert!(matches!(run.code(), Some(0..=3)), "{}", run.transcript());
}

#[test]
fn odd_output_and_cache_directories_work() {
    let project = project().sketch("A", PLAIN);
    let cache = project.path("my cache (new)");
    project
        .compile(["A"])
        .args(["--output-dir", "out put/ü"])
        .env("FBUILD_CACHE_DIR", cache.as_str())
        .run()
        .ok();
    assert!(project.path("out put/ü/solo/A/A.ino.hex").exists());
    assert!(cache.exists());
}

#[test]
fn an_argument_that_is_not_utf_8_is_refused_or_fails_alone() {
    let project = project().sketch("A", PLAIN);
    let name = OsString::from_vec(b"caf\xe9".to_vec());
    let dir = project.root().as_std_path().join(&name);
    fs_err::create_dir(&dir).unwrap();
    fs_err::write(dir.join(OsString::from_vec(b"caf\xe9.ino".to_vec())), PLAIN).unwrap();
    let run = project.compile(["A"]).args([&name]).run();
    assert!(matches!(run.code(), Some(1 | 2)), "{}", run.transcript());
    assert!(run.stderr.contains("UTF-8"), "{}", run.transcript());
}

#[test]
fn a_file_name_that_is_not_utf_8_beside_good_sketches_loses_nothing() {
    let project = project().sketch("all/A", PLAIN).sketch("all/B", PLAIN);
    let odd = project
        .path("all")
        .into_std_path_buf()
        .join(OsString::from_vec(b"caf\xe9".to_vec()));
    fs_err::create_dir(&odd).unwrap();
    fs_err::write(
        project
            .path("all/B")
            .into_std_path_buf()
            .join(OsString::from_vec(b"\xff.txt".to_vec())),
        "x",
    )
    .unwrap();
    let run = project.compile_many(["all"]);
    let outcomes = run.outcomes();
    assert!(
        outcomes.contains(&("all/A".to_owned(), "built".to_owned())),
        "{}",
        run.transcript()
    );
    assert!(
        outcomes.iter().any(|(name, _)| name == "all/B"),
        "{}",
        run.transcript()
    );
}

#[test]
fn sources_that_are_not_utf_8_build() {
    for board in ["solo", "mute"] {
        let project = project().sketch("A", PLAIN);
        project.write("A/A.ino", b"// Temperatur in \xb0C\r\nvoid setup() { later(); }\r\nvoid loop() {}\r\nvoid later() {}\r\n");
        project.write("A/other.cpp", b"// na\xefve\nint other;\n");
        project.compile_for(board, ["A"]).run().ok();
    }
}

#[test]
fn a_byte_order_mark_and_old_line_ends_build() {
    let project = project()
        .sketch("Bom", PLAIN)
        .sketch("Cr", PLAIN)
        .sketch("NoEnd", PLAIN);
    project.write(
        "Bom/Bom.ino",
        b"\xef\xbb\xbfvoid setup() {}\nvoid loop() {}\n",
    );
    project.write("Cr/Cr.ino", "void setup() {}\rvoid loop() {}\r");
    project.write(
        "NoEnd/NoEnd.ino",
        "void setup() {}\nvoid loop() {} // no line end",
    );
    project.compile_many(["Bom", "Cr", "NoEnd"]).ok();
}

#[test]
fn a_source_that_cannot_be_read_fails_alone() {
    let project = project().sketch("A", PLAIN).sketch("B", PLAIN);
    fs_err::os::unix::fs::symlink("/no/such/file.cpp", project.path("B/broken.cpp")).unwrap();
    let run = without_root(|| project.compile_many(["B", "A"])).expect_code(1);
    assert_eq!(run.outcomes(), pairs(&[("B", "failed"), ("A", "built")]));
    assert!(
        run.line("B").message.contains("broken.cpp"),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_source_without_read_permission_fails_alone() {
    let project = project().sketch("A", PLAIN).sketch("B", PLAIN);
    fs_err::set_permissions(
        project.path("B/B.ino"),
        std::os::unix::fs::PermissionsExt::from_mode(0o000),
    )
    .unwrap();
    let run = without_root(|| project.compile_many(["B", "A"])).expect_code(1);
    assert_eq!(run.outcomes(), pairs(&[("B", "failed"), ("A", "built")]));
}

#[test]
fn a_symbolic_link_that_turns_in_a_circle_ends() {
    let project = project().sketch("all/A", PLAIN);
    fs_err::os::unix::fs::symlink("..", project.path("all/up")).unwrap();
    let run = project.compile_many(["all"]);
    assert!(
        run.outcomes()
            .contains(&("all/A".to_owned(), "built".to_owned())),
        "{}",
        run.transcript()
    );
}

#[test]
fn very_long_names_build_or_fail_alone() {
    let long: String = "L".repeat(120);
    let deep: Utf8PathBuf = std::iter::repeat_n("deep", 20).collect();
    let project = project()
        .sketch(&long, PLAIN)
        .sketch(deep.join("D").as_str(), PLAIN);
    project.compile_many([long.as_str(), "deep"]).ok();
}
