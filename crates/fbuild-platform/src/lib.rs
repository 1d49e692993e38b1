//! Platforms, boards and recipes: from what is installed to one resolved [`BoardSpec`].
//!
//! The crate reads property files and directory listings (specification sections 1, 6 and 7.4). It never starts a process, never prints and
//! writes nothing; it does not know what a sketch contains or which libraries it uses.
//!
//! The path through it: [`SearchRoots`] → [`Installation`] → [`Fqbn`] → [`BoardSpec`] → [`SketchRecipes`] → [`fbuild_model::Command`].

mod boards;
pub mod bootloader;
mod fqbn;
mod installation;
mod kinds;
mod layout;
mod load;
mod options;
mod platformio;
mod platforms;
mod quirks;
mod recipe;
mod references;
mod size;
mod spec;
mod split;
mod suggest;
mod tools;
mod version;

pub use boards::{BoardEntry, Menu};
pub use fqbn::{Fqbn, FqbnError};
pub use installation::{BoardError, Installation};
pub use kinds::{HookPoint, SourceKind};
pub use load::LoadError;
pub use options::{BuildOptions, BuildTime, WarningLevel};
pub use platforms::{Origin, Platform, SearchRoots};
pub use quirks::{CompilerVersion, QUIRKS, Quirk, applicable};
pub use recipe::{RecipeError, SketchPaths, SketchRecipes, fit_command_line};
pub use size::{AdvancedSize, Section, SizeError, SizeRules, Verdict};
pub use spec::BoardSpec;
pub use split::split_arguments;
pub use tools::Tool;
