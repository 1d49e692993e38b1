//! Finds functions, prototypes, variables and structs in preprocessed C++ text, in the way the ctags of the Arduino tools does.
//!
//! It is not a C++ parser, on purpose: which functions are found, and with what text, decides which prototypes a sketch gets and so
//! its firmware (specification 4.2 and 4.3). It knows statements, braces and parentheses, and nothing of types or templates.
//! Bodies are skipped. It knows nothing about files; lines are numbers in the text that it was given.

use super::characters::{Characters, STRING, continues_name, starts_name};
use super::token::{Token, TokenKind, Word, word};

/// How many tokens of a statement are remembered, the current one included; a longer return type is cut at the front.
const REMEMBERED: usize = 15;

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
    /// A class, or whatever stands before `::`.
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
    /// What the name stands for.
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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Declaration {
    #[default]
    None,
    /// Something with a built-in type, a qualifier or two names.
    Base,
    Class,
    Struct,
    Union,
    Enum,
    Namespace,
    /// `extern "C"`.
    Linkage,
    Ignored,
}

impl Declaration {
    /// Class-like things need a semicolon (or declarators) after their closing brace.
    fn scope(self) -> Option<ScopeKind> {
        match self {
            Self::Class => Some(ScopeKind::Class),
            Self::Struct => Some(ScopeKind::Struct),
            Self::Union => Some(ScopeKind::Union),
            Self::Enum => Some(ScopeKind::Enum),
            Self::Namespace => Some(ScopeKind::Namespace),
            Self::None | Self::Base | Self::Linkage | Self::Ignored => None,
        }
    }

    fn is_class_like(self) -> bool {
        matches!(self, Self::Class | Self::Struct | Self::Union | Self::Enum)
    }

    fn declares_values(self) -> bool {
        self.is_class_like() || self == Self::Base
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Storage {
    #[default]
    Global,
    Static,
    Extern,
    Friend,
    Typedef,
}

/// What is known of the statement being read at one level of braces.
#[derive(Default)]
struct Statement {
    declaration: Declaration,
    storage: Storage,
    got_name: bool,
    /// A name that is not just the left side of `::`.
    qualifying_name: bool,
    got_name_in_parentheses: bool,
    got_parameters: bool,
    assignment: bool,
    not_variable: bool,
    is_virtual: bool,
    /// The name stood in parentheses behind a `*` or `&`.
    pointer: bool,
    /// `X::` was read in front of the name.
    qualified: bool,
    signature: String,
    current: Token,
    /// Earlier tokens, oldest first.
    earlier: Vec<Token>,
}

impl Statement {
    /// The token `back` places before the current one.
    fn before(&self, back: usize) -> TokenKind {
        self.token_before(back)
            .map_or(TokenKind::Nothing, |token| token.kind)
    }

    fn token_before(&self, back: usize) -> Option<&Token> {
        self.earlier
            .len()
            .checked_sub(back)
            .and_then(|index| self.earlier.get(index))
    }

    fn advance(&mut self) {
        let line = self.current.line;
        let done = std::mem::take(&mut self.current);
        self.current.line = line;
        if self.earlier.len() >= REMEMBERED {
            self.earlier.remove(0);
        }
        self.earlier.push(done);
    }

    /// Forgets the statement; after a comma the declaration's kind and storage stay.
    fn restart(&mut self, after_comma: bool) {
        let (declaration, storage) = (self.declaration, self.storage);
        let line = self.current.line;
        *self = Self::default();
        self.current.line = line;
        if after_comma {
            self.declaration = declaration;
            self.storage = storage;
        }
    }

    /// What stood before a storage class does not count.
    fn start_with(&mut self, storage: Storage) {
        self.restart(false);
        self.storage = storage;
    }

    /// True right behind `extern`.
    fn starts_extern(&self) -> bool {
        self.storage == Storage::Extern && self.earlier.is_empty()
    }

    /// In `void f PROTO((int a))` the name in front of the parentheses is a macro's.
    fn drop_macro_name(&mut self) {
        if self.before(1) == TokenKind::Name && self.before(2) == TokenKind::Name {
            self.earlier.pop();
        }
    }

    fn processed_name(&mut self) {
        if self.got_name && self.declaration == Declaration::None {
            self.declaration = Declaration::Base;
        }
        self.got_name = true;
        self.qualifying_name = true;
    }

    /// The return type in front of the name that stands `back` tokens before the current one.
    fn return_type(&self, back: usize) -> String {
        let Some(mut end) = self.earlier.len().checked_sub(back) else {
            return String::new();
        };
        while end >= 2 && self.earlier[end - 1].is(TokenKind::DoubleColon) {
            end -= 2;
        }
        if end == 1 && self.earlier[0].is(TokenKind::DoubleColon) {
            end = 0;
        }
        let mut text = String::new();
        for token in &self.earlier[..end] {
            match token.kind {
                TokenKind::CloseBrace => text.clear(),
                TokenKind::Word(_) | TokenKind::Name | TokenKind::NameInParentheses => {
                    if text.ends_with(|end: char| end.is_ascii_alphanumeric() || end == '_') {
                        text.push(' ');
                    }
                    text.push_str(&token.text);
                    if matches!(token.kind, TokenKind::Word(_)) {
                        text.push(' ');
                    }
                }
                TokenKind::DoubleColon => text.push_str("::"),
                TokenKind::Star => text.push('*'),
                TokenKind::Ampersand => text.push('&'),
                _ => {}
            }
        }
        text.truncate(text.trim_end().len());
        text
    }
}

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

    /// Reads the name or word that starts with `symbol` and lets it act on the statement.
    fn name(&mut self, symbol: u16) -> Step<()> {
        let token = self.read_name(symbol);
        self.statement().current = token;
        self.act_on_current()
    }

    fn act_on_current(&mut self) -> Step<()> {
        let in_scope = self.in_scope();
        let statement = self.statement();
        let word = match statement.current.kind {
            TokenKind::Name => {
                statement.processed_name();
                return Ok(());
            }
            TokenKind::Word(word) => word,
            _ => return Ok(()),
        };
        match word {
            Word::Attribute => {
                self.skip_parentheses()?;
                self.statement().current = Token::default();
            }
            Word::Catch => {
                self.skip_parentheses()?;
                let symbol = self.solid()?;
                if symbol == u16::from(b'{') {
                    self.skip_pair(b'{', b'}')?;
                } else {
                    self.input.unread(Some(symbol));
                }
            }
            Word::Class => {
                if statement.declaration != Declaration::Enum {
                    statement.declaration = Declaration::Class;
                }
            }
            Word::Const | Word::Volatile | Word::Type => {
                statement.declaration = Declaration::Base;
            }
            Word::Enum => statement.declaration = Declaration::Enum,
            Word::Extern => statement.start_with(Storage::Extern),
            Word::Inline | Word::Typename => statement.current = Token::default(),
            Word::StaticAssert => self.skip_parentheses()?,
            Word::Condition => {
                if self.solid()? == u16::from(b'(') {
                    self.skip_pair(b'(', b')')?;
                }
            }
            Word::Friend => statement.storage = Storage::Friend,
            Word::Ignored => {
                statement.declaration = Declaration::Ignored;
                self.skip_to_one_of(b";")?;
            }
            Word::Namespace => statement.declaration = Declaration::Namespace,
            Word::Operator => self.operator()?,
            Word::Access if !in_scope => {}
            Word::Access => {
                let symbol = self.solid()?;
                if symbol == u16::from(b':') {
                    self.statement().restart(false);
                } else {
                    self.input.unread(Some(symbol));
                }
            }
            Word::Static => {
                statement.start_with(Storage::Static);
                statement.declaration = Declaration::Base;
            }
            Word::Struct => {
                if statement.declaration != Declaration::Enum {
                    statement.declaration = Declaration::Struct;
                }
            }
            Word::Typedef => statement.start_with(Storage::Typedef),
            Word::Union => statement.declaration = Declaration::Union,
            Word::Virtual => statement.is_virtual = true,
            Word::Case | Word::Default | Word::Throw | Word::Try | Word::Other => {}
        }
        Ok(())
    }

    /// Reads a name or word; `first` is its first symbol.
    fn read_name(&mut self, first: u16) -> Token {
        let line = self.input.line();
        let mut text = String::new();
        let mut symbol = Some(first);
        if first == u16::from(b'~') {
            text.push('~');
            symbol = self.input.next_solid().0;
        }
        let mut is_first = true;
        while let Some(now) = symbol {
            let Ok(byte) = u8::try_from(now) else { break };
            if !is_first && !continues_name(now) {
                break;
            }
            text.push(char::from(byte));
            if !is_first {
                self.collect(now);
            }
            is_first = false;
            symbol = self.input.next();
        }
        self.input.unread(symbol);
        let kind = word(&text).map_or(TokenKind::Name, TokenKind::Word);
        Token { kind, text, line }
    }

    /// The name of an operator function; the current token is the word `operator`.
    fn operator(&mut self) -> Step<()> {
        const SIGNS: &[u8] = b"+-*/%^&|~!=<>,[]";
        let is_sign = |symbol: u16| u8::try_from(symbol).is_ok_and(|byte| SIGNS.contains(&byte));
        let after_keyword = matches!(
            self.statement().before(1),
            TokenKind::Word(Word::Enum | Word::Struct | Word::Union)
        );
        let mut name = self.statement().current.text.clone();
        let mut symbol = self.solid()?;
        if after_keyword {
        } else if symbol == u16::from(b'(') {
            if self.input.next() == Some(u16::from(b')')) {
                name.push(' ');
                symbol = self.solid()?;
                if symbol == u16::from(b'(') {
                    name.push_str("()");
                }
            }
        } else if starts_name(symbol) {
            let mut blank = true;
            loop {
                if super::characters::is_space(symbol) {
                    blank = true;
                } else {
                    if blank {
                        name.push(' ');
                        blank = false;
                    }
                    name.push(char::from(u8::try_from(symbol).unwrap_or(b'?')));
                }
                symbol = self.any()?;
                if symbol == u16::from(b'(') || symbol == u16::from(b';') {
                    break;
                }
            }
        } else if is_sign(symbol) {
            name.push(' ');
            while is_sign(symbol) {
                name.push(char::from(u8::try_from(symbol).unwrap_or(b'?')));
                symbol = self.any()?;
            }
        }
        self.input.unread(Some(symbol));
        let statement = self.statement();
        statement.current.kind = TokenKind::Name;
        statement.current.text = name;
        statement.processed_name();
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

    /// The base classes of a class, up to its brace.
    fn skip_bases(&mut self) -> Step<()> {
        loop {
            let symbol = self.solid()?;
            if symbol == u16::from(b'{') {
                self.input.unread(Some(symbol));
                return Ok(());
            }
            if symbol == u16::from(b'<') {
                self.skip_template_arguments()?;
            }
        }
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

    fn angle_bracket(&mut self) -> Step<()> {
        let next = self.any()?;
        if next == u16::from(b'<') {
            self.collect(next);
            self.skip_if(b'=');
        } else {
            self.input.unread(Some(next));
            if next != u16::from(b'=') {
                self.skip_template_arguments()?;
            }
        }
        Ok(())
    }

    /// Skips to the `>` that matches a `<` already read, or to where no template arguments can be.
    fn skip_template_arguments(&mut self) -> Step<()> {
        let mut depth = 1u32;
        while depth > 0 {
            let symbol = self.solid()?;
            match u8::try_from(symbol).unwrap_or(0) {
                b';' | b'{' => {
                    self.input.unread(Some(symbol));
                    return Ok(());
                }
                b'<' => {
                    self.collect(symbol);
                    let next = self.input.next();
                    if next == Some(b'<'.into()) {
                        self.collect(symbol);
                    } else {
                        self.input.unread(next);
                        depth += 1;
                    }
                }
                b'>' => {
                    self.collect(symbol);
                    depth -= 1;
                }
                _ => self.collect(symbol),
            }
        }
        Ok(())
    }

    /// Parentheses outside other parentheses: a parameter list, a declarator or noise.
    fn parentheses(&mut self) -> Step<()> {
        if self.statement().before(1) == TokenKind::Nothing {
            return Ok(());
        }
        self.collected = Some("(".to_owned());
        let read = self.inside_parentheses();
        let signature = self.collected.take().unwrap_or_default();
        let found = read?;
        let symbol = self.input.next_solid().0;
        self.input.unread(symbol);
        let next = symbol
            .and_then(|symbol| u8::try_from(symbol).ok())
            .unwrap_or(0);
        let member = self.in_scope();
        let statement = self.statement();
        if found.invalid {
            statement.restart(false);
        } else if found.may_be_name
            && statement.current.is(TokenKind::NameInParentheses)
            && !statement.got_name_in_parentheses
            && (!found.may_be_parameters
                || !statement.qualifying_name
                || next == b'('
                || (next == b'=' && !statement.is_virtual)
                || (!member
                    && statement.declaration == Declaration::None
                    && matches!(next, b',' | b';')))
        {
            statement.current.kind = TokenKind::Name;
            statement.processed_name();
            statement.got_name_in_parentheses = true;
            if !(next == b'(' && found.nested) {
                statement.pointer = found.pointer;
            }
        } else if !statement.got_parameters && found.may_be_parameters {
            statement.got_parameters = true;
            statement.current = Token::default();
            statement.signature = signature;
            self.set(TokenKind::Parameters);
            self.statement().advance();
            if self.statement().storage != Storage::Typedef
                && !matches!(next, b'{' | b';' | b',' | b'=')
            {
                self.after_parameters()?;
            }
        } else {
            statement.current.kind = TokenKind::Nothing;
        }
        Ok(())
    }

    fn inside_parentheses(&mut self) -> Step<Parentheses> {
        let mut found = Parentheses {
            may_be_name: true,
            may_be_parameters: true,
            invalid: false,
            pointer: false,
            nested: false,
        };
        let mut depth = 1u32;
        let mut names = 0u32;
        let mut first = true;
        while depth > 0 && found.may_be_name && !found.nested {
            let symbol = self.solid()?;
            self.collect(symbol);
            match u8::try_from(symbol).unwrap_or(0) {
                b'&' | b'*' => {
                    found.pointer = true;
                    if names == 0 {
                        found.may_be_parameters = false;
                    }
                    self.statement().current = Token::default();
                }
                b':' => {}
                b'.' => {
                    found.may_be_name = false;
                    let second = self.any()?;
                    if second == u16::from(b'.') {
                        let third = self.any()?;
                        if third == u16::from(b'.') {
                            for _ in 0..3 {
                                self.collect(third);
                            }
                        } else {
                            self.input.unread(Some(third));
                        }
                    } else {
                        self.input.unread(Some(second));
                    }
                }
                b',' => found.may_be_name = false,
                b'=' => {
                    found.may_be_name = false;
                    if first {
                        found.may_be_parameters = false;
                    }
                }
                b'[' => self.skip_pair(b'[', b']')?,
                b'<' => self.angle_bracket()?,
                b')' => depth -= 1,
                b'(' if first => {
                    found.may_be_name = false;
                    self.collected = Some("(".to_owned());
                    self.statement().drop_macro_name();
                    depth = 0;
                    self.skip_pair(b'(', b')')?;
                    self.skip_pair(b'(', b')')?;
                    if let Some(collected) = &mut self.collected {
                        collected.pop();
                    }
                }
                b'(' if self.statement().current.is(TokenKind::NameInParentheses) => {
                    let inner = self.solid()?;
                    if inner == u16::from(b'*') {
                        self.skip_pair(b'(', b')')?;
                        let after = self.solid()?;
                        if after == u16::from(b'(') {
                            self.skip_pair(b'(', b')')?;
                        } else {
                            self.input.unread(Some(after));
                        }
                    } else {
                        self.input.unread(Some(inner));
                        self.input.unread(Some(b'('.into()));
                        found.nested = true;
                    }
                }
                b'(' => depth += 1,
                _ if starts_name(symbol) => {
                    names += 1;
                    let mut token = self.read_name(symbol);
                    match token.kind {
                        TokenKind::Name => token.kind = TokenKind::NameInParentheses,
                        TokenKind::Word(Word::Const | Word::Volatile) => {}
                        _ => found.may_be_name = false,
                    }
                    self.statement().current = token;
                }
                _ => {
                    found.may_be_parameters = false;
                    found.may_be_name = false;
                    found.invalid = true;
                }
            }
            first = false;
        }
        if !found.nested {
            for _ in 0..depth {
                self.skip_pair(b'(', b')')?;
            }
        }
        if !found.may_be_name {
            self.statement().current = Token::default();
        }
        Ok(found)
    }

    /// What stands between a parameter list and its body or semicolon.
    fn after_parameters(&mut self) -> Step<()> {
        loop {
            let Some(symbol) = self.input.next_solid().0 else {
                break;
            };
            match u8::try_from(symbol).unwrap_or(0) {
                b':' => self.skip_member_initializers()?,
                b'[' => self.skip_pair(b'[', b']')?,
                b'(' => self.skip_pair(b'(', b')')?,
                b'=' | b'{' | b'}' | b';' => {
                    self.input.unread(Some(symbol));
                    break;
                }
                _ if starts_name(symbol) => {
                    let token = self.read_name(symbol);
                    match token.kind {
                        TokenKind::Word(Word::Attribute | Word::Throw) => {
                            self.skip_parentheses()?
                        }
                        TokenKind::Word(Word::Const | Word::Volatile) => {
                            let signature = &mut self.statement().signature;
                            signature.push(' ');
                            signature.push_str(&token.text);
                        }
                        TokenKind::Word(Word::Try) => {}
                        TokenKind::Name if matches!(token.text.as_str(), "final" | "override") => {}
                        _ => {
                            let statement = self.statement();
                            statement.restart(false);
                            statement.current = token;
                            return self.act_on_current();
                        }
                    }
                }
                _ => {}
            }
        }
        self.statement().current.kind = TokenKind::Nothing;
        Ok(())
    }

    fn skip_member_initializers(&mut self) -> Step<()> {
        loop {
            let mut symbol = self.solid()?;
            while starts_name(symbol) || symbol == u16::from(b':') {
                if symbol != u16::from(b':') {
                    self.read_name(symbol);
                }
                symbol = self.solid()?;
            }
            if symbol == u16::from(b'<') {
                self.skip_template_arguments()?;
                symbol = self.solid()?;
            }
            if symbol == u16::from(b'(') {
                self.skip_pair(b'(', b')')?;
                symbol = self.solid()?;
            }
            if symbol != u16::from(b',') {
                self.input.unread(Some(symbol));
                return Ok(());
            }
        }
    }

    /// Records what the current token completes.
    fn tag_statement(&mut self) {
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

    fn tag_variable(&mut self, back: usize) {
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

    /// Tags the name that stands `back` tokens before the current one.
    fn tag(&mut self, back: usize, kind: TagKind) {
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

    fn any(&mut self) -> Step<u16> {
        self.input.next().ok_or(Stop::EndOfText)
    }

    fn solid(&mut self) -> Step<u16> {
        let (symbol, blank) = self.input.next_solid();
        if blank {
            self.collect(b' '.into());
        }
        symbol.ok_or(Stop::EndOfText)
    }

    fn collect(&mut self, symbol: u16) {
        if let Some(collected) = &mut self.collected {
            collected.push(char::from(u8::try_from(symbol).unwrap_or(b'?')));
        }
    }

    fn skip_if(&mut self, byte: u8) {
        let next = self.input.next();
        if next != Some(byte.into()) {
            self.input.unread(next);
        }
    }

    fn skip_parentheses(&mut self) -> Step<()> {
        let symbol = self.solid()?;
        if symbol == u16::from(b'(') {
            self.skip_pair(b'(', b')')
        } else {
            self.input.unread(Some(symbol));
            Ok(())
        }
    }

    fn skip_to_one_of(&mut self, bytes: &[u8]) -> Step<u8> {
        loop {
            if let Ok(byte) = u8::try_from(self.any()?)
                && bytes.contains(&byte)
            {
                return Ok(byte);
            }
        }
    }

    /// Skips to the `close` that matches an `open` already read.
    fn skip_pair(&mut self, open: u8, close: u8) -> Step<()> {
        let mut depth = 1u32;
        while depth > 0 {
            let symbol = match self.solid() {
                Err(Stop::EndOfText) if open == b'{' => return Err(Stop::Braces),
                other => other?,
            };
            self.collect(symbol);
            if symbol == u16::from(open) {
                depth += 1;
            } else if symbol == u16::from(close) {
                depth -= 1;
            }
        }
        Ok(())
    }
}

/// What parentheses turned out to be.
struct Parentheses {
    /// A declarator such as the `(f)` of `int (f)(int)`.
    may_be_name: bool,
    may_be_parameters: bool,
    /// Neither: the statement is an expression.
    invalid: bool,
    pointer: bool,
    /// The reading stopped before parentheses behind a name: they may be that name's parameters.
    nested: bool,
}
