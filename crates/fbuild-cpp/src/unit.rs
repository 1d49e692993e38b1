//! One translation unit being preprocessed.
//!
//! A [`Unit`] holds what changes while a source is read: the macros in force, the files that are open, and what was met. How it moves from one
//! directive to the next is here; what the directives do is in `directive.rs` and `include.rs`, macro expansion in `expand.rs`.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::Unsupported;
use crate::builtin::interest_of;
use crate::closure::{Closure, Lookup};
use crate::define::Macro;
use crate::dialect::Dialect;
use crate::expand::Context;
use crate::file::{Likeness, SourceFile};
use crate::lex::Mode;
use crate::lines::{Lines, What};
use crate::print::Printer;
use crate::run::BUDGET;
use crate::search::{Place, Question, Search, directory};
use crate::symbol::{Symbol, WordHasher};
use crate::text::{Cursor, Text};
use crate::token::{Kind, LINE_START, Token};
use crate::tree::SourceTree;

/// Why preprocessing ended before the end of the source.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something unknown was met.
    Unsupported(Unsupported),
    /// An include was not found: its name.
    Missing(String),
    /// The answer needs more text to be expanded than was asked for.
    Again(Effort),
}

/// How much text is expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effort {
    /// Text that mentions a name of these kinds (see [`interest_of`]) is expanded.
    pub(crate) interest: u8,
    /// All text is expanded.
    pub(crate) full: bool,
}

/// A file that is being read.
pub(crate) struct Frame {
    pub(crate) file: Arc<SourceFile>,
    pub(crate) lines: Arc<Lines>,
    pub(crate) item: usize,
    pub(crate) dir: Symbol,
    pub(crate) place: Place,
    /// The name and the shift of line numbers that `#line` gave.
    pub(crate) presumed: Option<Arc<str>>,
    pub(crate) shift: i64,
    /// Whether text here belongs to the files to keep.
    pub(crate) kept: bool,
    /// Whether it is a system header.
    pub(crate) system: bool,
    pub(crate) text: Option<Arc<Text>>,
}

/// A place in the current file.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spot {
    pub(crate) line: u32,
    pub(crate) column: usize,
}

/// Where tokens outside of macros come from.
pub(crate) enum Base {
    /// The text of the files, directives being executed on the way.
    Files,
    /// These tokens only.
    Tokens(Vec<Token>, usize),
}

/// What was found in a step of [`Unit::advance`].
pub(crate) enum Step {
    Text,
    Directive,
    EndOfFile,
    End,
}

/// All given directories were searched in vain.
pub(crate) const ALL_DIRS: usize = usize::MAX;

pub(crate) const READ: u8 = 1;
pub(crate) const ONCE: u8 = 2;
pub(crate) const GUARDED: u8 = 4;

pub(crate) struct Unit<'a> {
    pub(crate) tree: &'a SourceTree,
    pub(crate) dialect: &'a Dialect,
    pub(crate) search: Arc<Search>,
    pub(crate) source: &'a Utf8Path,
    pub(crate) keep: &'a [Utf8PathBuf],
    pub(crate) effort: Effort,

    pub(crate) macros: Vec<Option<Arc<Macro>>>,
    /// By symbol, while text is printed: flags that tell where the macro was written.
    pub(crate) origins: Vec<u16>,
    pub(crate) pushed: HashMap<Symbol, Vec<Option<Arc<Macro>>>>,
    pub(crate) frames: Vec<Frame>,
    /// By file number: [`READ`], [`ONCE`], [`GUARDED`].
    pub(crate) states: Vec<u8>,
    /// The files to be read once only, by what gcc takes them for the same by.
    pub(crate) once: HashMap<Likeness, usize, BuildHasherDefault<WordHasher>>,
    pub(crate) hidden: HashSet<Question, BuildHasherDefault<WordHasher>>,
    pub(crate) files: Vec<Arc<SourceFile>>,
    pub(crate) used: Vec<bool>,
    /// How far the given directories were searched for a name: the number of the last one in which it was found, or [`ALL_DIRS`].
    pub(crate) lookups: HashMap<Symbol, usize, BuildHasherDefault<WordHasher>>,
    /// Names that `__has_include` did not find.
    pub(crate) absent: HashSet<Symbol, BuildHasherDefault<WordHasher>>,
    pub(crate) errors: Vec<String>,
    pub(crate) uses_path: bool,
    pub(crate) uses_time: bool,
    pub(crate) counter: u64,

    /// By symbol: what a macro of that name may expand to (see [`interest_of`]).
    pub(crate) interests: Vec<u8>,
    /// By symbol: whether a replacement list mentions it.
    pub(crate) mentioned: Vec<bool>,
    /// A macro became interesting after another one mentioned it.
    pub(crate) late_interest: bool,
    /// By symbol: whether `#pragma GCC poison` forbids it; empty as long as there was none.
    pub(crate) poisoned: Vec<bool>,
    pub(crate) pragma_text: bool,
    pub(crate) pragma_words: bool,

    pub(crate) base: Base,
    pub(crate) lookahead: Option<(Token, Spot)>,
    pub(crate) contexts: Vec<Context>,
    pub(crate) disabled: Vec<Symbol>,
    pub(crate) prevent: u32,
    pub(crate) in_directive: bool,
    pub(crate) in_args: bool,
    /// How many calls' arguments are being read.
    pub(crate) collecting: u32,
    pub(crate) skip_evaluation: u32,
    pub(crate) depth: u32,
    pub(crate) budget: u64,
    /// The line of the directive or text being read.
    pub(crate) line: u32,
    /// Where the token read last stands, or the macro it comes from was called.
    pub(crate) spot: Spot,
    /// Where reading has come to.
    pub(crate) latest: Spot,
    /// Where the next token of the output stands, if it was computed.
    pub(crate) result_spot: Option<Spot>,
    /// How many lines the current directive has.
    pub(crate) directive_lines: u32,
    pub(crate) directive_wants_padding: bool,
    /// Text is expanded for what it expands to, not for output.
    pub(crate) checking: bool,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) printer: Option<Printer>,
}

impl<'a> Unit<'a> {
    pub(crate) fn new(
        tree: &'a SourceTree,
        dialect: &'a Dialect,
        source: &'a Utf8Path,
        include_dirs: &'a [Utf8PathBuf],
        keep: &'a [Utf8PathBuf],
        effort: Effort,
        interests: Vec<u8>,
    ) -> Self {
        let mut unit = Self {
            tree,
            dialect,
            search: tree
                .searches
                .get(&dialect.quote_dirs, include_dirs, &dialect.system_dirs),
            source,
            keep,
            effort,
            macros: Vec::new(),
            origins: Vec::new(),
            pushed: HashMap::new(),
            frames: Vec::new(),
            states: Vec::new(),
            once: HashMap::default(),
            hidden: HashSet::default(),
            files: Vec::new(),
            used: vec![false; include_dirs.len()],
            lookups: HashMap::default(),
            absent: HashSet::default(),
            errors: Vec::new(),
            uses_path: false,
            uses_time: false,
            counter: 0,
            interests,
            mentioned: Vec::new(),
            late_interest: false,
            poisoned: Vec::new(),
            pragma_text: false,
            pragma_words: false,
            base: Base::Files,
            lookahead: None,
            contexts: Vec::new(),
            disabled: Vec::new(),
            prevent: 0,
            in_directive: false,
            in_args: false,
            collecting: 0,
            skip_evaluation: 0,
            depth: 0,
            budget: BUDGET,
            line: 0,
            spot: Spot::default(),
            latest: Spot::default(),
            result_spot: None,
            directive_lines: 1,
            directive_wants_padding: false,
            checking: false,
            cursor: None,
            printer: (!keep.is_empty()).then(|| Printer::new(dialect.mode.suffixes())),
        };
        for definition in &dialect.macros {
            unit.define(definition);
        }
        unit
    }

    /// Opens the source itself.
    pub(crate) fn open_source(&mut self) -> Result<(), Stop> {
        let file = match self.tree.read(self.source) {
            Ok(Some(file)) => file,
            Ok(None) => return Err(self.unsupported("no such file")),
            Err(error) => return Err(self.unsupported(&error.to_string())),
        };
        self.open(file, directory(self.source.as_str()), Place::None)
    }

    /// Begins to read a file.
    pub(crate) fn open(
        &mut self,
        file: Arc<SourceFile>,
        dir: Symbol,
        place: Place,
    ) -> Result<(), Stop> {
        self.spend(200)?;
        let lines = Arc::clone(file.lines(self.dialect.mode));
        let id = file.id();
        if self.states.len() <= id {
            self.states.resize(id + 1, 0);
        }
        if self.states[id] & READ == 0 {
            self.states[id] |= READ;
            self.files.push(Arc::clone(&file));
        }
        self.pragma_words |= lines.pragma_words;
        let problem = lines
            .problem
            .or_else(|| (self.dialect.strict && lines.trigraphs).then_some((1, "trigraph")));
        // What a system header includes from beside itself is one, too.
        let system = match place {
            Place::Beside => self.frames.last().is_some_and(|frame| frame.system),
            _ => self.search.is_system(place),
        };
        let kept = self.keep.iter().any(|kept| kept == file.path());
        self.frames.push(Frame {
            file,
            lines,
            item: 0,
            dir,
            place,
            presumed: None,
            shift: 0,
            kept,
            system,
            text: None,
        });
        match problem {
            Some((line, problem)) => {
                self.line = line;
                Err(self.unsupported(problem))
            }
            None => Ok(()),
        }
    }

    /// Returns a stop for something unknown at the current place.
    pub(crate) fn unsupported(&self, what: &str) -> Stop {
        let file = self
            .frames
            .last()
            .map_or(self.source, |frame| frame.file.path());
        Stop::Unsupported(Unsupported {
            file: file.to_owned(),
            line: self.line,
            what: what.to_owned(),
        })
    }

    /// Notes an error that the compiler would report and go on after.
    pub(crate) fn error(&mut self, what: &str) {
        self.budget = self.budget.saturating_sub(20_000);
        let name = self.file_name();
        let line = self.presumed_line(self.line);
        self.errors.push(format!("{name}:{line}: error: {what}"));
    }

    /// Returns the name that `__FILE__` has here.
    pub(crate) fn file_name(&self) -> Arc<str> {
        match self.frames.last() {
            Some(Frame {
                presumed: Some(name),
                ..
            }) => Arc::clone(name),
            Some(frame) => frame.file.path().as_str().into(),
            None => self.source.as_str().into(),
        }
    }

    /// Returns the number that `#line` gives to a line of the current file.
    pub(crate) fn presumed_line(&self, line: u32) -> u32 {
        let shift = self.frames.last().map_or(0, |frame| frame.shift);
        u32::try_from(i64::from(line) + shift).unwrap_or(0)
    }

    pub(crate) fn spend(&mut self, amount: usize) -> Result<(), Stop> {
        match self.budget.checked_sub(amount as u64) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => Err(self.unsupported("expansion without end")),
        }
    }

    /// Goes on to the next piece of text, executing one directive at most.
    pub(crate) fn advance(&mut self) -> Result<Step, Stop> {
        let Some(frame) = self.frames.last_mut() else {
            return Ok(Step::End);
        };
        let lines = Arc::clone(&frame.lines);
        let Some(item) = lines.items.get(frame.item) else {
            return Ok(Step::EndOfFile);
        };
        frame.item += 1;
        self.line = item.line;
        match item.what {
            What::Text { .. } => Ok(Step::Text),
            _ => {
                self.directive(item)?;
                Ok(Step::Directive)
            }
        }
    }

    pub(crate) fn close(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.states[frame.file.id()] |= GUARDED;
        }
    }

    /// Reads all files without expanding text, but for the text that effort asks for.
    pub(crate) fn skim(&mut self) -> Result<(), Stop> {
        'frames: while let Some(frame) = self.frames.last() {
            let lines = Arc::clone(&frame.lines);
            let depth = self.frames.len();
            let mut at = frame.item;
            while let Some(item) = lines.items.get(at) {
                self.line = item.line;
                if let What::Text {
                    first_word,
                    end_word,
                    ..
                } = item.what
                {
                    let words = &lines.words[first_word as usize..end_word as usize];
                    self.check_poison(words.iter().copied());
                    let interest = words.iter().fold(0, |all, word| {
                        all | self.interests.get(word.index()).copied().unwrap_or(0)
                    });
                    if interest & self.wanted() != 0 {
                        self.set_item(depth, at + 1);
                        self.check(item, interest)?;
                    }
                    at += 1;
                    continue;
                }
                self.set_item(depth, at + 1);
                self.directive(item)?;
                if self.frames.len() != depth {
                    continue 'frames;
                }
                at = self.frames[depth - 1].item;
            }
            self.close();
        }
        Ok(())
    }

    fn set_item(&mut self, depth: usize, item: usize) {
        self.frames[depth - 1].item = item;
    }

    /// Returns the kinds of names that would still tell something new.
    pub(crate) fn wanted(&self) -> u8 {
        let known = if self.uses_path {
            interest_of(Symbol::FILE)
        } else {
            0
        } | if self.uses_time {
            interest_of(Symbol::DATE)
        } else {
            0
        };
        let pragma = if self.pragma_text {
            interest_of(Symbol::PRAGMA_OPERATOR)
        } else {
            0
        };
        self.effort.interest & !known & !pragma
    }

    /// Reads a token that is not in a macro.
    pub(crate) fn base_token(&mut self) -> Result<Token, Stop> {
        if let Some((token, spot)) = self.lookahead.take() {
            self.spot = spot;
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

    pub(crate) fn into_closure(self, include_dirs: &[Utf8PathBuf]) -> Closure {
        let used_dirs = include_dirs
            .iter()
            .zip(&self.used)
            .filter(|(_, used)| **used)
            .map(|(dir, _)| dir.clone())
            .collect();
        let place = |dir: usize| self.used.iter().take(dir).filter(|used| **used).count();
        let mut lookups: Vec<Lookup> = self
            .lookups
            .iter()
            .map(|(name, &dir)| Lookup {
                name: name.display().into_owned(),
                found_in: (dir != ALL_DIRS).then(|| place(dir)),
            })
            .collect();
        lookups.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let mut absent: Vec<String> = self
            .absent
            .iter()
            .map(|name| name.display().into_owned())
            .collect();
        absent.sort_unstable();
        Closure {
            lookups: Some(lookups),
            files: self.files,
            used_dirs,
            uses_path: self.uses_path,
            uses_time: self.uses_time,
            absent,
        }
    }
}

impl Unit<'_> {
    /// Expands all text and throws it away.
    pub(crate) fn read_all(&mut self) -> Result<(), Stop> {
        while self.get()?.kind != Kind::End {}
        Ok(())
    }

    /// Tells whether tokens come from the files rather than from one directive or run of text.
    pub(crate) fn base_is_files(&self) -> bool {
        matches!(self.base, Base::Files) && (self.effort.full || self.printer.is_some())
    }

    /// Tells whether the language is assembler.
    pub(crate) fn is_asm(&self) -> bool {
        self.dialect.mode == Mode::Asm
    }
}
