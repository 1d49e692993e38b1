//! What goes to the terminal, decided once: quiet or verbose, colour or not, live display or lines.
//!
//! Standard output is data, standard error is for people. A pipe that is closed early ends the output quietly; any other error of standard
//! output is kept and ends the command with a message. Every text is made harmless here for the sink that it goes to, so that no caller can
//! forget it; only [`Printer::raw`] takes text as it is.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::{Arc, OnceLock};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use fbuild_model::Untrusted;
use fbuild_model::untrusted::{self, no_workflow_commands};
use indicatif::MultiProgress;

use crate::args::{OutputArgs, ProgressHow};
use crate::env;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Failures and the summary.
    Quiet,
    /// A line per sketch.
    Normal,
    /// Every command.
    Verbose,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A live display.
    Bar,
    /// Lines.
    Plain,
    /// Nothing.
    None,
}

/// Width of the verbs in front of status lines, and on narrow terminals.
const INDENT: usize = 12;
const NARROW_INDENT: usize = 8;

/// Terminals with fewer columns are narrow: they get short rows.
const NARROW: usize = 60;

/// The meaning of a word's colour; never the only carrier of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It went well.
    Good,
    /// It went wrong.
    Bad,
    /// Worth a look.
    Notice,
    /// Neither.
    Plain,
}

impl Tone {
    fn style(self) -> Style {
        let style = Style::new().bold();
        match self {
            Self::Good => style.fg_color(Some(AnsiColor::Green.into())),
            Self::Bad => style.fg_color(Some(AnsiColor::Red.into())),
            Self::Notice => style.fg_color(Some(AnsiColor::Yellow.into())),
            Self::Plain => style.fg_color(Some(AnsiColor::Cyan.into())),
        }
    }
}

/// Writes for people and for programs.
#[derive(Debug, Clone)]
pub struct Printer {
    /// How much is said.
    pub verbosity: Verbosity,
    /// How progress is shown.
    pub progress: Progress,
    /// The live display, which lines must not tear.
    pub bars: MultiProgress,
    choice: ColorChoice,
    data_choice: ColorChoice,
    /// Columns of the terminal on standard error, if it is one.
    width: Option<usize>,
    /// A GitHub runner reads what is printed.
    pub on_github: bool,
    data: DataSink,
    /// The first error of standard output, other than a closed pipe.
    failed: Arc<OnceLock<io::Error>>,
}

/// What standard output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DataSink {
    Terminal,
    /// A pipe or a device that may end in the log of a GitHub runner.
    Workflow,
    /// A file, or a pipe to a program.
    Program,
}

impl Printer {
    /// Decides how to talk.
    pub fn new(args: &OutputArgs) -> Self {
        args.color.write_global();
        let terminal = io::stderr().is_terminal();
        let dumb = env::get(env::TERM).is_some_and(|term| term == "dumb");
        let verbosity = match (args.quiet, args.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        let progress = match args.progress {
            ProgressHow::Bar => Progress::Bar,
            ProgressHow::Plain => Progress::Plain,
            ProgressHow::None => Progress::None,
            ProgressHow::Auto if verbosity == Verbosity::Quiet => Progress::None,
            ProgressHow::Auto if terminal && !dumb && env::get(env::CI).is_none() => Progress::Bar,
            ProgressHow::Auto => Progress::Plain,
        };
        let bars = MultiProgress::new();
        if progress != Progress::Bar {
            bars.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        let on_github = env::get(env::GITHUB_ACTIONS).is_some();
        Self {
            verbosity,
            progress,
            bars,
            choice: AutoStream::choice(&io::stderr()),
            data_choice: AutoStream::choice(&io::stdout()),
            width: terminal_width(),
            on_github,
            data: DataSink::of_stdout(on_github),
            failed: Arc::default(),
        }
    }

    /// Returns whether standard output is a terminal, so that data for programs would be in the way of people.
    pub fn data_is_for_people(&self) -> bool {
        self.data == DataSink::Terminal
    }

    /// Returns the columns after the verb of a status line; `None` where there is no edge.
    pub fn room(&self) -> Option<usize> {
        let width = self.width?;
        Some(width.saturating_sub(self.indent() + 1))
    }

    /// Returns whether the terminal is too narrow for rows of full length.
    pub fn is_narrow(&self) -> bool {
        self.width.is_some_and(|width| width < NARROW)
    }

    fn indent(&self) -> usize {
        if self.is_narrow() {
            NARROW_INDENT
        } else {
            INDENT
        }
    }

    /// Writes data to standard output.
    pub fn data(&self, text: &str) {
        match self.data {
            DataSink::Terminal => self.raw(Untrusted(text).terminal().as_bytes()),
            DataSink::Workflow => self.raw(Untrusted(text).workflow().as_bytes()),
            DataSink::Program => self.raw(text.as_bytes()),
        }
    }

    /// Writes data to standard output, whatever its encoding.
    pub fn bytes(&self, bytes: &[u8]) {
        match self.data {
            DataSink::Program => self.raw(bytes),
            _ => self.data(&String::from_utf8_lossy(bytes)),
        }
    }

    /// Writes a text with styles of our own to standard output, for commands whose data is for people.
    pub fn page(&self, text: &str) {
        let text = match self.data {
            DataSink::Workflow => no_workflow_commands(text),
            _ => text.to_owned(),
        };
        let mut stream = AutoStream::new(io::stdout().lock(), self.data_choice);
        self.note(
            stream
                .write_all(text.as_bytes())
                .and_then(|()| stream.flush()),
        );
    }

    /// Writes a JSON document to standard output.
    pub fn json(&self, document: &serde_json::Value) {
        self.raw(untrusted::json(&format!("{document:#}\n")).as_bytes());
    }

    /// Writes to standard output what is harmless already: JSON, workflow commands.
    pub fn raw(&self, bytes: &[u8]) {
        let write = || {
            let mut stream = io::stdout().lock();
            stream.write_all(bytes).and_then(|()| stream.flush())
        };
        self.note(self.bars.suspend(write));
    }

    /// Writes workflow commands to standard error, where standard output carries something else.
    pub fn raw_beside(&self, text: &str) {
        let _ = self
            .bars
            .suspend(|| io::stderr().lock().write_all(text.as_bytes()));
    }

    /// A reader that has seen enough closes the pipe; that is no error.
    fn note(&self, result: io::Result<()>) {
        match result {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => drop(self.failed.set(error)),
            _ => {}
        }
    }

    /// Returns the first error of standard output.
    pub fn failure(&self) -> Option<&io::Error> {
        self.failed.get()
    }

    /// Writes a line with a right-aligned verb to standard error.
    pub fn status(&self, tone: Tone, verb: &str, text: &str) {
        let (style, indent) = (tone.style(), self.indent());
        let text = self.safe(text);
        self.line(&format!("{style}{verb:>indent$}{style:#} {text}"));
    }

    /// Writes a status line that may be cut at the edge of a terminal, because what it says is said again in full.
    pub fn short_status(&self, tone: Tone, verb: &str, text: &str) {
        let line = Untrusted(text).terminal_line();
        match self.room() {
            Some(room) => self.status(
                tone,
                verb,
                &console::truncate_str(line.trim_end(), room.max(NARROW_INDENT), "…"),
            ),
            None => self.status(tone, verb, line.trim_end()),
        }
    }

    /// Writes a warning.
    pub fn warning(&self, text: &str) {
        self.labelled(Tone::Notice, "warning", text);
    }

    /// Writes an error and its ways out.
    pub fn error(&self, text: &str, hints: &[String]) {
        self.labelled(Tone::Bad, "error", text);
        hints.iter().for_each(|hint| self.hint(hint));
    }

    /// Writes a way out.
    pub fn hint(&self, text: &str) {
        self.labelled(Tone::Plain, "help", text);
    }

    fn labelled(&self, tone: Tone, label: &str, text: &str) {
        let style = tone.style();
        let text = self.safe(text);
        self.line(&format!("{style}{label}{style:#}: {}", text.trim_end()));
    }

    /// Writes text on lines of its own.
    pub fn text(&self, text: &str) {
        let text = self.safe(text);
        self.line(text.strip_suffix('\n').unwrap_or(&text));
    }

    fn safe(&self, text: &str) -> String {
        if self.on_github {
            Untrusted(text).workflow()
        } else {
            Untrusted(text).terminal()
        }
    }

    fn line(&self, line: &str) {
        self.bars.suspend(|| {
            let mut stream = AutoStream::new(io::stderr().lock(), self.choice);
            let _ = writeln!(stream, "{line}");
        });
    }
}

fn terminal_width() -> Option<usize> {
    let (_, columns) = console::Term::stderr().size_checked()?;
    Some(usize::from(columns))
}

impl DataSink {
    fn of_stdout(on_github: bool) -> Self {
        let stdout = io::stdout();
        if stdout.is_terminal() {
            return Self::Terminal;
        }
        let copy = stdout.as_fd().try_clone_to_owned().map(File::from);
        let is_file = copy
            .and_then(|file| file.metadata())
            .is_ok_and(|metadata| metadata.is_file());
        match on_github && !is_file {
            true => Self::Workflow,
            false => Self::Program,
        }
    }
}
