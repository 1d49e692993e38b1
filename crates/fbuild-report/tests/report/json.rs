//! The JSON report: read back, and kept to its promise.

use fbuild_report::json;
use fbuild_report::schema;
use fbuild_report::schema::run::Document;
use proptest::prelude::*;
use serde_json::Value;

use crate::fixture;

fn parse(text: &str) -> Document {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_report_is_read_back_as_it_was() {
    let report = fixture::report();
    assert_eq!(
        parse(&json::render(&report, &fixture::origin())),
        json::document(&report, &fixture::origin())
    );
}

#[test]
fn the_numbers_are_those_of_the_fold() {
    let document = json::document(&fixture::report(), &fixture::origin());
    assert_eq!(document.sketches.len() as u64, document.counts.requested);
    assert_eq!(document.stages[0].cost.peak_memory, 60 << 20);
    assert_eq!(document.stages[0].seconds, 1.5);
    assert_eq!(document.stages[0].key.as_deref(), Some("9f2c"));
    let outcomes: Vec<&str> = document.sketches[..7]
        .iter()
        .map(|sketch| sketch.outcome.as_str())
        .collect();
    assert_eq!(
        outcomes,
        [
            "built",
            "built",
            "failed",
            "blocked",
            "skipped",
            "not-run",
            "cancelled"
        ]
    );
    let typo = &document.sketches[2];
    assert_eq!(
        (typo.phase.as_deref(), typo.diagnostics[0].line),
        (Some("compile"), Some(2))
    );
    assert_eq!(
        document.sketches[0].ram,
        Some(schema::run::Memory {
            used: 9,
            maximum: Some(2048)
        })
    );
    assert_eq!(document.sketches[4].skip.as_ref().unwrap().line, Some(4));
}

#[test]
fn fields_of_a_later_version_are_passed_over_and_missing_ones_are_empty() {
    let text = r#"{"schema":{"name":"fbuild-run","version":"1"},"moon":{"phase":[1]},"sketches":[{"name":"a"}]}"#;
    let document = parse(text);
    assert_eq!(
        document.sketches,
        [schema::run::Sketch {
            name: "a".into(),
            ..schema::run::Sketch::default()
        }]
    );
}

/// Collects the names of all fields below `value` as dotted paths.
fn paths(value: &Value, at: &str, into: &mut std::collections::BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if at.is_empty() {
                    name.clone()
                } else {
                    format!("{at}.{name}")
                };
                paths(value, &path, into);
                into.insert(path);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| paths(item, &format!("{at}[]"), into)),
        _ => {}
    }
}

/// Refuses every property that a schema does not name; published schemas allow them, because fields may be added.
fn closed(schema: &mut Value) {
    match schema {
        Value::Object(keys) => {
            if keys.contains_key("properties") {
                keys.insert("additionalProperties".to_owned(), false.into());
            }
            keys.values_mut().for_each(closed);
        }
        Value::Array(items) => items.iter_mut().for_each(closed),
        _ => {}
    }
}

#[test]
fn reports_are_what_the_published_schema_says_and_nothing_more() {
    let (name, text) = schema::PUBLISHED[0];
    assert_eq!(name, schema::NAME);
    let mut schema: Value = serde_json::from_str(text).unwrap();
    closed(&mut schema);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut ended = fixture::report();
    ended.fail("unknown board `unno`".to_owned());
    for report in [
        fixture::report(),
        ended,
        fbuild_report::RunReport::default(),
    ] {
        for origin in [fixture::origin(), json::Origin::default()] {
            let value = serde_json::from_str(&json::render(&report, &origin)).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, <[String; 0]>::default());
        }
    }
    let mut wrong: Value =
        serde_json::from_str(&json::render(&fixture::report(), &fixture::origin())).unwrap();
    wrong["sketches"][2]["cause"]["code"] = "moon-phase".into();
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn paths_below_the_current_directory_are_relative() {
    let document = json::document(&fixture::report(), &fixture::origin());
    assert_eq!(document.sketches[0].dir, "examples/Blink");
    assert_eq!(
        document.sketches[0].warnings[0].file,
        "examples/Blink/Blink.ino"
    );
    assert_eq!(document.sketches[0].libraries[0].dir, "libraries/Widget");
    let outside = document.sketches[0].log.as_deref().unwrap();
    assert!(outside.starts_with("/out/"), "{outside}");
}

#[test]
fn the_page_explains_every_field() {
    let page = include_str!("../../../../docs/json.md");
    let mut fields = std::collections::BTreeSet::new();
    paths(
        &serde_json::from_str(&json::render(&fixture::report(), &fixture::origin())).unwrap(),
        "",
        &mut fields,
    );
    assert!(
        fields.contains("sketches[].diagnostics[].line"),
        "{fields:?}"
    );
    let missing: Vec<&String> = fields
        .iter()
        .filter(|field| !page.contains(&format!("`{field}`")))
        .collect();
    assert_eq!(
        missing,
        <[&String; 0]>::default(),
        "docs/json.md does not explain these fields"
    );
}

#[test]
fn the_page_names_every_message() {
    let page = include_str!("../../../../docs/json.md");
    for event in fixture::events() {
        let line: Value =
            serde_json::from_str(&fbuild_report::messages::render(&event, &fixture::origin()))
                .unwrap();
        let name = line["type"].as_str().unwrap();
        assert!(
            page.contains(&format!("`{name}`")),
            "docs/json.md does not explain the message {name}"
        );
        for field in line.as_object().unwrap().keys() {
            assert!(
                page.contains(&format!("`{field}`")),
                "docs/json.md does not explain {name}.{field}"
            );
        }
    }
}

fn seconds() -> impl Strategy<Value = f64> {
    (0..u64::from(u32::MAX)).prop_map(|microseconds| microseconds as f64 / 1e6)
}

prop_compose! {
    fn sketch()(
        text in prop::array::uniform4(any::<String>()),
        seconds in seconds(),
        used in any::<u64>(),
        maximum in any::<Option<u64>>(),
        line in any::<Option<u32>>(),
        message in any::<Option<String>>(),
        cached in any::<bool>(),
    ) -> schema::run::Sketch {
        let [name, dir, file, log] = text;
        let diagnostic = schema::run::Diagnostic { severity: "error".into(), message: dir.clone(), file, line, column: line };
        schema::run::Sketch {
            name,
            dir,
            message,
            seconds,
            cached,
            flash: Some(schema::run::Memory { used, maximum }),
            diagnostics: vec![diagnostic],
            skip: line.map(|line| schema::run::Skip { rule: log.clone(), file: String::new(), line: Some(line) }),
            artifacts: vec![log.clone()],
            log: Some(log),
            ..schema::run::Sketch::default()
        }
    }
}

proptest! {
    #[test]
    fn any_document_is_read_back(sketches in prop::collection::vec(sketch(), 0..4), seconds in prop::option::of(seconds()), warnings in any::<Vec<String>>()) {
        let schema = schema::Schema { name: schema::NAME.into(), version: schema::VERSION.into() };
        let document = Document { schema, seconds, sketches, warnings, ..Document::default() };
        prop_assert_eq!(parse(&serde_json::to_string(&document).unwrap()), document);
    }
}
