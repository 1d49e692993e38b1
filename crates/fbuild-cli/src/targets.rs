//! Which sketch is built for which board: the boards that are named, those of project files, and the rules of `fbuild.toml`.

use std::collections::HashMap;

use fbuild_build::request::Exception;
use fbuild_platform::{BoardSpec, Fqbn, Installation};
use fbuild_scan::sketch::find::Requested;

use crate::args::SketchArgs;
use crate::boards::{load, resolve};
use crate::config::Rule;
use crate::error::CliError;
use crate::project::Choice;

/// The boards of a run.
#[derive(Debug)]
pub struct Targets {
    /// All boards, each once, in the order in which sketches need them.
    pub boards: Vec<BoardSpec>,
    /// Which sketch is not built for which board.
    pub exceptions: HashMap<(usize, usize), Exception>,
}

/// Finds the boards of every sketch. Boards that are named win over those of project files, and these over those of rules.
///
/// # Errors
/// A sketch without a board, a board that cannot be used.
pub fn targets(
    args: &SketchArgs,
    installation: &Installation,
    sketches: &[Requested],
    choice: &Choice,
) -> Result<Targets, CliError> {
    let mut boards: Vec<Wanted> = Vec::new();
    let mut exceptions = HashMap::new();
    let mut wanted: Vec<Vec<usize>> = Vec::new();
    for (index, sketch) in sketches.iter().enumerate() {
        let rules: Vec<&Rule> = args
            .rules
            .iter()
            .filter(|rule| rule.is_for(&sketch.label))
            .collect();
        let of_rules = rules
            .iter()
            .find_map(|rule| Some((*rule, rule.boards.as_ref()?)));
        let own = choice.fqbns.get(index).and_then(Option::as_ref);
        let names = match (own, of_rules) {
            _ if !args.boards.is_empty() => args.boards.clone(),
            (Some(own), _) => vec![own.clone()],
            (None, Some((_, names))) => names.clone(),
            // A folder that is no sketch fails on every board there is.
            (None, None) if sketch.sketch.is_err() => {
                choice.fqbns.iter().flatten().cloned().collect()
            }
            (None, None) => Vec::new(),
        };
        let allowed = match of_rules {
            Some((rule, names)) => Some((rule, resolve(installation, names, &[])?)),
            None => None,
        };
        let skip = rules.iter().find_map(|rule| rule.skips());
        let mut own = Vec::new();
        for named in resolve(installation, &names, &args.board_options)? {
            let fqbn = with_options(installation, named, &rules)?;
            let defines = defines(installation, &fqbn, &rules)?;
            let at = position(&mut boards, (fqbn.clone(), defines));
            own.push(at);
            let excluded = allowed
                .as_ref()
                .filter(|(_, allowed)| !allowed.iter().any(|board| board.base() == fqbn.base()));
            let rule = skip
                .clone()
                .or_else(|| excluded.map(|(rule, _)| rule.skips_board()));
            if let Some(rule) = rule {
                exceptions.insert((at, index), Exception::Skipped(rule));
            }
        }
        wanted.push(own);
    }
    for (index, own) in wanted.iter().enumerate() {
        for board in (0..boards.len()).filter(|board| !own.contains(board)) {
            exceptions.insert((board, index), Exception::NotRequested);
        }
    }
    let boards = boards.iter().map(|(fqbn, defines)| {
        let board = load(installation, fqbn, &args.properties)?;
        match defines.is_empty() {
            true => Ok(board),
            false => Ok(board.with_defines(defines)?),
        }
    });
    Ok(Targets {
        boards: boards.collect::<Result<_, CliError>>()?,
        exceptions,
    })
}

/// A board as some sketches want it: its FQBN, and definitions that are added.
type Wanted = (Fqbn, Vec<String>);

/// Returns whether a rule is for this board.
fn is_for_board(installation: &Installation, rule: &Rule, fqbn: &Fqbn) -> Result<bool, CliError> {
    let Some(names) = &rule.boards else {
        return Ok(true);
    };
    let boards = resolve(installation, names, &[])?;
    Ok(boards.iter().any(|board| board.base() == fqbn.base()))
}

/// Collects the definitions of the rules that are for this board.
fn defines(
    installation: &Installation,
    fqbn: &Fqbn,
    rules: &[&Rule],
) -> Result<Vec<String>, CliError> {
    let mut defines = Vec::new();
    for rule in rules.iter().filter(|rule| !rule.defines.is_empty()) {
        if is_for_board(installation, rule, fqbn)? {
            defines.extend(rule.defines.iter().cloned());
        }
    }
    Ok(defines)
}

/// Adds the options of the rules that are for this board.
fn with_options(
    installation: &Installation,
    fqbn: Fqbn,
    rules: &[&Rule],
) -> Result<Fqbn, CliError> {
    let mut options = Vec::new();
    for rule in rules.iter().filter(|rule| !rule.options.is_empty()) {
        if is_for_board(installation, rule, &fqbn)? {
            options.extend(rule.options.iter().cloned());
        }
    }
    if options.is_empty() {
        return Ok(fqbn);
    }
    let mut resolved = resolve(installation, &[fqbn.to_string()], &options)?;
    // One name gives one board.
    Ok(resolved.pop().unwrap_or(fqbn))
}

fn position(boards: &mut Vec<Wanted>, wanted: Wanted) -> usize {
    match boards.iter().position(|board| *board == wanted) {
        Some(at) => at,
        None => {
            boards.push(wanted);
            boards.len() - 1
        }
    }
}
