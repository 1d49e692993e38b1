//! The result lines, read as FastLED's wrapper reads them (formats section 1).

use std::sync::LazyLock;

use regex::Regex;

static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"^\s+\[(stage1|stage2)\]\s+(OK|FAIL)\s+\(([0-9.]+)s\)\s+(.*?)\s{2}log=(.*?)\s{2}(.*)$",
    )
    .expect("the pattern is valid")
});

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultLine {
    /// `stage1` or `stage2`.
    pub stage: String,
    /// Whether it says `OK`.
    pub ok: bool,
    /// The time.
    pub seconds: f64,
    /// The sketch's name.
    pub sketch: String,
    /// The log's path, or `-`.
    pub log: String,
    /// The rest.
    pub message: String,
}

impl ResultLine {
    /// Reads a line; `None` if it is not a result line.
    pub fn parse(line: &str) -> Option<Self> {
        let [stage, word, seconds, sketch, log, message] = PATTERN.captures(line)?.extract().1;
        Some(Self {
            stage: stage.to_owned(),
            ok: word == "OK",
            seconds: seconds.parse().ok()?,
            sketch: sketch.to_owned(),
            log: log.to_owned(),
            message: message.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_format_description_is_read() {
        let line = ResultLine::parse(
            "  [stage2] OK (0.20s) examples/Blink  log=.fbuild/uno/examples/Blink/build.log  924 bytes flash",
        );
        let line = line.expect("it is a result line");
        assert_eq!(
            (line.stage.as_str(), line.ok, line.seconds),
            ("stage2", true, 0.2)
        );
        assert_eq!(
            (line.sketch.as_str(), line.message.as_str()),
            ("examples/Blink", "924 bytes flash")
        );
        assert_eq!(line.log, ".fbuild/uno/examples/Blink/build.log");
    }

    #[test]
    fn other_lines_are_not() {
        for line in [
            "",
            "[stage2] OK (0.20s) X  log=-  y",
            "  [skip] - (0.00s) X  log=-  rule",
            "  [stage2] OK (0.20s) X log=- y",
        ] {
            assert_eq!(ResultLine::parse(line), None, "{line}");
        }
    }
}
