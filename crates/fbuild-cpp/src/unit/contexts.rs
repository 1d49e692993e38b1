//! The expansions that are open, each with the rest of its tokens.

use std::sync::Arc;

use crate::define::Macro;
use crate::symbol::Symbol;
use crate::token::Token;

/// The rest of an expansion.
struct Context {
    tokens: List,
    at: usize,
    /// The macro whose expansion this is; it must not be expanded in it.
    name: Option<Symbol>,
    /// Flags for the tokens of a replacement list: where it was written.
    origin: u16,
}

/// The tokens of an expansion.
pub(super) enum List {
    /// The replacement list of a macro, with or without comments.
    Body(Arc<Macro>, bool),
    Owned(Box<[Token]>),
    One(Token),
    /// An argument that is expanded on its own: reading stops at its end instead of going on below.
    Argument(Box<[Token]>),
}

/// What reading the innermost expansion came to.
pub(super) enum Next {
    Token(Token),
    /// It has come to its end.
    End,
    /// It has come to its end, and is an argument.
    EndOfArgument,
    /// No expansion is open.
    Outside,
}

/// The open expansions, the innermost one last.
#[derive(Default)]
pub(super) struct Contexts {
    open: Vec<Context>,
    /// The macros that must not be expanded now.
    disabled: Vec<Symbol>,
}

impl Contexts {
    /// Opens an expansion that has no name.
    pub(super) fn push(&mut self, tokens: List) {
        self.open.push(Context {
            tokens,
            at: 0,
            name: None,
            origin: 0,
        });
    }

    /// Opens the expansion of a macro, whose replacement list gets the flags `origin`.
    pub(super) fn push_macro(&mut self, name: Symbol, tokens: List, origin: u16) {
        self.disabled.push(name);
        self.open.push(Context {
            tokens,
            at: 0,
            name: Some(name),
            origin,
        });
    }

    /// Closes the innermost expansion.
    pub(super) fn pop(&mut self) {
        if let Some(Context {
            name: Some(name), ..
        }) = self.open.pop()
        {
            self.disabled.retain(|&disabled| disabled != name);
        }
    }

    /// Closes expansions until `depth` are open.
    pub(super) fn pop_to(&mut self, depth: usize) {
        while self.open.len() > depth {
            self.pop();
        }
    }

    /// Returns how many expansions are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Tells whether a macro must not be expanded now.
    pub(super) fn is_disabled(&self, name: Symbol) -> bool {
        self.disabled.contains(&name)
    }

    /// Reads the innermost expansion.
    pub(super) fn next(&mut self) -> Next {
        let Some(context) = self.open.last_mut() else {
            return Next::Outside;
        };
        match (context.next(), &context.tokens) {
            (Some(token), _) => Next::Token(token),
            (None, List::Argument(_)) => Next::EndOfArgument,
            (None, _) => Next::End,
        }
    }

    /// Makes the token just read the next one again. Returns false if no expansion is open.
    pub(super) fn put_back(&mut self) -> bool {
        match self.open.last_mut() {
            Some(context) => context.at = context.at.saturating_sub(1),
            None => return false,
        }
        true
    }
}

impl Context {
    fn next(&mut self) -> Option<Token> {
        let token = match &self.tokens {
            List::Body(definition, comments) => {
                let token = definition.body(*comments).get(self.at).copied();
                token.map(|token| Token {
                    flags: token.flags | self.origin,
                    ..token
                })
            }
            List::Owned(tokens) | List::Argument(tokens) => tokens.get(self.at).copied(),
            List::One(token) => (self.at == 0).then_some(*token),
        };
        self.at += usize::from(token.is_some());
        token
    }
}
