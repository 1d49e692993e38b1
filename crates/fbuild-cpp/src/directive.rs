//! What directives do.

use std::sync::Arc;

use crate::builtin::{PATH, TIME};
use crate::define::{Macro, Shape};
use crate::lex::Lexer;
use crate::lines::{Item, What};
use crate::symbol::{Symbol, Symbols};
use crate::token::{Kind, NOWHERE, SYSTEM, TOUCHED, Token};
use crate::unit::{Base, ONCE, Stop, Unit};

impl Unit<'_> {
    /// Executes a directive that is in force.
    pub(crate) fn directive(&mut self, item: &Item) -> Result<(), Stop> {
        self.spend(10)?;
        self.directive_lines = item.last_line - item.line + 1;
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
                self.undefine(*name);
            }
            What::Ifdef {
                name,
                negated,
                next,
            } => {
                self.check_poison([*name]);
                if self.macro_of(*name).is_some() == *negated {
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
                    if before.flags & TOUCHED != 0 && self.macro_of(name).is_none() =>
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
        let (file, line) = (self.file_name(), self.presumed_line(self.line));
        if let Some(printer) = &mut self.printer {
            printer.directive("#ident", tokens, &file, line);
        }
    }

    /// Puts a definition in force.
    pub(crate) fn define(&mut self, definition: &Arc<Macro>) {
        let body = definition.body.iter().filter_map(|token| token.name());
        self.check_poison(std::iter::once(definition.name).chain(body));
        let name = definition.name.index();
        if self.macros.len() <= name {
            self.macros.resize(name + 1024, None);
        }
        self.macros[name] = Some(Arc::clone(definition));
        if self.printer.is_some() {
            self.note_origin(name);
        }
        if definition.shape == Shape::Builtin {
            return;
        }
        let mut interest = 0;
        for word in definition.body.iter().filter_map(|token| token.name()) {
            let at = word.index();
            interest |= self.interests.get(at).copied().unwrap_or(0);
            if self.mentioned.len() <= at {
                self.mentioned.resize(at + 1024, false);
            }
            self.mentioned[at] = true;
        }
        if interest == 0 {
            return;
        }
        if self.interests.len() <= name {
            self.interests.resize(name + 1024, 0);
        }
        if interest & !self.interests[name] != 0 {
            self.interests[name] |= interest;
            self.late_interest |= self.mentioned.get(name).copied().unwrap_or(false);
        }
    }

    /// Remembers where a macro was written.
    fn note_origin(&mut self, name: usize) {
        if self.origins.len() <= name {
            self.origins.resize(name + 1024, 0);
        }
        self.origins[name] = match self.frames.last() {
            Some(frame) if frame.system => SYSTEM,
            Some(_) => 0,
            // The predefined macros come in one list; those of the command line seldom begin with an underscore.
            None if Symbol(name as u32).text().starts_with(b"_") => NOWHERE,
            None => 0,
        };
    }

    fn undefine(&mut self, name: Symbol) {
        if let Some(definition) = self.macros.get_mut(name.index()) {
            *definition = None;
        }
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
            self.line = item.line;
            self.directive_lines = item.last_line - item.line + 1;
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
    pub(crate) fn with_tokens<T>(
        &mut self,
        tokens: &[Token],
        read: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let base = std::mem::replace(&mut self.base, Base::Tokens(tokens.to_vec(), 0));
        let lookahead = self.lookahead.take();
        let prevent = std::mem::take(&mut self.prevent);
        let in_directive = std::mem::replace(&mut self.in_directive, true);
        let depth = self.contexts.len();
        let result = read(self);
        // What was left unread belongs to the directive.
        while self.contexts.len() > depth {
            self.pop();
        }
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

    /// Splits a text into tokens.
    pub(crate) fn lex_line(&self, text: &[u8]) -> Vec<Token> {
        let mut symbols = Symbols::open();
        let mut lexer = Lexer::new(text, 0, self.dialect.mode);
        let mut tokens = Vec::new();
        loop {
            let token = lexer.token(&mut symbols, false);
            if token.kind == Kind::End {
                return tokens;
            }
            tokens.push(token);
        }
    }

    /// Executes a pragma, from a directive or from `_Pragma`.
    pub(crate) fn pragma(&mut self, tokens: &[Token], operator: bool) -> Result<(), Stop> {
        let name = |at: usize| tokens.get(at).and_then(|token| token.name());
        let mut obeyed = true;
        match (name(0), name(1)) {
            (Some(Symbol::ONCE), _) => self.once(),
            (Some(Symbol::PUSH_MACRO), _) => {
                if let Some(name) = macro_name(tokens) {
                    let definition = self.macro_of(name).cloned();
                    self.pushed.entry(name).or_default().push(definition);
                }
            }
            (Some(Symbol::POP_MACRO), _) => {
                if let Some(name) = macro_name(tokens) {
                    match self.pushed.get_mut(&name).and_then(Vec::pop) {
                        Some(Some(definition)) if definition.shape == Shape::Builtin => {
                            return Err(self.unsupported("pop_macro of a computed macro"));
                        }
                        Some(Some(definition)) => self.define(&definition),
                        Some(None) => self.undefine(name),
                        None => {}
                    }
                }
            }
            (Some(Symbol::GCC), Some(Symbol::POISON)) => {
                for token in &tokens[2..] {
                    match token.name() {
                        Some(name) => self.poison(name),
                        None => self.error("invalid #pragma GCC poison directive"),
                    }
                }
            }
            (Some(Symbol::GCC), Some(Symbol::DEPENDENCY)) => {
                return Err(self.unsupported("#pragma GCC dependency"));
            }
            (Some(Symbol::GCC), Some(Symbol::ERROR)) => {
                let text = tokens
                    .get(2)
                    .map(|token| String::from_utf8_lossy(token.spelling()))
                    .unwrap_or_default();
                self.error(&format!("#pragma GCC error {text}"));
            }
            (Some(Symbol::GCC), Some(Symbol::SYSTEM_HEADER)) => {
                let included = self.frames.len() > 1;
                if let Some(frame) = self.frames.last_mut() {
                    frame.system |= included;
                }
            }
            (Some(Symbol::GCC), Some(Symbol::WARNING)) => {}
            _ => obeyed = false,
        }
        // gcc writes only the pragmas that are left to the compiler proper.
        if !obeyed && self.printing() {
            let line = self.presumed_line(if operator { self.spot.line } else { self.line });
            let file = self.file_name();
            if let Some(printer) = &mut self.printer {
                printer.directive("#pragma", tokens, &file, line);
                if operator {
                    printer.resume(&file, line);
                }
            }
        }
        Ok(())
    }

    /// Tells whether what is met here belongs to the output.
    pub(crate) fn printing(&self) -> bool {
        self.printer.is_some()
            && !self.checking
            && self.frames.last().is_some_and(|frame| frame.kept)
    }

    /// Forbids an identifier from here on; a macro of that name is forgotten.
    fn poison(&mut self, name: Symbol) {
        self.undefine(name);
        let at = name.index();
        if self.poisoned.len() <= at {
            self.poisoned.resize(at + 1, false);
        }
        self.poisoned[at] = true;
    }

    /// Notes an error if a forbidden identifier is among the words of active text or of a directive.
    pub(crate) fn check_poison(&mut self, words: impl IntoIterator<Item = Symbol>) {
        if self.poisoned.is_empty() {
            return;
        }
        let mut words = words.into_iter();
        let used = words.find(|word| self.poisoned.get(word.index()) == Some(&true));
        if let Some(word) = used {
            self.error(&format!("attempt to use poisoned \"{}\"", word.display()));
        }
    }

    /// Marks the current file as one to be read once only.
    pub(crate) fn once(&mut self) {
        let Some(file) = self.frames.last().map(|frame| Arc::clone(&frame.file)) else {
            return;
        };
        self.mark_once(&file);
    }

    pub(crate) fn mark_once(&mut self, file: &crate::file::SourceFile) {
        if self.states.len() <= file.id() {
            self.states.resize(file.id() + 1, 0);
        }
        let state = &mut self.states[file.id()];
        if *state & ONCE == 0 {
            *state |= ONCE;
            if let Some(likeness) = file.likeness() {
                self.once.entry(likeness).or_insert(file.id());
            }
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
            .map(|name| self.keep.iter().any(|kept| kept == name));
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

/// Returns the macro named by `push_macro("name")`.
fn macro_name(tokens: &[Token]) -> Option<Symbol> {
    let [_, open, text, close, ..] = tokens else {
        return None;
    };
    if open.kind != Kind::OpenParen || text.kind != Kind::Str || close.kind != Kind::CloseParen {
        return None;
    }
    let text = text.spelling();
    Some(Symbol::of(text[1..text.len() - 1].trim_ascii()))
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
