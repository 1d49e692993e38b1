//! What directives do.

use std::sync::Arc;

use super::{Base, Unit};
use crate::define::Macro;
use crate::interest::{PATH, TIME};
use crate::lines::{Item, What};
use crate::stop::Stop;
use crate::symbol::Symbol;
use crate::token::{Kind, NOWHERE, SYSTEM, TOUCHED, Token};

impl Unit<'_> {
    /// Executes a directive that is in force.
    pub(super) fn directive(&mut self, item: &Item) -> Result<(), Stop> {
        self.spend(10)?;
        self.at.directive_lines = item.last_line - item.line + 1;
        match &item.what {
            What::Text { .. } | What::Endif | What::Nothing => {}
            What::Define(definition) => self.define(definition),
            What::TouchedDefine(tokens) => {
                let tokens = self.join_suffixes(tokens);
                match Macro::parse(&tokens, self.is_asm()) {
                    Ok(definition) => self.define(&Arc::new(definition)),
                    Err(what) => return Err(self.unsupported(what)),
                }
            }
            What::Ident(tokens) => self.ident(tokens),
            What::Undef(name) => {
                self.check_poison([*name]);
                self.macros.undefine(*name);
            }
            What::Ifdef {
                name,
                negated,
                next,
            } => {
                self.check_poison([*name]);
                if self.macros.is_defined(*name) == *negated {
                    self.skip_to(*next)?;
                }
            }
            What::If { tokens, next } => {
                if !self.evaluate(tokens)? {
                    self.skip_to(*next)?;
                }
            }
            // Reached from above: the branch before was in force.
            What::Elif { next, .. } | What::Else { next } => self.skip_to_end(*next),
            What::Include { how, target } => self.include(*how, target)?,
            What::Pragma(tokens) => self.pragma(tokens, false)?,
            What::Line { tokens, marker } => {
                self.line_directive(tokens, *marker, item.last_line)?
            }
            What::Error(text) => self.error(&text.display()),
            What::Unknown(_) if self.is_asm() => {
                if self.base_is_files() {
                    self.read_as_text(item)?;
                } else {
                    self.check(item, PATH | TIME)?;
                }
            }
            What::Unknown(name) => self.error(&format!(
                "invalid preprocessing directive #{}",
                name.display()
            )),
            What::Unsupported(what) => return Err(self.unsupported(what)),
        }
        Ok(())
    }

    /// Joins literals with the identifiers that touch them, unless those are macros.
    fn join_suffixes(&self, tokens: &[Token]) -> Vec<Token> {
        let mut joined: Vec<Token> = Vec::with_capacity(tokens.len());
        for &token in tokens {
            match (joined.last_mut(), token.name()) {
                (Some(before), Some(name))
                    if before.flags & TOUCHED != 0 && !self.macros.is_defined(name) =>
                {
                    let text = [before.spelling(), token.spelling()].concat();
                    *before = Token {
                        kind: Kind::PrefixedStr,
                        flags: before.flags & !TOUCHED,
                        value: Symbol::of(&text).0,
                    };
                }
                _ => joined.push(token),
            }
        }
        joined
    }

    fn ident(&mut self, tokens: &[Token]) {
        if !self.printing() {
            return;
        }
        let (file, line) = (self.file_name(), self.presumed_line(self.at.line));
        if let Some(printer) = &mut self.printer {
            printer.directive("#ident", tokens, &file, line);
        }
    }

    /// Puts a definition in force.
    pub(super) fn define(&mut self, definition: &Arc<Macro>) {
        let body = definition.body.iter().filter_map(|token| token.name());
        self.check_poison(std::iter::once(definition.name).chain(body));
        let in_system = self.frames.last().is_some_and(|frame| frame.system);
        self.macros
            .define(definition, if in_system { SYSTEM } else { 0 });
    }

    /// Goes on in the first branch from item `next` on whose condition holds.
    fn skip_to(&mut self, mut next: u32) -> Result<(), Stop> {
        let Some(lines) = self.frames.last().map(|frame| Arc::clone(&frame.lines)) else {
            return Ok(());
        };
        while let Some(item) = lines.items.get(next as usize) {
            let What::Elif {
                tokens,
                next: further,
            } = &item.what
            else {
                break;
            };
            self.at.line = item.line;
            self.at.directive_lines = item.last_line - item.line + 1;
            if self.evaluate(tokens)? {
                break;
            }
            next = *further;
        }
        self.go_to(next + 1);
        Ok(())
    }

    /// Goes on behind the `#endif` of the branch at item `next`.
    fn skip_to_end(&mut self, mut next: u32) {
        let Some(lines) = self.frames.last().map(|frame| Arc::clone(&frame.lines)) else {
            return;
        };
        while let Some(What::Elif { next: further, .. } | What::Else { next: further }) =
            lines.items.get(next as usize).map(|item| &item.what)
        {
            next = *further;
        }
        self.go_to(next + 1);
    }

    fn go_to(&mut self, item: u32) {
        if let Some(frame) = self.frames.last_mut() {
            frame.item = item as usize;
        }
    }

    /// Runs `read` with `tokens` as all there is to read.
    pub(super) fn with_tokens<T>(
        &mut self,
        tokens: &[Token],
        read: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let base = std::mem::replace(&mut self.base, Base::Tokens(tokens.to_vec(), 0));
        let lookahead = self.lookahead.take();
        let prevent = std::mem::take(&mut self.prevent);
        let in_directive = std::mem::replace(&mut self.in_directive, true);
        let depth = self.contexts.depth();
        let result = read(self);
        // What was left unread belongs to the directive.
        self.contexts.pop_to(depth);
        self.in_directive = in_directive;
        self.prevent = prevent;
        self.lookahead = lookahead;
        self.base = base;
        result
    }

    fn evaluate(&mut self, tokens: &[Token]) -> Result<bool, Stop> {
        self.check_poison(tokens.iter().filter_map(|token| token.name()));
        self.with_tokens(tokens, |unit| unit.condition())
    }

    /// Notes an error if a forbidden identifier is among the words of active text or of a directive.
    pub(super) fn check_poison(&mut self, words: impl IntoIterator<Item = Symbol>) {
        if let Some(word) = self.macros.poisoned(words) {
            self.error(&format!("attempt to use poisoned \"{}\"", word.display()));
        }
    }

    /// Executes `#line`, whose last line is `last_line`.
    fn line_directive(
        &mut self,
        tokens: &[Token],
        marker: bool,
        last_line: u32,
    ) -> Result<(), Stop> {
        let expanded = if marker {
            tokens.to_vec()
        } else {
            self.with_tokens(tokens, |unit| {
                let mut all = Vec::new();
                loop {
                    let token = unit.get()?;
                    if token.kind == Kind::End {
                        return Ok(all);
                    }
                    all.push(token);
                }
            })?
        };
        let number = expanded
            .first()
            .filter(|token| token.kind == Kind::Number)
            .and_then(|token| {
                let digits = std::str::from_utf8(token.spelling()).ok()?;
                digits
                    .bytes()
                    .all(|b| b.is_ascii_digit())
                    .then(|| digits.parse::<u32>().ok())?
            });
        let Some(number) = number else {
            self.error("#line without a line number");
            return Ok(());
        };
        let name = match expanded.get(1) {
            None => None,
            Some(token) if token.kind == Kind::Str => match file_text(token.spelling()) {
                Some(name) => Some(name),
                None => return Err(self.unsupported("escape in the file name of #line")),
            },
            Some(_) => {
                self.error("invalid filename in #line");
                return Ok(());
            }
        };
        if marker && expanded.len() > 2 {
            return Err(self.unsupported("line marker with flags"));
        }
        let kept = name
            .as_deref()
            .map(|name| self.task.keep.iter().any(|kept| kept == name));
        if let Some(frame) = self.frames.last_mut() {
            frame.shift = i64::from(number) - i64::from(last_line) - 1;
            if let Some(name) = name {
                frame.presumed = Some(name.into());
            }
            frame.kept = kept.unwrap_or(frame.kept);
        }
        Ok(())
    }
}

/// Returns the origin of a macro that is defined before the first line. The predefined macros come in one list; those of the command line rarely
/// begin with an underscore.
pub(super) fn predefined_origin(definition: &Macro) -> u16 {
    let is_predefined = definition.name.text().starts_with(b"_");
    if is_predefined { NOWHERE } else { 0 }
}

/// Reads the string of a `#line`. `None` for other escapes than of backslash and quote.
fn file_text(literal: &[u8]) -> Option<String> {
    let mut bytes = literal
        .get(1..literal.len().checked_sub(1)?)?
        .iter()
        .copied();
    let mut text = Vec::new();
    while let Some(byte) = bytes.next() {
        let byte = if byte == b'\\' {
            bytes.next().filter(|b| matches!(b, b'\\' | b'"' | b'\''))?
        } else {
            byte
        };
        text.push(byte);
    }
    String::from_utf8(text).ok()
}
