//! Macro expansion.
//!
//! Tokens come from a stack of [`Context`]s, each the rest of an expansion, and below them from the base (a directive's tokens, or the text of
//! the files). The rules are gcc's, including its paddings: tokens without text that remember whether white space stood where an expansion
//! begins, and that two tokens from different places must not be written as one. See [`super::print`] for what they come to.

use std::sync::Arc;

use crate::define::{Macro, Shape};
use crate::symbol::Symbol;
use crate::token::{Kind, NO_EXPAND, PASTE_RIGHT, Token};
use crate::unit::{Stop, Unit};

/// The most macro calls within arguments of macro calls.
const MAX_DEPTH: u32 = 100;

/// The rest of an expansion.
pub(crate) struct Context {
    tokens: List,
    at: usize,
    /// The macro whose expansion this is; it must not be expanded in it.
    name: Option<Symbol>,
    /// Reading stops at the end instead of going on below.
    barrier: bool,
    /// Flags for the tokens of a replacement list: where it was written.
    origin: u16,
}

enum List {
    /// The replacement list of a macro, with or without comments.
    Body(Arc<Macro>, bool),
    Owned(Box<[Token]>),
    One(Token),
}

impl Context {
    /// A single token.
    pub(crate) fn one(token: Token) -> Self {
        Self {
            tokens: List::One(token),
            at: 0,
            name: None,
            barrier: false,
            origin: 0,
        }
    }

    /// An expansion to nothing.
    pub(crate) fn empty() -> Self {
        Self {
            tokens: List::Owned(Box::default()),
            at: 0,
            name: None,
            barrier: false,
            origin: 0,
        }
    }

    fn next(&mut self) -> Option<Token> {
        let token = match &self.tokens {
            List::Body(definition, comments) => {
                let token = definition.body(*comments).get(self.at).copied();
                token.map(|token| Token {
                    flags: token.flags | self.origin,
                    ..token
                })
            }
            List::Owned(tokens) => tokens.get(self.at).copied(),
            List::One(token) => (self.at == 0).then_some(*token),
        };
        self.at += usize::from(token.is_some());
        token
    }
}

impl Unit<'_> {
    /// Returns the definition in force of a name.
    pub(crate) fn macro_of(&self, name: Symbol) -> Option<&Arc<Macro>> {
        self.macros.get(name.index())?.as_ref()
    }

    /// Reads the next token, macros expanded. Padding is returned too, except in directives.
    pub(crate) fn get(&mut self) -> Result<Token, Stop> {
        loop {
            let mut token = match self.contexts.last_mut() {
                None => self.base_token()?,
                Some(context) => match context.next() {
                    Some(token) if token.flags & PASTE_RIGHT != 0 => {
                        let pasted = self.paste_all(token)?;
                        self.contexts.push(Context::one(pasted));
                        if self.in_directive {
                            continue;
                        }
                        return Ok(Token::padding(token));
                    }
                    Some(token) => token,
                    None if context.barrier => return Ok(Token::END),
                    None => {
                        self.pop();
                        if self.in_directive {
                            continue;
                        }
                        return Ok(Token::AVOID_PASTE);
                    }
                },
            };
            let Some(name) = token.name() else {
                return Ok(token);
            };
            if token.flags & NO_EXPAND != 0 {
                return Ok(token);
            }
            let Some(definition) = self.macro_of(name) else {
                return Ok(token);
            };
            if self.disabled.contains(&name) {
                token.flags |= NO_EXPAND;
                return Ok(token);
            }
            if self.prevent > 0 {
                return Ok(token);
            }
            let definition = Arc::clone(definition);
            // All of an expansion stands where the outermost macro was called.
            let spot = self.spot;
            let expanded = self.enter(definition)?;
            self.spot = spot;
            if !expanded {
                return Ok(token);
            }
            if !self.in_directive {
                return Ok(Token::padding(token));
            }
        }
    }

    /// Takes the next token of the innermost expansion as it stands there.
    pub(crate) fn next_raw(&mut self) -> Option<Token> {
        self.contexts.last_mut()?.next()
    }

    /// Puts the token just read back.
    pub(crate) fn put_back(&mut self, token: Token) {
        match self.contexts.last_mut() {
            Some(context) => context.at = context.at.saturating_sub(1),
            None => self.lookahead = Some((token, self.spot)),
        }
    }

    pub(crate) fn pop(&mut self) {
        if let Some(Context {
            name: Some(name), ..
        }) = self.contexts.pop()
        {
            self.disabled.retain(|&disabled| disabled != name);
        }
    }

    /// Begins the expansion of a macro. Returns false if the name is no call of it.
    fn enter(&mut self, definition: Arc<Macro>) -> Result<bool, Stop> {
        let name = definition.name;
        self.spend(1 + definition.body.len())?;
        let origin = self.origins.get(name.index()).copied().unwrap_or(0);
        let tokens = match definition.shape {
            Shape::Builtin => return self.expand_builtin(name),
            Shape::Object => List::Body(definition, self.keeps_comments()),
            Shape::Function { params, variadic } => {
                match self.arguments(&definition, params, variadic)? {
                    None => return Ok(false),
                    Some(_) if params == 0 => List::Body(definition, self.keeps_comments()),
                    Some(arguments) => List::Owned(
                        self.replace(&definition, arguments, variadic, origin)?
                            .into(),
                    ),
                }
            }
        };
        self.disabled.push(name);
        self.contexts.push(Context {
            tokens,
            at: 0,
            name: Some(name),
            barrier: false,
            origin,
        });
        Ok(true)
    }

    /// Tells whether comments in replacement lists are kept here.
    pub(crate) fn keeps_comments(&self) -> bool {
        self.printer.is_some() && !self.in_directive
    }

    /// Reads the arguments of a call, if a parenthesis follows.
    fn arguments(
        &mut self,
        definition: &Macro,
        params: u16,
        variadic: bool,
    ) -> Result<Option<Vec<Argument>>, Stop> {
        self.prevent += 1;
        let in_args = std::mem::replace(&mut self.in_args, true);
        let arguments = self.open_and_collect(definition.name, usize::from(params), variadic);
        self.in_args = in_args;
        self.prevent -= 1;
        arguments
    }

    fn open_and_collect(
        &mut self,
        name: Symbol,
        params: usize,
        variadic: bool,
    ) -> Result<Option<Vec<Argument>>, Stop> {
        let mut padding: Option<Token> = None;
        let token = loop {
            let token = self.get()?;
            if token.kind != Kind::Padding {
                break token;
            }
            if padding.is_none() || token.value == 0 {
                padding = Some(token);
            }
        };
        if token.kind == Kind::OpenParen {
            self.collecting += 1;
            let arguments = self.collect(name, params, variadic);
            self.collecting -= 1;
            return arguments;
        }
        if token.kind != Kind::End {
            self.put_back(token);
            if let Some(padding) = padding {
                self.contexts.push(Context::one(padding));
            }
        }
        Ok(None)
    }

    fn collect(
        &mut self,
        name: Symbol,
        params: usize,
        variadic: bool,
    ) -> Result<Option<Vec<Argument>>, Stop> {
        let mut arguments = vec![Argument::default()];
        let mut parentheses = 0_u32;
        loop {
            let mut token = self.get()?;
            let last = arguments.len() == params.max(1) && variadic;
            match token.kind {
                Kind::End => {
                    self.error(&format!(
                        "unterminated argument list invoking macro \"{}\"",
                        name.display()
                    ));
                    return Ok(None);
                }
                Kind::OpenParen => parentheses += 1,
                Kind::CloseParen if parentheses == 0 => break,
                Kind::CloseParen => parentheses -= 1,
                Kind::Comma if parentheses == 0 && !last => {
                    arguments.push(Argument::default());
                    continue;
                }
                _ => {}
            }
            let Some(argument) = arguments.last_mut() else {
                continue;
            };
            match token.kind {
                Kind::Padding if argument.tokens.is_empty() => continue,
                Kind::Comment => token = self.block_comment(token),
                _ => {}
            }
            argument.tokens.push(token);
            self.spend(1)?;
        }
        for argument in &mut arguments {
            while argument
                .tokens
                .last()
                .is_some_and(|token| token.kind == Kind::Padding)
            {
                argument.tokens.pop();
            }
        }
        self.fit(name, arguments, params, variadic)
    }

    /// Checks the number of arguments and adds the one that may be left out.
    fn fit(
        &mut self,
        name: Symbol,
        mut arguments: Vec<Argument>,
        params: usize,
        variadic: bool,
    ) -> Result<Option<Vec<Argument>>, Stop> {
        let count = arguments.len();
        let only_empty = count == 1 && arguments[0].tokens.is_empty();
        if params == 0 && only_empty {
            return Ok(Some(Vec::new()));
        }
        if count > params || count + 1 < params || (count + 1 == params && !variadic) {
            self.error(&format!(
                "macro \"{}\" passed {count} arguments, but takes {params}",
                name.display()
            ));
            return Ok(None);
        }
        // A variable argument that is left out swallows the comma of `, ## __VA_ARGS__`; one that is empty does not, except as the only one.
        if variadic && count < params {
            arguments.push(Argument {
                absent: true,
                ..Argument::default()
            });
        } else if variadic && only_empty && !self.dialect.strict {
            arguments[0].absent = true;
        }
        Ok(Some(arguments))
    }

    /// Expands an argument on its own.
    pub(crate) fn expand_argument(&mut self, tokens: &[Token]) -> Result<Box<[Token]>, Stop> {
        if self.depth >= MAX_DEPTH {
            return Err(self.unsupported("macro calls nested too deeply"));
        }
        self.depth += 1;
        self.contexts.push(Context {
            tokens: List::Owned(tokens.into()),
            at: 0,
            name: None,
            barrier: true,
            origin: 0,
        });
        let mut expanded = Vec::with_capacity(tokens.len());
        loop {
            let token = self.get()?;
            if token.kind == Kind::End {
                break;
            }
            self.spend(1)?;
            expanded.push(token);
        }
        self.contexts.pop();
        self.depth -= 1;
        Ok(expanded.into())
    }
}

/// An argument of a macro call.
#[derive(Default)]
pub(crate) struct Argument {
    /// As written.
    pub(crate) tokens: Vec<Token>,
    /// Expanded, once somebody asked.
    pub(crate) expanded: Option<Box<[Token]>>,
    /// Whether it was left out.
    pub(crate) absent: bool,
}
