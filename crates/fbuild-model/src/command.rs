//! A command line as data.
//!
//! Recipes are expanded to [`Command`]s; only the runner turns one into a process.

use camino::Utf8PathBuf;

/// One program with its arguments. No shell is involved.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Command {
    /// The program: a path, or a bare name that is looked up in `PATH`.
    pub program: String,
    /// Its arguments, in order.
    pub args: Vec<String>,
    /// The working directory; the parent's own if `None`.
    pub cwd: Option<Utf8PathBuf>,
}

impl Command {
    /// Makes a command from an argument list whose first element is the program; `None` if the list is empty.
    pub fn from_argv(argv: impl IntoIterator<Item = String>) -> Option<Self> {
        let mut argv = argv.into_iter();
        let program = argv.next()?;
        Some(Self {
            program,
            args: argv.collect(),
            cwd: None,
        })
    }

    /// Returns program and arguments as one sequence.
    pub fn argv(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.program.as_str()).chain(self.args.iter().map(String::as_str))
    }

    /// Returns the command as a line that a POSIX shell reads back as the same arguments.
    pub fn to_shell(&self) -> String {
        let line = self.argv().map(quote).collect::<Vec<_>>().join(" ");
        match &self.cwd {
            Some(cwd) => format!("cd {} && {line}", quote(cwd.as_str())),
            None => line,
        }
    }
}

/// Quotes one word for a POSIX shell; words without special characters stay as they are.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(argv: &[&str]) -> Command {
        Command::from_argv(argv.iter().map(|&arg| arg.to_owned())).unwrap()
    }

    #[test]
    fn an_empty_list_is_no_command() {
        assert_eq!(Command::from_argv([]), None);
    }

    #[test]
    fn the_shell_reads_back_the_same_arguments() {
        let argv = [
            "printf",
            "%s\\n",
            "plain",
            "two words",
            "it's",
            "",
            "$HOME",
            "-DX=\"a\"",
            "ä(b)",
        ];
        let line = command(&argv).to_shell();
        let output = std::process::Command::new("sh")
            .args(["-c", &line])
            .output()
            .unwrap();
        let lines: Vec<_> = std::str::from_utf8(&output.stdout)
            .unwrap()
            .split('\n')
            .collect();
        assert_eq!(&lines[..lines.len() - 1], &argv[2..]);
    }

    #[test]
    fn the_working_directory_is_part_of_the_line() {
        let mut command = command(&["make"]);
        command.cwd = Some("/a b".into());
        assert_eq!(command.to_shell(), "cd '/a b' && make");
    }
}
