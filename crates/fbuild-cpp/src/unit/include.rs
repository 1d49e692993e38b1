//! `#include`, `#include_next`, `#import` and `__has_include`.

use super::Unit;
use crate::lines::{How, Target};
use crate::search::{Found, Place, Question};
use crate::stop::Stop;
use crate::symbol::Symbol;
use crate::token::{Kind, Token};

/// The most files that gcc opens within each other.
const MAX_DEPTH: usize = 200;

impl Unit<'_> {
    /// Executes an include directive.
    pub(super) fn include(&mut self, how: How, target: &Target) -> Result<(), Stop> {
        let (header, angled) = match target {
            Target::Quoted(name) => (*name, false),
            Target::Angled(name) => (*name, true),
            Target::Tokens(tokens) => match self.with_tokens(tokens, |unit| unit.header_name())? {
                Some(header) => header,
                None => {
                    self.error("#include expects \"FILENAME\" or <FILENAME>");
                    return Ok(());
                }
            },
        };
        if header.text().is_empty() {
            self.error("empty filename in #include");
            return Ok(());
        }
        if self.in_args {
            return Err(self.unsupported("#include within the arguments of a macro"));
        }
        if self.frames.len() >= MAX_DEPTH {
            self.error("#include nested too deeply");
            return Ok(());
        }
        let how = if how == How::Next && self.frames.len() == 1 {
            How::Include
        } else {
            how
        };
        let question = self.question(header, angled, how == How::Next);
        if self.is_hidden(question) {
            return Ok(());
        }
        let Some(found) = self.find(question)? else {
            return Err(Stop::Missing(header.display().into_owned()));
        };
        let (mode, macros) = (self.task.dialect.mode, &self.macros);
        let guard_holds = || {
            let guard = found.file.lines(mode).guard;
            guard.is_some_and(|guard| macros.is_defined(guard))
        };
        if self
            .reads
            .must_read(&found.file, how == How::Import, guard_holds)
        {
            self.open(found.file, found.dir, found.place)
        } else {
            Ok(())
        }
    }

    /// Looks for a header.
    fn find(&mut self, question: Question) -> Result<Option<Found>, Stop> {
        let found = self.search.find(&self.task.tree.files, question);
        let found = found.map_err(|error| self.unsupported(&error.to_string()))?;
        self.lookups
            .note(question.header, found.as_ref(), &self.search);
        Ok(found)
    }

    /// Says where to look for a header.
    fn question(&self, header: Symbol, angled: bool, next: bool) -> Question {
        let place = self.frames.last().map(|frame| (frame.place, frame.dir));
        let (from, beside) = match (next, place) {
            (true, Some((Place::Dir(at), _))) => (at + 1, None),
            (false, Some((_, dir))) | (true, Some((Place::None, dir))) if !angled => (0, Some(dir)),
            _ => (0, None),
        };
        Question {
            header,
            beside,
            from,
        }
    }

    /// Reads the name of a header from expanded tokens: a string, or everything up to `>`.
    fn header_name(&mut self) -> Result<Option<(Symbol, bool)>, Stop> {
        let first = self.get()?;
        self.header_from(first)
    }

    fn header_from(&mut self, first: Token) -> Result<Option<(Symbol, bool)>, Stop> {
        match first.kind {
            Kind::Str => {
                let text = first.spelling();
                Ok(Some((Symbol::of(&text[1..text.len() - 1]), false)))
            }
            Kind::Less => {
                let mut text = Vec::new();
                loop {
                    let token = self.get()?;
                    match token.kind {
                        Kind::Greater => return Ok(Some((Symbol::of(&text), true))),
                        Kind::End => return Ok(None),
                        Kind::Padding => continue,
                        _ => {}
                    }
                    if token.spaced() {
                        text.push(b' ');
                    }
                    text.extend_from_slice(token.spelling());
                    self.spend(1 + token.spelling().len())?;
                }
            }
            _ => Ok(None),
        }
    }

    /// Reads the name of a header behind `<` without expanding macros.
    fn header_as_written(&mut self) -> Result<Symbol, Stop> {
        self.prevent += 1;
        let mut text = Vec::new();
        let closed = loop {
            let token = self.get()?;
            if token.kind == Kind::Greater {
                break true;
            }
            // How much white space there is, and a comment, are not in the tokens.
            if matches!(token.kind, Kind::End | Kind::Comment) || token.spaced() {
                break false;
            }
            text.extend_from_slice(token.spelling());
            self.spend(1 + token.spelling().len())?;
        };
        self.prevent -= 1;
        match closed {
            true => Ok(Symbol::of(&text)),
            false => Err(self.unsupported("unusual name in `__has_include`")),
        }
    }

    /// Evaluates `__has_include` behind its name. `None` if it is malformed.
    pub(super) fn has_include(&mut self, next: bool) -> Result<Option<bool>, Stop> {
        let first = self.get()?;
        let (parenthesis, first) = if first.kind == Kind::OpenParen {
            (true, self.get()?)
        } else {
            (false, first)
        };
        // Since gcc 10, a name in angle brackets that is no part of an expansion is read as it stands.
        let as_written = first.kind == Kind::Less
            && self.contexts.depth() == 0
            && self.task.dialect.has_include_is_builtin();
        let header = if as_written {
            Some((self.header_as_written()?, true))
        } else {
            self.header_from(first)?
        };
        let Some((header, angled)) = header else {
            return Ok(None);
        };
        if parenthesis && self.get()?.kind != Kind::CloseParen {
            return Ok(None);
        }
        let question = self.question(header, angled, next && self.frames.len() > 1);
        if !self.is_hidden(question) && self.find(question)?.is_some() {
            return Ok(Some(true));
        }
        let hides = self.task.dialect.has_include_hides_failure();
        self.lookups.note_absent(question, hides);
        Ok(Some(false))
    }

    /// Tells whether gcc remembers that this search fails; then it does not report the failure.
    fn is_hidden(&mut self, question: Question) -> bool {
        self.lookups.is_hidden(question)
            || (self.lookups.is_hidden_in_dirs(question) && matches!(self.find(question), Ok(None)))
    }
}
