//! Archives: a text that names its members and holds them.
//!
//! `!<fake-arch>`, then per member `/NAME LENGTH`, a line end and the member's bytes.

use std::fs;

const MAGIC: &str = "!<fake-arch>\n";

/// A member: its name and its text.
pub(crate) type Member = (String, String);

/// Carries out `ar FLAGS ARCHIVE OBJECT…`: a member of the same name is replaced in its place.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let files: Vec<&String> = args
        .iter()
        .filter(|arg| arg.contains('/') || arg.contains('.'))
        .collect();
    let Some((archive, objects)) = files.split_first() else {
        return Err("fake-ar: no archive\n".to_owned());
    };
    let mut members = match fs::read_to_string(archive) {
        Ok(text) => parse(&text)
            .ok_or_else(|| format!("fake-ar: {archive}: file format not recognized\n"))?,
        Err(_) => Vec::new(),
    };
    for object in objects {
        let text =
            fs::read_to_string(object).map_err(|error| format!("fake-ar: {object}: {error}\n"))?;
        let name = object.rsplit('/').next().unwrap_or(object).to_owned();
        match members.iter_mut().find(|(known, _)| *known == name) {
            Some(member) => member.1 = text,
            None => members.push((name, text)),
        }
    }
    let text = members
        .iter()
        .map(|(name, text)| format!("/{name} {}\n{text}", text.len()));
    let text = MAGIC.to_owned() + &text.collect::<String>();
    fs::write(archive, text).map_err(|error| format!("fake-ar: {archive}: {error}\n"))
}

/// Reads an archive; `None` if the text is not one.
pub(crate) fn parse(text: &str) -> Option<Vec<Member>> {
    let mut rest = text.strip_prefix(MAGIC)?;
    let mut members = Vec::new();
    while !rest.is_empty() {
        let (head, tail) = rest.split_once('\n')?;
        let (name, length) = head.strip_prefix('/')?.rsplit_once(' ')?;
        let length: usize = length.parse().ok()?;
        members.push((name.to_owned(), tail.get(..length)?.to_owned()));
        rest = tail.get(length..)?;
    }
    Some(members)
}
