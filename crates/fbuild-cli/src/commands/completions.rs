//! Shell completions: the scripts that `fbuild completions` prints, and the answers to them.
//!
//! The scripts call `fbuild` itself, so that they offer the boards and board options of the platforms that are installed.

use std::ffi::{OsStr, OsString};

use clap::{Command, CommandFactory, ValueHint};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use fbuild_platform::{BoardEntry, Installation};

use crate::args::{Cli, PlatformArgs};
use crate::env;
use crate::error::CliError;
use crate::exit::Exit;
use crate::places;
use crate::printer::Printer;

/// Completes without splitting words at `:` and `=`, which bash does by default and which board names contain.
const BASH: &str = r#"_fbuild() {
    local line=${COMP_LINE:0:COMP_POINT} words
    read -ra words <<<"$line"
    if [[ $line == *[[:space:]] ]]; then
        words+=("")
    fi
    local index=$((${#words[@]} - 1))
    local current=${words[index]}
    local IFS=$'\013'
    COMPREPLY=($(_CLAP_IFS="$IFS" _CLAP_COMPLETE_INDEX="$index" VARIABLE=bash fbuild -- "${words[@]}" 2>/dev/null))
    # Readline replaces only what follows the last word break.
    local last=${current##*["${COMP_WORDBREAKS//[^:=]/}"]}
    COMPREPLY=("${COMPREPLY[@]#"${current%"$last"}"}")
    if [[ ${COMPREPLY-} == *[=/:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o bashdefault -o default -F _fbuild fbuild
"#;

/// Prints the script for `shell`.
///
/// # Errors
/// A shell that is not supported.
pub fn run(shell: clap_complete::Shell, printer: &Printer) -> Result<Exit, CliError> {
    printer.data(&script(&shell.to_string())?);
    Ok(Exit::Success)
}

/// Returns the script for a shell.
///
/// # Errors
/// A shell that is not supported.
pub fn script(shell: &str) -> Result<String, CliError> {
    if shell == "bash" {
        return Ok(BASH.replace("VARIABLE", env::COMPLETE));
    }
    let shells = Shells::builtins();
    let completer = shells
        .completer(shell)
        .ok_or_else(|| anyhow::anyhow!("no completions for `{shell}`"))?;
    let mut script = Vec::new();
    completer.write_registration(env::COMPLETE, "fbuild", "fbuild", "fbuild", &mut script)?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}

/// Answers a completion script, if one started this process; returns whether it did.
pub fn answer() -> bool {
    let words = std::env::args_os();
    let dir = std::env::current_dir().ok();
    let answered = CompleteEnv::with_factory(command)
        .var(env::COMPLETE)
        .try_complete(words, dir.as_deref());
    // A script has no use for the text of an error.
    answered.unwrap_or(true)
}

/// Returns the tree of commands with what completes their values.
fn command() -> Command {
    with_completers(Cli::command())
}

fn with_completers(command: Command) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    let command = command.mut_args(|arg| {
        let value = arg.get_value_names().unwrap_or_default();
        let value = value.first().map(|name| name.to_string());
        match (arg.get_long(), value.as_deref()) {
            (Some("board"), _) => arg.add(ArgValueCompleter::new(boards)),
            (Some("board-options"), _) => arg.add(ArgValueCompleter::new(board_options)),
            (_, Some("DIR")) => arg.value_hint(ValueHint::DirPath),
            (_, Some("FILE" | "SKETCH")) => arg.value_hint(ValueHint::AnyPath),
            _ => arg,
        }
    });
    names.iter().fold(command, |command, name| {
        command.mut_subcommand(name, with_completers)
    })
}

/// Completes `--board`: names of boards, and options after `BOARD:`.
fn boards(current: &OsStr) -> Vec<CompletionCandidate> {
    let (Some(text), Some(installation)) = (current.to_str(), installation()) else {
        return Vec::new();
    };
    let start = text.rfind(',').map_or(0, |at| at + 1);
    let (before, word) = text.split_at(start);
    let mut found = names(&installation, word);
    // After `BOARD:cpu=x,` an option of the same board may follow.
    let with_options = before.trim_end_matches(',');
    let with_options = with_options.rsplit(',').find(|part| part.contains(':'));
    for owner in [Some(word), with_options].into_iter().flatten() {
        if let Some((board, prefix)) = owner_of_options(&installation, owner) {
            let prefix = if owner == word { prefix } else { "" };
            found.extend(pairs(&board, prefix));
        }
    }
    found.retain(|(value, _)| value.starts_with(word));
    candidates(before, found)
}

/// Completes `--board-options` with the options of the board on the same command line.
fn board_options(current: &OsStr) -> Vec<CompletionCandidate> {
    let (Some(text), Some(installation)) = (current.to_str(), installation()) else {
        return Vec::new();
    };
    let words: Vec<OsString> = std::env::args_os().collect();
    let board = named_board(&words).and_then(|name| entry(&installation, &name));
    let start = text.rfind(',').map_or(0, |at| at + 1);
    let (before, word) = text.split_at(start);
    let mut found = board.map_or_else(Vec::new, |board| pairs(&board, ""));
    found.retain(|(value, _)| value.starts_with(word));
    candidates(before, found)
}

fn candidates(before: &str, found: Vec<(String, String)>) -> Vec<CompletionCandidate> {
    let candidate = |(value, help): (String, String)| {
        CompletionCandidate::new(format!("{before}{value}")).help(Some(help.into()))
    };
    found.into_iter().map(candidate).collect()
}

fn installation() -> Option<Installation> {
    let platforms = PlatformArgs {
        platform_paths: Vec::new(),
        no_quirks: false,
    };
    places::installation(&platforms).ok()
}

/// Returns the names of boards: short ones, and whole ones where the word has a colon or the short name is not unique.
fn names(installation: &Installation, word: &str) -> Vec<(String, String)> {
    let boards: Vec<BoardEntry> = installation
        .boards()
        .filter(|board| !board.hidden)
        .collect();
    let short = |board: &BoardEntry| board.fqbn.rsplit(':').next().map(str::to_owned);
    let name = |board: &BoardEntry| {
        let short = short(board)
            .filter(|name| !word.contains(':') && installation.parse_board(name).is_ok());
        (
            short.unwrap_or_else(|| board.fqbn.clone()),
            board.name.clone(),
        )
    };
    boards.iter().map(name).collect()
}

/// Returns the board of `BOARD:` or `BOARD:option=…` and the text up to its options.
fn owner_of_options<'a>(
    installation: &Installation,
    word: &'a str,
) -> Option<(BoardEntry, &'a str)> {
    let name = match word.find('=') {
        Some(at) => &word[..word[..at].rfind(':')?],
        None => word
            .strip_suffix(':')
            .or_else(|| Some(&word[..word.rfind(':')?]))?,
    };
    Some((entry(installation, name)?, &word[..=name.len()]))
}

fn pairs(board: &BoardEntry, prefix: &str) -> Vec<(String, String)> {
    let pairs = board.menus.iter().flat_map(|menu| {
        let values = menu.values.iter();
        values.map(move |(value, label)| {
            let text = format!("{prefix}{}={value}", menu.option);
            (text, format!("{}: {label}", menu.title))
        })
    });
    pairs.collect()
}

fn entry(installation: &Installation, name: &str) -> Option<BoardEntry> {
    let fqbn = installation.parse_board(name).ok()?;
    let base = fqbn.base();
    installation.boards().find(|board| board.fqbn == base)
}

/// Returns the first board that a command line names.
fn named_board(words: &[OsString]) -> Option<String> {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let is_option = |word: &str| ["-b", "--board", "--fqbn"].contains(&word);
    let after = words.windows(2).find(|pair| is_option(pair[0]));
    let joined = words.iter().find_map(|word| {
        let (option, value) = word.split_once('=')?;
        is_option(option).then_some(value)
    });
    let first = after.map(|pair| pair[1]).or(joined)?;
    first.split(',').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_board_of_a_command_line_is_found() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        for (text, expect) in [
            ("fbuild build -b uno --board-options c", Some("uno")),
            ("fbuild build --board=a:b:c,uno", Some("a:b:c")),
            ("fbuild build --board-options c", None),
        ] {
            assert_eq!(named_board(&words(text)).as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn every_shell_has_a_script() {
        for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
            let text = script(shell).unwrap();
            assert!(text.contains(env::COMPLETE), "{shell}: {text}");
        }
        assert!(script("csh").is_err());
    }
}
