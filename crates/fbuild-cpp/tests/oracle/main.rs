//! The preprocessor against the real compiler: the files it reads and what it expands to.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod cases;
mod compiler;
mod corpus;
mod expand;
mod modern;
mod scan;
mod speed;

use fbuild_cpp::Language;

use compiler::Compiler;

/// The compilers of all three languages, if they are installed.
fn compilers() -> Option<[Compiler; 3]> {
    Some([
        Compiler::new(Language::C)?,
        Compiler::new(Language::Cxx)?,
        Compiler::new(Language::Asm)?,
    ])
}
