//! What a completed statement declares.

use super::statement::{Declaration, Storage};
use super::{ScopeKind, Tag, TagKind, Tagger};
use crate::prototypes::token::{TokenKind, Word};

impl Tagger<'_> {
    /// Records what the current token completes.
    pub(super) fn tag_statement(&mut self) {
        let in_enum = self.in_enum();
        let member = self.in_scope();
        let statement = self.statement();
        match statement.current.kind {
            TokenKind::OpenBrace => {
                if statement.before(1) == TokenKind::Parameters {
                    if statement.qualifying_name {
                        statement.declaration = Declaration::Base;
                        self.tag(2, TagKind::Function);
                    }
                } else if statement.declaration == Declaration::Struct {
                    self.tag(1, TagKind::Struct);
                }
            }
            TokenKind::Semicolon | TokenKind::Comma if !in_enum => {
                if statement.before(1) == TokenKind::Name {
                    let forward = matches!(
                        statement.before(2),
                        TokenKind::Word(Word::Class | Word::Struct | Word::Union | Word::Enum)
                    );
                    if !forward {
                        self.tag_variable(1);
                    }
                } else if statement.before(1) == TokenKind::Parameters
                    && statement.before(2) == TokenKind::Name
                {
                    if statement.pointer {
                        self.tag_variable(2);
                    } else if statement.storage != Storage::Typedef
                        && (statement.declaration.declares_values()
                            || (member && statement.declaration == Declaration::None))
                    {
                        self.tag(2, TagKind::Prototype);
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn tag_variable(&mut self, back: usize) {
        let member = self.in_scope();
        let statement = self.statement();
        let is_variable = statement.declaration.declares_values()
            && !statement.not_variable
            && !member
            && !statement.qualified
            && statement.qualifying_name
            && matches!(
                statement.storage,
                Storage::Global | Storage::Static | Storage::Friend
            );
        if is_variable {
            self.tag(back, TagKind::Variable);
        }
    }

    /// Tags the name that is `back` tokens before the current one.
    pub(super) fn tag(&mut self, back: usize, kind: TagKind) {
        let enclosing = self.parent().and_then(|parent| parent.declaration.scope());
        let statement = self.statement();
        let Some(token) = statement
            .token_before(back)
            .filter(|token| token.is(TokenKind::Name))
        else {
            return;
        };
        let is_function = matches!(kind, TagKind::Function | TagKind::Prototype);
        let tag = Tag {
            name: token.text.clone(),
            kind,
            line: token.line,
            signature: if is_function {
                statement.signature.clone()
            } else {
                String::new()
            },
            return_type: if is_function {
                statement.return_type(back)
            } else {
                String::new()
            },
            scope: match kind {
                TagKind::Variable => None,
                _ if statement.qualified => Some(ScopeKind::Class),
                _ => enclosing,
            },
        };
        self.tags.push(tag);
    }
}
