//! Output: everything is expanded, and what belongs to the files to keep is written.

use super::Unit;
use crate::stop::Stop;
use crate::symbol::Symbol;
use crate::token::{Kind, Token};

impl Unit<'_> {
    /// Expands everything and writes what belongs to the files to keep.
    pub(super) fn print_all(&mut self) -> Result<(), Stop> {
        let mut apart = false;
        loop {
            let token = self.get()?;
            if token.kind == Kind::End {
                return Ok(());
            }
            let padding = token.kind == Kind::Padding;
            if self.printing() {
                let spot = if padding {
                    self.at.spot
                } else {
                    self.at.result.take().unwrap_or(self.at.spot)
                };
                let (file, line) = (self.file_name(), self.presumed_line(spot.line));
                if let Some(printer) = &mut self.printer {
                    if padding {
                        printer.padding(token);
                    } else {
                        printer.token(token, apart, &file, line, spot.column);
                    }
                }
            } else if !padding {
                self.at.result = None;
            }
            apart = padding;
        }
    }

    /// Begins a line of the output where one begins in the input.
    pub(super) fn begin_line(&mut self) {
        if !self.printing() {
            return;
        }
        let (file, line, column) = (
            self.file_name(),
            self.presumed_line(self.at.spot.line),
            self.at.spot.column,
        );
        if let Some(printer) = &mut self.printer {
            printer.begin_line(&file, line, column);
        }
    }

    /// Turns a `//` comment into one that can be inside a line.
    pub(super) fn block_comment(&self, comment: Token) -> Token {
        match Symbol(comment.value).text().strip_prefix(b"//") {
            Some(body) => Token {
                value: Symbol::of(&[b"/*", body, b"*/"].concat()).0,
                ..comment
            },
            None => comment,
        }
    }

    /// Tells whether what is met here belongs to the output.
    pub(super) fn printing(&self) -> bool {
        self.printer.is_some()
            && !self.checking
            && self.frames.last().is_some_and(|frame| frame.kept)
    }
}
