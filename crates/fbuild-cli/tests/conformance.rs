//! Checks docs/conformance.md: every row of docs/semantics.md is there once, with tests that exist or a reason.

#![expect(clippy::unwrap_used, reason = "a test stops at any surprise")]

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use regex::Regex;

/// The rows of each section: the section, and how many numbered rows it has; 0 where the section is one row by itself (2.3 is a
/// table and has numbered rows).
const SECTIONS: [(&str, u32); 22] = [
    ("1.1", 5),
    ("1.2", 5),
    ("1.3", 6),
    ("1.4", 6),
    ("1.5", 0),
    ("1.6", 0),
    ("1.7", 6),
    ("1.8", 0),
    ("1.9", 0),
    ("2.1", 8),
    ("2.2", 0),
    ("2.3", 0),
    ("2.3", 8),
    ("3", 6),
    ("4.1", 3),
    ("4.2", 8),
    ("p", 48),
    ("5.1", 7),
    ("5.2", 0),
    ("5.3", 0),
    ("5.4", 3),
    ("6", 6),
];

fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

fn expected_rows() -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    for (section, count) in SECTIONS {
        if count == 0 {
            rows.insert(section.to_owned());
        }
        let separator = if section == "p" { "" } else { "." };
        rows.extend((1..=count).map(|number| format!("{section}{separator}{number}")));
    }
    rows
}

/// The table's lines by row: state and tests.
fn listed() -> BTreeMap<String, (String, Vec<String>)> {
    let text = fs_err::read_to_string(root().join("docs/conformance.md")).unwrap();
    let name = Regex::new("`([a-z][a-z0-9_]*)`").unwrap();
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        if matches!(cells[0], "row" | "---") {
            continue;
        }
        assert_eq!(cells.len(), 4, "{line}");
        let tests = name
            .captures_iter(cells[3])
            .map(|found| found[1].to_owned())
            .collect();
        let before = rows.insert(cells[0].to_owned(), (cells[2].to_owned(), tests));
        assert!(before.is_none(), "row {} is listed twice", cells[0]);
    }
    rows
}

/// The names of all test functions in the tree.
fn tests_in_the_tree() -> BTreeSet<String> {
    let function = Regex::new(r"(?m)^\s*#\[(?:tokio::)?test\][^{]*?fn ([a-z0-9_]+)").unwrap();
    let mut names = BTreeSet::new();
    let mut dirs = vec![root().join("crates")];
    while let Some(dir) = dirs.pop() {
        for entry in dir.read_dir_utf8().unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                dirs.push(path.to_owned());
            } else if path.extension() == Some("rs") {
                let text = fs_err::read_to_string(path).unwrap();
                names.extend(
                    function
                        .captures_iter(&text)
                        .map(|found| found[1].to_owned()),
                );
            }
        }
    }
    names
}

#[test]
fn every_row_is_listed_once_and_no_other() {
    let listed: BTreeSet<String> = listed().into_keys().collect();
    let expected = expected_rows();
    assert_eq!(
        expected.difference(&listed).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "rows that are not listed"
    );
    assert_eq!(
        listed.difference(&expected).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "rows that are not expected"
    );
}

#[test]
fn every_row_is_described() {
    let text = fs_err::read_to_string(root().join("docs/semantics.md")).unwrap();
    for row in listed().keys() {
        assert!(
            text.contains(&format!("**{row}**")),
            "docs/semantics.md does not describe row {row}"
        );
    }
}

#[test]
fn every_row_has_a_state_and_a_test_or_a_reason() {
    for (row, (state, tests)) in listed() {
        let word = state.split('.').next().unwrap_or_default();
        assert!(
            ["yes", "differently", "partly", "no"].contains(&word),
            "{row}: {state}"
        );
        assert!(
            word == "yes" || state.len() > word.len() + 20,
            "{row}: `{word}` needs a reason"
        );
        assert!(!tests.is_empty() || word == "no", "{row}: no test is named");
    }
}

#[test]
fn every_named_test_exists() {
    let known = tests_in_the_tree();
    for (row, (_, tests)) in listed() {
        for test in tests {
            assert!(known.contains(&test), "{row}: there is no test `{test}`");
        }
    }
}

#[test]
fn a_test_that_is_named_after_a_row_is_listed_there() {
    let listed = listed();
    let name = Regex::new(r"^(?:s(?P<row>[1-6](?:_[0-9]+)+)|p(?P<p>[0-9]{2}))_[a-z]").unwrap();
    for test in tests_in_the_tree() {
        let Some(found) = name.captures(&test) else {
            continue;
        };
        let row = match (found.name("row"), found.name("p")) {
            (Some(row), _) => row.as_str().replace('_', "."),
            (None, p) => format!("p{}", p.unwrap().as_str().trim_start_matches('0')),
        };
        let (_, tests) = listed
            .get(&row)
            .unwrap_or_else(|| panic!("`{test}` is named after a row that is not listed"));
        assert!(tests.contains(&test), "row {row} does not name `{test}`");
    }
}
