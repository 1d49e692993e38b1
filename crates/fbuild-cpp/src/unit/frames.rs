//! The files that are open, and the way from one directive or run of text to the next.

use std::sync::Arc;

use super::Unit;
use crate::cursor::Text;
use crate::file::SourceFile;
use crate::lines::{Lines, What};
use crate::search::Place;
use crate::stop::Stop;
use crate::symbol::Symbol;

/// A file that is being read.
pub(super) struct Frame {
    pub(super) file: Arc<SourceFile>,
    pub(super) lines: Arc<Lines>,
    pub(super) item: usize,
    pub(super) dir: Symbol,
    pub(super) place: Place,
    /// The name and the shift of line numbers that `#line` gave.
    pub(super) presumed: Option<Arc<str>>,
    pub(super) shift: i64,
    /// Whether text here belongs to the files to keep.
    pub(super) kept: bool,
    /// Whether it is a system header.
    pub(super) system: bool,
    pub(super) text: Option<Arc<Text>>,
}

/// What was found in a step of [`Unit::advance`].
pub(super) enum Step {
    Text,
    Directive,
    EndOfFile,
    End,
}

impl Unit<'_> {
    /// Begins to read a file.
    pub(super) fn open(
        &mut self,
        file: Arc<SourceFile>,
        dir: Symbol,
        place: Place,
    ) -> Result<(), Stop> {
        self.spend(200)?;
        let lines = Arc::clone(file.lines(self.task.dialect.mode));
        self.reads.open(&file);
        self.findings.pragma_words |= lines.pragma_words;
        let problem = lines
            .problem
            .or_else(|| (self.task.dialect.strict && lines.trigraphs).then_some((1, "trigraph")));
        // What a system header includes from beside itself is one, too.
        let system = match place {
            Place::Beside => self.frames.last().is_some_and(|frame| frame.system),
            _ => self.search.is_system(place),
        };
        let kept = self.task.keep.iter().any(|kept| kept == file.path());
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
                self.at.line = line;
                Err(self.unsupported(problem))
            }
            None => Ok(()),
        }
    }

    /// Returns the name that `__FILE__` has here.
    pub(super) fn file_name(&self) -> Arc<str> {
        match self.frames.last() {
            Some(Frame {
                presumed: Some(name),
                ..
            }) => Arc::clone(name),
            Some(frame) => frame.file.path().as_str().into(),
            None => self.task.source.as_str().into(),
        }
    }

    /// Returns the number that `#line` gives to a line of the current file.
    pub(super) fn presumed_line(&self, line: u32) -> u32 {
        let shift = self.frames.last().map_or(0, |frame| frame.shift);
        u32::try_from(i64::from(line) + shift).unwrap_or(0)
    }

    /// Goes on to the next piece of text, executing one directive at most.
    pub(super) fn advance(&mut self) -> Result<Step, Stop> {
        let Some(frame) = self.frames.last_mut() else {
            return Ok(Step::End);
        };
        let lines = Arc::clone(&frame.lines);
        let Some(item) = lines.items.get(frame.item) else {
            return Ok(Step::EndOfFile);
        };
        frame.item += 1;
        self.at.line = item.line;
        match item.what {
            What::Text { .. } => Ok(Step::Text),
            _ => {
                self.directive(item)?;
                Ok(Step::Directive)
            }
        }
    }

    pub(super) fn close(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.reads.close(&frame.file);
        }
    }

    /// Reads all files without expanding text, but for the text that effort asks for.
    pub(super) fn skim(&mut self) -> Result<(), Stop> {
        'frames: while let Some(frame) = self.frames.last() {
            let lines = Arc::clone(&frame.lines);
            let depth = self.frames.len();
            let mut at = frame.item;
            while let Some(item) = lines.items.get(at) {
                self.at.line = item.line;
                if let What::Text {
                    first_word,
                    end_word,
                    ..
                } = item.what
                {
                    self.skim_text(item, &lines.words[first_word as usize..end_word as usize])?;
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
}
