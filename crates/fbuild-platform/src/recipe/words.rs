//! Values and arguments of recipes as text: quoting, braces in paths, command lines that are too long.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::{Command, Properties};

use crate::error::RecipeError;
use crate::split::quote;

/// The longest command line that is left as it is, in bytes.
const LONGEST_LINE: usize = 30_000;

/// Characters that replace `{` and `}` in path values while a recipe is expanded.
const BRACES: [(char, &str); 2] = [('{', "\u{f8d0}"), ('}', "\u{f8d1}")];

/// Shortens a command line that is too long for some systems: arguments that name a file below `build_dir` become relative to it and the command
/// runs there. Other commands are returned as they are. `exists` says whether there is such a file.
pub fn fit_command_line(
    command: Command,
    build_dir: &Utf8Path,
    exists: impl Fn(&Utf8Path) -> bool,
) -> Command {
    let length: usize = command.argv().map(|argument| argument.len() + 1).sum();
    if length <= LONGEST_LINE {
        return command;
    }
    let shorten = |argument: String| {
        let path = Utf8Path::new(&argument);
        match path.strip_prefix(build_dir) {
            Ok(relative) if relative != "" && exists(path) => relative.to_string(),
            _ => argument,
        }
    };
    let Command { program, args, .. } = command;
    Command {
        program,
        args: args.into_iter().map(shorten).collect(),
        cwd: Some(build_dir.to_owned()),
    }
}

/// Replaces braces, so that a path with braces is not read as a marker.
pub(super) fn protect(text: &str) -> String {
    BRACES.iter().fold(text.to_owned(), |text, (brace, safe)| {
        text.replace(*brace, safe)
    })
}

/// Undoes [`protect`].
pub(super) fn restore(text: &str) -> String {
    BRACES.iter().fold(text.to_owned(), |text, (brace, safe)| {
        text.replace(safe, &brace.to_string())
    })
}

/// Sets a path that recipes put between quotes.
pub(super) fn set_path(
    values: &mut Properties,
    key: &str,
    path: impl AsRef<str>,
) -> Result<(), RecipeError> {
    let path = path.as_ref();
    quote(path).ok_or_else(|| RecipeError::Unquotable(path.to_owned()))?;
    values.set(key, protect(path));
    Ok(())
}

/// Returns `"-I<dir>"` for each folder.
pub(super) fn include_words(includes: &[Utf8PathBuf]) -> Result<String, RecipeError> {
    let words: Vec<String> = includes.iter().map(|dir| format!("-I{dir}")).collect();
    quoted_words(words.iter().map(String::as_str))
}

/// Returns the words quoted and joined by blanks.
pub(super) fn quoted_words<'a>(
    words: impl Iterator<Item = &'a str>,
) -> Result<String, RecipeError> {
    let quoted =
        words.map(|word| quote(word).ok_or_else(|| RecipeError::Unquotable(word.to_owned())));
    Ok(protect(&quoted.collect::<Result<Vec<_>, _>>()?.join(" ")))
}
