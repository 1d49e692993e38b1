//! The tagger's tokens and the words it knows.
//!
//! Only what decides about functions, variables and scopes is a token of its own; everything else of the language is skipped.

/// What a token is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TokenKind {
    #[default]
    Nothing,
    /// A whole parameter list.
    Parameters,
    OpenBrace,
    CloseBrace,
    Comma,
    Semicolon,
    DoubleColon,
    /// `*`
    Star,
    /// `&`
    Ampersand,
    Word(Word),
    Name,
    /// A name inside parentheses of which is not yet known whether it is the declared one.
    NameInParentheses,
}

/// A token with its text and the line it starts on (zero-based, in the filtered text).
#[derive(Clone, Debug, Default)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) text: String,
    pub(super) line: usize,
}

impl Token {
    pub(super) fn is(&self, kind: TokenKind) -> bool {
        self.kind == kind
    }
}

/// What a reserved word does to its statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// `__attribute__`: skipped with its argument.
    Attribute,
    Case,
    Catch,
    Class,
    Const,
    Default,
    Enum,
    Extern,
    /// `if`, `for`, `switch`, `while`: skipped with their condition.
    Condition,
    Friend,
    /// `goto`, `return`, `using`: skipped to the semicolon.
    Ignored,
    Inline,
    Namespace,
    Operator,
    /// `public`, `protected`, `private`.
    Access,
    Static,
    /// `static_assert`: skipped with its arguments.
    StaticAssert,
    Struct,
    Throw,
    Try,
    Typedef,
    Typename,
    Union,
    Virtual,
    Volatile,
    /// A built-in type, or `constexpr`.
    Type,
    /// A word without effect here that cannot follow a parameter list.
    Other,
}

/// The reserved word spelled `text`, if it is one. C++11 words that are missing (`auto`, `bool`, `decltype`, …) are plain names to the tagger.
pub(super) fn word(text: &str) -> Option<Word> {
    Some(match text {
        "__attribute__" => Word::Attribute,
        "case" => Word::Case,
        "catch" => Word::Catch,
        "class" => Word::Class,
        "const" => Word::Const,
        "default" => Word::Default,
        "enum" => Word::Enum,
        "extern" => Word::Extern,
        "for" | "if" | "switch" | "while" => Word::Condition,
        "friend" => Word::Friend,
        "goto" | "return" | "using" => Word::Ignored,
        "inline" => Word::Inline,
        "namespace" => Word::Namespace,
        "operator" => Word::Operator,
        "private" | "protected" | "public" => Word::Access,
        "static" => Word::Static,
        "static_assert" => Word::StaticAssert,
        "struct" => Word::Struct,
        "throw" => Word::Throw,
        "try" => Word::Try,
        "typedef" => Word::Typedef,
        "typename" => Word::Typename,
        "union" => Word::Union,
        "virtual" => Word::Virtual,
        "volatile" => Word::Volatile,
        "char" | "constexpr" | "double" | "float" | "int" | "long" | "short" | "signed"
        | "unsigned" | "void" | "wchar_t" => Word::Type,
        "delete" | "do" | "else" | "explicit" | "mutable" | "new" | "noexcept" | "overload"
        | "register" | "template" | "this" => Word::Other,
        _ => return None,
    })
}
