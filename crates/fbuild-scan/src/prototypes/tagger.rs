//! Finds functions, prototypes, variables and structs in preprocessed C++ text, in the way the ctags of the Arduino tools does.
//!
//! It is not a C++ parser, on purpose: which functions are found, and with what text, decides which prototypes a sketch gets and so
//! its firmware (semantics 4.2 and 4.3). It knows statements, braces and parentheses, and nothing of types or templates.
//! Bodies are skipped. It knows nothing about files; lines are numbers in the text that it was given.

mod parentheses;
mod record;
mod skip;
mod statement;
mod words;

use super::characters::{Characters, STRING, starts_name};
use super::token::{TokenKind, Word};
use statement::{Declaration, Statement, Storage};

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// A struct definition.
    Struct,
    /// A variable that is neither a member nor `extern`.
    Variable,
    /// A function's declaration, also of a member.
    Prototype,
    /// A function's definition.
    Function,
}

/// The kind of the innermost enclosing or qualifying scope of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    /// A class, or whatever comes before `::`.
    Class,
    /// A struct.
    Struct,
    /// A union; the Arduino tools take its functions for free ones.
    Union,
    /// An enumeration.
    Enum,
    /// A namespace, also an anonymous one.
    Namespace,
}

/// A tagged name.
#[derive(Clone, Debug)]
pub struct Tag {
    /// The name without qualification; `operator +` for an operator.
    pub name: String,
    /// What the name is the name of.
    pub kind: TagKind,
    /// Zero-based line of the name.
    pub line: usize,
    /// Parameter list with its parentheses and what of `const volatile` follows it; functions and prototypes only.
    pub signature: String,
    /// Return type; may be empty. Blanks are where C++ needs them, which is more often than in ctags' own spelling.
    pub return_type: String,
    /// Where the name belongs, if not to the file.
    pub scope: Option<ScopeKind>,
}

/// Why a pass over the text ended.
enum Stop {
    EndOfText,
    Braces,
}

type Step<T> = Result<T, Stop>;

/// Everything that `text` (preprocessed, without line markers) declares, in the order in which the declarations end.
pub fn tags(text: &str) -> Vec<Tag> {
    let mut first = Tagger::new(text, false);
    match first.run() {
        Stop::EndOfText => first.tags,
        Stop::Braces => {
            let mut second = Tagger::new(text, true);
            second.run();
            second.tags
        }
    }
}

struct Tagger<'a> {
    input: Characters<'a>,
    /// The second pass over a text whose braces do not match forgives some of it.
    forgiving: bool,
    /// Open statements, one for each level of braces.
    levels: Vec<Statement>,
    /// While a parameter list is read: its text.
    collected: Option<String>,
    tags: Vec<Tag>,
}

impl<'a> Tagger<'a> {
    fn new(text: &'a str, forgiving: bool) -> Self {
        Self {
            input: Characters::new(text),
            forgiving,
            levels: Vec::new(),
            collected: None,
            tags: Vec::new(),
        }
    }

    fn run(&mut self) -> Stop {
        self.levels.push(Statement::default());
        loop {
            if let Err(stop) = self.step() {
                return stop;
            }
        }
    }

    fn statement(&mut self) -> &mut Statement {
        if self.levels.is_empty() {
            self.levels.push(Statement::default());
        }
        let top = self.levels.len() - 1;
        &mut self.levels[top]
    }

    fn parent(&self) -> Option<&Statement> {
        self.levels
            .len()
            .checked_sub(2)
            .map(|index| &self.levels[index])
    }

    fn in_enum(&self) -> bool {
        self.parent()
            .is_some_and(|parent| parent.declaration == Declaration::Enum)
    }

    /// True directly inside a class, struct, union, enum or namespace.
    fn in_scope(&self) -> bool {
        self.parent()
            .is_some_and(|parent| parent.declaration.scope().is_some())
    }

    /// Reads one token and acts on it.
    fn step(&mut self) -> Step<()> {
        self.next_token()?;
        match self.statement().current.kind {
            TokenKind::CloseBrace => {
                if self.levels.len() == 1 {
                    return Err(Stop::Braces);
                }
                self.levels.pop();
                self.close_block();
            }
            TokenKind::DoubleColon => {
                let statement = self.statement();
                if statement.before(1) == TokenKind::Name {
                    statement.qualified = true;
                }
                statement.advance();
            }
            kind => {
                self.tag_statement();
                if kind == TokenKind::OpenBrace {
                    let declaration = self.statement().declaration;
                    if declaration.scope().is_some() || declaration == Declaration::Linkage {
                        self.levels.push(Statement::default());
                        return Ok(());
                    }
                    self.skip_pair(b'{', b'}')?;
                    self.close_block();
                } else {
                    self.end_or_advance();
                }
            }
        }
        Ok(())
    }

    fn close_block(&mut self) {
        let statement = self.statement();
        statement.advance();
        statement.current.kind = TokenKind::CloseBrace;
        self.end_or_advance();
    }

    fn end_or_advance(&mut self) {
        let statement = self.statement();
        match statement.current.kind {
            TokenKind::Comma => statement.restart(true),
            TokenKind::Semicolon => statement.restart(false),
            TokenKind::CloseBrace if statement.declaration.scope().is_none() => {
                statement.restart(false);
            }
            _ => statement.advance(),
        }
    }

    /// Reads until there is a token.
    fn next_token(&mut self) -> Step<()> {
        loop {
            let symbol = self.solid()?;
            match u8::try_from(symbol).unwrap_or(0) {
                b'(' => self.parentheses()?,
                b'<' => self.angle_bracket()?,
                b'*' => self.set(TokenKind::Star),
                b'&' => self.set(TokenKind::Ampersand),
                b',' => self.set(TokenKind::Comma),
                b':' => self.colon()?,
                b';' => self.set(TokenKind::Semicolon),
                b'=' => self.initializer()?,
                b'[' => self.skip_pair(b'[', b']')?,
                b'{' => self.set(TokenKind::OpenBrace),
                b'}' => self.set(TokenKind::CloseBrace),
                _ => self.general(symbol)?,
            }
            if !self.statement().current.is(TokenKind::Nothing) {
                return Ok(());
            }
        }
    }

    fn set(&mut self, kind: TokenKind) {
        let line = self.input.line();
        let current = &mut self.statement().current;
        current.kind = kind;
        current.line = line;
    }

    fn general(&mut self, symbol: u16) -> Step<()> {
        if starts_name(symbol) {
            self.name(symbol)?;
            let statement = self.statement();
            if statement.current.is(TokenKind::Name) && statement.before(1) == TokenKind::Name {
                statement.qualified = false;
            }
        } else if symbol == u16::from(b'.') || symbol == u16::from(b'-') {
            let statement = self.statement();
            if !statement.assignment {
                statement.not_variable = true;
            }
            if symbol == u16::from(b'-') {
                self.skip_if(b'>');
            }
        } else if symbol == u16::from(b'!') || symbol == u16::from(b'>') {
            self.skip_if(b'=');
        } else if symbol == STRING && self.statement().starts_extern() {
            let statement = self.statement();
            statement.declaration = Declaration::Linkage;
            statement.storage = Storage::Global;
        }
        Ok(())
    }

    fn colon(&mut self) -> Step<()> {
        let next = self.any()?;
        if next == u16::from(b':') {
            self.set(TokenKind::DoubleColon);
            self.statement().qualifying_name = false;
            return Ok(());
        }
        self.input.unread(Some(next));
        let declaration = self.statement().declaration;
        if matches!(declaration, Declaration::Class | Declaration::Struct) {
            return self.skip_bases();
        }
        if declaration == Declaration::Enum {
            let end = self.skip_to_one_of(b"{,;")?;
            self.input.unread(Some(end.into()));
            return Ok(());
        }
        if self
            .parent()
            .is_some_and(|parent| parent.declaration == Declaration::Struct)
        {
            let kind = match self.skip_to_one_of(b",;")? {
                b',' => TokenKind::Comma,
                _ => TokenKind::Semicolon,
            };
            self.set(kind);
            return Ok(());
        }
        let nested = self.levels.len() > 1;
        let statement = self.statement();
        if statement.before(1) == TokenKind::Word(Word::Default)
            || statement.before(2) == TokenKind::Word(Word::Case)
            || nested
        {
            statement.restart(false);
        }
        Ok(())
    }

    fn initializer(&mut self) -> Step<()> {
        let next = self.any()?;
        if next == u16::from(b'=') {
            return Ok(());
        }
        self.input.unread(Some(next));
        let in_enum = self.in_enum();
        let kind = loop {
            match u8::try_from(self.solid()?).unwrap_or(0) {
                b',' => break TokenKind::Comma,
                b';' => break TokenKind::Semicolon,
                b'[' => self.skip_pair(b'[', b']')?,
                b'(' => self.skip_pair(b'(', b')')?,
                b'{' => self.skip_pair(b'{', b'}')?,
                b'<' => self.angle_bracket()?,
                b'}' if in_enum => {
                    self.input.unread(Some(b'}'.into()));
                    break TokenKind::Comma;
                }
                b'}' if !self.forgiving => return Err(Stop::Braces),
                _ => {}
            }
        };
        self.set(kind);
        let statement = self.statement();
        statement.assignment = true;
        if statement.storage == Storage::Extern {
            statement.storage = Storage::Global;
        }
        Ok(())
    }
}
