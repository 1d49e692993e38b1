//! A file as directives and the text between them.
//!
//! [`Lines`] is what one file is in one [`Mode`]; it is made once per run (`split/`) and shared by all scans. Conditionals are linked to their
//! next branch, so that skipping a group is one step. Which lines are in force is not known here.

use std::sync::Arc;

use crate::define::Macro;
use crate::mode::Mode;
use crate::symbol::Symbol;
use crate::token::{Kind, Token};

/// The lines of one file.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) items: Box<[Item]>,
    /// The identifiers of all text, by chunk; each once per chunk.
    pub(crate) words: Box<[Symbol]>,
    /// The macro whose definition makes the whole file empty (an include guard).
    pub(crate) guard: Option<Symbol>,
    /// What is wrong with the file as a whole, and in which line.
    pub(crate) problem: Option<(u32, &'static str)>,
    /// Whether text or macros here could be the operand of a `_Pragma` that changes macros.
    pub(crate) pragma_words: bool,
    /// Whether strict ISO modes would read the file differently.
    pub(crate) trigraphs: bool,
}

/// A directive, or the text up to the next one.
#[derive(Debug)]
pub(crate) struct Item {
    /// The line of its beginning, from 1.
    pub(crate) line: u32,
    /// The line of its end; that of the beginning for most directives.
    pub(crate) last_line: u32,
    /// Its place in the clean text.
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    /// Text; its identifiers are this range of [`Lines::words`].
    Text {
        first_word: u32,
        end_word: u32,
        blank: bool,
    },
    Define(Arc<Macro>),
    /// A definition with a literal that an identifier touches: how it is read depends on the macros in force.
    TouchedDefine(Box<[Token]>),
    Undef(Symbol),
    /// `#ifdef`, `#ifndef`.
    Ifdef {
        name: Symbol,
        negated: bool,
        next: u32,
    },
    If {
        tokens: Box<[Token]>,
        next: u32,
    },
    Elif {
        tokens: Box<[Token]>,
        next: u32,
    },
    Else {
        next: u32,
    },
    Endif,
    Include {
        how: How,
        target: Target,
    },
    /// The tokens behind `#pragma`.
    Pragma(Box<[Token]>),
    /// `#line`, or a line marker of preprocessed text.
    Line {
        tokens: Box<[Token]>,
        marker: bool,
    },
    /// `#error`, with its whole text.
    Error(Symbol),
    /// `#ident`, `#sccs`.
    Ident(Box<[Token]>),
    /// `#warning` and the empty directive: nothing that matters.
    Nothing,
    /// Not a directive. In assembler the line is text.
    Unknown(Symbol),
    /// A directive whose meaning is not known here, if it is in force.
    Unsupported(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Include,
    Next,
    Import,
}

#[derive(Debug)]
pub(crate) enum Target {
    Quoted(Symbol),
    Angled(Symbol),
    /// To be expanded first.
    Tokens(Box<[Token]>),
}

impl Lines {
    /// Returns whether a second inclusion adds nothing.
    pub(crate) fn is_guarded(&self) -> bool {
        let once = |item: &Item| matches!(&item.what, What::Pragma(tokens) if tokens.first().and_then(|token| token.name()) == Some(Symbol::ONCE));
        self.guard.is_some() || self.items.iter().any(once)
    }

    /// The lines of a file of which nothing is known, and why.
    pub(crate) fn unknown(problem: &'static str) -> Self {
        let mut lines = Self::of(b"", Mode::Cxx);
        lines.problem = Some((1, problem));
        lines
    }
}

/// Finds the include guard: one conditional around everything, without a second branch.
pub(crate) fn guard(items: &[Item]) -> Option<Symbol> {
    let text = |item: &&Item| !matches!(item.what, What::Text { blank: true, .. });
    let first = items.iter().find(text)?;
    let (name, next) = match &first.what {
        What::Ifdef {
            name,
            negated: true,
            next,
        } => (*name, *next),
        What::If { tokens, next } => match **tokens {
            [not, defined, name] if not.kind == Kind::Not && defined.is(Symbol::DEFINED) => {
                (name.word()?, *next)
            }
            [not, defined, open, name, close]
                if not.kind == Kind::Not
                    && defined.is(Symbol::DEFINED)
                    && open.kind == Kind::OpenParen
                    && close.kind == Kind::CloseParen =>
            {
                (name.word()?, *next)
            }
            _ => return None,
        },
        _ => return None,
    };
    let last = items.get(next as usize)?;
    let nothing_behind = !items[next as usize + 1..].iter().any(|item| text(&item));
    (matches!(last.what, What::Endif) && nothing_behind).then_some(name)
}
