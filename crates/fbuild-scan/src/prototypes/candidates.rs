//! Which functions get a prototype, and its text.
//!
//! Specification 4.2.4 to 4.2.6. Knows tags and source lines, not where the prototypes will be inserted.

use std::collections::HashSet;

use super::comments::Comments;
use super::sketch_text::{Origin, Original, SketchText};
use super::tagger::{ScopeKind, Tag, TagKind};

const TEMPLATE: &str = "template";
/// How many lines a parameter list may continue over.
const CONTINUATION_LINES: usize = 10;

/// A function definition outside classes and namespaces.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) name: String,
    /// Where the tools place the function: the line of its name or, if its text starts above, one less than the line of its start.
    pub(super) origin: Origin,
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
    for tag in tags
        .iter()
        .filter(|tag| tag.kind == TagKind::Function && is_free(tag))
    {
        let Some(mut origin) = text.origin(tag.line) else {
            continue;
        };
        let name_line = origin.line as usize;
        let declaration = declaration(tag, text, originals);
        let mut prototype = None;
        if !declared.contains(&declaration) && seen.insert(declaration.clone()) {
            let lines = originals
                .get(origin.file)
                .map_or(&[][..], |file| &file.lines);
            if let Some(start) =
                definition_start(tag, &declaration, text.line(tag.line), lines, origin.line)
            {
                origin.line = start;
                let in_c = linkage
                    .get(origin.file)
                    .and_then(|lines| lines.get(name_line.wrapping_sub(1)))
                    .copied()
                    .unwrap_or(false);
                prototype = Some(with_modifiers(&declaration, text.line(tag.line), in_c));
            }
        }
        found.push(Candidate {
            name: tag.name.clone(),
            origin,
            prototype,
        });
    }
    found
}

fn with_modifiers(declaration: &str, code: &str, in_c: bool) -> String {
    let mut text = String::new();
    if code.contains("static ") && !declaration.starts_with(TEMPLATE) {
        text.push_str("static ");
    }
    if in_c {
        text.push_str("extern \"C\" ");
    }
    text.push_str(declaration);
    text
}

/// The declaration's text: return type, name, parameters and a semicolon; for a template all that stands before the parameters' end.
fn declaration(tag: &Tag, text: &SketchText, originals: &[Original<'_>]) -> String {
    if !tag.return_type.starts_with(TEMPLATE) {
        return format!("{} {}{};", tag.return_type, tag.name, tag.signature);
    }
    let code = text.line(tag.line).trim_start();
    if code.starts_with(TEMPLATE) {
        return match code.find('{') {
            Some(body) => format!("{};", &code[..body]),
            None => format!("{};", &code[..code.rfind(')').map_or(0, |end| end + 1)]),
        };
    }
    let above = text
        .origin(tag.line)
        .and_then(|origin| {
            let lines = &originals.get(origin.file)?.lines;
            lines.get((origin.line as usize).checked_sub(2)?).copied()
        })
        .unwrap_or_default();
    let head = Comments::default().strip_before(above);
    let end = code.find(')').map_or(code.len(), |end| end + 1);
    format!("{head}{};", &code[..end])
}

/// The line where the tools place the function if the source around it has the text of its prototype (specification 4.2.5 c).
fn definition_start(
    tag: &Tag,
    declaration: &str,
    code: &str,
    lines: &[&str],
    line: u32,
) -> Option<u32> {
    let wanted = without_blanks(declaration);
    let wanted = wanted.trim_end_matches(';');
    let mut code = without_blanks(code);
    if !code.contains(')') {
        code = joined_with_following(lines, line);
    }
    if code.contains(wanted) {
        return Some(line);
    }
    let reach = if declaration.starts_with(TEMPLATE) {
        1
    } else {
        lines.len()
    };
    joined_with_preceding(
        code,
        wanted,
        wanted.find(&without_blanks(&tag.name))?,
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
    code: String,
    wanted: &str,
    missing: usize,
    lines: &[&str],
    line: u32,
    reach: usize,
) -> Option<u32> {
    let mut comments = Comments::default();
    let mut parts = vec![code];
    let mut collected = 0;
    let mut above = (line as usize).saturating_sub(1).min(lines.len());
    let lowest = above.saturating_sub(reach);
    while above > lowest && collected < missing {
        above -= 1;
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

/// For each line, whether it lies in an `extern "C"` region: from such a line until the braces are balanced again.
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
