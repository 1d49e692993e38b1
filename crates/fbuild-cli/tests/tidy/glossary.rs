//! One word per thing: what docs/glossary.md names as an old word does not occur.

use std::collections::BTreeMap;

use regex::Regex;

use crate::{read, root, sources};

/// Where old words may still occur, and how often. Numbers only ever get smaller; the list is to be empty.
const REMAINING: &[(&str, usize)] = &[
    ("benches/src", 2),
    ("crates/fbuild-build", 90),
    ("crates/fbuild-cli", 24),
    ("crates/fbuild-model", 3),
    ("crates/fbuild-report", 29),
    ("docs/dependencies.md", 1),
    ("docs/json.md", 4),
];

/// The first column of the table of old words.
fn old_words() -> Vec<String> {
    let text = read("docs/glossary.md");
    let table = text
        .split("## Words that are not used\n")
        .nth(1)
        .expect("a table of old words");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let words = rows.flat_map(|row| {
        let cell = row.split('|').nth(1).unwrap();
        cell.split(',')
            .map(|word| word.trim().trim_matches('`').to_owned())
    });
    words.collect()
}

/// Names of files and their texts, documentation included.
fn texts() -> Vec<(String, String)> {
    let docs = root().join("docs").read_dir_utf8().unwrap();
    let docs = docs
        .map(|entry| format!("docs/{}", entry.unwrap().file_name()))
        .filter(|path| path.ends_with(".md") && path != "docs/glossary.md")
        .map(|path| (path.clone(), read(&path)));
    let code = sources()
        .into_iter()
        .map(|(path, text)| (path.to_string(), text))
        .filter(|(path, _)| !path.ends_with("tests/tidy/glossary.rs"));
    docs.chain(code).collect()
}

#[test]
fn old_words_are_not_used() {
    let words = old_words();
    assert!(words.len() >= 7, "the table is read: {words:?}");
    // Parts of identifiers count (`input_trail`, `TrailKey`), parts of other words do not (`trailing`).
    let variants = words.iter().flat_map(|word| {
        let capital = word[..1].to_uppercase() + &word[1..];
        [
            format!("(?:\\b|_){word}s?(?:\\b|_)"),
            format!("(?:\\b|_|[a-z0-9]){capital}s?(?:\\b|_|[A-Z])"),
        ]
    });
    let pattern = Regex::new(&variants.collect::<Vec<_>>().join("|")).unwrap();
    let mut counts: BTreeMap<String, (usize, Vec<String>)> = BTreeMap::new();
    for (path, text) in texts() {
        let folder = path.split('/').take(2).collect::<Vec<_>>().join("/");
        for (number, line) in text.lines().enumerate() {
            if pattern.is_match(line) {
                let (count, places) = counts.entry(folder.clone()).or_default();
                *count += 1;
                places.push(format!("  {path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    let faults: Vec<String> = counts
        .into_iter()
        .filter(|(folder, (count, _))| {
            let allowed = REMAINING.iter().find(|(known, _)| known == folder);
            *count > allowed.map_or(0, |(_, number)| *number)
        })
        .map(|(folder, (count, places))| format!("{folder}: {count}\n{}", places.join("\n")))
        .collect();
    assert!(
        faults.is_empty(),
        "docs/glossary.md has other words for these:\n{}",
        faults.join("\n")
    );
}
