//! Why a platform, a board or a recipe cannot be used. Each message names the fault and makes sense on its own.

use std::io;

use camino::Utf8PathBuf;
use fbuild_model::properties::ParseError;

use crate::fqbn::FqbnError;

/// Why files of a platform could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file or folder could not be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// A property file has a line that is not a property.
    #[error("`{path}` is not a property file")]
    Malformed {
        /// The file.
        path: Utf8PathBuf,
        /// The line.
        #[source]
        source: ParseError,
    },
    /// A folder given with `--platform-path` contains no platform.
    #[error(
        "no platform in `{0}`: expected boards.txt, ARCHITECTURE/boards.txt, VENDOR/ARCHITECTURE/boards.txt or packages/"
    )]
    NoPlatform(Utf8PathBuf),
}

impl LoadError {
    /// Returns the error and its cause in one line, for a list of warnings.
    pub(crate) fn one_line(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}

/// Why a board cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoardError {
    /// The text is not a board name.
    #[error(transparent)]
    Name(#[from] FqbnError),
    /// No platform is installed at all.
    #[error("unknown board `{0}`: no platform is installed")]
    NoPlatforms(String),
    /// No installed platform has this vendor and architecture.
    #[error("unknown board `{text}`: platform `{platform}` is not installed (installed: {})", installed.join(", "))]
    UnknownPlatform {
        /// The board as given.
        text: String,
        /// Its `vendor:architecture`.
        platform: String,
        /// The installed ones.
        installed: Vec<String>,
    },
    /// The platform has no such board, or no platform has.
    #[error("unknown board `{text}`{}", did_you_mean(nearest))]
    Unknown {
        /// The board as given.
        text: String,
        /// The FQBN of the board with the most similar id.
        nearest: Option<String>,
    },
    /// Several platforms have a board of this id.
    #[error("ambiguous board `{text}`: {}", fqbns.join(" or "))]
    Ambiguous {
        /// The board as given.
        text: String,
        /// The FQBNs that it may mean.
        fqbns: Vec<String>,
    },
    /// The board has no such option, or its platform does not declare it.
    #[error("unknown option `{option}` of board `{board}`{}", available(known))]
    UnknownOption {
        /// The board.
        board: String,
        /// The option.
        option: String,
        /// The board's options.
        known: Vec<String>,
    },
    /// The option has no such value.
    #[error(
        "unknown value `{value}` for option `{option}` of board `{board}`{}",
        available(known)
    )]
    UnknownValue {
        /// The board.
        board: String,
        /// The option.
        option: String,
        /// The value.
        value: String,
        /// The option's values.
        known: Vec<String>,
    },
    /// Definitions cannot be given to the board's compiler.
    #[error(
        "board `{0}`: definitions cannot be added, because its recipes do not use `build.extra_flags`"
    )]
    NoExtraFlags(String),
    /// A definition that a recipe cannot say.
    #[error(
        "definition `{0}`: both kinds of quotation marks, braces and line ends are not possible"
    )]
    Define(String),
    /// The board lacks a property that every build needs.
    #[error("board `{board}` does not define `{key}`")]
    MissingProperty {
        /// The board.
        board: String,
        /// The property.
        key: &'static str,
    },
    /// Core and variant refer to different vendors.
    #[error("board `{board}`: core `{core}` and variant `{variant}` refer to different platforms")]
    ConflictingReferences {
        /// The board.
        board: String,
        /// `build.core`.
        core: String,
        /// `build.variant`.
        variant: String,
    },
    /// The platform that core or variant refers to is not installed.
    #[error("board `{board}`: `{key}={value}` needs platform `{platform}`, which is not installed")]
    MissingReference {
        /// The board.
        board: String,
        /// `build.core` or `build.variant`.
        key: &'static str,
        /// Its value.
        value: String,
        /// The `vendor:architecture` it needs.
        platform: String,
    },
    /// The core's folder does not exist.
    #[error("board `{board}`: there is no core at `{dir}`")]
    MissingCore {
        /// The board.
        board: String,
        /// Where the core would be.
        dir: Utf8PathBuf,
    },
    /// A `--build-property` without `=`.
    #[error("--build-property needs KEY=VALUE, got `{0}`")]
    BuildProperty(String),
    /// Only some of the keys for signed or encrypted firmware are set.
    #[error(
        "board `{board}`: build.keys.keychain, build.keys.sign_key and build.keys.encrypt_key must be set together"
    )]
    SecurityKeys {
        /// The board.
        board: String,
    },
}

/// Why a recipe gives no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// The platform does not define the recipe, or defines it as nothing.
    #[error("the platform does not define `{0}`")]
    Missing(String),
    /// The recipe expands to no program.
    #[error("`{0}` expands to no command")]
    Empty(String),
    /// The file has an extension that no recipe compiles.
    #[error("no recipe compiles `{0}`")]
    Extension(Utf8PathBuf),
    /// A path has quotes in places where no recipe can carry them.
    #[error("a recipe cannot carry `{0}`: a name must not contain `\" ` or end with `\"`")]
    Unquotable(String),
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(
        || ": no installed platform has it".to_owned(),
        |fqbn| format!("; did you mean `{fqbn}`?"),
    )
}

fn available(known: &[String]) -> String {
    if known.is_empty() {
        "; it has none".to_owned()
    } else {
        format!("; available: {}", known.join(", "))
    }
}
