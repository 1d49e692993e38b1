//! Platforms, boards and recipes: from what is installed to one resolved [`BoardSpec`] and its commands.
//!
//! The crate reads property files and directory listings. It never starts a process, prints nothing and writes nothing; it does not know what
//! a sketch contains or which libraries it uses. Read it in this order:
//!
//! - `install`: [`SearchRoots`] → [`Installation`], its platforms, boards and tools; [`Installation::parse_board`] makes an [`Fqbn`].
//! - `board`: an [`Fqbn`] and [`BuildOptions`] → [`BoardSpec`], every property resolved.
//! - `recipe`: a [`BoardSpec`] and the paths of one sketch → [`SketchRecipes`] → [`fbuild_model::Command`].
//! - `size` and [`bootloader`]: what becomes of the linked firmware.

mod board;
pub mod bootloader;
mod error;
mod fqbn;
mod install;
mod read;
mod recipe;
mod size;
mod split;

pub use board::{
    BoardSpec, BuildOptions, BuildTime, CompilerVersion, QUIRKS, Quirk, WarningLevel, applicable,
};
pub use error::{BoardError, LoadError, RecipeError};
pub use fqbn::{Fqbn, FqbnError};
pub use install::{BoardEntry, Installation, Menu, Origin, Platform, SearchRoots, Tool};
pub use read::read_file;
pub use recipe::{HookPoint, SketchPaths, SketchRecipes, SourceKind, fit_command_line};
pub use size::{AdvancedSize, Section, SizeError, SizeRules, Verdict};
pub use split::split_arguments;
