//! Reading symbols and skipping what does not matter.

use super::{Step, Stop, Tagger};

impl Tagger<'_> {
    pub(super) fn any(&mut self) -> Step<u16> {
        self.input.next().ok_or(Stop::EndOfText)
    }

    pub(super) fn solid(&mut self) -> Step<u16> {
        let (symbol, blank) = self.input.next_solid();
        if blank {
            self.collect(b' '.into());
        }
        symbol.ok_or(Stop::EndOfText)
    }

    pub(super) fn collect(&mut self, symbol: u16) {
        if let Some(collected) = &mut self.collected {
            collected.push(char::from(u8::try_from(symbol).unwrap_or(b'?')));
        }
    }

    pub(super) fn skip_if(&mut self, byte: u8) {
        let next = self.input.next();
        if next != Some(byte.into()) {
            self.input.unread(next);
        }
    }

    pub(super) fn skip_parentheses(&mut self) -> Step<()> {
        let symbol = self.solid()?;
        if symbol == u16::from(b'(') {
            self.skip_pair(b'(', b')')
        } else {
            self.input.unread(Some(symbol));
            Ok(())
        }
    }

    pub(super) fn skip_to_one_of(&mut self, bytes: &[u8]) -> Step<u8> {
        loop {
            if let Ok(byte) = u8::try_from(self.any()?)
                && bytes.contains(&byte)
            {
                return Ok(byte);
            }
        }
    }

    /// Skips to the `close` that matches an `open` already read.
    pub(super) fn skip_pair(&mut self, open: u8, close: u8) -> Step<()> {
        let mut depth = 1u32;
        while depth > 0 {
            let symbol = match self.solid() {
                Err(Stop::EndOfText) if open == b'{' => return Err(Stop::Braces),
                other => other?,
            };
            self.collect(symbol);
            if symbol == u16::from(open) {
                depth += 1;
            } else if symbol == u16::from(close) {
                depth -= 1;
            }
        }
        Ok(())
    }

    pub(super) fn angle_bracket(&mut self) -> Step<()> {
        let next = self.any()?;
        if next == u16::from(b'<') {
            self.collect(next);
            self.skip_if(b'=');
        } else {
            self.input.unread(Some(next));
            if next != u16::from(b'=') {
                self.skip_template_arguments()?;
            }
        }
        Ok(())
    }

    /// Skips to the `>` that matches a `<` already read, or to where no template arguments can be.
    pub(super) fn skip_template_arguments(&mut self) -> Step<()> {
        let mut depth = 1u32;
        while depth > 0 {
            let symbol = self.solid()?;
            match u8::try_from(symbol).unwrap_or(0) {
                b';' | b'{' => {
                    self.input.unread(Some(symbol));
                    return Ok(());
                }
                b'<' => {
                    self.collect(symbol);
                    let next = self.input.next();
                    if next == Some(b'<'.into()) {
                        self.collect(symbol);
                    } else {
                        self.input.unread(next);
                        depth += 1;
                    }
                }
                b'>' => {
                    self.collect(symbol);
                    depth -= 1;
                }
                _ => self.collect(symbol),
            }
        }
        Ok(())
    }

    /// The base classes of a class, up to its brace.
    pub(super) fn skip_bases(&mut self) -> Step<()> {
        loop {
            let symbol = self.solid()?;
            if symbol == u16::from(b'{') {
                self.input.unread(Some(symbol));
                return Ok(());
            }
            if symbol == u16::from(b'<') {
                self.skip_template_arguments()?;
            }
        }
    }
}
