//! The help of `-h`: a line per option, on one screen of 80 columns. `--help`, which clap lays out, explains them.

use clap::{Arg, ArgAction, Command};

/// Columns of the screen.
const WIDTH: usize = 80;

/// Where help begins beside names that are not longer.
const COLUMN: usize = 32;

const TEMPLATE: &str = "{about}\n\n{usage-heading} {usage}\n\n{subcommands}\n\n\
Example: fbuild build --board uno Blink\n`fbuild COMMAND -h` lists its options, `--help` explains them.";

/// Gives a tree of commands its short help.
pub fn concise(command: Command) -> Command {
    let globals: Vec<Arg> = command.get_arguments().cloned().collect();
    subcommands(command.help_template(TEMPLATE), "fbuild", &globals)
}

fn subcommands(command: Command, path: &str, globals: &[Arg]) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    names.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |sub| {
            let path = format!("{path} {name}");
            let text = screen(&sub, &path, globals);
            subcommands(sub.override_help(text), &path, globals)
        })
    })
}

fn screen(command: &Command, path: &str, globals: &[Arg]) -> String {
    let about = command.get_about().map(ToString::to_string);
    let usage = command.clone().bin_name(path).render_usage().to_string();
    let mut text = format!("{}\n\n{}\n", about.unwrap_or_default(), usage.trim_end());
    let args = command.get_arguments().chain(globals);
    let is_shown = |arg: &&Arg| !arg.is_hide_set() && !arg.is_hide_short_help_set();
    let shown: Vec<&Arg> = args.filter(is_shown).collect();
    let mut sections: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        add(
            &mut sections,
            "Commands",
            (sub.get_name().to_owned(), about),
        );
    }
    for arg in shown {
        let default = if arg.is_positional() {
            "Arguments"
        } else {
            "Options"
        };
        let heading = arg.get_help_heading().unwrap_or(default);
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        add(&mut sections, heading, (name(arg), help));
    }
    for (heading, rows) in sections {
        text.push_str(&format!("{heading}:\n"));
        rows.iter().for_each(|row| text.push_str(&line(row)));
    }
    text.push_str(&format!(
        "`{path} --help` explains all options, also those that are not listed here."
    ));
    text
}

fn add(sections: &mut Vec<(String, Vec<(String, String)>)>, heading: &str, row: (String, String)) {
    match sections.iter_mut().find(|(known, _)| known == heading) {
        Some((_, rows)) => rows.push(row),
        None => sections.push((heading.to_owned(), vec![row])),
    }
}

/// Returns `-b, --board BOARD`.
fn name(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let value = names.first().map(|name| name.to_string());
    let value = value.filter(|_| matches!(arg.get_action(), ArgAction::Set | ArgAction::Append));
    let Some(long) = arg.get_long() else {
        return value.unwrap_or_else(|| arg.get_id().as_str().to_uppercase());
    };
    let short = arg
        .get_short()
        .map_or("    ".to_owned(), |short| format!("-{short}, "));
    let value = match value {
        Some(value) if arg.is_require_equals_set() => format!("[={value}]"),
        Some(value) => format!(" {value}"),
        None => String::new(),
    };
    format!("{short}--{long}{value}")
}

/// Returns a name and its help, on one line where that is possible.
fn line((name, help): &(String, String)) -> String {
    let column = COLUMN.max(name.len() + 4);
    let mut line = format!("  {name:width$}", width = column - 2);
    let mut length = column;
    for word in shortened(help, WIDTH - column).split(' ') {
        if length + word.len() > WIDTH {
            line = format!("{}\n{:COLUMN$}", line.trim_end(), "");
            length = COLUMN;
        }
        line.push_str(word);
        line.push(' ');
        length += word.len() + 1;
    }
    format!("{}\n", line.trim_end())
}

/// Cuts help that is too long after a clause outside of parentheses.
fn shortened(help: &str, room: usize) -> &str {
    let separators = [" (", "; ", ": "];
    let ends = separators.iter().flat_map(|separator| {
        help.match_indices(separator)
            .map(|(at, _)| at)
            .filter(|at| help[..*at].matches('(').count() == help[..*at].matches(')').count())
    });
    let fitting = ends.chain([help.len()]).filter(|end| *end <= room);
    &help[..fitting.max().unwrap_or(help.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_cut_after_a_clause_or_wrapped() {
        let help = "Kill a compiler or hook (repeatable; default 600)";
        assert_eq!(shortened(help, 80), help);
        assert_eq!(shortened(help, 40), "Kill a compiler or hook");
        assert_eq!(shortened("One clause only", 5), "One clause only");
        let row = |name: &str, help: &str| line(&(name.to_owned(), help.to_owned()));
        assert_eq!(row("-a", "x"), format!("  {:30}x\n", "-a"));
        let long = row("--a", "word word word word word word word word word word");
        assert!(long.lines().all(|line| line.len() <= WIDTH), "{long}");
        assert_eq!(long.lines().count(), 2);
    }
}
