//! Rules about the repository itself.
//!
//! What is checked here is what no compiler or lint checks; each test's message says what to do.

#![expect(clippy::unwrap_used, reason = "a test stops at any surprise")]

mod circles;
mod glossary;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

/// Longest file of what is shipped; most are a third of it.
const MOST_LINES: usize = 400;

/// Longest test file.
const MOST_LINES_OF_TESTS: usize = 800;

/// Files that may still be longer. The list only ever gets shorter, and is to be empty.
const LONG_FILES: &[&str] = &[
    "crates/fbuild-build/src/plan/pch.rs",
    "crates/fbuild-build/src/stage/sketches.rs",
    "crates/fbuild-build/src/toolchain/files.rs",
    "crates/fbuild-build/src/toolchain/mod.rs",
    "crates/fbuild-cli/src/args.rs",
    "crates/fbuild-model/src/properties.rs",
    "crates/fbuild-parity/src/lib.rs",
];

fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

fn read(path: &str) -> String {
    fs_err::read_to_string(root().join(path)).unwrap()
}

/// The packages of the workspace.
fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let args = [
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ];
    let output = Command::new(cargo)
        .args(args)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap()
}

/// Dependencies of a package that pass `filter`.
fn dependencies<'a>(
    package: &'a Value,
    filter: impl Fn(&Value) -> bool + 'a,
) -> impl Iterator<Item = &'a Value> {
    package["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .filter(move |dependency| filter(dependency))
}

fn is_normal(dependency: &Value) -> bool {
    dependency["kind"].is_null()
}

fn is_ours(dependency: &Value) -> bool {
    dependency["path"].is_string()
}

/// All Rust files below `crates`, with what they hold.
fn sources() -> Vec<(Utf8PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("crates"), root().join("benches")];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir_utf8().unwrap() {
            let path = entry.unwrap().path().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension() == Some("rs") {
                let text = fs_err::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    assert!(found.len() > 50, "the sources are found");
    found
}

/// Whether a file is part of what is shipped: not a test, not the test kit, not a benchmark, not a build script.
fn is_shipped(path: &Utf8Path) -> bool {
    let in_tests = path.components().any(|part| part.as_str() == "tests")
        || path.file_name() == Some("tests.rs");
    path.starts_with("crates")
        && !in_tests
        && !path.starts_with("crates/fbuild-testkit")
        && path.file_name() != Some("build.rs")
}

/// The lines that are neither comments nor part of the inline test module at the end, with their numbers.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    lines
        .take_while(|(_, line)| line.trim() != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Places in shipped code that mention one of `words`, files that `allowed` names left out.
fn mentions(words: &[&str], allowed: impl Fn(&Utf8Path) -> bool) -> Vec<String> {
    let files = sources();
    let files = files
        .iter()
        .filter(|(path, _)| is_shipped(path) && !allowed(path));
    files
        .flat_map(|(path, text)| {
            let lines = code(text).filter(|(_, line)| words.iter().any(|word| line.contains(word)));
            lines.map(move |(number, line)| format!("{path}:{number}: {}", line.trim()))
        })
        .collect()
}

#[test]
fn the_walk_names_files_and_functions_that_exist() {
    let text = read("docs/architecture.md");
    let walk = text
        .split("```walk\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a block tagged `walk`");
    let lines: Vec<&str> = walk.lines().collect();
    assert!((5..10).contains(&lines.len()), "{} files", lines.len());
    for line in lines {
        let mut words = line.split_whitespace();
        let file = words.next().unwrap();
        let source = read(file);
        for function in words {
            let defined = [" ", "\n"].map(|before| format!("{before}fn {function}"));
            let has = |name: &String| {
                source.match_indices(name.as_str()).any(|(at, _)| {
                    let after = source[at + name.len()..].chars().next();
                    matches!(after, Some('(' | '<'))
                })
            };
            assert!(defined.iter().any(has), "{file}: fn {function}");
        }
    }
}

#[test]
fn crates_depend_on_each_other_as_drawn() {
    let text = read("docs/architecture.md");
    let drawing = text
        .split("```edges\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a block tagged `edges`");
    let mut drawn: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in drawing.lines().filter(|line| !line.trim().is_empty()) {
        let (from, to) = line
            .split_once("->")
            .unwrap_or_else(|| panic!("`crate -> crates`: {line}"));
        let to = to
            .split_whitespace()
            .filter(|word| *word != "none")
            .map(str::to_owned);
        drawn.insert(from.trim().to_owned(), to.collect());
    }
    let packages = packages();
    let crates = packages.iter().filter(|package| {
        package["manifest_path"]
            .as_str()
            .unwrap()
            .contains("/crates/")
    });
    let built: BTreeMap<String, BTreeSet<String>> = crates
        .map(|package| {
            let to = dependencies(package, |dependency| {
                is_normal(dependency) && is_ours(dependency)
            });
            (
                name(package).to_owned(),
                to.map(|dependency| name(dependency).to_owned()).collect(),
            )
        })
        .collect();
    assert_eq!(
        built, drawn,
        "left: the manifests, right: docs/architecture.md"
    );
}

#[test]
fn nothing_that_is_shipped_depends_on_the_test_kit() {
    for package in packages() {
        let kit = dependencies(&package, |dependency| {
            name(dependency) == "fbuild-testkit" && dependency["kind"] != "dev"
        })
        .count();
        assert_eq!(kit, 0, "{} needs it for more than tests", name(&package));
    }
}

#[test]
fn every_external_dependency_is_explained() {
    let text = read("docs/dependencies.md");
    let mut missing = BTreeSet::new();
    for package in packages() {
        for dependency in dependencies(&package, |dependency| !is_ours(dependency)) {
            if !text.contains(&format!("`{}`", name(dependency))) {
                missing.insert(name(dependency).to_owned());
            }
        }
    }
    assert!(
        missing.is_empty(),
        "docs/dependencies.md does not say what these are for: {missing:?}"
    );
}

#[test]
fn only_the_command_line_tool_prints() {
    let words = [
        "println!(",
        "print!(",
        "dbg!(",
        "io::stdout()",
        "io::stderr()",
    ];
    let found = mentions(&words, |path| path.starts_with("crates/fbuild-cli"));
    assert!(
        found.is_empty(),
        "send an event instead:\n{}",
        found.join("\n")
    );
}

#[test]
fn only_the_runner_starts_processes() {
    let runner = "crates/fbuild-process/src/runner.rs";
    let found = mentions(&["Command::new(", "process::Command"], |path| {
        path == runner
    });
    assert!(found.is_empty(), "use `Runner`:\n{}", found.join("\n"));
    assert!(
        read(runner).contains("Command::new("),
        "the rule looks for what is really used"
    );
}

#[test]
fn files_are_not_too_long() {
    let long: Vec<String> = sources()
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(path, lines)| {
            let most = if is_shipped(path) {
                MOST_LINES
            } else {
                MOST_LINES_OF_TESTS
            };
            *lines > most && !LONG_FILES.contains(&path.as_str())
        })
        .map(|(path, lines)| format!("{path}: {lines}"))
        .collect();
    assert!(long.is_empty(), "split these files:\n{}", long.join("\n"));
}

#[test]
fn files_that_the_architecture_names_exist() {
    let text = read("docs/architecture.md");
    let names = regex::Regex::new(r"`([a-z0-9_/.-]+\.rs)`").unwrap();
    let files = sources();
    let missing: BTreeSet<&str> = names
        .captures_iter(&text)
        .map(|found| found.get(1).unwrap().as_str())
        .filter(|name| !files.iter().any(|(path, _)| path.ends_with(name)))
        .collect();
    assert!(
        missing.is_empty(),
        "docs/architecture.md names files that are not there: {missing:?}"
    );
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = sources()
        .iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path.to_string())
        .collect();
    assert!(
        silent.is_empty(),
        "no header comment:\n{}",
        silent.join("\n")
    );
}

#[test]
fn modules_have_names_that_say_something() {
    let vague = [
        "utils", "util", "helpers", "common", "manager", "engine", "misc", "context",
    ];
    let found: Vec<String> = sources()
        .iter()
        .filter(|(path, _)| {
            path.components()
                .any(|part| vague.contains(&part.as_str().trim_end_matches(".rs")))
        })
        .map(|(path, _)| path.to_string())
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn no_test_is_switched_off_without_a_reason() {
    let ignore = format!("#[{}", "ignore]");
    let found: Vec<String> = sources()
        .iter()
        .filter(|(_, text)| text.contains(&ignore))
        .map(|(path, _)| path.to_string())
        .collect();
    assert!(
        found.is_empty(),
        "a test that cannot run says so aloud instead: {found:?}"
    );
}
