//! The name of a missing header, read from what gcc prints (semantics 5.1.2).

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

static COLOUR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("\x1b\\[[0-9;]*[A-Za-z]").expect("the pattern is a constant and a test compiles it")
});

/// The quoted source line under the message, with or without the gutter of newer versions.
static QUOTED_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?m)^[ \t\n\f\r]*[0-9 |]*[ \t\n\f\r]*#[ \t]*include[ \t\n\f\r]*[<"]([^ \t\n\f\r]+)[">]"#,
    )
    .expect("the pattern is a constant and a test compiles it")
});

/// Returns the header that gcc did not find, from its standard error; `None` if that is not why it failed.
///
/// The first quoted `#include` line decides; where there is none (`#include MACRO`, `#include_next`, compilers that quote nothing), the text
/// between `fatal error:` and the next colon.
pub fn missing_header(stderr: &str) -> Option<String> {
    let plain: Cow<'_, str> = COLOUR.replace_all(stderr, "");
    let header = match QUOTED_LINE.captures(&plain) {
        Some(found) => found[1].trim().to_owned(),
        None => plain.lines().find_map(after_fatal_error)?.to_owned(),
    };
    (!header.is_empty()).then_some(header)
}

fn after_fatal_error(line: &str) -> Option<&str> {
    let mut parts = line.split(':');
    parts.find(|part| part.contains("fatal error"))?;
    parts.next().map(str::trim)
}
