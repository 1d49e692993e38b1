//! Takes out of a text what differs from run to run.

use std::sync::LazyLock;

use camino::Utf8PathBuf;
use regex::Regex;

static TIME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b[0-9]+\.[0-9]+ ?s\b").expect("the pattern is valid"));
static DIGEST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b[0-9a-f]{12,64}\b").expect("the pattern is valid"));
static MEMORY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b[0-9]+(\.[0-9]+)? ?(kB|MB|GB|KiB|MiB|GiB)\b").expect("the pattern is valid")
});

/// Replaces directories by their names, times by `[TIME]`, amounts of memory by `[MEMORY]` and digests by `[DIGEST]`.
pub fn redact(text: &str, dirs: &[(Utf8PathBuf, &str)]) -> String {
    let mut text = text.to_owned();
    for (dir, name) in dirs {
        text = text.replace(dir.as_str(), name);
    }
    let text = TIME.replace_all(&text, "[TIME]");
    let text = MEMORY.replace_all(&text, "[MEMORY]");
    DIGEST.replace_all(&text, "[DIGEST]").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_replaced_and_nothing_else() {
        let dirs = [(Utf8PathBuf::from("/tmp/x/work"), "[ROOT]")];
        let check = |text: &str, expect: &str| assert_eq!(redact(text, &dirs), expect);
        check(
            "(0.20s) /tmp/x/work/Blink 924 bytes",
            "([TIME]) [ROOT]/Blink 924 bytes",
        );
        check(
            "key 0123456789abcdef0123 in 1.5 s",
            "key [DIGEST] in [TIME]",
        );
        check("peak 12.5 MB, 3 sketches", "peak [MEMORY], 3 sketches");
        check(
            "Flash: 2.75KB / 31.50KB (8.7%)",
            "Flash: 2.75KB / 31.50KB (8.7%)",
        );
    }
}
