//! Runs of text: expanded for output, or only to see what they expand to.

use std::sync::Arc;

use super::{Base, Unit};
use crate::cursor::{Cursor, Text};
use crate::file::CHANGED;
use crate::interest::{PATH, PRAGMA, TIME};
use crate::lines::{Item, What};
use crate::stop::Stop;
use crate::symbol::Symbol;
use crate::token::{Kind, LINE_START, SPACE_BEFORE, Token};

impl Unit<'_> {
    /// Expands a run of text only to see what it expands to.
    pub(super) fn check(&mut self, item: &Item, interest: u8) -> Result<(), Stop> {
        self.findings.pragma_text |= interest & PRAGMA != 0;
        if interest & self.wanted() == 0 {
            return Ok(());
        }
        let Some(text) = self.text_of_frame()? else {
            return Ok(());
        };
        let tokens = text.tokens(item, self.task.dialect.mode);
        let base = std::mem::replace(&mut self.base, Base::Tokens(tokens, 0));
        let prevent = std::mem::take(&mut self.prevent);
        let errors = self.findings.errors.len();
        self.checking = true;
        while self.get()?.kind != Kind::End {}
        self.checking = false;
        self.prevent = prevent;
        // A call that reaches beyond this run of text is taken for one that uses what it may use.
        if self.findings.errors.len() > errors {
            self.findings.errors.truncate(errors);
            self.findings.uses_path |= interest & PATH != 0;
            self.findings.uses_time |= interest & TIME != 0;
        }
        self.base = base;
        Ok(())
    }

    /// Returns the kinds of names that would still tell something new.
    fn wanted(&self) -> u8 {
        let known = [
            (self.findings.uses_path, PATH),
            (self.findings.uses_time, TIME),
            (self.findings.pragma_text, PRAGMA),
        ];
        let known = known.iter().filter(|(known, _)| *known);
        known.fold(self.task.effort.interest, |wanted, (_, kind)| {
            wanted & !kind
        })
    }

    /// Looks at a run of text, with these identifiers, that is not expanded for output.
    pub(super) fn skim_text(&mut self, item: &Item, words: &[Symbol]) -> Result<(), Stop> {
        self.check_poison(words.iter().copied());
        let interest = self.macros.interests().of(words);
        if interest & self.task.effort.interest != 0 {
            self.check(item, interest)?;
        }
        Ok(())
    }

    /// Returns the clean text of the file that is being read. Its lines were split before, so it must not have changed since.
    fn text_of_frame(&mut self) -> Result<Option<Arc<Text>>, Stop> {
        let Some(frame) = self.frames.last_mut() else {
            return Ok(None);
        };
        if frame.text.is_none() {
            let Some(bytes) = frame.file.same_bytes() else {
                return Err(self.unsupported(CHANGED));
            };
            frame.text = Some(Arc::new(Text::of(&bytes)));
        }
        Ok(frame.text.clone())
    }

    /// Prepares the run of text that was just met for expansion, if it is to be expanded.
    pub(super) fn start_text(&mut self) -> Result<(), Stop> {
        let Some(frame) = self.frames.last() else {
            return Ok(());
        };
        let lines = Arc::clone(&frame.lines);
        let item = &lines.items[frame.item - 1];
        let What::Text {
            first_word,
            end_word,
            blank,
        } = item.what
        else {
            return Ok(());
        };
        if !blank
            && !frame.kept
            && let Some(printer) = &mut self.printer
        {
            printer.passes(frame.system);
        }
        let words = &lines.words[first_word as usize..end_word as usize];
        if !self.reads_text() {
            return self.skim_text(item, words);
        }
        self.check_poison(words.iter().copied());
        self.read_as_text(item)
    }

    /// Makes an item part of what is read as text; in assembler also a line that is no directive.
    pub(super) fn read_as_text(&mut self, item: &Item) -> Result<(), Stop> {
        if self.reads_text()
            && let Some(text) = self.text_of_frame()?
        {
            self.cursor = Some(Cursor::new(text, item));
        }
        Ok(())
    }

    /// Returns whether the current file's text is expanded, and not only looked through.
    ///
    /// When text is printed, that of the source itself is expanded also where a `#line` gives it to a file that is not kept: an error there
    /// is an error of the source.
    fn reads_text(&self) -> bool {
        let own = self.printer.is_some() && self.frames.len() == 1;
        self.task.effort.full || own || self.frames.last().is_some_and(|frame| frame.kept)
    }

    /// Reads the next token of the run of text that is being expanded; `None` at its end.
    pub(super) fn cursor_token(&mut self) -> Result<Option<Token>, Stop> {
        let Some(cursor) = &mut self.cursor else {
            return Ok(None);
        };
        let mut spot = None;
        let is_macro = |name| self.macros.is_defined(name);
        let comments = self.printer.is_some();
        let token = cursor.next(self.task.dialect.mode, comments, is_macro, &mut spot);
        if token.is_none() {
            self.cursor = None;
        }
        if let Some(spot) = spot {
            self.at.line = spot.line;
            self.at.spot = spot;
            self.at.latest = spot;
        }
        self.spend(1)?;
        Ok(token.map(|mut token| {
            if token.flags & LINE_START != 0 && self.collecting > 0 {
                token.flags |= SPACE_BEFORE;
            }
            token
        }))
    }
}
