//! The replacement lists of `#define`.
//!
//! A [`Macro`] is made once per directive and shared by all scans. It does not know whether it is in force.

use crate::symbol::Symbol;
use crate::token::{Kind, NAMED, PASTE_RIGHT, SPACE_BEFORE, STRINGIFY, Token};

/// A macro's definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Macro {
    pub(crate) name: Symbol,
    pub(crate) shape: Shape,
    /// The replacement list; parameters are [`Kind::Param`], operators are flags.
    pub(crate) body: Box<[Token]>,
    /// The replacement list with its comments, where it has any.
    pub(crate) commented: Option<Box<[Token]>>,
}

/// How a macro is invoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// By its name alone.
    Object,
    /// With arguments.
    Function {
        /// The number of parameters, the variable one included.
        params: u16,
        /// Whether the last parameter takes all remaining arguments.
        variadic: bool,
    },
    /// By its name, computed: `__FILE__` and the like.
    Builtin,
}

impl Macro {
    /// Makes a macro that the preprocessor computes.
    pub(crate) fn builtin(name: Symbol) -> Self {
        Self {
            name,
            shape: Shape::Builtin,
            body: Box::default(),
            commented: None,
        }
    }

    /// Returns the replacement list as `-CC` keeps it or without comments.
    pub(crate) fn body(&self, comments: bool) -> &[Token] {
        match &self.commented {
            Some(body) if comments => body,
            _ => &self.body,
        }
    }

    /// Reads what follows `#define`. `tokens` hold comments, each in the form `/* … */`.
    ///
    /// # Errors
    /// What is wrong with the definition.
    pub(crate) fn parse(tokens: &[Token], asm: bool) -> Result<Self, &'static str> {
        let plain: Vec<Token> = without_comments(tokens);
        let (name, rest) = plain
            .split_first()
            .ok_or("no macro name given in #define directive")?;
        if name.flags & NAMED != 0 {
            return Err("C++ operator as a macro name");
        }
        let name = name.name().ok_or("macro names must be identifiers")?;
        if matches!(
            name,
            Symbol::DEFINED
                | Symbol::HAS_INCLUDE_OPERATOR
                | Symbol::HAS_INCLUDE_NEXT_OPERATOR
                | Symbol::VA_ARGS
                | Symbol::VA_OPT
        ) {
            return Err("this name cannot be used as a macro name");
        }
        let (shape, names, rest) = match rest.first() {
            Some(open) if open.kind == Kind::OpenParen && !open.spaced() => parameters(&rest[1..])?,
            _ => (Shape::Object, Vec::new(), rest),
        };
        let function = matches!(shape, Shape::Function { .. });
        let body = replacement(rest, &names, function, asm)?;
        let commented = if plain.len() == tokens.len()
            || body
                .iter()
                .any(|token| token.flags & (PASTE_RIGHT | STRINGIFY) != 0)
        {
            None
        } else {
            Some(replacement(
                behind(tokens, plain.len() - rest.len()),
                &names,
                function,
                asm,
            )?)
        };
        let commented = commented.filter(|with| *with != body);
        Ok(Self {
            name,
            shape,
            body,
            commented,
        })
    }
}

/// Returns the part of `tokens` after its first `count` tokens that are no comments.
fn behind(tokens: &[Token], count: usize) -> &[Token] {
    let mut seen = 0;
    let at = tokens.iter().position(|token| {
        seen += usize::from(token.kind != Kind::Comment);
        seen == count
    });
    at.map_or(&[], |at| &tokens[at + 1..])
}

/// Drops comments; the token behind one counts as spaced.
pub(crate) fn without_comments(tokens: &[Token]) -> Vec<Token> {
    let mut space = 0;
    let mut kept = Vec::with_capacity(tokens.len());
    for token in tokens {
        if token.kind == Kind::Comment {
            space = SPACE_BEFORE;
        } else {
            kept.push(Token {
                flags: token.flags | space,
                ..*token
            });
            space = 0;
        }
    }
    kept
}

type Parameters<'a> = (Shape, Vec<Symbol>, &'a [Token]);

/// Reads a parameter list behind its opening parenthesis.
fn parameters(tokens: &[Token]) -> Result<Parameters<'_>, &'static str> {
    let shape = |names: &[Symbol], variadic| Shape::Function {
        params: names.len() as u16,
        variadic,
    };
    let mut names = Vec::new();
    let mut at = 0;
    let mut take = || {
        let token = tokens.get(at).copied().unwrap_or(Token::END);
        at += 1;
        token
    };
    if tokens
        .first()
        .is_some_and(|token| token.kind == Kind::CloseParen)
    {
        return Ok((shape(&names, false), names, &tokens[1..]));
    }
    loop {
        let token = take();
        let variadic = match token.kind {
            Kind::Ellipsis => {
                names.push(Symbol::VA_ARGS);
                true
            }
            Kind::Name if token.is(Symbol::VA_ARGS) => return Err("__VA_ARGS__ as a parameter"),
            Kind::Name => {
                if names.contains(&Symbol(token.value)) {
                    return Err("duplicate macro parameter");
                }
                names.push(Symbol(token.value));
                false
            }
            _ => return Err("bad macro parameter list"),
        };
        if names.len() > usize::from(u16::MAX) {
            return Err("too many macro parameters");
        }
        let next = take();
        let variadic = match (variadic, next.kind) {
            (true, Kind::CloseParen) => true,
            (false, Kind::CloseParen) => false,
            (false, Kind::Comma) => continue,
            (false, Kind::Ellipsis) if take().kind == Kind::CloseParen => true,
            _ => return Err("bad macro parameter list"),
        };
        return Ok((shape(&names, variadic), names, &tokens[at..]));
    }
}

fn replacement(
    tokens: &[Token],
    names: &[Symbol],
    function: bool,
    asm: bool,
) -> Result<Box<[Token]>, &'static str> {
    let mut body: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut after_paste = false;
    for &token in tokens {
        if token.kind == Kind::Paste {
            if after_paste {
                return Err("## twice in a row");
            }
            let Some(left) = body.last_mut() else {
                return Err("'##' cannot appear at either end of a macro expansion");
            };
            left.flags |= PASTE_RIGHT;
            after_paste = true;
            continue;
        }
        let parameter = token
            .name()
            .and_then(|name| names.iter().position(|&known| known == name));
        let mut token = match parameter {
            Some(number) => Token {
                kind: Kind::Param,
                flags: token.flags,
                value: number as u32,
            },
            None => token,
        };
        if token.is(Symbol::VA_ARGS) || token.is(Symbol::VA_OPT) {
            return Err("__VA_ARGS__ outside a variadic macro");
        }
        if function
            && !after_paste
            && let Some(hash) = body
                .last()
                .copied()
                .filter(|hash| hash.kind == Kind::Hash && hash.flags & PASTE_RIGHT == 0)
        {
            if token.kind == Kind::Param {
                body.pop();
                token.flags =
                    (token.flags & !SPACE_BEFORE) | (hash.flags & SPACE_BEFORE) | STRINGIFY;
            } else if !asm {
                return Err("'#' is not followed by a macro parameter");
            }
        }
        after_paste = false;
        body.push(token);
    }
    if after_paste {
        return Err("'##' cannot appear at either end of a macro expansion");
    }
    if function && !asm && body.last().is_some_and(|last| last.kind == Kind::Hash) {
        return Err("'#' is not followed by a macro parameter");
    }
    if let Some(first) = body.first_mut() {
        first.flags &= !SPACE_BEFORE;
    }
    Ok(body.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lex::Lexer;
    use crate::mode::Mode;
    use crate::symbol::Symbols;

    fn parse(text: &str, mode: Mode) -> Result<Macro, &'static str> {
        let tokens = Lexer::new(text.as_bytes(), 0, mode).rest(&mut Symbols::open(), true);
        Macro::parse(&tokens, mode == Mode::Asm)
    }

    fn show(body: &[Token]) -> String {
        let mut text = String::new();
        for token in body {
            text.push_str(if token.spaced() { " " } else { "" });
            text.push_str(if token.flags & STRINGIFY != 0 {
                "#"
            } else {
                ""
            });
            match token.kind {
                Kind::Param => text.push_str(&format!("${}", token.value)),
                _ => text.push_str(&String::from_utf8_lossy(token.spelling())),
            }
            text.push_str(if token.flags & PASTE_RIGHT != 0 {
                "##"
            } else {
                ""
            });
        }
        text
    }

    #[test]
    fn definitions_are_read() {
        let function = |params, variadic| Shape::Function { params, variadic };
        for (text, shape, body, commented) in [
            ("A", Shape::Object, "", ""),
            ("A  1 + 2", Shape::Object, "1 + 2", "1 + 2"),
            ("A (x)", Shape::Object, "(x)", "(x)"),
            ("A(x) x y", function(1, false), "$0 y", "$0 y"),
            ("A() x", function(0, false), "x", "x"),
            (
                "A(x, y) #x ## y",
                function(2, false),
                "#$0## $1",
                "#$0## $1",
            ),
            ("A(x) a # x", function(1, false), "a #$0", "a #$0"),
            ("A(...) f(__VA_ARGS__)", function(1, true), "f($0)", "f($0)"),
            (
                "A(f, a...) f(, ## a)",
                function(2, true),
                "$0(,## $1)",
                "$0(,## $1)",
            ),
            ("A /* c */ 1 /* d*/", Shape::Object, "1", "/* c */ 1 /* d*/"),
            ("A(x/* p */) x", function(1, false), "$0", "$0"),
            ("A # x", Shape::Object, "# x", "# x"),
            ("A a ## b", Shape::Object, "a## b", "a## b"),
        ] {
            let parsed = parse(text, Mode::Cxx).unwrap();
            assert_eq!(
                (
                    parsed.shape,
                    show(parsed.body(false)),
                    show(parsed.body(true))
                ),
                (shape, body.into(), commented.into()),
                "{text}"
            );
        }
    }

    #[test]
    fn bad_definitions_say_why() {
        for text in [
            "",
            "1",
            "A(x",
            "A(x,)",
            "A(x x)",
            "A(x, x)",
            "A(x) #y",
            "A ## b",
            "A b ##",
            "defined 1",
            "and 1",
            "A(..., x) y",
            "A __VA_ARGS__",
            "A(x) #",
        ] {
            assert!(parse(text, Mode::Cxx).is_err(), "{text}");
        }
        assert_eq!(show(&parse("A(x) # y", Mode::Asm).unwrap().body), "# y");
    }
}
