//! The pages of `docs/` that say what the program's own tables say: commands and options, environment variables, exit codes.
//!
//! `fbuild reference PAGE` prints a page; a test compares it with the file.

use std::fmt::Write;

use clap::{Arg, Command, CommandFactory};
use fbuild_report::table::{Column, Table};

use crate::args::{Cli, ReferencePage};
use crate::{env, exit};

/// Returns a page as it stands in `docs/`.
pub fn page(page: ReferencePage) -> String {
    let (title, text) = match page {
        ReferencePage::Cli => ("Commands and options", cli()),
        ReferencePage::Environment => ("Environment variables", environment()),
        ReferencePage::ExitCodes => ("Exit codes", exit_codes()),
    };
    let name = page.name();
    format!(
        "<!-- Made by `fbuild reference {name} > docs/{name}.md`; do not edit. -->\n\n# {title}\n\n{text}"
    )
}

fn exit_codes() -> String {
    let mut table = Table::new([Column::Number("code"), Column::Text("meaning")]);
    for (code, meaning) in exit::ALL {
        table.row([&(code as u8).to_string(), meaning]);
    }
    format!("A script may rely on them.\n\n{}", table.into_text())
}

fn environment() -> String {
    let mut table = Table::new(["variable", "effect"].map(Column::Text));
    for (name, effect) in env::ALL {
        table.row([&format!("`{name}`"), effect]);
    }
    let mut text = format!("An empty value counts as not set.\n\n{}", table.into_text());
    text.push_str(
        "\nCompilers are started with the environment of fbuild, with `LC_ALL=C`, and with a directory below `/dev/shm` \
         for their temporary files where there is room, unless `TMPDIR` is set. Variables that reach what they read or write (`CPATH`, \
         `C_INCLUDE_PATH`, `CPLUS_INCLUDE_PATH`, `LIBRARY_PATH`, `COMPILER_PATH`, `GCC_EXEC_PREFIX`, `SOURCE_DATE_EPOCH`) are part of the \
         cache's keys.\n",
    );
    text
}

fn cli() -> String {
    let command = Cli::command();
    let mut text = format!("{}\n\n", about(&command));
    let commands: Vec<&Command> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set())
        .collect();
    let mut table = Table::new(["command", ""].map(Column::Text));
    for sub in &commands {
        let name = sub.get_name();
        table.row([format!("[`fbuild {name}`](#fbuild-{name})"), about(sub)]);
    }
    text.push_str(&table.into_text());
    text.push_str("\nEvery command takes these as well:\n\n");
    options(&command, "", &mut text);
    text.push_str(
        "- `-h`, `--help`: a summary; `--help` says more\n- `-V`, `--version`: the version\n",
    );
    for sub in commands {
        describe(sub, "fbuild", &mut text);
    }
    text
}

fn describe(command: &Command, parent: &str, text: &mut String) {
    let path = format!("{parent} {}", command.get_name());
    text.push_str(&format!("\n## {path}\n\n{}\n", about(command)));
    let positionals: Vec<&Arg> = command
        .get_positionals()
        .filter(|arg| !arg.is_hide_set())
        .collect();
    if !positionals.is_empty() {
        text.push('\n');
        positionals.iter().for_each(|arg| item(arg, text));
    }
    let mut headings: Vec<Option<&str>> = Vec::new();
    for arg in command
        .get_opts()
        .chain(command.get_arguments().filter(|arg| !arg.is_positional()))
    {
        if !headings.contains(&arg.get_help_heading()) {
            headings.push(arg.get_help_heading());
        }
    }
    // What has no heading comes first, as in the help.
    headings.sort_by_key(Option::is_some);
    for heading in headings {
        let title = heading
            .map(|heading| format!("**{heading}**\n\n"))
            .unwrap_or_default();
        text.push_str(&format!("\n{title}"));
        options(command, heading.unwrap_or_default(), text);
    }
    if let Some(after) = command.get_after_help() {
        text.push_str(&format!("\n```text\n{after}\n```\n"));
    }
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        describe(sub, &path, text);
    }
}

/// Lists the options under one heading; at the top of the tree there is only one.
fn options(command: &Command, heading: &str, text: &mut String) {
    let is_top = command.get_name() == "fbuild";
    let options = command
        .get_arguments()
        .filter(|arg| !arg.is_positional() && !arg.is_hide_set());
    let options =
        options.filter(|arg| is_top || arg.get_help_heading().unwrap_or_default() == heading);
    options.for_each(|arg| item(arg, text));
}

fn item(arg: &Arg, text: &mut String) {
    let value = match arg.get_value_names() {
        Some(names) if arg.is_positional() || arg.get_action().takes_values() => names.join(" "),
        _ => arg.get_id().as_str().to_uppercase(),
    };
    let mut names: Vec<String> = Vec::new();
    if arg.is_positional() {
        names.push(format!("`{value}`"));
    }
    names.extend(arg.get_short().map(|short| format!("`-{short}`")));
    let takes = arg.get_action().takes_values();
    let long = |long: &str| {
        if takes {
            format!("`--{long} {value}`")
        } else {
            format!("`--{long}`")
        }
    };
    names.extend(arg.get_long().map(long));
    names.extend(
        arg.get_visible_aliases()
            .unwrap_or_default()
            .into_iter()
            .map(long),
    );
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let mut line = format!("- {}: {help}", names.join(", "));
    let possible = arg.get_possible_values();
    if takes && !possible.is_empty() {
        let values: Vec<String> = possible
            .iter()
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        let _ = write!(line, "; one of {}", values.join(", "));
    }
    if let [default] = arg.get_default_values()
        && takes
    {
        let _ = write!(line, " (default `{}`)", default.to_string_lossy());
    }
    if let Some(variable) = arg.get_env() {
        let _ = write!(line, " (environment: `{}`)", variable.to_string_lossy());
    }
    text.push_str(&line);
    text.push('\n');
}

fn about(command: &Command) -> String {
    command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use camino::Utf8Path;

    use super::*;

    #[test]
    fn the_pages_in_docs_say_what_the_program_says() {
        for which in ReferencePage::value_variants() {
            let name = which.name();
            let file = format!("{}/../../docs/{name}.md", env!("CARGO_MANIFEST_DIR"));
            let kept = fs_err::read_to_string(&file).unwrap_or_default();
            assert!(
                kept == page(*which),
                "docs/{name}.md is old: run `fbuild reference {name} > docs/{name}.md`"
            );
        }
    }

    #[test]
    fn every_option_of_every_command_is_on_the_page() {
        fn check(command: &Command, page: &str) {
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                if let Some(long) = arg.get_long() {
                    assert!(
                        page.contains(&format!("`--{long}")),
                        "--{long} of {}",
                        command.get_name()
                    );
                }
                assert!(
                    arg.get_help().is_some(),
                    "{} of {} is explained",
                    arg.get_id(),
                    command.get_name()
                );
            }
            command
                .get_subcommands()
                .filter(|sub| !sub.is_hide_set())
                .for_each(|sub| check(sub, page));
        }
        check(&Cli::command(), &page(ReferencePage::Cli));
    }

    #[test]
    fn variables_are_read_by_their_names_in_one_place() {
        let source = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut dirs = vec![source.clone()];
        let mut files = Vec::new();
        while let Some(dir) = dirs.pop() {
            for entry in dir.read_dir_utf8().unwrap().flatten() {
                match entry.file_type().unwrap().is_dir() {
                    true => dirs.push(entry.into_path()),
                    false => files.push(entry.into_path()),
                }
            }
        }
        files.retain(|file| !["env.rs", "reference.rs"].contains(&file.file_name().unwrap()));
        assert!(files.len() > 20, "{files:?}");
        for file in files {
            let text = fs_err::read_to_string(&file).unwrap();
            for (name, _) in env::ALL {
                assert!(
                    !text.contains(&format!("\"{name}\"")),
                    "{file} names {name} itself"
                );
            }
        }
    }

    #[test]
    fn exit_codes_are_listed_once_and_in_order() {
        let codes: Vec<u8> = exit::ALL.iter().map(|&(code, _)| code as u8).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 70, 130]);
    }
}
