//! The macros in force.

use std::collections::HashMap;
use std::sync::Arc;

use crate::define::{Macro, Shape};
use crate::interest::Interests;
use crate::symbol::Symbol;

/// The macros in force while a source is read, and what their definitions tell about names.
pub(crate) struct Macros {
    /// By symbol.
    table: Vec<Option<Arc<Macro>>>,
    /// By symbol: flags for the tokens of a replacement list, which tell where it was written. Kept where text is printed.
    origins: Option<Vec<u16>>,
    /// What `#pragma push_macro` put aside.
    pushed: HashMap<Symbol, Vec<Option<Arc<Macro>>>>,
    /// By symbol: whether `#pragma GCC poison` forbids it; empty as long as there was none.
    poisoned: Vec<bool>,
    interests: Interests,
}

impl Macros {
    /// Knows no macro. `keeps_origins`: whether [`Self::origin`] will be asked for.
    pub(crate) fn new(interests: Interests, keeps_origins: bool) -> Self {
        Self {
            table: Vec::new(),
            origins: keeps_origins.then(Vec::new),
            pushed: HashMap::new(),
            poisoned: Vec::new(),
            interests,
        }
    }

    /// Returns the definition in force of a name.
    pub(crate) fn get(&self, name: Symbol) -> Option<&Arc<Macro>> {
        self.table.get(name.index())?.as_ref()
    }

    pub(crate) fn is_defined(&self, name: Symbol) -> bool {
        self.get(name).is_some()
    }

    /// Returns the flags of the tokens in a macro's replacement list.
    pub(crate) fn origin(&self, name: Symbol) -> u16 {
        let origins = self.origins.as_deref().unwrap_or_default();
        origins.get(name.index()).copied().unwrap_or(0)
    }

    /// Returns what names may expand to.
    pub(crate) fn interests(&self) -> &Interests {
        &self.interests
    }

    /// Puts a definition in force. `origin` is what [`Self::origin`] returns for it.
    pub(crate) fn define(&mut self, definition: &Arc<Macro>, origin: u16) {
        let name = definition.name.index();
        if self.table.len() <= name {
            self.table.resize(name + 1024, None);
        }
        self.table[name] = Some(Arc::clone(definition));
        if let Some(origins) = &mut self.origins {
            if origins.len() <= name {
                origins.resize(name + 1024, 0);
            }
            origins[name] = origin;
        }
        if definition.shape != Shape::Builtin {
            self.interests.define(definition);
        }
    }

    pub(crate) fn undefine(&mut self, name: Symbol) {
        if let Some(definition) = self.table.get_mut(name.index()) {
            *definition = None;
        }
    }

    /// Puts the definition of a name aside.
    pub(crate) fn push(&mut self, name: Symbol) {
        let definition = self.get(name).cloned();
        self.pushed.entry(name).or_default().push(definition);
    }

    /// Returns the definition of a name that was put aside last, or that it had none. `None` if nothing is put aside.
    pub(crate) fn pop(&mut self, name: Symbol) -> Option<Option<Arc<Macro>>> {
        self.pushed.get_mut(&name)?.pop()
    }

    /// Forbids an identifier from here on; a macro of that name is forgotten.
    pub(crate) fn poison(&mut self, name: Symbol) {
        self.undefine(name);
        let at = name.index();
        if self.poisoned.len() <= at {
            self.poisoned.resize(at + 1, false);
        }
        self.poisoned[at] = true;
    }

    /// Returns the first forbidden identifier among `words`.
    pub(crate) fn poisoned(&self, words: impl IntoIterator<Item = Symbol>) -> Option<Symbol> {
        if self.poisoned.is_empty() {
            return None;
        }
        let mut words = words.into_iter();
        words.find(|word| self.poisoned.get(word.index()) == Some(&true))
    }
}
