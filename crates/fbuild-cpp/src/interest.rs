//! Which names matter in text that is not expanded.
//!
//! A scan expands only text that may tell something: that mentions `__FILE__`, `__DATE__` and the like, or a macro that leads to one of them. The
//! module does not know texts or definitions in force.

use crate::define::Macro;
use crate::symbol::Symbol;

/// Depends on the paths of files.
pub(crate) const PATH: u8 = 1;
/// Depends on the time.
pub(crate) const TIME: u8 = 2;
/// May execute a pragma.
pub(crate) const PRAGMA: u8 = 4;
/// Counts.
pub(crate) const COUNT: u8 = 8;

/// How much text is expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effort {
    /// Text that mentions a name of these kinds is expanded.
    pub(crate) interest: u8,
    /// All text is expanded.
    pub(crate) full: bool,
}

/// What names may expand to, as far as definitions were met.
#[derive(Debug, Clone)]
pub(crate) struct Interests {
    /// By symbol: the kinds of computed macros that a macro of that name may expand to.
    kinds: Vec<u8>,
    /// By symbol: whether a replacement list mentions it.
    mentioned: Vec<bool>,
    /// Whether a macro became interesting after another one mentioned it.
    late: bool,
}

impl Interests {
    /// Knows the computed macros.
    pub(crate) fn new() -> Self {
        let kind = |number| match Symbol(number) {
            Symbol::FILE | Symbol::BASE_FILE => PATH,
            Symbol::DATE | Symbol::TIME | Symbol::TIMESTAMP => TIME,
            Symbol::PRAGMA_OPERATOR => PRAGMA,
            Symbol::COUNTER => COUNT,
            _ => 0,
        };
        Self {
            kinds: (0..=Symbol::PRAGMA_OPERATOR.0).map(kind).collect(),
            mentioned: Vec::new(),
            late: false,
        }
    }

    /// Returns the kinds that `words` may expand to.
    pub(crate) fn of(&self, words: &[Symbol]) -> u8 {
        words.iter().fold(0, |all, word| all | self.kind(*word))
    }

    fn kind(&self, word: Symbol) -> u8 {
        self.kinds.get(word.index()).copied().unwrap_or(0)
    }

    /// Takes note of a definition.
    pub(crate) fn define(&mut self, definition: &Macro) {
        let mut kind = 0;
        for word in definition.body.iter().filter_map(|token| token.name()) {
            kind |= self.kind(word);
            let at = word.index();
            if self.mentioned.len() <= at {
                self.mentioned.resize(at + 1024, false);
            }
            self.mentioned[at] = true;
        }
        let name = definition.name.index();
        if kind & !self.kind(definition.name) == 0 {
            return;
        }
        if self.kinds.len() <= name {
            self.kinds.resize(name + 1024, 0);
        }
        self.kinds[name] |= kind;
        self.late |= self.mentioned.get(name).copied().unwrap_or(false);
    }

    /// Returns what a second reading has to begin with, because text may have been passed over whose interest showed too late. `before` is what
    /// this reading began with.
    pub(crate) fn again(&self, before: &Self) -> Option<Self> {
        (self.late && self.kinds != before.kinds).then(|| Self {
            kinds: self.kinds.clone(),
            mentioned: Vec::new(),
            late: false,
        })
    }
}
