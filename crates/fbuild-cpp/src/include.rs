//! `#include`, `#include_next`, `#import` and `__has_include`.

use std::sync::Arc;

use crate::file::SourceFile;
use crate::lines::{How, Target};
use crate::search::{Found, Place, Question};
use crate::symbol::Symbol;
use crate::token::{Kind, Token};
use crate::unit::{ALL_DIRS, GUARDED, ONCE, READ, Stop, Unit};

/// The most files that gcc opens within each other.
const MAX_DEPTH: usize = 200;

impl Unit<'_> {
    /// Executes an include directive.
    pub(crate) fn include(&mut self, how: How, target: &Target) -> Result<(), Stop> {
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
        if self.must_read(&found.file, how == How::Import) {
            self.open(found.file, found.dir, found.place)
        } else {
            Ok(())
        }
    }

    /// Looks for a header. The directory in which it is found counts as used also where the file is not read (again): the compiler has to
    /// find it there.
    fn find(&mut self, question: Question) -> Result<Option<Found>, Stop> {
        let found = self.search.find(&self.tree.files, question);
        let found = found.map_err(|error| self.unsupported(&error.to_string()))?;
        let given = found
            .as_ref()
            .and_then(|found| self.search.given(found.place));
        if let Some(given) = given {
            self.used[given] = true;
        }
        // What is found beside the asking file, or by an absolute path, is found there whatever the directories are.
        if !matches!(
            found,
            Some(Found {
                place: Place::Beside | Place::None,
                ..
            })
        ) {
            let reach = self.lookups.entry(question.header).or_default();
            *reach = (*reach).max(given.unwrap_or(ALL_DIRS));
        }
        Ok(found)
    }

    /// Says where to look for a header.
    fn question(&self, header: Symbol, angled: bool, next: bool) -> Question {
        let bracket = self.search.bracket as u32;
        let Some(frame) = self.frames.last() else {
            return Question {
                header,
                beside: None,
                from: bracket,
            };
        };
        match (next, frame.place) {
            (true, Place::Dir(at)) => Question {
                header,
                beside: None,
                from: at + 1,
            },
            (true, Place::Beside) => Question {
                header,
                beside: None,
                from: 0,
            },
            _ if angled => Question {
                header,
                beside: None,
                from: bracket,
            },
            _ => Question {
                header,
                beside: Some(frame.dir),
                from: 0,
            },
        }
    }

    /// Decides whether a file is to be read (again).
    fn must_read(&mut self, file: &Arc<SourceFile>, import: bool) -> bool {
        let state = self.states.get(file.id()).copied().unwrap_or(0);
        if state & ONCE != 0 {
            return false;
        }
        if import {
            self.mark_once(file);
            if state & READ != 0 {
                return false;
            }
        }
        if state & GUARDED != 0
            && let Some(guard) = file.lines(self.dialect.mode).guard
            && self.macro_of(guard).is_some()
        {
            return false;
        }
        // gcc takes two files for one if they have the same length, time of change and content, and one of them is to be read once only.
        let Some(likeness) = file.likeness() else {
            return true;
        };
        let once = self.once.get(&likeness);
        let same = |other: &Arc<SourceFile>| {
            !Arc::ptr_eq(other, file) && other.likeness() == Some(likeness)
        };
        once.is_none_or(|&first| first == file.id()) && !(import && self.files.iter().any(same))
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

    /// Evaluates `__has_include` behind its name. `None` if it is malformed.
    pub(crate) fn has_include(&mut self, next: bool) -> Result<Option<bool>, Stop> {
        let first = self.get()?;
        let (parenthesis, first) = if first.kind == Kind::OpenParen {
            (true, self.get()?)
        } else {
            (false, first)
        };
        let Some((header, angled)) = self.header_from(first)? else {
            return Ok(None);
        };
        if parenthesis && self.get()?.kind != Kind::CloseParen {
            return Ok(None);
        }
        let question = self.question(header, angled, next && self.frames.len() > 1);
        if !self.is_hidden(question) && self.find(question)?.is_some() {
            return Ok(Some(true));
        }
        self.absent.insert(header);
        if self.dialect.has_include_hides_failure() {
            self.hide(question);
        }
        Ok(Some(false))
    }

    /// Remembers a search that failed, as gcc does: under its beginning and under the heads of both lists that it passed.
    fn hide(&mut self, question: Question) {
        let bracket = self.search.bracket as u32;
        self.hidden.insert(question);
        for head in [0, bracket] {
            if question.from <= head {
                self.hidden.insert(Question {
                    beside: None,
                    from: head,
                    ..question
                });
            }
        }
    }

    /// Tells whether gcc remembers that this search fails; then it does not report the failure.
    fn is_hidden(&mut self, question: Question) -> bool {
        if self.hidden.is_empty() {
            return false;
        }
        if self.hidden.contains(&question) {
            return true;
        }
        // A search that finds nothing beside the file comes to the heads of the lists.
        let heads = [0, self.search.bracket as u32].map(|from| Question {
            beside: None,
            from,
            ..question
        });
        let passes =
            question.beside.is_some() && heads.iter().any(|head| self.hidden.contains(head));
        passes && matches!(self.find(question), Ok(None))
    }
}
