//! Archives in the format of GNU `ar`, all names in the table of long names.

use std::fs;

const MAGIC: &str = "!<arch>\n";

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
    fs::write(archive, written(&members)).map_err(|error| format!("fake-ar: {archive}: {error}\n"))
}

/// Writes an archive: a table of all names, then the members, each at an even offset.
fn written(members: &[Member]) -> String {
    let names: String = members
        .iter()
        .map(|(name, _)| format!("{name}/\n"))
        .collect();
    let mut text = MAGIC.to_owned();
    let mut add = |name: &str, content: &str| {
        let size = content.len();
        text += &format!(
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{size:<10}`\n{content}",
            0, 0, 0, 644
        );
        text += if size % 2 == 1 { "\n" } else { "" };
    };
    add("//", &names);
    let mut at = 0;
    for (name, content) in members {
        add(&format!("/{at}"), content);
        at += name.len() + 2;
    }
    text
}

/// Reads an archive; `None` if the text is not one.
pub(crate) fn parse(text: &str) -> Option<Vec<Member>> {
    let mut rest = text.strip_prefix(MAGIC)?;
    let mut names = "";
    let mut members = Vec::new();
    while !rest.is_empty() {
        let (head, tail) = rest.split_once('\n')?;
        let mut words = head.trim_end_matches('`').split_whitespace();
        let (name, length) = (words.next()?, words.next_back()?);
        let length: usize = length.parse().ok()?;
        let content = tail.get(..length)?;
        if name == "//" {
            names = content;
        } else {
            let at: usize = name.strip_prefix('/')?.parse().ok()?;
            let (name, _) = names.get(at..)?.split_once('/')?;
            members.push((name.to_owned(), content.to_owned()));
        }
        rest = tail.get(length + length % 2..)?;
    }
    Some(members)
}
