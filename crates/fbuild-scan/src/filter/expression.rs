//! FastLED's `@filter` comments.
//!
//! They look like boolean expressions, but FastLED's own tool reads them as two lists: what is required and what is excluded. Conditions of one
//! key are alternatives, different keys must all hold, and `and`, `or` and further parentheses say nothing. A sketch is left out exactly where
//! FastLED's tool leaves it out, so this reading is kept.

use std::ops::Range;
use std::sync::LazyLock;

use camino::Utf8Path;
use fbuild_model::outcome::SkipRule;
use regex::Regex;

use super::{BoardFacts, Decision, MemoryClass, Warning, glob};

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns are constants and a test uses each")
}

/// A comment with a condition on the same line: the one-line form.
static ONE_LINE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)//\s*@filter\s*:?\s*\(.+?$"));
/// The first filter comment and what follows it.
static FIRST: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)//\s*@filter\s*:?\s*(.+?)$"));
/// `(key is value)`, `(key=value)` …
static CONDITION: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\(\s*(\w+)(?:\s+(is\s+not|is|matches)|\s*[=:])\s*([^)]+)\)"));
/// The block form.
static BLOCK: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)//\s*@filter\s*:?\s*\n(.*?)//\s*@end-filter"));
/// What is left of a one-line form that was understood as a whole.
static GLUE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:and|or|not|[()\s])*$"));
/// Any filter comment.
static ANY: LazyLock<Regex> = LazyLock::new(|| pattern(r"//\s*@filter\b"));

/// One condition: a key and the values of which one must apply.
#[derive(Debug, PartialEq, Eq)]
struct Condition {
    key: Key,
    values: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Memory,
    Platform,
    Target,
    Board,
    /// A key that no board has.
    Unknown(String),
}

/// A filter as FastLED's tool reads it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Filter {
    require: Vec<Condition>,
    exclude: Vec<Condition>,
    /// Parts that say nothing to it.
    ignored: Option<String>,
}

/// A filter and its place in the text.
struct Placed {
    filter: Result<Filter, String>,
    place: Range<usize>,
}

pub(super) fn decide(file: &Utf8Path, bytes: &[u8], board: &BoardFacts) -> Decision {
    let text = String::from_utf8_lossy(bytes)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let line = |at: usize| u32::try_from(text[..at].matches('\n').count() + 1).unwrap_or(u32::MAX);
    let Some(Placed { filter, place }) = find(&text) else {
        return Decision::Build;
    };
    let warn = |problem: String| {
        Decision::Warn(Warning {
            file: file.to_owned(),
            line: line(place.start),
            text: problem,
        })
    };
    match filter {
        Err(problem) => warn(problem),
        Ok(filter) => match (filter.objection(board), filter.ignored) {
            (Some(objection), _) => Decision::Skip(SkipRule {
                text: format!("{} ({objection})", shown(&text[place.clone()])),
                file: file.to_owned(),
                line: Some(line(place.start)),
            }),
            (None, Some(ignored)) => {
                warn(format!("part of the filter is not understood: `{ignored}`"))
            }
            (None, None) => Decision::Build,
        },
    }
}

/// Writes a filter on one line, without its comment marks.
fn shown(text: &str) -> String {
    text.lines()
        .map(|line| line.trim().trim_start_matches('/').trim())
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Finds the filter that counts: the one-line form if there is one that can be read, else the first block.
fn find(text: &str) -> Option<Placed> {
    let mut unread = None;
    if ONE_LINE.is_match(text) {
        let first = FIRST.captures(text)?;
        let (whole, rest) = (first.get(0)?, first.get(1)?);
        // What comes after a second comment mark explains and does not count.
        let expression = rest.as_str().split("//").next().unwrap_or_default();
        let place = whole.start()..rest.start() + expression.trim_end().len();
        match one_line(expression) {
            Some(filter) => {
                return Some(Placed {
                    filter: Ok(filter),
                    place,
                });
            }
            None => {
                let problem = format!("the filter is not understood: `{}`", expression.trim());
                unread = Some(Placed {
                    filter: Err(problem),
                    place,
                });
            }
        }
    }
    if let Some(block) = BLOCK.captures(text) {
        let whole = block.get(0)?;
        return Some(Placed {
            filter: read_block(block.get(1)?.as_str()),
            place: whole.range(),
        });
    }
    unread.or_else(|| {
        let found = ANY.find(text)?;
        let end = text[found.end()..]
            .find('\n')
            .map_or(text.len(), |end| found.end() + end);
        let problem = format!(
            "the filter is not understood: `{}`",
            shown(&text[found.start()..end])
        );
        Some(Placed {
            filter: Err(problem),
            place: found.start()..end,
        })
    })
}

fn one_line(expression: &str) -> Option<Filter> {
    let mut filter = Filter::default();
    let mut rest = String::new();
    let mut end = 0;
    for found in CONDITION.captures_iter(expression) {
        let whole = found.get(0)?;
        let glue = &expression[end..whole.start()];
        end = whole.end();
        let key = Key::of(&found[1]);
        if let Key::Unknown(_) = key {
            rest.push_str(glue);
            rest.push_str(whole.as_str());
            continue;
        }
        rest.push_str(glue);
        // Only exactly one blank between the two words negates.
        let negated = found
            .get(2)
            .is_some_and(|operator| operator.as_str() == "is not");
        let prefixed = expression[..whole.start()].trim_end().ends_with("not");
        let value = unquoted(found[3].trim()).to_owned();
        let list = if negated == prefixed {
            &mut filter.require
        } else {
            &mut filter.exclude
        };
        add(list, key, [value]);
    }
    rest.push_str(&expression[end..]);
    if !GLUE.is_match(&rest) {
        filter.ignored = Some(rest.trim().to_owned());
    }
    (!filter.require.is_empty() || !filter.exclude.is_empty()).then_some(filter)
}

fn unquoted(value: &str) -> &str {
    ['"', '\'']
        .iter()
        .find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value)
}

fn read_block(block: &str) -> Result<Filter, String> {
    let mut filter = Filter::default();
    let mut section: Option<fn(&mut Filter) -> &mut Vec<Condition>> = None;
    for line in block.split('\n') {
        let line = line.trim_start_matches('/').trim();
        if line.starts_with("require:") {
            section = Some(|filter| &mut filter.require);
        } else if line.starts_with("exclude:") {
            section = Some(|filter| &mut filter.exclude);
        } else if let (Some(item), Some(list)) = (line.strip_prefix("- "), section) {
            let (key, values) = item
                .split_once(':')
                .ok_or_else(|| format!("a line of the filter has no `:`: `{line}`"))?;
            let values: Vec<String> = values
                .split(['|', ','])
                .map(str::trim)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
                .collect();
            if values.is_empty() {
                return Err(format!("a line of the filter has no value: `{line}`"));
            }
            add(list(&mut filter), Key::of(key), values);
        } else if !line.is_empty() && filter.ignored.is_none() {
            filter.ignored = Some(line.to_owned());
        }
    }
    Ok(filter)
}

fn add(list: &mut Vec<Condition>, key: Key, values: impl IntoIterator<Item = String>) {
    match list.iter_mut().find(|condition| condition.key == key) {
        Some(condition) => condition.values.extend(values),
        None => list.push(Condition {
            key,
            values: values.into_iter().collect(),
        }),
    }
}

impl Key {
    fn of(text: &str) -> Self {
        match text.trim().to_lowercase().as_str() {
            "memory" | "mem" => Self::Memory,
            "platform" | "plat" => Self::Platform,
            "target" | "tgt" => Self::Target,
            "board" | "brd" => Self::Board,
            other => Self::Unknown(other.to_owned()),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Memory => "memory",
            Self::Platform => "platform",
            Self::Target => "target",
            Self::Board => "board",
            Self::Unknown(name) => name,
        }
    }

    /// What the board has for this key; several names for one board are alternatives. Empty if the board has nothing.
    fn of_board(&self, board: &BoardFacts) -> Vec<String> {
        let all = match self {
            Self::Memory => vec![board.memory_class().name().to_owned()],
            Self::Platform => vec![board.family()],
            Self::Target => vec![board.target()],
            Self::Board => board.fastled_names(),
            Self::Unknown(_) => Vec::new(),
        };
        all.into_iter().filter(|name| !name.is_empty()).collect()
    }
}

impl Filter {
    /// Returns why the board is left out, if it is.
    fn objection(&self, board: &BoardFacts) -> Option<String> {
        let here = |condition: &Condition| {
            let own = condition.key.of_board(board);
            let own_text = if own.is_empty() {
                "unknown".to_owned()
            } else {
                own.join("/")
            };
            (own, format!("{} is {own_text} here", condition.key.name()))
        };
        let excluded = self.exclude.iter().find_map(|condition| {
            let (own, text) = here(condition);
            own.iter()
                .any(|name| any_matches(name, &condition.values))
                .then_some(text)
        });
        excluded.or_else(|| {
            self.require.iter().find_map(|condition| {
                let (own, text) = here(condition);
                let met = match condition.key {
                    Key::Memory => reaches(board.memory_class(), &condition.values),
                    _ => own.iter().any(|name| any_matches(name, &condition.values)),
                };
                (!met).then_some(text)
            })
        })
    }
}

/// Whether the board's memory is of one of the classes or above it.
fn reaches(class: MemoryClass, wanted: &[String]) -> bool {
    wanted.iter().any(|name| {
        MemoryClass::from_name(&name.trim().to_lowercase()).is_some_and(|wanted| class >= wanted)
    })
}

fn any_matches(name: &str, values: &[String]) -> bool {
    let name = name.to_lowercase();
    values.iter().any(|value| {
        let value = value.to_lowercase();
        // A macro may be written as it is given to a compiler, with `-D`.
        let value = value.strip_prefix("-d").unwrap_or(&value);
        if value.contains('*') {
            glob::matches(value, &name)
        } else {
            value == name
        }
    })
}
