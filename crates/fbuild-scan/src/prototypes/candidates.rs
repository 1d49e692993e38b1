//! Which functions get a prototype, and its text.
//!
//! Semantics 4.2.4 to 4.2.6. Knows tags and source lines, not where the prototypes will be inserted.

use std::collections::{HashMap, HashSet};

use super::comments::Comments;
use super::sketch_text::{Origin, Original, SketchText};
use super::tagger::{ScopeKind, Tag, TagKind};

const TEMPLATE: &str = "template";
/// How many lines a parameter list may continue over.
const CONTINUATION_LINES: usize = 10;
/// How far above its name a return type is looked for; a bound for the work, not one that the Arduino tools have.
const PRECEDING_LINES: usize = 1000;

/// A function definition outside classes and namespaces.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) name: String,
    /// Where the name is.
    pub(super) origin: Origin,
    /// Where the tools place the function: the line of its name or, if its text starts above, one less than the line of its start.
    pub(super) line: u32,
    /// The text with its modifiers, if the function is to be declared.
    pub(super) prototype: Option<String>,
}

/// True for what the tools call handled: not inside a class, struct or namespace and not `X::f`.
fn is_free(tag: &Tag) -> bool {
    !matches!(
        tag.scope,
        Some(ScopeKind::Class | ScopeKind::Struct | ScopeKind::Namespace)
    )
}

/// All candidates in the order of their tags.
pub(super) fn candidates(
    tags: &[Tag],
    text: &SketchText,
    originals: &[Original<'_>],
) -> Vec<Candidate> {
    let declared: HashSet<String> = tags
        .iter()
        .filter(|tag| tag.kind == TagKind::Prototype)
        .map(|tag| declaration(tag, text, originals))
        .collect();
    let linkage: Vec<Vec<bool>> = originals
        .iter()
        .map(|file| c_linkage_lines(&file.lines))
        .collect();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut code = Code::new(usize::MAX, "");
    for tag in tags
        .iter()
        .filter(|tag| tag.kind == TagKind::Function && is_free(tag))
    {
        let Some(origin) = text.origin(tag.line) else {
            continue;
        };
        if code.line != tag.line {
            code = Code::new(tag.line, text.line(tag.line));
        }
        let declaration = declaration(tag, text, originals);
        let lines = originals
            .get(origin.file)
            .map_or(&[][..], |file| &file.lines);
        let is_new = !declared.contains(&declaration) && seen.insert(declaration.clone());
        let start = if is_new && declaration.contains('(') {
            definition_start(tag, &declaration, &code, lines, origin.line)
        } else {
            None
        };
        let in_c = linkage
            .get(origin.file)
            .and_then(|lines| lines.get((origin.line as usize).checked_sub(1)?))
            .copied()
            .unwrap_or(false);
        found.push(Candidate {
            name: tag.name.clone(),
            origin,
            line: start.unwrap_or(origin.line),
            prototype: start.and_then(|_| with_modifiers(&declaration, code.has_static, in_c)),
        });
    }
    found
}

/// A line of definitions, read once for all of them.
struct Code {
    line: usize,
    without_blanks: String,
    /// The word and a blank, be it in a body or a comment.
    has_static: bool,
    /// Where parentheses open in the text without blanks, by the text before them.
    parentheses: HashMap<Ending, Vec<usize>>,
}

/// The last bytes of a text: as many as there are, rounded down to a power of two, eight at most.
type Ending = (usize, [u8; 8]);

/// Returns the ending of `text` with `length` bytes.
fn ending(text: &[u8], length: usize) -> Option<Ending> {
    let last = text.get(text.len().checked_sub(length)?..)?;
    let mut bytes = [0; 8];
    bytes[..length].copy_from_slice(last);
    Some((length, bytes))
}

impl Code {
    fn new(line: usize, text: &str) -> Self {
        let without_blanks = without_blanks(text);
        let mut parentheses: HashMap<Ending, Vec<usize>> = HashMap::new();
        for at in memchr::memchr_iter(b'(', without_blanks.as_bytes()) {
            let before = &without_blanks.as_bytes()[..at];
            for ending in [1, 2, 4, 8]
                .into_iter()
                .map_while(|length| ending(before, length))
            {
                parentheses.entry(ending).or_default().push(at);
            }
        }
        Self {
            line,
            without_blanks,
            has_static: text.contains("static "),
            parentheses,
        }
    }

    /// Tells whether the line contains `wanted`. A line may hold any number of functions, so it is not searched from its beginning for each.
    fn contains(&self, wanted: &str) -> bool {
        let Some(at) = wanted.find('(').filter(|&at| at > 0) else {
            return self.without_blanks.contains(wanted);
        };
        let length = 1 << at.ilog2().min(3);
        let places = ending(&wanted.as_bytes()[..at], length)
            .and_then(|ending| self.parentheses.get(&ending));
        places.into_iter().flatten().any(|place| {
            let start = place.checked_sub(at);
            let rest = start.and_then(|start| self.without_blanks.get(start..));
            super::work::done(1);
            rest.is_some_and(|rest| rest.starts_with(wanted))
        })
    }
}

/// The declaration with its modifiers; `None` if they exclude each other, where what the Arduino tools write does not compile.
fn with_modifiers(declaration: &str, has_static: bool, in_c: bool) -> Option<String> {
    let is_template = declaration.trim_start().starts_with(TEMPLATE);
    match (has_static && !is_template, in_c) {
        (false, false) => Some(declaration.to_owned()),
        (true, false) => Some(format!("static {declaration}")),
        (false, true) => Some(format!("extern \"C\" {declaration}")),
        (true, true) => None,
    }
}

/// The declaration's text: return type, name, parameters and a semicolon; for a template all that comes before its body. Empty if it
/// cannot be told.
fn declaration(tag: &Tag, text: &SketchText, originals: &[Original<'_>]) -> String {
    let code = text.line(tag.line);
    if code.trim_start().starts_with(TEMPLATE) {
        return match code.find('{') {
            Some(body) => format!("{};", &code[..body]),
            None => format!("{};", &code[..code.rfind(')').map_or(0, |end| end + 1)]),
        };
    }
    if !tag.return_type.starts_with(TEMPLATE) {
        return format!("{} {}{};", tag.return_type, tag.name, tag.signature);
    }
    let above = text
        .origin(tag.line)
        .and_then(|origin| {
            let lines = &originals.get(origin.file)?.lines;
            lines.get((origin.line as usize).checked_sub(2)?).copied()
        })
        .unwrap_or_default();
    let head = Comments::default().strip_before(above);
    if !head.contains(TEMPLATE) {
        // Further above it is not found.
        return String::new();
    }
    format!("{head}{};", &code[..end_of_parameters(code)])
}

/// Behind the parenthesis that closes the first one, else the end.
fn end_of_parameters(code: &str) -> usize {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth <= 1 => return at + 1,
            b')' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// The line where the tools place the function if the source around it has the text of its prototype (semantics 4.2.5 c).
fn definition_start(
    tag: &Tag,
    declaration: &str,
    code: &Code,
    lines: &[&str],
    line: u32,
) -> Option<u32> {
    let wanted = without_blanks(declaration);
    let wanted = wanted.trim_end_matches(';');
    let joined;
    let code = if code.without_blanks.contains(')') {
        if code.contains(wanted) {
            return Some(line);
        }
        &code.without_blanks
    } else {
        joined = joined_with_following(lines, line);
        if joined.contains(wanted) {
            return Some(line);
        }
        &joined
    };
    let reach = if declaration.trim_start().starts_with(TEMPLATE) {
        1
    } else {
        PRECEDING_LINES
    };
    // What does not begin above has been found.
    let end = (0..=wanted.len().min(code.len())).rfind(|&end| code.is_char_boundary(end));
    joined_with_preceding(
        &code[..end.unwrap_or(0)],
        wanted,
        without_blanks(&tag.return_type).len().max(1),
        lines,
        line,
        reach,
    )
}

fn joined_with_following(lines: &[&str], line: u32) -> String {
    let first = (line as usize).saturating_sub(1);
    let mut joined = String::new();
    let mut comments = Comments::default();
    for (index, text) in lines
        .iter()
        .skip(first)
        .take(CONTINUATION_LINES + 1)
        .enumerate()
    {
        joined.push_str(&without_blanks(&comments.strip(text)));
        if index > 0 && text.contains(')') {
            break;
        }
    }
    joined
}

/// Prepends preceding lines until `missing` characters came together.
fn joined_with_preceding(
    code: &str,
    wanted: &str,
    missing: usize,
    lines: &[&str],
    line: u32,
    reach: usize,
) -> Option<u32> {
    let mut comments = Comments::default();
    let mut parts = vec![code.to_owned()];
    let mut collected = 0;
    let mut above = (line as usize).saturating_sub(1).min(lines.len());
    let lowest = above.saturating_sub(reach);
    while above > lowest && collected < missing {
        above -= 1;
        super::work::done(1);
        let text = without_blanks(&comments.strip_before(lines[above]));
        collected += text.len();
        parts.push(text);
    }
    parts.reverse();
    parts
        .concat()
        .contains(wanted)
        .then(|| u32::try_from(above).unwrap_or(line))
}

fn without_blanks(text: &str) -> String {
    text.chars()
        .filter(|character| !matches!(character, ' ' | '\t'))
        .collect()
}

/// For each line, whether it is in an `extern "C"` region: from such a line until the braces are balanced again.
///
/// Braces in comments and strings count too, as with the Arduino tools.
fn c_linkage_lines(lines: &[&str]) -> Vec<bool> {
    const EXTERN_C: &str = "extern\"C\"";
    let mut inside = false;
    let mut depth = 0i64;
    lines
        .iter()
        .map(|line| {
            let line = without_blanks(line);
            if line.is_empty() {
                return inside;
            }
            let mut alone = false;
            if line.contains(EXTERN_C) {
                inside = true;
                alone = line == EXTERN_C;
            }
            let here = inside;
            for byte in line.bytes() {
                match byte {
                    b'{' => depth += 1,
                    b'}' => depth -= 1,
                    _ => {}
                }
            }
            if depth == 0 && !alone {
                inside = false;
            }
            here
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::c_linkage_lines;

    #[test]
    fn s4_2_6_c_linkage_lasts_until_the_braces_are_balanced() {
        let cases: [(&[&str], &[bool]); 4] = [
            (&["extern \"C\" void a();", "void b();"], &[true, false]),
            (
                &["extern \"C\" {", "a", "", "}", "b"],
                &[true, true, true, true, false],
            ),
            (
                &["extern \"C\"", "", "{", "a", "}", "b"],
                &[true, true, true, true, true, false],
            ),
            (
                &["extern\t\"C\" { a }", "b", "{", "c", "}"],
                &[true, false, false, false, false],
            ),
        ];
        for (lines, expected) in cases {
            assert_eq!(c_linkage_lines(lines), expected, "{lines:?}");
        }
    }
}
