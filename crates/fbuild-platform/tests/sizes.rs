//! Measuring and judging sizes (specification 6).

#![allow(clippy::unwrap_used, reason = "test helpers may fail")]

mod fixture;

use fbuild_model::{Sizes, Usage};
use fbuild_platform::{AdvancedSize, SizeError, SizeRules, Verdict};
use fixture::{Tree, line, recipes};

const OUTPUT: &str = "\
Blink.ino.elf  :
section                     size      addr
.data                         20   8388864
.text                        900         0
.bss                           9   8388884
.comment                      17         0
.eeprom                        5   8454144
.debug_info                 1500         0
Total                       2451
";

fn rules(properties: &[&str]) -> Result<Option<SizeRules>, SizeError> {
    SizeRules::of(&Tree::new().mini().board_with("one", properties))
}

fn check(properties: &[&str], flash: u64, ram: u64) -> Verdict {
    let usage = |used| Usage {
        used,
        maximum: None,
    };
    rules(properties).unwrap().unwrap().check(&Sizes {
        flash: usage(flash),
        ram: Some(usage(ram)),
    })
}

#[test]
fn s6_1_without_a_maximum_nothing_is_checked() {
    let verdict = check(&["upload.maximum_size="], 1 << 40, 1 << 40);
    assert_eq!(verdict, Verdict::default());
    let loose = rules(&["upload.maximum_size=", "upload.maximum_data_size=x"])
        .unwrap()
        .unwrap();
    assert_eq!(
        loose.measure(OUTPUT).unwrap().flash,
        Usage {
            used: 920,
            maximum: None
        },
        "it can still be measured"
    );
    for (key, value) in [
        ("upload.maximum_size", "big"),
        ("upload.maximum_size", "-1"),
        ("upload.maximum_data_size", "2k"),
        ("build.warn_data_percentage", "75%"),
    ] {
        let error = rules(&[&format!("{key}={value}")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`{key}` is not a whole number: `{value}`")
        );
    }
    assert!(rules(&["recipe.size.pattern="]).unwrap().is_none());
}

#[test]
fn s6_2_sizes_are_sums_over_all_matches() {
    let rules_of = |properties: &[&str]| rules(properties).unwrap().unwrap();
    let mini = rules_of(&[]);
    let expect = Sizes {
        flash: Usage {
            used: 920,
            maximum: Some(1000),
        },
        ram: Some(Usage {
            used: 29,
            maximum: Some(100),
        }),
    };
    assert_eq!(mini.measure(OUTPUT), Ok(expect));
    assert_eq!(
        (mini.maximum(), mini.maximum_data()),
        (Some(1000), Some(100))
    );
    assert_eq!(mini.measure("nothing here").unwrap().flash.used, 0);

    let text = |regex: &str, output: &str| {
        rules_of(&[&format!("recipe.size.regex={regex}")])
            .measure(output)
            .map(|sizes| sizes.flash.used)
    };
    assert_eq!(
        text(r"^\.(text) +(\d+) +(\d+)", ".text  10  3\n.text 4 1\n"),
        Ok(18),
        "every group that is a number"
    );
    assert_eq!(text(r"\d+", "1 2 x3"), Ok(6), "the whole match counts too");
    assert_eq!(
        text(r"^(\d+)$", "7\n"),
        Ok(14),
        "match and group both are numbers"
    );
    assert_eq!(text(r"-?\d+", "-5"), Ok(0));
    assert_eq!(text(r"\d+", "99999999999999999999 1"), Ok(1));
    assert_eq!(
        text(r"^\.text\s+([0-9]{3}).*", ".text 123"),
        Ok(123),
        "braces of a regex are no marker"
    );
    assert_eq!(text("", OUTPUT), Err(SizeError::MissingRegex));
    assert!(matches!(
        rules(&["recipe.size.regex=(x"]),
        Err(SizeError::Regex {
            key: "recipe.size.regex",
            ..
        })
    ));
    let no_data = rules_of(&["recipe.size.regex.data="]);
    assert_eq!(no_data.measure(OUTPUT).unwrap().ram, None);
}

#[test]
fn s6_2_the_command() {
    let board = Tree::new().mini().board("one");
    assert_eq!(
        line(&recipes(&board).size().unwrap().unwrap()),
        "'/opt/mini bin/size' -w /b/Blink.ino.elf"
    );
    assert_eq!(recipes(&board).advanced_size().unwrap(), None);
    let board = Tree::new()
        .mini()
        .board_with("one", &["recipe.advanced_size.pattern=size {build.path}"]);
    assert_eq!(
        line(&recipes(&board).advanced_size().unwrap().unwrap()),
        "size /b"
    );
}

#[test]
fn s6_3_messages_cut_percentages_off() {
    let expect = [
        "Sketch uses 999 bytes (99%) of program storage space. Maximum is 1000 bytes.",
        "Global variables use 9 bytes (9%) of dynamic memory, leaving 91 bytes for local variables. Maximum is 100 bytes.",
    ];
    assert_eq!(check(&[], 999, 9).lines, expect);
    for unlimited in ["upload.maximum_data_size=", "upload.maximum_data_size=0"] {
        let verdict = check(&[unlimited], 5, 1_000_000);
        assert_eq!(
            verdict.lines[1],
            "Global variables use 1000000 bytes of dynamic memory."
        );
        assert_eq!((verdict.failure, verdict.warnings.len()), (None, 0));
    }
    let rules = rules(&[]).unwrap().unwrap();
    let flash_only = rules.check(&Sizes {
        flash: Usage {
            used: 0,
            maximum: None,
        },
        ram: None,
    });
    assert_eq!(
        flash_only.lines,
        ["Sketch uses 0 bytes (0%) of program storage space. Maximum is 1000 bytes."]
    );
}

#[test]
fn s6_4_too_big() {
    let help = "https://support.arduino.cc/hc/en-us/articles/360013825179";
    let verdict = check(&[], 1001, 101);
    assert_eq!(
        verdict.failure.as_deref(),
        Some("text section exceeds available space in board")
    );
    assert_eq!(
        verdict.lines[2],
        format!("Sketch too big; see {help} for tips on reducing it.")
    );
    assert!(
        verdict.lines[1].contains("(101%)") && verdict.lines[1].contains("leaving -1 bytes"),
        "{}",
        verdict.lines[1]
    );

    let verdict = check(&[], 1000, 101);
    assert_eq!(
        verdict.failure.as_deref(),
        Some("data section exceeds available space in board")
    );
    assert!(
        verdict.lines[2].starts_with(&format!("Not enough memory; see {help}")),
        "{}",
        verdict.lines[2]
    );

    let verdict = check(&[], 1000, 100);
    assert_eq!(verdict.failure, None, "exactly full fits");
    assert_eq!(
        check(&[], 0, u64::MAX).failure.as_deref(),
        Some("data section exceeds available space in board")
    );
}

#[test]
fn s6_4_low_memory_is_a_warning() {
    let low = ["Low memory available, stability problems may occur.".to_owned()];
    for (percentage, used, warns) in [
        ("", 75, false),
        ("", 76, true),
        ("99", 99, false),
        ("99", 100, true),
        ("0", 1, true),
    ] {
        let verdict = check(
            &[&format!("build.warn_data_percentage={percentage}")],
            0,
            used,
        );
        assert_eq!(
            verdict.warnings,
            if warns { &low[..] } else { &[] },
            "{percentage} {used}"
        );
        assert_eq!(verdict.failure, None);
    }
}

#[test]
fn s6_6_advanced_size() {
    let stdout = r#"{"output": "Fits.", "severity": "info", "sections": [
        {"name": "psram", "size": 1, "max_size": 2}, {"name": "text", "size": 10, "max_size": 100}, {"name": "data", "size": 3}]}"#;
    let size = AdvancedSize::parse(stdout).unwrap();
    assert_eq!(
        size.verdict,
        Verdict {
            lines: vec!["Fits.".to_owned()],
            ..Verdict::default()
        }
    );
    let ram = Some(Usage {
        used: 3,
        maximum: None,
    });
    assert_eq!(
        size.sizes(),
        Some(Sizes {
            flash: Usage {
                used: 10,
                maximum: Some(100)
            },
            ram
        })
    );
    assert_eq!(size.sections.len(), 3);

    for severity in ["warning", "error"] {
        let size = AdvancedSize::parse(&format!(
            r#"{{"output": "Tight", "severity": "{severity}"}}"#
        ))
        .unwrap();
        assert_eq!(size.verdict.warnings, ["Tight"]);
        assert_eq!((size.verdict.failure.clone(), size.sizes()), (None, None));
    }
    let failed =
        AdvancedSize::parse(r#"{"severity": "error", "error": "too big", "sections": null}"#)
            .unwrap();
    assert_eq!(
        failed.verdict,
        Verdict {
            failure: Some("too big".to_owned()),
            ..Verdict::default()
        }
    );
    let unknown = AdvancedSize::parse(r#"{"severity": "fatal"}"#);
    assert_eq!(unknown, Err(SizeError::Severity("fatal".to_owned())));
    assert_eq!(
        AdvancedSize::parse("{}"),
        Err(SizeError::Severity(String::new()))
    );
    assert!(matches!(
        AdvancedSize::parse("size: 5"),
        Err(SizeError::Json(_))
    ));
}
