//! Arguments put into replacement lists: substitution, `#` and `##`.

use super::Unit;
use super::contexts::Next;
use super::expand::Argument;
use crate::define::Macro;
use crate::lex::Lexer;
use crate::stop::Stop;
use crate::symbol::Symbols;
use crate::token::{Kind, LINE_START, NOWHERE, PASTE_RIGHT, STRINGIFY, SYSTEM, Token};

impl Unit<'_> {
    /// Returns the replacement list of `definition` with its parameters replaced.
    pub(super) fn replace(
        &mut self,
        definition: &Macro,
        mut arguments: Vec<Argument>,
        variadic: bool,
        origin: u16,
    ) -> Result<Vec<Token>, Stop> {
        let body = definition.body(self.keeps_comments());
        let last = arguments.len().saturating_sub(1);
        let mut list: Vec<Token> = Vec::with_capacity(body.len() * 2);
        for (at, &source) in body.iter().enumerate() {
            if source.kind != Kind::Param {
                list.push(Token {
                    flags: source.flags | origin,
                    ..source
                });
                continue;
            }
            let number = source.value as usize;
            let pasted_left = at > 0 && body[at - 1].flags & PASTE_RIGHT != 0;
            let pasted_right = source.flags & PASTE_RIGHT != 0;
            // Where in the list a token gets or loses its `##`.
            let mut joint = None;
            let text: Box<[Token]>;
            if source.flags & STRINGIFY != 0 {
                text = Box::new([stringify(&arguments[number].tokens)]);
            } else if pasted_right || pasted_left {
                text = arguments[number].tokens.as_slice().into();
                if !pasted_right && let Some(before) = list.last() {
                    if before.kind == Kind::Comma && variadic && number == last {
                        if arguments[number].absent {
                            list.pop();
                        } else {
                            joint = Some(list.len() - 1);
                        }
                    } else if text.is_empty() {
                        joint = Some(list.len() - 1);
                    }
                }
            } else {
                if arguments[number].expanded.is_none() {
                    let tokens = std::mem::take(&mut arguments[number].tokens);
                    arguments[number].expanded = Some(self.expand_argument(&tokens)?);
                    arguments[number].tokens = tokens;
                }
                text = arguments[number].expanded.clone().unwrap_or_default();
            }
            if !self.in_directive && at > 0 && !pasted_left {
                list.push(Token::padding(source));
            }
            self.spend(text.len())?;
            if !text.is_empty() {
                // Line starts inside arguments are not line starts of the output.
                list.extend(text.iter().map(|token| Token {
                    flags: token.flags & !LINE_START,
                    ..*token
                }));
                if pasted_right {
                    joint = Some(list.len() - 1);
                }
            }
            if !self.in_directive && !pasted_right {
                list.push(Token::AVOID_PASTE);
            }
            if let Some(token) = joint.and_then(|at| list.get_mut(at)) {
                token.flags = if pasted_right {
                    token.flags | PASTE_RIGHT
                } else {
                    token.flags & !PASTE_RIGHT
                };
            }
        }
        Ok(list)
    }

    /// Joins `left` with what follows it in the innermost expansion.
    pub(super) fn paste_all(&mut self, mut left: Token) -> Result<Token, Stop> {
        loop {
            let right = match self.contexts.next() {
                Next::Token(token) if token.kind == Kind::Padding && token.value == 0 => continue,
                Next::Token(token) if token.kind == Kind::Padding => {
                    return Err(self.unsupported("## with nothing to its right"));
                }
                Next::Token(token) => token,
                _ => break,
            };
            match self.paste(left, right)? {
                Some(token) => left = token,
                None => {
                    self.put_back(right);
                    break;
                }
            }
            if right.flags & PASTE_RIGHT == 0 {
                break;
            }
        }
        left.flags &= !PASTE_RIGHT;
        Ok(left)
    }

    fn paste(&mut self, left: Token, right: Token) -> Result<Option<Token>, Stop> {
        if left.kind == Kind::Comment || right.kind == Kind::Comment {
            return Err(self.unsupported("## beside a comment"));
        }
        let mut text = left.spelling().to_vec();
        if left.kind == Kind::Div && right.kind != Kind::Eq {
            // The two must not become a comment.
            text.push(b' ');
        }
        text.extend_from_slice(right.spelling());
        self.spend(text.len())?;
        let mut lexer = Lexer::new(&text, 0, self.task.dialect.mode);
        let token = lexer.token(&mut Symbols::open(), true);
        if lexer.at_end() && lexer.problem.is_none() {
            return Ok(Some(Token {
                flags: token.flags & !PASTE_RIGHT | left.flags & (SYSTEM | NOWHERE),
                ..token
            }));
        }
        if !self.is_asm() {
            let (left, right) = (
                String::from_utf8_lossy(left.spelling()),
                String::from_utf8_lossy(right.spelling()),
            );
            self.error(&format!(
                "pasting \"{left}\" and \"{right}\" does not give a valid preprocessing token"
            ));
        }
        Ok(None)
    }
}

/// Makes a string literal of an argument as it was written.
fn stringify(tokens: &[Token]) -> Token {
    let mut text = vec![b'"'];
    let mut backslashes = 0;
    let mut source: Option<Token> = None;
    for &token in tokens {
        if token.kind == Kind::Padding {
            if source.is_none_or(|source| !source.spaced() && token.value == 0) {
                // Padding without a source leaves the decision to the next token.
                source = (token.value != 0).then_some(token);
            }
            continue;
        }
        if text.len() > 1 && source.unwrap_or(token).spaced() {
            text.push(b' ');
        }
        source = None;
        let escaped = matches!(
            token.kind,
            Kind::Str | Kind::PrefixedStr | Kind::Char | Kind::PrefixedChar
        );
        for &byte in token.spelling() {
            if escaped && matches!(byte, b'"' | b'\\') {
                text.push(b'\\');
            }
            text.push(byte);
        }
        backslashes = if token.kind == Kind::Other && token.spelling() == b"\\" {
            backslashes + 1
        } else {
            0
        };
    }
    if backslashes % 2 == 1 {
        // It would escape the closing quote.
        text.pop();
    }
    text.push(b'"');
    Token::new(Kind::Str, &text)
}
