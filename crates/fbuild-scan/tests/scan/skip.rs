//! Rules that leave sketches out: `docs/filters.md`.

use camino::Utf8Path;
use fbuild_model::outcome::SkipRule;
use fbuild_scan::filter::{BoardFacts, Decision, Subject, Warning, decide};
use fbuild_scan::library::{Library, Location};

use crate::space::Space;

fn board(name: &str) -> BoardFacts {
    let (fqbn, mcu, ram, flash) = match name {
        "uno" => ("arduino:avr:uno", "atmega328p", 2048, 32_256),
        "attiny85" => ("ATTinyCore:avr:attinyx5:chip=85", "attiny85", 512, 8192),
        "esp32s3" => ("esp32:esp32:esp32s3", "esp32s3", 327_680, 1 << 20),
        "teensylc" => ("teensy:avr:teensyLC", "mkl26z64", 8192, 63_488),
        "teensy41" => ("teensy:avr:teensy41", "imxrt1062", 524_288, 8_126_464),
        other => panic!("{other}"),
    };
    let mut parts = fqbn.split(':').skip(1);
    BoardFacts {
        fqbn: fqbn.to_owned(),
        architecture: parts.next().unwrap().to_owned(),
        board: parts.next().unwrap().to_owned(),
        mcu: mcu.to_owned(),
        ram: Some(ram),
        flash: Some(flash),
    }
}

fn filtered(text: &str, name: &str) -> Decision {
    let subject = Subject {
        dir: "/none".into(),
        main: "/none/S.ino".into(),
        text: text.as_bytes(),
    };
    decide(subject, &board(name), None)
}

/// The table was made by FastLED's own tool from these lines.
#[test]
fn filters_decide_as_fastled_s_tool_does() {
    let table = include_str!("filters.tsv");
    let mut rows = table.lines().skip_while(|line| line.starts_with('#'));
    let boards: Vec<&str> = rows.next().unwrap().split('\t').skip(1).collect();
    assert_eq!(boards.len(), 5);
    let mut count = 0;
    for row in rows {
        let mut cells = row.split('\t');
        let text = cells.next().unwrap().replace("\\n", "\n") + "\nvoid setup() {}\n";
        for (cell, board) in cells.zip(&boards) {
            let skipped = matches!(filtered(&text, board), Decision::Skip(_));
            assert_eq!(skipped, cell == "s", "{row} on {board}");
            count += 1;
        }
    }
    assert_eq!(count, 58 * 5);
}

#[test]
fn a_skip_names_the_rule_and_its_place() {
    let text = "// A demo\r\n//\r\n// @filter: (memory is large) and (platform is esp32)  // too big (really)\r\nvoid setup() {}\r\n";
    assert_eq!(
        filtered(text, "uno"),
        Decision::Skip(SkipRule {
            text: "@filter: (memory is large) and (platform is esp32) (memory is low here)".into(),
            file: "/none/S.ino".into(),
            line: Some(3),
        })
    );
    assert_eq!(filtered(text, "esp32s3"), Decision::Build);
    let text = "\n// @filter\n// require:\n//   - memory: huge\n// exclude:\n//   - target: esp32s3\n// @end-filter\n";
    let Decision::Skip(rule) = filtered(text, "esp32s3") else {
        panic!()
    };
    assert_eq!(
        rule.text,
        "@filter require: - memory: huge exclude: - target: esp32s3 @end-filter (target is ESP32S3 here)"
    );
    assert_eq!(rule.line, Some(2));
}

#[test]
fn a_filter_that_cannot_be_parsed_is_a_warning_and_the_sketch_is_built() {
    let check = |text: &str, line: u32, part: &str| match filtered(text, "uno") {
        Decision::Warn(Warning {
            file,
            line: at,
            text: problem,
        }) => {
            assert_eq!(
                (file.as_path(), at),
                (Utf8Path::new("/none/S.ino"), line),
                "{text:?}"
            );
            assert!(problem.contains(part), "{text:?}: {problem}");
        }
        other => panic!("{text:?}: {other:?}"),
    };
    check("\n// @filter: memory is large\n", 2, "memory is large");
    check("// @filter: (memory large)\n", 1, "(memory large)");
    check("// @filter\n", 1, "@filter");
    check(
        "// @filter\n// require:\n//   - memory: low\n",
        1,
        "@filter",
    );
    check(
        "\r\n\r// @filter\n// require:\n//   - memory\n// @end-filter\n",
        3,
        "no `:`",
    );
    check(
        "// @filter\n// require:\n//   - memory: ,|\n// @end-filter\n",
        1,
        "no value",
    );
    check(
        "// @filter\n// - memory: huge\n// @end-filter\n",
        1,
        "- memory: huge",
    );
    check(
        "// @filter: (speed is fast) and (platform is avr)\n",
        1,
        "(speed is fast)",
    );
    check(
        "// @filter: (platform is avr) xor (platform is esp32)\n",
        1,
        "xor",
    );
    // Where the part that is understood leaves the sketch out, that counts.
    assert!(matches!(
        filtered(
            "// @filter: (speed is fast) and (platform is esp32)\n",
            "uno"
        ),
        Decision::Skip(_)
    ));
}

#[test]
fn texts_without_a_filter_are_built() {
    for text in [
        "",
        "void setup() {}",
        "/* @filter: (memory is huge) */",
        "// filter: (memory is huge)",
        "// @filters are (memory is huge)",
        "\u{feff}",
    ] {
        assert_eq!(filtered(text, "uno"), Decision::Build, "{text:?}");
    }
    let subject = Subject {
        dir: "/none".into(),
        main: "/none/S.ino".into(),
        text: b"// caf\xe9\n// @filter: (memory is huge)\n\xff",
    };
    assert!(matches!(
        decide(subject, &board("uno"), None),
        Decision::Skip(SkipRule { line: Some(2), .. })
    ));
}

fn marked(files: &[(&str, &str)], name: &str) -> Decision {
    let space = Space::with(&["S/S.ino"]);
    for (file, content) in files {
        space.write(&format!("S/{file}"), content);
    }
    let (dir, main) = (space.at("S"), space.at("S/S.ino"));
    decide(
        Subject {
            dir: &dir,
            main: &main,
            text: b"",
        },
        &board(name),
        None,
    )
}

#[test]
fn adafruit_s_markers() {
    let skipped = |files: &[(&str, &str)], name: &str| match marked(files, name) {
        Decision::Skip(rule) => Some((
            rule.text,
            rule.file.file_name().unwrap().to_owned(),
            rule.line,
        )),
        Decision::Build => None,
        other => panic!("{other:?}"),
    };
    let file = |name: &str| Some((name.to_owned(), name.to_owned(), None));
    assert_eq!(
        skipped(&[(".uno.test.skip", "")], "uno"),
        file(".uno.test.skip")
    );
    assert_eq!(skipped(&[(".leonardo.test.skip", "")], "uno"), None);
    assert_eq!(
        skipped(&[(".attiny85.test.skip", "")], "attiny85"),
        file(".attiny85.test.skip")
    );
    assert_eq!(skipped(&[(".uno.test.only", "")], "uno"), None);
    assert_eq!(
        skipped(&[(".uno.test.only", ""), (".esp32.test.only", "")], "uno"),
        None
    );
    assert_eq!(
        skipped(&[(".esp32.test.only", "")], "uno"),
        file(".esp32.test.only")
    );
    assert_eq!(
        skipped(&[(".none.test.only", "")], "uno"),
        file(".none.test.only")
    );
    // A skip counts more than an only.
    assert_eq!(
        skipped(&[(".uno.test.only", ""), (".uno.test.skip", "")], "uno"),
        file(".uno.test.skip")
    );
    assert_eq!(
        skipped(&[(".skip.txt", "zero\r\n uno \n")], "uno"),
        Some(("uno".into(), ".skip.txt".into(), Some(2)))
    );
    assert_eq!(
        skipped(&[(".skip.txt", "zero\nunoX\n# uno\n")], "uno"),
        None
    );
    assert_eq!(
        skipped(&[("uno.test.skip", ""), ("x.test.only", "")], "uno"),
        None
    );
}

#[test]
fn the_architectures_of_the_library_under_test() {
    let space = Space::with(&["L/src/L.h", "L/examples/S/S.ino"]);
    space.write(
        "L/library.properties",
        "name=L\nversion=1\n architectures = samd, esp32\n",
    );
    let library = Library::load(&space.at("L"), Location::Explicit).unwrap();
    let (dir, main) = (space.at("L/examples/S"), space.at("L/examples/S/S.ino"));
    let subject = Subject {
        dir: &dir,
        main: &main,
        text: b"// @filter: broken\n",
    };
    assert_eq!(
        decide(subject, &board("uno"), Some(&library)),
        Decision::Skip(SkipRule {
            text: "architectures=samd,esp32 (not avr)".into(),
            file: space.at("L/library.properties"),
            line: Some(3),
        })
    );
    assert!(matches!(
        decide(subject, &board("esp32s3"), Some(&library)),
        Decision::Warn(_)
    ));
    space.write("L/library.properties", "name=L\n");
    let library = Library::load(&space.at("L"), Location::Explicit).unwrap();
    assert_eq!(
        decide(
            Subject {
                text: b"",
                ..subject
            },
            &board("uno"),
            Some(&library)
        ),
        Decision::Build
    );
}
