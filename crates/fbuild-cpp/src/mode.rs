//! What the language standards differ in, as far as tokens go.

/// The lexical rules of a language standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// C before C99: no raw strings.
    OldC,
    /// GNU C99 and later.
    C,
    /// C++ before C++11.
    OldCxx,
    /// C++11.
    Cxx,
    /// C++14 and later: digit separators.
    NewCxx,
    /// Assembler with C preprocessing.
    Asm,
}

impl Mode {
    /// The number of modes.
    pub(crate) const COUNT: usize = 6;

    pub(crate) fn cplusplus(self) -> bool {
        matches!(self, Self::OldCxx | Self::Cxx | Self::NewCxx)
    }

    /// Whether literals can have identifiers as suffixes.
    pub(crate) fn suffixes(self) -> bool {
        matches!(self, Self::Cxx | Self::NewCxx)
    }

    pub(crate) fn raw_strings(self) -> bool {
        matches!(self, Self::C | Self::Cxx | Self::NewCxx)
    }

    /// `u`, `U` and `u8` before a literal.
    pub(crate) fn unicode_literals(self) -> bool {
        self.raw_strings()
    }

    pub(crate) fn digraphs(self) -> bool {
        self != Self::Asm
    }

    pub(crate) fn dollars(self) -> bool {
        self != Self::Asm
    }
}

pub(crate) fn is_name_start(byte: u8, mode: Mode) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || (byte == b'$' && mode.dollars())
}

pub(crate) fn is_name_part(byte: u8, mode: Mode) -> bool {
    is_name_start(byte, mode) || byte.is_ascii_digit()
}

pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\x0b' | b'\x0c' | 0)
}
