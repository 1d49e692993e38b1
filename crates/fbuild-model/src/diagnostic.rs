//! Compiler diagnostics, read from the text that gcc prints.

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The compiler could not go on.
    Fatal,
    /// The translation unit is not valid.
    Error,
    /// Valid, but suspicious.
    Warning,
    /// More about the diagnostic before it.
    Note,
}

/// One message of the compiler, assembler or linker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The file it is about, as the tool printed it; empty if it named none.
    pub file: String,
    /// Line, counted from 1; `None` if the tool named none.
    pub line: Option<u32>,
    /// Column, counted from 1; `None` if the tool named none.
    pub column: Option<u32>,
    /// The text after the severity.
    pub message: String,
}
