//! What goes to the terminal, decided once: quiet or verbose, colour or not, live display or lines.
//!
//! Standard output is data, standard error is for people. A pipe that is closed early ends the output quietly.

use std::io::{IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
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

/// Width of the verbs in front of status lines.
const INDENT: usize = 12;

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
    /// Text of compilers must not be taken for commands of GitHub's runner.
    pub on_github: bool,
}

impl Printer {
    /// Decides how to talk.
    pub fn new(args: &OutputArgs) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let dumb = env::get(env::TERM).is_some_and(|term| term == "dumb");
        args.color.write_global();
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
        let data_choice = AutoStream::choice(&std::io::stdout());
        Self {
            verbosity,
            progress,
            bars,
            choice: AutoStream::choice(&std::io::stderr()),
            data_choice,
            width: terminal_width(),
            on_github: env::get(env::GITHUB_ACTIONS).is_some(),
        }
    }

    /// Writes data to standard output.
    pub fn data(&self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes a text with styles to standard output, for commands whose data is for people.
    pub fn page(&self, text: &str) {
        let _ =
            AutoStream::new(std::io::stdout().lock(), self.data_choice).write_all(text.as_bytes());
    }

    /// Writes bytes to standard output, whatever their encoding.
    pub fn bytes(&self, bytes: &[u8]) {
        let write = || std::io::stdout().lock().write_all(bytes);
        // A reader that has seen enough closes the pipe; that is no error.
        let _ = self.bars.suspend(write);
    }

    /// Writes a line with a right-aligned verb to standard error.
    pub fn status(&self, tone: Tone, verb: &str, text: &str) {
        let style = tone.style();
        self.line(&format!("{style}{verb:>INDENT$}{style:#} {text}"));
    }

    /// Writes a status line that may be cut at the edge of a terminal, because what it says is said again in full.
    pub fn short_status(&self, tone: Tone, verb: &str, text: &str) {
        let line = text.replace('\n', " ");
        match self.width.map(|width| width.saturating_sub(INDENT + 1)) {
            Some(room) => self.status(
                tone,
                verb,
                &console::truncate_str(&line, room.max(INDENT), "…"),
            ),
            None => self.status(tone, verb, &line),
        }
    }

    /// Writes a warning.
    pub fn warning(&self, text: &str) {
        let style = Tone::Notice.style();
        self.line(&format!("{style}warning{style:#}: {text}"));
    }

    /// Writes an error and its hints.
    pub fn error(&self, text: &str, hints: &[String]) {
        let style = Tone::Bad.style();
        self.line(&format!("{style}error{style:#}: {text}"));
        hints.iter().for_each(|hint| self.hint(hint));
    }

    /// Writes a way out.
    pub fn hint(&self, text: &str) {
        let style = Tone::Plain.style();
        self.line(&format!("{style}hint{style:#}: {text}"));
    }

    /// Writes text as it is, followed by a line end if it has none.
    pub fn text(&self, text: &str) {
        self.line(text.strip_suffix('\n').unwrap_or(text));
    }

    fn line(&self, line: &str) {
        self.bars.suspend(|| {
            let mut stream = AutoStream::new(std::io::stderr().lock(), self.choice);
            let _ = writeln!(stream, "{line}");
        });
    }
}

fn terminal_width() -> Option<usize> {
    let (_, columns) = console::Term::stderr().size_checked()?;
    Some(usize::from(columns))
}
