//! What sketches and sources expand to: `expand` against `-E -CC`.

use std::sync::atomic::{AtomicUsize, Ordering};

use camino::Utf8Path;
use fbuild_cpp as cpp;
use fbuild_cpp::SourceTree;
use fbuild_testkit::need;

use crate::compiler::in_parallel;
use crate::corpus::{self, Unit};

/// Returns the lines of preprocessed text that belong to `file`, by number; empty lines left out.
pub(crate) fn lines_of(text: &str, file: &str) -> Vec<(usize, String)> {
    let marker = format!("\"{}\"", file.replace('\\', "\\\\").replace('"', "\\\""));
    let mut number = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        let words = line
            .strip_prefix("# ")
            .and_then(|rest| rest.split_once(' '));
        if let Some((next, name)) = words
            && let Ok(next) = next.parse::<usize>()
        {
            number = name.starts_with(&marker).then_some(next);
        } else if let Some(number) = &mut number {
            if !line.trim().is_empty() {
                lines.push((*number, line.trim_end().to_owned()));
            }
            *number += 1;
        }
    }
    lines
}

fn compare(units: &[Unit]) -> usize {
    let Some(compilers) = crate::compilers() else {
        return 0;
    };
    let scratch = tempfile::tempdir().unwrap();
    let scratch = Utf8Path::from_path(scratch.path()).unwrap();
    let tree = SourceTree::new();
    let compared = AtomicUsize::new(0);
    let complaints = in_parallel(units, |unit| {
        let compiler = &compilers[unit.language as usize];
        let source = unit.generate(scratch);
        let dirs = unit.include_dirs();
        let ours = cpp::expand(
            &tree,
            &compiler.dialect,
            &source,
            &dirs,
            std::slice::from_ref(&unit.source),
        );
        let theirs = compiler.expand(&source, &dirs);
        let difference = match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                compared.fetch_add(1, Ordering::Relaxed);
                // In comments of files with CR LF, gcc doubles line ends; then only the words are compared.
                if fs_err::read(&unit.source).unwrap().contains(&b'\r') {
                    let (ours, theirs) = (words_of(&ours, unit), words_of(&theirs, unit));
                    let at = ours
                        .iter()
                        .zip(&theirs)
                        .position(|(our, their)| our != their)?;
                    return Some(format!(
                        "{}: word {at}: {:?} and {:?}",
                        unit.source,
                        &ours[at - 5..at + 5],
                        &theirs[at - 5..at + 5]
                    ));
                }
                first_difference(
                    &lines_of(&ours, unit.source.as_str()),
                    &lines_of(&theirs, unit.source.as_str()),
                )?
            }
            // What the compiler refuses, it is asked to refuse.
            (Err(_), Err(_)) => return None,
            (Err(error), Ok(_)) => error.to_string(),
            (Ok(_), Err(error)) => format!("expanded, theirs {error}"),
        };
        Some(format!("{}: {difference}", unit.source))
    });
    assert!(
        complaints.is_empty(),
        "{} of {}:\n{}",
        complaints.len(),
        units.len(),
        complaints.join("\n")
    );
    compared.into_inner()
}

fn words_of(text: &str, unit: &Unit) -> Vec<String> {
    let lines = lines_of(text, unit.source.as_str());
    lines
        .iter()
        .flat_map(|(_, line)| line.split_whitespace())
        .map(str::to_owned)
        .collect()
}

fn first_difference(ours: &[(usize, String)], theirs: &[(usize, String)]) -> Option<String> {
    if ours == theirs {
        return None;
    }
    let at = ours
        .iter()
        .zip(theirs)
        .position(|(our, their)| our != their)
        .unwrap_or(ours.len().min(theirs.len()));
    Some(format!(
        "line {at} of {} and {}:\n  ours   {:?}\n  theirs {:?}",
        ours.len(),
        theirs.len(),
        ours.get(at),
        theirs.get(at)
    ))
}

#[test]
fn debian_sketches_expand_as_with_the_compiler() {
    let units = corpus::sketches();
    let compared = compare(&units);
    assert!(
        units.is_empty() || compared > units.len() / 2,
        "{compared} of {}",
        units.len()
    );
}

#[test]
fn debian_sources_expand_as_with_the_compiler() {
    let units = corpus::platform_sources();
    let compared = compare(&units);
    assert!(
        units.is_empty() || compared > units.len() / 2,
        "{compared} of {}",
        units.len()
    );
}

#[test]
fn fastled_expands_as_with_the_compiler() {
    let Some(root) = need::opted_in("FBUILD_TEST_FASTLED") else {
        return;
    };
    let units = corpus::fastled(&root);
    let compared = compare(&units);
    assert!(compared > 80, "{compared} of {}", units.len());
}
