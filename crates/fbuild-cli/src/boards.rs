//! From the names of boards that were typed to boards.

use anyhow::anyhow;
use fbuild_platform::{BoardError, BoardSpec, BuildOptions, Fqbn, Installation};

use crate::args::{PlatformArgs, PropertyArgs};
use crate::error::CliError;
use crate::places;

/// Resolves the boards that were named.
///
/// # Errors
/// An unknown or ambiguous board, an unknown option, a platform that is incomplete.
pub fn boards(
    names: &[String],
    platforms: &PlatformArgs,
    properties: &PropertyArgs,
) -> Result<(Installation, Vec<BoardSpec>), CliError> {
    let installation = places::installation(platforms)?;
    let mut boards = Vec::new();
    for fqbn in resolve(&installation, names, &[])? {
        boards.push(load(&installation, &fqbn, properties)?);
    }
    Ok((installation, boards))
}

/// Resolves names of boards, each once, with `options` (`cpu=x`) added to each.
///
/// # Errors
/// No name, an unknown or ambiguous board, an unknown option.
pub fn resolve(
    installation: &Installation,
    names: &[String],
    options: &[String],
) -> Result<Vec<Fqbn>, CliError> {
    let mut boards: Vec<Fqbn> = Vec::new();
    for name in names {
        let split = match by_name(installation, name)? {
            Some(_) => vec![name.trim()],
            None => split(name),
        };
        for name in split {
            let parse = |text: &str| {
                let fqbn = installation.parse_board(text);
                fqbn.map_err(|error| missing_platform(error, installation))
            };
            let mut fqbn = match by_name(installation, name)? {
                Some(fqbn) => parse(&fqbn)?,
                None => parse(name)?,
            };
            if !options.is_empty() {
                let separator = if fqbn.options.is_empty() { ':' } else { ',' };
                fqbn = parse(&format!("{fqbn}{separator}{}", options.join(",")))?;
            }
            if !boards.contains(&fqbn) {
                boards.push(fqbn);
            }
        }
    }
    if boards.is_empty() {
        return Err(CliError::usage(anyhow!("which board?"))
            .hint("for example `--board uno`; `fbuild boards` lists them"));
    }
    Ok(boards)
}

/// Loads a board with its properties.
///
/// # Errors
/// If its platform is incomplete, or a property is no `KEY=VALUE`.
pub fn load(
    installation: &Installation,
    fqbn: &Fqbn,
    properties: &PropertyArgs,
) -> Result<BoardSpec, CliError> {
    let options = BuildOptions {
        build_properties: properties.build_properties.clone(),
        warnings: properties.warnings,
        optimize_for_debug: properties.optimize_for_debug,
        ..BuildOptions::default()
    };
    Ok(BoardSpec::resolve(installation, fqbn, &options)?)
}

/// Keys that fbuild or a compiler's driver reads itself, so that no recipe needs to refer to them.
const READ_BY_FBUILD: [&str; 6] = [
    "recipe.",
    "tools.",
    "upload.",
    "build.core",
    "build.variant",
    "build.keys.",
];

/// Returns the keys of `--build-property` that the board does not define and no other property refers to.
pub fn unused_properties(
    installation: &Installation,
    board: &BoardSpec,
    properties: &PropertyArgs,
) -> Vec<String> {
    let keys = properties
        .build_properties
        .iter()
        .filter_map(|text| Some(text.split_once('=')?.0));
    let keys: Vec<&str> = keys
        .filter(|key| !READ_BY_FBUILD.iter().any(|known| key.starts_with(known)))
        .collect();
    let plain = match keys[..] {
        [] => return Vec::new(),
        _ => BoardSpec::resolve(installation, board.fqbn(), &BuildOptions::default()),
    };
    let Ok(plain) = plain else { return Vec::new() };
    let values = board.properties(false);
    let is_used = |key: &str| {
        let marker = format!("{{{key}}}");
        plain.raw(key).is_some() || values.iter().any(|(_, value)| value.contains(&marker))
    };
    let unused = keys.into_iter().filter(|key| !is_used(key));
    unused.map(str::to_owned).collect()
}

/// Returns the FQBN of the board that `fbuild boards` lists under this name, such as `Arduino Uno`.
fn by_name(installation: &Installation, name: &str) -> Result<Option<String>, CliError> {
    let name = name.trim();
    let has_name = installation
        .boards()
        .filter(|board| board.name.eq_ignore_ascii_case(name));
    // A board's id wins over another board's name.
    let fqbns: Vec<String> = has_name.map(|board| board.fqbn).collect();
    let is_id = |fqbn: &String| fqbn.rsplit(':').next() == Some(name);
    match &fqbns[..] {
        [] => Ok(None),
        _ if fqbns.iter().any(is_id) => Ok(None),
        [one] => Ok(Some(one.clone())),
        several => Err(CliError::usage(BoardError::Ambiguous {
            text: name.to_owned(),
            fqbns: several.to_vec(),
        })),
    }
}

fn missing_platform(error: BoardError, installation: &Installation) -> CliError {
    let ambiguous = matches!(error, BoardError::Ambiguous { .. });
    let error = CliError::usage(error);
    if ambiguous {
        return error.hint("give the whole name, for example `--board arduino:avr:uno`");
    }
    if installation.platforms().len() > 0 {
        return error.hint("`fbuild boards` lists the boards that were found");
    }
    error
        .hint("on Debian or Ubuntu: apt-get install gcc-avr avr-libc arduino-core-avr")
        .hint("run `fbuild doctor` to see where it searched")
}

/// Splits `uno,mega`; a comma inside of board options (`nano:cpu=a,b=c`) belongs to them, which shows by the `=` that follows it.
fn split(name: &str) -> Vec<&str> {
    let mut boards = Vec::new();
    let mut start = 0;
    for (at, _) in name.match_indices(',') {
        let next = name[at + 1..].split([',', ':']).next().unwrap_or_default();
        if !next.contains('=') {
            boards.push(&name[start..at]);
            start = at + 1;
        }
    }
    boards.push(&name[start..]);
    boards
        .into_iter()
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_are_split_at_commas_that_do_not_separate_options() {
        for (text, expect) in [
            ("uno,mega", &["uno", "mega"][..]),
            ("a:b:c:x=1,y=2,uno", &["a:b:c:x=1,y=2", "uno"]),
            (
                "nano:cpu=atmega328old,mega:cpu=atmega1280",
                &["nano:cpu=atmega328old", "mega:cpu=atmega1280"],
            ),
            (" uno , ", &["uno"]),
        ] {
            assert_eq!(split(text), expect, "{text}");
        }
    }
}
