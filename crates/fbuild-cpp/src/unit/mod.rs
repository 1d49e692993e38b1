//! One translation unit being preprocessed.
//!
//! A [`Unit`] reads a source: it moves from one directive to the next and expands text on the way. What changes meanwhile is divided by subject:
//! the macros in force ([`Macros`]), the files read ([`Reads`]), the headers looked for ([`Lookups`]), the files that are open ([`Frame`]), the
//! expansions that are open ([`Contexts`]) and what was found ([`Findings`]). What directives do is in `directive.rs`, `pragma.rs` and
//! `include.rs`; macro expansion is in `expand.rs`, `replace.rs` and `builtin.rs`.

mod builtin;
mod contexts;
mod directive;
mod expand;
mod expression;
mod frames;
mod has;
mod include;
mod pragma;
mod print;
mod replace;
mod text;

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use contexts::Contexts;
use frames::{Frame, Step};

use crate::closure::Closure;
use crate::cursor::{Cursor, Spot};
use crate::dialect::Dialect;
use crate::interest::{Effort, Interests};
use crate::lookups::Lookups;
use crate::macros::Macros;
use crate::mode::Mode;
use crate::printer::Printer;
use crate::reads::Reads;
use crate::search::{Place, Search, directory};
use crate::stop::{Stop, Unsupported};
use crate::token::{Kind, LINE_START, Token};
use crate::tree::SourceTree;

/// How much a unit may cost before it is given up: a token costs 1, a directive 10, opening a file 200, an error 20 000. Ordinary units
/// cost less than a hundredth of it; files that include themselves twice, or macros that double, would never end.
const BUDGET: u64 = 40_000_000;

/// What is to be preprocessed, and how.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) tree: &'a SourceTree,
    pub(crate) dialect: &'a Dialect,
    pub(crate) source: &'a Utf8Path,
    pub(crate) include_dirs: &'a [Utf8PathBuf],
    /// The files whose text is printed, by the names that `#line` gives them.
    pub(crate) keep: &'a [Utf8PathBuf],
    pub(crate) effort: Effort,
}

/// Where reading is.
#[derive(Default)]
struct At {
    /// The line of the directive or text being read.
    line: u32,
    /// The place of the token read last, or of the call of the macro it comes from.
    spot: Spot,
    /// The place that reading has come to.
    latest: Spot,
    /// The place of the next token of the output, if it was computed.
    result: Option<Spot>,
    /// How many lines the current directive has.
    directive_lines: u32,
}

/// What was found.
#[derive(Default)]
struct Findings {
    errors: Vec<String>,
    uses_path: bool,
    uses_time: bool,
    /// Text that was not executed has `_Pragma`.
    pragma_text: bool,
    /// A file has words that `_Pragma` would need to change macros.
    pragma_words: bool,
}

/// Where tokens outside of macros come from.
enum Base {
    /// The text of the files, directives being executed on the way.
    Files,
    /// These tokens only.
    Tokens(Vec<Token>, usize),
}

pub(crate) struct Unit<'a> {
    task: Task<'a>,
    search: Arc<Search>,
    macros: Macros,
    reads: Reads,
    lookups: Lookups,
    frames: Vec<Frame>,
    findings: Findings,
    at: At,
    counter: u64,
    budget: u64,
    base: Base,
    cursor: Option<Cursor>,
    lookahead: Option<(Token, Spot)>,
    contexts: Contexts,
    /// While it is not zero, macros are not expanded.
    prevent: u32,
    in_directive: bool,
    in_args: bool,
    /// How many calls' arguments are being read.
    collecting: u32,
    /// How many arguments are being expanded within each other.
    depth: u32,
    /// Text is expanded for what it expands to, not for output.
    checking: bool,
    printer: Option<Printer>,
}

impl<'a> Unit<'a> {
    /// Prepares to read the task's source. `interests`: what is known about names before.
    pub(crate) fn new(task: Task<'a>, interests: Interests) -> Self {
        let Task { dialect, keep, .. } = task;
        let searches = &task.tree.searches;
        let mut macros = Macros::new(interests, !keep.is_empty());
        for definition in &dialect.macros {
            macros.define(definition, directive::predefined_origin(definition));
        }
        Self {
            search: searches.get(task.include_dirs, &dialect.system_dirs),
            macros,
            reads: Reads::default(),
            lookups: Lookups::new(task.include_dirs.len()),
            frames: Vec::new(),
            findings: Findings::default(),
            at: At {
                directive_lines: 1,
                ..At::default()
            },
            counter: 0,
            budget: BUDGET,
            base: Base::Files,
            cursor: None,
            lookahead: None,
            contexts: Contexts::default(),
            prevent: 0,
            in_directive: false,
            in_args: false,
            collecting: 0,
            depth: 0,
            checking: false,
            printer: (!keep.is_empty()).then(|| Printer::new(dialect.mode.suffixes())),
            task,
        }
    }

    /// Reads the whole source, and expands as much of it as the task's effort asks for.
    pub(crate) fn run(&mut self) -> Result<(), Stop> {
        let file = match self.task.tree.read(self.task.source) {
            Ok(Some(file)) => file,
            Ok(None) => return Err(self.unsupported("no such file")),
            Err(error) => return Err(self.unsupported(&error.to_string())),
        };
        self.open(file, directory(self.task.source.as_str()), Place::None)?;
        if self.printer.is_some() {
            return self.print_all();
        }
        if !self.task.effort.full {
            return self.skim();
        }
        while self.get()?.kind != Kind::End {}
        Ok(())
    }

    /// Returns whether a `_Pragma` may have been passed over that changes macros.
    pub(crate) fn may_have_missed_pragma(&self) -> bool {
        self.findings.pragma_text && self.findings.pragma_words
    }

    /// Returns what is known about names.
    pub(crate) fn interests(&self) -> &Interests {
        self.macros.interests()
    }

    /// Returns the errors that the compiler would report, each with its place.
    pub(crate) fn errors(&self) -> &[String] {
        &self.findings.errors
    }

    /// Returns the text that was printed.
    pub(crate) fn into_text(self) -> String {
        self.printer.map(Printer::into_text).unwrap_or_default()
    }

    /// Returns what was read and looked for.
    pub(crate) fn into_closure(self) -> Closure {
        let (used_dirs, lookups, absent) = self.lookups.into_parts(self.task.include_dirs);
        Closure {
            lookups: Some(lookups),
            files: self.reads.into_files(),
            used_dirs,
            uses_path: self.findings.uses_path,
            uses_time: self.findings.uses_time,
            absent,
        }
    }

    /// Returns a stop for something unknown at the current place.
    fn unsupported(&self, what: &str) -> Stop {
        let file = self
            .frames
            .last()
            .map_or(self.task.source, |frame| frame.file.path());
        Stop::Unsupported(Unsupported {
            file: file.to_owned(),
            line: self.at.line,
            what: what.to_owned(),
            questions: Vec::new(),
        })
    }

    /// Notes an error that the compiler would report and go on after.
    fn error(&mut self, what: &str) {
        self.budget = self.budget.saturating_sub(20_000);
        let name = self.file_name();
        let line = self.presumed_line(self.at.line);
        self.findings
            .errors
            .push(format!("{name}:{line}: error: {what}"));
    }

    fn spend(&mut self, amount: usize) -> Result<(), Stop> {
        match self.budget.checked_sub(amount as u64) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Err(self.unsupported("expansion without end")),
        }
    }

    /// Reads a token that is not in a macro.
    fn base_token(&mut self) -> Result<Token, Stop> {
        if let Some((token, spot)) = self.lookahead.take() {
            self.at.spot = spot;
            self.begin_token(token);
            return Ok(token);
        }
        if let Base::Tokens(tokens, at) = &mut self.base {
            let token = tokens.get(*at).copied().unwrap_or(Token::END);
            *at += 1;
            return Ok(token);
        }
        loop {
            if let Some(token) = self.cursor_token()? {
                self.begin_token(token);
                return Ok(token);
            }
            match self.advance()? {
                Step::Directive => {}
                Step::End => return Ok(Token::END),
                Step::EndOfFile if self.in_args => return Ok(Token::END),
                Step::EndOfFile => self.close(),
                Step::Text => self.start_text()?,
            }
        }
    }

    fn begin_token(&mut self, token: Token) {
        if token.flags & LINE_START != 0 && !self.in_args && matches!(self.base, Base::Files) {
            self.begin_line();
        }
    }

    /// Tells whether tokens come from the files rather than from one directive or run of text.
    fn base_is_files(&self) -> bool {
        matches!(self.base, Base::Files) && (self.task.effort.full || self.printer.is_some())
    }

    /// Tells whether the language is assembler.
    fn is_asm(&self) -> bool {
        self.task.dialect.mode == Mode::Asm
    }
}
