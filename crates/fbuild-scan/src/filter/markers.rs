//! Adafruit's marker files: `.PLATFORM.test.skip`, `.PLATFORM.test.only`, `.none.test.only` and `.skip.txt` in the sketch's folder.

use camino::Utf8Path;
use fbuild_model::input;
use fbuild_model::outcome::SkipRule;

use super::BoardFacts;

/// Returns the marker that leaves the sketch in `dir` out on this board.
pub(super) fn skipping(dir: &Utf8Path, board: &BoardFacts) -> Option<SkipRule> {
    let names = board.adafruit_names();
    let whole = |name: String| SkipRule {
        text: name.clone(),
        file: dir.join(name),
        line: None,
    };
    let skip = names
        .iter()
        .map(|name| format!(".{name}.test.skip"))
        .find(|name| dir.join(name).exists());
    if let Some(name) = skip {
        return Some(whole(name));
    }
    if let Some(rule) = listed(&dir.join(".skip.txt"), &names) {
        return Some(rule);
    }
    let mut only = only_markers(dir);
    only.sort();
    let ours = |marker: &String| {
        names
            .iter()
            .any(|name| *marker == format!(".{name}.test.only"))
    };
    (!only.iter().any(ours))
        .then(|| only.into_iter().next().map(whole))
        .flatten()
}

fn listed(file: &Utf8Path, names: &[String]) -> Option<SkipRule> {
    let content = input::read_regular(file).ok()?;
    let text = String::from_utf8_lossy(&content);
    let (at, line) = text
        .lines()
        .enumerate()
        .find(|(_, line)| names.iter().any(|name| name == line.trim()))?;
    Some(SkipRule {
        text: line.trim().to_owned(),
        file: file.to_owned(),
        line: u32::try_from(at + 1).ok(),
    })
}

fn only_markers(dir: &Utf8Path) -> Vec<String> {
    let Ok(entries) = fs_err::read_dir(dir) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with('.') && name.ends_with(".test.only"))
        .collect()
}
