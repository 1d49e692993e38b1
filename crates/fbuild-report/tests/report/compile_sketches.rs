//! The compile-sketches report against its schema.

use fbuild_model::diagnostic::parse_gcc;
use fbuild_model::outcome::{Firmware, Phase, SketchOutcome, SketchResult};
use fbuild_model::size::{Sizes, Usage};
use fbuild_report::RunReport;
use fbuild_report::compile_sketches::{Context, render};
use fbuild_report::json::{Origin, document};
use fbuild_report::schema::compile_sketches::Report;
use serde_json::{Value, json};

use crate::fixture::{self, UNO, built, failure, result, run};

const WORKSPACE: &str = "/w";

fn context(warnings: bool) -> Context<'static> {
    Context {
        commit_hash: "0123abc".into(),
        commit_url: "https://github.com/o/r/commit/0123abc".into(),
        workspace: Some(WORKSPACE.into()),
        warnings,
        previous: None,
    }
}

/// Renders and holds each file against the schema.
fn files(report: &RunReport, context: &Context<'_>) -> Vec<Value> {
    let schema = serde_json::from_str(include_str!(
        "../../../../docs/schemas/compile-sketches-report.json"
    ))
    .unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let files = render(report, context);
    let check = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, <[String; 0]>::default(), "{text}");
        assert_eq!(
            serde_json::to_value(serde_json::from_str::<Report>(text).unwrap()).unwrap(),
            value,
            "not read back as it was"
        );
        value
    };
    files.iter().map(|file| check(&file.text)).collect()
}

fn failed(sketch: &str) -> SketchResult {
    result(
        UNO,
        sketch,
        SketchOutcome::Failed(failure(Phase::Compile, "x.cpp:1:1: error: no\n")),
    )
}

#[test]
fn every_outcome_is_valid() {
    for warnings in [false, true] {
        let files = files(&fixture::report(), &context(warnings));
        assert_eq!(files.len(), 2);
        let names: Vec<&str> = files[0]["boards"][0]["sketches"]
            .as_array()
            .unwrap()
            .iter()
            .map(|sketch| sketch["name"].as_str().unwrap())
            .collect();
        let expect = ["Blink", "Warm", "Typo", "Radio", "Later", "Stopped"]
            .map(|name| format!("examples/{name}"));
        assert_eq!(names, expect, "all but the skipped one");
        assert_eq!(
            files[0]["boards"][0]["sketches"][0]
                .get("warnings")
                .is_some(),
            warnings
        );
    }
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let schema = serde_json::from_str(include_str!(
        "../../../../docs/schemas/compile-sketches-report.json"
    ))
    .unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut value = files(&fixture::report(), &context(true)).remove(0);
    value["boards"][0]["sketches"][0]["sizes"][0]["name"] = json!("Flash");
    assert!(!validator.is_valid(&value));
}

#[test]
fn a_failed_sketch_has_no_numbers() {
    let value = &files(&run(vec![failed("a")]), &context(true))[0]["boards"][0];
    let none = json!({"absolute": "N/A", "relative": "N/A"});
    assert_eq!(
        value["sketches"][0],
        json!({
            "name": "/w/a".strip_prefix("/w/"),
            "compilation_success": false,
            "sizes": [
                {"name": "flash", "maximum": "N/A", "current": none},
                {"name": "RAM for global variables", "maximum": "N/A", "current": none},
            ],
            "warnings": {"current": {"absolute": "N/A"}},
        })
    );
    assert_eq!(
        value["sizes"],
        json!([{"name": "flash", "maximum": "N/A"}, {"name": "RAM for global variables", "maximum": "N/A"}])
    );
    assert!(value.get("warnings").is_none());
}

#[test]
fn deltas_are_those_of_the_sketches_that_were_built_before_and_now() {
    let warning = parse_gcc("a.ino:1:2: warning: x\nld: warning: not counted\n");
    assert_eq!(warning.len(), 2);
    let before = run(vec![
        result(UNO, "grows", built(1000, 100)),
        result(UNO, "shrinks", built(2000, 50)),
        failed("repaired"),
        result(UNO, "breaks", built(5, 5)),
    ]);
    let before = document(&before, &Origin::default());
    let now = run(vec![
        SketchResult {
            warnings: warning,
            ..result(UNO, "grows", built(1010, 100))
        },
        result(UNO, "shrinks", built(1900, 51)),
        result(UNO, "repaired", built(7, 7)),
        failed("breaks"),
        result(UNO, "fresh", built(9, 9)),
    ]);
    let value = &files(
        &now,
        &Context {
            previous: Some(&before),
            ..context(true)
        },
    )[0]["boards"][0];
    let sketches = value["sketches"].as_array().unwrap();
    assert_eq!(
        sketches[0]["sizes"][0],
        json!({
            "name": "flash",
            "maximum": 32256,
            "current": {"absolute": 1010, "relative": 3.13},
            "previous": {"absolute": 1000, "relative": 3.1},
            "delta": {"absolute": 10, "relative": 0.03},
        })
    );
    assert_eq!(
        sketches[0]["warnings"],
        json!({"current": {"absolute": 1}, "previous": {"absolute": 0}, "delta": {"absolute": 1}})
    );
    for (at, name) in [(2, "repaired"), (3, "breaks"), (4, "fresh")] {
        let size = &sketches[at]["sizes"][0];
        assert!(
            size.get("previous").is_none() && size.get("delta").is_none(),
            "{name}: {size}"
        );
    }
    assert_eq!(
        value["sizes"],
        json!([
            {
                "name": "flash",
                "maximum": 32256,
                "delta": {
                    "absolute": {"minimum": -100, "maximum": 10},
                    "relative": {"minimum": -0.31, "maximum": 0.03},
                },
            },
            {
                "name": "RAM for global variables",
                "maximum": 2048,
                "delta": {
                    "absolute": {"minimum": 0, "maximum": 1},
                    "relative": {"minimum": 0.0, "maximum": 0.05},
                },
            },
        ])
    );
    assert_eq!(
        value["warnings"],
        json!({"delta": {"absolute": {"minimum": 0, "maximum": 1}}})
    );
}

#[test]
fn a_platform_that_does_not_measure_is_valid() {
    let unmeasured = SketchOutcome::Built(Firmware {
        artifacts: Vec::new(),
        sizes: None,
    });
    let flash_only = SketchOutcome::Built(Firmware {
        artifacts: Vec::new(),
        sizes: Some(Sizes {
            flash: Usage {
                used: 7,
                maximum: None,
            },
            ram: None,
        }),
    });
    let value = &files(
        &run(vec![
            result(UNO, "a", unmeasured),
            result(UNO, "b", flash_only),
        ]),
        &context(false),
    )[0];
    let sketches = &value["boards"][0]["sketches"];
    assert_eq!(sketches[0]["compilation_success"], json!(true));
    assert_eq!(sketches[0]["sizes"][0]["current"]["absolute"], json!("N/A"));
    assert_eq!(
        sketches[1]["sizes"][0]["current"],
        json!({"absolute": 7, "relative": "N/A"})
    );
}

#[test]
fn a_sketch_outside_the_workspace_keeps_its_whole_path() {
    let outside = SketchResult {
        dir: "/elsewhere/a".into(),
        ..result(UNO, "a", built(1, 1))
    };
    let value = &files(&run(vec![outside]), &context(false))[0];
    assert_eq!(
        value["boards"][0]["sketches"][0]["name"],
        json!("/elsewhere/a")
    );
}
