//! Spellings as numbers.
//!
//! Every identifier, and every other spelling that a directive contains, is a [`Symbol`]: equal spellings are equal symbols, so that macro
//! tables are arrays and comparing tokens never touches text. The table belongs to the process, because the tokens of a file are kept with the
//! file and shared by all scans; what it holds is bounded by the files that were read. It does not know which spellings mean what, apart from
//! the few names in [`Symbol`]'s constants.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use rustc_hash::FxBuildHasher;

/// A spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Symbol(pub(crate) u32);

const BLOCK_BITS: u32 = 13;
const BLOCK: usize = 1 << BLOCK_BITS;
const BLOCKS: usize = 1 << 12;

type Block = Box<[OnceLock<&'static [u8]>]>;

/// The spellings by number. Reading takes no lock.
static TEXTS: [OnceLock<Block>; BLOCKS] = [const { OnceLock::new() }; BLOCKS];

static TABLE: LazyLock<Mutex<Symbols>> = LazyLock::new(|| {
    let mut symbols = Symbols {
        numbers: HashMap::default(),
        seen_in: Vec::new(),
        chunk: 0,
    };
    for (index, name) in KNOWN.iter().enumerate() {
        let symbol = symbols.intern(name.as_bytes());
        debug_assert_eq!(symbol.0 as usize, index);
    }
    Mutex::new(symbols)
});

/// The table while it is open for new spellings.
pub(crate) struct Symbols {
    numbers: HashMap<&'static [u8], Symbol, FxBuildHasher>,
    /// The chunk of text in which a symbol was last seen, by number.
    seen_in: Vec<u32>,
    chunk: u32,
}

impl Symbols {
    /// Opens the table; one thread at a time.
    pub(crate) fn open() -> MutexGuard<'static, Self> {
        // A panic cannot leave the table half changed in a way that matters: a number is used only after its text is set.
        TABLE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the symbol of `text`.
    pub(crate) fn intern(&mut self, text: &[u8]) -> Symbol {
        if let Some(&symbol) = self.numbers.get(text) {
            return symbol;
        }
        let number = self.numbers.len();
        let Some(block) = TEXTS.get(number >> BLOCK_BITS) else {
            // More than 33 million different spellings: all further ones share the number of the empty spelling's neighbour, which no macro has.
            return Symbol(OVERFLOW);
        };
        let text: &'static [u8] = Box::leak(text.to_vec().into_boxed_slice());
        let block =
            block.get_or_init(|| std::iter::repeat_with(OnceLock::new).take(BLOCK).collect());
        let _ = block[number & (BLOCK - 1)].set(text);
        let symbol = Symbol(number as u32);
        self.numbers.insert(text, symbol);
        self.seen_in.push(0);
        symbol
    }

    /// Begins a chunk of text for [`Self::first_in_chunk`].
    pub(crate) fn next_chunk(&mut self) {
        if self.chunk == u32::MAX {
            self.seen_in.fill(0);
            self.chunk = 0;
        }
        self.chunk += 1;
    }

    /// Tells whether the symbol is asked for the first time since the chunk began.
    pub(crate) fn first_in_chunk(&mut self, symbol: Symbol) -> bool {
        match self.seen_in.get_mut(symbol.index()) {
            Some(chunk) => std::mem::replace(chunk, self.chunk) != self.chunk,
            None => true,
        }
    }
}

impl Symbol {
    /// Returns the spelling.
    pub(crate) fn text(self) -> &'static [u8] {
        TEXTS
            .get(self.0 as usize >> BLOCK_BITS)
            .and_then(OnceLock::get)
            .and_then(|block| block[self.0 as usize & (BLOCK - 1)].get())
            .copied()
            .unwrap_or_default()
    }

    /// Returns the symbol of `text`. Opens the table for one look-up.
    pub(crate) fn of(text: &[u8]) -> Self {
        Symbols::open().intern(text)
    }

    /// Returns the spelling for messages.
    pub(crate) fn display(self) -> std::borrow::Cow<'static, str> {
        String::from_utf8_lossy(self.text())
    }

    /// Returns the number as an index.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

const OVERFLOW: u32 = 0;

macro_rules! known {
    ($($number:literal $name:ident $text:literal)*) => {
        const KNOWN: &[&str] = &[$($text),*];
        #[allow(dead_code)]
        impl Symbol {
            $(pub(crate) const $name: Self = Self($number);)*
        }
    };
}

known! {
    0 EMPTY "\0"
    1 DEFINED "defined"
    2 FILE "__FILE__"
    3 BASE_FILE "__BASE_FILE__"
    4 DATE "__DATE__"
    5 TIME "__TIME__"
    6 TIMESTAMP "__TIMESTAMP__"
    7 LINE "__LINE__"
    8 COUNTER "__COUNTER__"
    9 INCLUDE_LEVEL "__INCLUDE_LEVEL__"
    10 PRAGMA_OPERATOR "_Pragma"
    11 VA_ARGS "__VA_ARGS__"
    12 HAS_INCLUDE "__has_include"
    13 HAS_INCLUDE_NEXT "__has_include_next"
    14 HAS_INCLUDE_OPERATOR "__has_include__"
    15 HAS_INCLUDE_NEXT_OPERATOR "__has_include_next__"
    16 HAS_ATTRIBUTE "__has_attribute"
    17 HAS_CPP_ATTRIBUTE "__has_cpp_attribute"
    18 HAS_BUILTIN "__has_builtin"
    19 TRUE "true"
    20 FALSE "false"
    21 DEFINE "define"
    22 UNDEF "undef"
    23 IF "if"
    24 IFDEF "ifdef"
    25 IFNDEF "ifndef"
    26 ELIF "elif"
    27 ELSE "else"
    28 ENDIF "endif"
    29 INCLUDE "include"
    30 INCLUDE_NEXT "include_next"
    31 IMPORT "import"
    32 PRAGMA "pragma"
    33 LINE_DIRECTIVE "line"
    34 ERROR "error"
    35 WARNING "warning"
    36 IDENT "ident"
    37 SCCS "sccs"
    38 ASSERT "assert"
    39 UNASSERT "unassert"
    40 ONCE "once"
    41 PUSH_MACRO "push_macro"
    42 POP_MACRO "pop_macro"
    43 POISON "poison"
    44 GCC "GCC"
    45 SYSTEM_HEADER "system_header"
    46 DEPENDENCY "dependency"
    47 AND "and"
    48 AND_EQ "and_eq"
    49 BITAND "bitand"
    50 BITOR "bitor"
    51 COMPL "compl"
    52 NOT "not"
    53 NOT_EQ "not_eq"
    54 OR "or"
    55 OR_EQ "or_eq"
    56 XOR "xor"
    57 XOR_EQ "xor_eq"
    58 VA_OPT "__VA_OPT__"
    59 ZERO "0"
    60 ONE "1"
    61 INCLUDE_ALIAS "include_alias"
    62 HAS_C_ATTRIBUTE "__has_c_attribute"
    63 HAS_FEATURE "__has_feature"
    64 HAS_EXTENSION "__has_extension"
    65 HAS_EMBED "__has_embed"
    66 ELIFDEF "elifdef"
    67 ELIFNDEF "elifndef"
    68 EMBED "embed"
    69 GCC_PRAGMA_ERROR "__cpp_pragma_error"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_spellings_are_equal_symbols() {
        assert_eq!(Symbol::of(b"analogRead"), Symbol::of(b"analogRead"));
        assert_ne!(Symbol::of(b"analogRead"), Symbol::of(b"analogWrite"));
        assert_eq!(Symbol::of(b"analogRead").text(), b"analogRead");
    }

    #[test]
    fn constants_are_their_spellings() {
        for (index, name) in KNOWN.iter().enumerate() {
            assert_eq!(Symbol::of(name.as_bytes()), Symbol(index as u32), "{name}");
        }
        assert_eq!(Symbol::DEFINED.text(), b"defined");
        assert_eq!(Symbol::XOR_EQ.text(), b"xor_eq");
    }

    #[test]
    fn threads_agree_on_the_numbers() {
        let name = |n: usize| format!("agree_{}", n % 500);
        let all: Vec<Vec<Symbol>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope
                        .spawn(move || (0..5_000).map(|n| Symbol::of(name(n).as_bytes())).collect())
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(all[0][7].text(), b"agree_7");
    }
}
