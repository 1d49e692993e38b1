//! `fbuild.toml`: the settings of a project. Every key is the name of an option, which wins over it.
//!
//! The file is found upwards from the first sketch. Its settings are inserted into the command line where the user and the environment give
//! none, so that they are read and checked as options are. Rules (`[[rule]]`) say for which boards sketches are built.

mod rule;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};

use anyhow::anyhow;
use camino::{Utf8Path, Utf8PathBuf};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches};

pub use self::rule::{Rule, matches_name};
use crate::args::remote::{SECRET, hidden_value};
use crate::args::{Cli, concise};
use crate::error::CliError;
use crate::exit::{self, Exit};
use fbuild_model::{Untrusted, input};

/// The name of the file.
const NAME: &str = "fbuild.toml";

/// The settings that name a directory in which files are written and deleted.
const WRITTEN: [&str; 2] = ["output-dir", "cache-dir"];

/// A parsed command line.
#[derive(Debug)]
pub struct Parsed {
    /// The command and its options, those of `fbuild.toml` included.
    pub cli: Cli,
    /// Every option of the command that has a value.
    pub settings: Vec<Setting>,
}

/// The value of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The option's name without dashes.
    pub name: String,
    /// Its values.
    pub values: Vec<String>,
    /// Where they come from: `command line`, `default`, a variable or a file.
    pub origin: String,
}

/// The settings and rules of one file.
#[derive(Debug)]
struct ConfigFile {
    path: Utf8PathBuf,
    settings: toml::Table,
    rules: Vec<Rule>,
}

/// Reads the command line together with the `fbuild.toml` that belongs to its sketches. Wrong usage, `--help` and `--version` end the process.
///
/// # Errors
/// A file that cannot be read or has a key that is no option.
pub fn parse(argv: Vec<OsString>) -> Result<Parsed, CliError> {
    let command = command(&argv);
    let typed = command.clone().try_get_matches_from(&argv);
    let typed = typed.unwrap_or_else(|error| end(&error));
    let Some((name, own)) = typed.subcommand() else {
        return Err(CliError::usage(anyhow!("no command is given")));
    };
    let file = ConfigFile::find(&start(own))?;
    let sub = command
        .find_subcommand(name)
        .ok_or_else(|| anyhow!("unknown command `{name}`"))?;
    let inserted = match &file {
        Some(file) => file.arguments(&command, sub, own)?,
        None => Vec::new(),
    };
    let mut full = argv.clone();
    let names: Vec<&str> = std::iter::once(name).chain(sub.get_all_aliases()).collect();
    let is_name = |word: &OsString| names.iter().any(|name| word == OsStr::new(name));
    let at = argv.iter().skip(1).position(is_name).map_or(1, |at| at + 2);
    full.splice(at..at, inserted);
    let matches = match (command.clone().try_get_matches_from(&full), &file) {
        (Ok(matches), _) => matches,
        // The command line alone was right, so the fault is in the file.
        (Err(error), Some(file)) => return Err(file.fault(&error)),
        (Err(error), None) => end(&error),
    };
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let settings = match matches.subcommand() {
        Some((_, merged)) => settings(sub, own, merged, file.as_ref()),
        None => Vec::new(),
    };
    if let (Some(what), Some(file)) = (cli.command.sketches_mut(), file) {
        what.rules = file.rules;
    }
    Ok(Parsed { cli, settings })
}

/// Prints what clap has to say, help or what is wrong, and ends the process; help that cannot be printed is an error.
fn end(error: &clap::Error) -> ! {
    let text = error.render().to_string();
    let printed = match text.contains(|c: char| c.is_control() && !c.is_whitespace()) {
        // Words of the command line are in it as they were typed.
        true => io::stderr().write_all(Untrusted(&text).terminal().as_bytes()),
        false => error.print().and_then(|()| io::stdout().flush()),
    };
    match printed {
        Err(problem) if problem.kind() != io::ErrorKind::BrokenPipe => {
            // There may be no place left to say so.
            let _ = writeln!(
                io::stderr(),
                "error: cannot write to standard output: {problem}"
            );
            exit::now(Exit::Usage)
        }
        _ if error.exit_code() == 0 => exit::now(Exit::Success),
        _ => exit::now(Exit::Usage),
    }
}

/// Without a command, and for `-h`, the help is short.
fn command(argv: &[OsString]) -> Command {
    let is_short = argv.len() < 2 || argv.iter().any(|word| word == "-h");
    if is_short {
        concise(Cli::command())
    } else {
        Cli::command()
    }
}

/// The folder from which the file is looked for.
fn start(matches: &ArgMatches) -> Utf8PathBuf {
    let named = matches.try_get_many::<OsString>("sketches").ok().flatten();
    let first = named.and_then(|mut sketches| sketches.next().cloned());
    let first = first
        .and_then(|path| Utf8PathBuf::from_os_string(path).ok())
        .unwrap_or_else(|| Utf8PathBuf::from("."));
    first.canonicalize_utf8().unwrap_or(first)
}

/// Returns the options that have a value, with its origin.
fn settings(
    sub: &Command,
    typed: &ArgMatches,
    merged: &ArgMatches,
    file: Option<&ConfigFile>,
) -> Vec<Setting> {
    let options = sub.get_arguments().filter(|arg| !arg.is_positional());
    let setting = |arg: &Arg| {
        let name = arg.get_long()?;
        let id = arg.get_id().as_str();
        // Flags have a default, too.
        let values: Vec<String> = merged
            .try_get_raw(id)
            .ok()
            .flatten()?
            .map(|value| value.to_string_lossy())
            .map(|value| match name {
                SECRET => hidden_value(&value),
                _ => value.into_owned(),
            })
            .collect();
        let origin = match typed.value_source(id) {
            Some(ValueSource::CommandLine) => "command line".to_owned(),
            Some(ValueSource::EnvVariable) => {
                let variable = arg.get_env().unwrap_or_default();
                format!("environment ({})", variable.to_string_lossy())
            }
            _ => match file.filter(|file| file.settings.contains_key(name)) {
                Some(file) => file.path.to_string(),
                None => "default".to_owned(),
            },
        };
        Some(Setting {
            name: name.to_owned(),
            values,
            origin,
        })
    };
    options.filter_map(setting).collect()
}

impl ConfigFile {
    /// Finds the file in `start` or the nearest folder above it.
    fn find(start: &Utf8Path) -> Result<Option<Self>, CliError> {
        let mut paths = start.ancestors().map(|dir| dir.join(NAME));
        match paths.find(|path| path.is_file()) {
            Some(path) => Self::load(path).map(Some),
            None => Ok(None),
        }
    }

    fn load(path: Utf8PathBuf) -> Result<Self, CliError> {
        let text = input::read_text(&path)?;
        let wrong = |error: toml::de::Error| {
            CliError::usage(anyhow!("{path}: {}", error.to_string().trim_end()))
        };
        let mut settings: toml::Table = toml::from_str(&text).map_err(wrong)?;
        let rules = rule::parse(&text, &path)?;
        settings.remove("rule");
        Ok(Self {
            path,
            settings,
            rules,
        })
    }

    /// Names the file in an error about a setting, which is worded for an option.
    fn fault(&self, error: &clap::Error) -> CliError {
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let line = text.lines().next().unwrap_or_default();
        CliError::usage(anyhow!("{}: {line}", self.path))
    }

    /// Returns the settings as arguments of `sub`, without those that the user or the environment gives.
    fn arguments(
        &self,
        root: &Command,
        sub: &Command,
        typed: &ArgMatches,
    ) -> Result<Vec<OsString>, CliError> {
        let mut arguments = Vec::new();
        for (key, value) in &self.settings {
            let Some(arg) = option(sub, key).or_else(|| option(root, key)) else {
                let others = root.get_subcommands();
                if others.into_iter().any(|other| option(other, key).is_some()) {
                    continue;
                }
                return Err(
                    CliError::usage(anyhow!("{}: unknown setting `{key}`", self.path)).hint(
                        "settings are the names of options, for example `board = \"uno\"`; \
                         `fbuild build --help` lists them",
                    ),
                );
            };
            let id = arg.get_id().as_str();
            let source = typed.value_source(id);
            if !matches!(source, None | Some(ValueSource::DefaultValue)) {
                continue;
            }
            arguments.extend(self.option(arg, key, value)?);
        }
        Ok(arguments)
    }

    fn option(&self, arg: &Arg, key: &str, value: &toml::Value) -> Result<Vec<OsString>, CliError> {
        let takes = arg.get_action().takes_values();
        let problem =
            |wanted: &str| CliError::usage(anyhow!("{}: `{key}` needs {wanted}", self.path));
        let values = match value {
            toml::Value::Boolean(on) if !takes => {
                return Ok(on.then(|| format!("--{key}").into()).into_iter().collect());
            }
            _ if !takes => return Err(problem("`true` or `false`")),
            toml::Value::Array(values) => values.iter().map(scalar).collect::<Option<Vec<_>>>(),
            value => scalar(value).map(|value| vec![value]),
        };
        let values = values.ok_or_else(|| problem("a text, a number or a list of them"))?;
        if values.len() > 1 && !matches!(arg.get_action(), clap::ArgAction::Append) {
            return Err(problem("one value"));
        }
        let names = arg.get_value_names().unwrap_or_default();
        let is_path = names
            .iter()
            .any(|name| matches!(name.as_str(), "DIR" | "FILE"));
        let dir = self.path.parent().unwrap_or(Utf8Path::new("/"));
        if WRITTEN.contains(&key) {
            values
                .iter()
                .try_for_each(|value| self.refuse_links(key, dir, value))?;
        }
        let argument = |value: String| {
            // Paths are relative to the file.
            let value = if is_path {
                dir.join(value).into_string()
            } else {
                value
            };
            OsString::from(format!("--{key}={value}"))
        };
        Ok(values.into_iter().map(argument).collect())
    }

    /// Refuses a directory that is reached through a symbolic link: the repository that brought this file may have brought the link, too.
    fn refuse_links(&self, key: &str, dir: &Utf8Path, value: &str) -> Result<(), CliError> {
        let mut path = dir.to_owned();
        for component in Utf8Path::new(value).components() {
            path.push(component);
            if path.is_symlink() {
                return Err(CliError::usage(anyhow!(
                    "{}: `{key}` leads through the symbolic link {path}",
                    self.path
                ))
                .hint(format!(
                    "remove the link, or name the directory with --{key}"
                )));
            }
        }
        Ok(())
    }
}

fn option<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    let mut all = command.get_arguments();
    all.find(|arg| arg.get_long() == Some(name) && name != "help" && name != "version")
}

fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        _ => None,
    }
}
