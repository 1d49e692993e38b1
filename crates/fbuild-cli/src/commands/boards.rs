//! `fbuild boards`.

use fbuild_platform::BoardEntry;

use crate::args::{FormatArgs, PlatformArgs};
use crate::error::CliError;
use crate::exit::Exit;
use crate::places;
use crate::printer::{Printer, Verbosity};

/// Lists the boards whose name or FQBN contains `filter`, with `-v` also their options.
///
/// # Errors
/// If a directory the user named holds no platform.
pub fn run(
    filter: Option<&str>,
    format: &FormatArgs,
    platforms: &PlatformArgs,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let installation = places::installation(platforms)?;
    installation
        .warnings()
        .iter()
        .for_each(|warning| printer.warning(warning));
    let filter = filter.unwrap_or_default().to_lowercase();
    let wanted = |text: &str| text.to_lowercase().contains(&filter);
    let boards: Vec<_> = installation
        .boards()
        .filter(|board| !board.hidden && (wanted(&board.fqbn) || wanted(&board.name)))
        .collect();
    if boards.is_empty() {
        let error = CliError::usage(anyhow::anyhow!(if filter.is_empty() {
            "no platform was found".to_owned()
        } else {
            format!("no board matches `{filter}`")
        }));
        return Err(error
            .hint("run `fbuild doctor` to see where it searched and how to install a platform"));
    }
    if format.is_json() {
        let boards: Vec<_> = boards.iter().map(json).collect();
        let document = serde_json::json!({ "boards": boards });
        printer.json(&document);
        return Ok(Exit::Success);
    }
    let width = boards
        .iter()
        .map(|board| board.fqbn.len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for board in boards {
        text.push_str(&format!("{:width$}  {}\n", board.fqbn, board.name));
        if printer.verbosity == Verbosity::Verbose {
            for menu in &board.menus {
                for (value, label) in &menu.values {
                    let default = if *value == menu.default {
                        " (default)"
                    } else {
                        ""
                    };
                    text.push_str(&format!("    {}={value}  {label}{default}\n", menu.option));
                }
            }
        }
    }
    printer.data(&text);
    Ok(Exit::Success)
}

fn json(board: &BoardEntry) -> serde_json::Value {
    let menus = board.menus.iter().map(|menu| {
        let values = menu.values.iter();
        let values =
            values.map(|(value, label)| serde_json::json!({ "value": value, "name": label }));
        serde_json::json!({
            "option": menu.option,
            "default": menu.default,
            "values": values.collect::<Vec<_>>(),
        })
    });
    serde_json::json!({
        "fqbn": board.fqbn,
        "name": board.name,
        "platform_version": board.version,
        "options": menus.collect::<Vec<_>>(),
    })
}
