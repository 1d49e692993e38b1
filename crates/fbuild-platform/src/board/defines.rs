//! Preprocessor definitions that are added to a board. The module does not know which sketches want them.

use std::sync::Arc;

use fbuild_model::Digest;
use fbuild_model::properties::expand;

use super::{BoardSpec, Inner};
use crate::error::BoardError;

impl BoardSpec {
    /// Returns the FQBN, with a digest of the preprocessor definitions that were added to the board, if any. Boards of one run that are built
    /// differently differ in it.
    pub fn identity(&self) -> String {
        let fqbn = self.fqbn().to_string();
        if self.0.defines.is_empty() {
            return fqbn;
        }
        let separator = if self.fqbn().options.is_empty() {
            ':'
        } else {
            ','
        };
        let digest = Digest::of(self.0.defines.join("\n").as_bytes()).short();
        format!("{fqbn}{separator}defines={digest}")
    }

    /// Returns the board with preprocessor definitions (`NAME` or `NAME=VALUE`) for core, libraries and sketches. They are appended to
    /// `build.extra_flags`.
    ///
    /// # Errors
    /// If no recipe uses `build.extra_flags`, or a definition has both kinds of quotation marks or a line end.
    pub fn with_defines(&self, defines: &[String]) -> Result<Self, BoardError> {
        if !self.uses("recipe.cpp.o.pattern", "build.extra_flags") {
            return Err(BoardError::NoExtraFlags(self.fqbn().to_string()));
        }
        let flags: Option<Vec<String>> = defines.iter().map(|define| quoted(define)).collect();
        let flags = flags.ok_or_else(|| BoardError::Define(defines.join(" ")))?;
        let mut inner = Inner::clone(&self.with_extra_flags(&flags.join(" ")).0);
        inner.defines.extend_from_slice(defines);
        Ok(Self(Arc::new(inner)))
    }

    /// Returns whether the value of `key` refers to the property `used`, directly or through another property.
    fn uses(&self, key: &str, used: &str) -> bool {
        const PROBE: &str = "\u{1}";
        let probed = |key: &str| {
            if key == used {
                Some(PROBE)
            } else {
                self.raw(key)
            }
        };
        self.raw(key)
            .is_some_and(|value| expand(value, probed).contains(PROBE))
    }
}

/// Returns the compiler's argument for a definition as it is written in a recipe; `None` if a recipe cannot say it.
fn quoted(define: &str) -> Option<String> {
    let mark = match (define.contains('"'), define.contains('\'')) {
        (true, true) => return None,
        (true, false) => '\'',
        _ => '"',
    };
    let plain = !define.contains(['\n', '\r', '{', '}']);
    plain.then(|| format!("{mark}-D{define}{mark}"))
}
