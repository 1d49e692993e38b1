//! The ordered property map of Arduino's text files. See specification 1.2 and 1.3.

/// Properties in insertion order; setting an existing key again moves it to the end (specification 1.2.4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties {
    entries: Vec<(String, String)>,
}
