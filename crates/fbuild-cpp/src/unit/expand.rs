//! Macro expansion.
//!
//! Tokens come from the expansions that are open and, where there is none, from the base (a directive's tokens, or the text of the files). The
//! rules are gcc's, including its paddings: tokens without text that remember whether white space stood where an expansion begins, and that two
//! tokens from different places must not be written as one. See [`crate::printer`] for what they come to.

use std::sync::Arc;

use super::Unit;
use super::contexts::{List, Next};
use crate::define::{Macro, Shape};
use crate::stop::Stop;
use crate::symbol::Symbol;
use crate::token::{Kind, NO_EXPAND, PASTE_RIGHT, Token};

/// The most macro calls within arguments of macro calls.
const MAX_DEPTH: u32 = 100;

impl Unit<'_> {
    /// Reads the next token, macros expanded. Padding is returned too, except in directives.
    pub(super) fn get(&mut self) -> Result<Token, Stop> {
        loop {
            let mut token = match self.contexts.next() {
                Next::Outside => self.base_token()?,
                Next::Token(token) if token.flags & PASTE_RIGHT != 0 => {
                    let pasted = self.paste_all(token)?;
                    self.contexts.push(List::One(pasted));
                    if self.in_directive {
                        continue;
                    }
                    return Ok(Token::padding(token));
                }
                Next::Token(token) => token,
                Next::EndOfArgument => return Ok(Token::END),
                Next::End => {
                    self.contexts.pop();
                    if self.in_directive {
                        continue;
                    }
                    return Ok(Token::AVOID_PASTE);
                }
            };
            let Some(name) = token.name() else {
                return Ok(token);
            };
            if token.flags & NO_EXPAND != 0 {
                return Ok(token);
            }
            let Some(definition) = self.macros.get(name) else {
                return Ok(token);
            };
            if self.contexts.is_disabled(name) {
                token.flags |= NO_EXPAND;
                return Ok(token);
            }
            if self.prevent > 0 {
                return Ok(token);
            }
            let definition = Arc::clone(definition);
            // The place of an expansion is that of the outermost call.
            let spot = self.at.spot;
            let expanded = self.enter(definition)?;
            self.at.spot = spot;
            if !expanded {
                return Ok(token);
            }
            if !self.in_directive {
                return Ok(Token::padding(token));
            }
        }
    }

    /// Puts the token just read back.
    pub(super) fn put_back(&mut self, token: Token) {
        if !self.contexts.put_back() {
            self.lookahead = Some((token, self.at.spot));
        }
    }

    /// Begins the expansion of a macro. Returns false if the name is no call of it.
    fn enter(&mut self, definition: Arc<Macro>) -> Result<bool, Stop> {
        let name = definition.name;
        self.spend(1 + definition.body.len())?;
        let origin = self.macros.origin(name);
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
        self.contexts.push_macro(name, tokens, origin);
        Ok(true)
    }

    /// Tells whether comments in replacement lists are kept here.
    pub(super) fn keeps_comments(&self) -> bool {
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
                self.contexts.push(List::One(padding));
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
        } else if variadic && only_empty && !self.task.dialect.strict {
            arguments[0].absent = true;
        }
        Ok(Some(arguments))
    }

    /// Expands an argument on its own.
    pub(super) fn expand_argument(&mut self, tokens: &[Token]) -> Result<Box<[Token]>, Stop> {
        if self.depth >= MAX_DEPTH {
            return Err(self.unsupported("macro calls nested too deeply"));
        }
        self.depth += 1;
        self.contexts.push(List::Argument(tokens.into()));
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
pub(super) struct Argument {
    /// As written.
    pub(super) tokens: Vec<Token>,
    /// Expanded, if a parameter needed that.
    pub(super) expanded: Option<Box<[Token]>>,
    /// Whether it was left out.
    pub(super) absent: bool,
}
