//! Classes of memory.

/// FastLED's classes of memory, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemoryClass {
    /// Up to one kilobyte of RAM.
    Tiny,
    /// The other AVR, and the small boards of other families.
    Low,
    /// Neither low nor huge.
    Large,
    /// From 256 KB of RAM and 512 KB of program memory.
    Huge,
}

impl MemoryClass {
    /// Returns the name that filters use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Low => "low",
            Self::Large => "large",
            Self::Huge => "huge",
        }
    }

    /// Returns the class of a name in lower case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Tiny, Self::Low, Self::Large, Self::Huge]
            .into_iter()
            .find(|class| class.name() == name)
    }
}
