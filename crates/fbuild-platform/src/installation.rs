//! All platforms of a machine, and the way from what a user typed to one board (specification 1.1, 1.4).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use camino::Utf8PathBuf;
use fbuild_model::Properties;

use crate::boards::BoardEntry;
use crate::fqbn::{BoardName, Fqbn, FqbnError};
use crate::layout::Found;
use crate::load::LoadError;
use crate::options::BuildOptions;
use crate::platforms::{Platform, SearchRoots};
use crate::spec::BoardSpec;
use crate::suggest;
use crate::tools::Tool;
use crate::version;

/// Why a board cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoardError {
    /// The text is no board name.
    #[error(transparent)]
    Name(#[from] FqbnError),
    /// No platform is installed at all.
    #[error("find board `{0}`: no platform is installed")]
    NoPlatforms(String),
    /// No installed platform has such a vendor and architecture.
    #[error("find board `{text}`: platform `{platform}` is not installed (installed: {})", installed.join(", "))]
    UnknownPlatform {
        /// What was asked for.
        text: String,
        /// Its `vendor:architecture`.
        platform: String,
        /// The installed ones.
        installed: Vec<String>,
    },
    /// No such board.
    #[error("find board `{text}`{}", did_you_mean(nearest))]
    Unknown {
        /// What was asked for.
        text: String,
        /// The FQBN of the board with the most similar id.
        nearest: Option<String>,
    },
    /// Several platforms have a board of this id.
    #[error("choose board `{text}`: it may be {}", fqbns.join(" or "))]
    Ambiguous {
        /// What was asked for.
        text: String,
        /// The FQBNs it may mean.
        fqbns: Vec<String>,
    },
    /// The board has no such option, or its platform does not declare it (specification 1.4.3).
    #[error(
        "set options of `{board}`: invalid option `{option}`{}",
        there_are(known)
    )]
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
        "set options of `{board}`: invalid value `{value}` for option `{option}`{}",
        there_are(known)
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
    /// The board does not say a property without which it cannot be built.
    #[error("use board `{board}`: it does not define `{key}`")]
    MissingProperty {
        /// The board.
        board: String,
        /// The property.
        key: &'static str,
    },
    /// Core and variant refer to different vendors (specification 1.4.6).
    #[error(
        "use board `{board}`: core `{core}` and variant `{variant}` refer to different platforms"
    )]
    ConflictingReferences {
        /// The board.
        board: String,
        /// `build.core`.
        core: String,
        /// `build.variant`.
        variant: String,
    },
    /// The platform that core or variant refers to is not installed.
    #[error(
        "use board `{board}`: `{key}={value}` needs platform `{platform}`, which is not installed"
    )]
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
    #[error("use board `{board}`: there is no core at `{dir}`")]
    MissingCore {
        /// The board.
        board: String,
        /// Where the core would be.
        dir: Utf8PathBuf,
    },
    /// A `--build-property` without `=`.
    #[error("read build property `{0}`: expected `key=value`")]
    BuildProperty(String),
    /// Only some of the keys for signed or encrypted firmware are set (specification 1.6).
    #[error(
        "use board `{board}`: of build.keys.keychain, build.keys.sign_key and build.keys.encrypt_key all or none have to be set"
    )]
    SecurityKeys {
        /// The board.
        board: String,
    },
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map_or_else(String::new, |fqbn| format!("; did you mean `{fqbn}`?"))
}

fn there_are(known: &[String]) -> String {
    if known.is_empty() {
        "; it has none".to_owned()
    } else {
        format!("; there are: {}", known.join(", "))
    }
}

fn is_pinned(pinned: &[(String, String)], platform: &Platform) -> bool {
    pinned
        .iter()
        .any(|(id, version)| *id == platform.id() && *version == platform.version)
}

/// The platforms and tools found on a machine.
#[derive(Debug, Clone)]
pub struct Installation {
    platforms: Vec<Arc<Platform>>,
    tools: Vec<Tool>,
    global: Properties,
    warnings: Vec<String>,
    notes: Vec<String>,
}

impl Installation {
    /// Looks through `roots` and reads the platforms found (specification 1.1).
    ///
    /// Of several versions of one platform a named one beats an installed one, that one put there by hand, then the highest version counts.
    /// A platform that cannot be read is left out with a warning; only a folder the user named is an error if it holds none.
    pub fn discover(roots: &SearchRoots) -> Result<Self, LoadError> {
        let Found {
            platforms: dirs,
            tools,
            global,
            mut warnings,
            mut notes,
        } = Found::search(roots)?;
        let mut best: BTreeMap<(String, String), Arc<Platform>> = BTreeMap::new();
        let mut seen = std::collections::HashSet::new();
        for dir in dirs {
            if !seen.insert(dir.dir.clone()) {
                continue;
            }
            let platform = match Platform::load(dir) {
                Ok(platform) => Arc::new(platform),
                Err(error) => {
                    warnings.push(error.one_line());
                    continue;
                }
            };
            let slot = (platform.vendor.clone(), platform.architecture.clone());
            let Some(other) = best.get(&slot).cloned() else {
                best.insert(slot, platform);
                continue;
            };
            let rank = |platform: &Platform| (is_pinned(&roots.pinned, platform), platform.origin);
            let wins = match rank(&platform).cmp(&rank(&other)) {
                Ordering::Equal => version::compare(&platform.version, &other.version).is_gt(),
                order => order.is_gt(),
            };
            let (used, unused) = if wins {
                (platform, other)
            } else {
                (other, platform)
            };
            notes.push(format!(
                "`{}` {} in `{}` is not used, {} in `{}` is",
                unused.id(),
                unused.version,
                unused.dir,
                used.version,
                used.dir
            ));
            best.insert(slot, used);
        }
        Ok(Self {
            platforms: best.into_values().collect(),
            tools,
            global,
            warnings,
            notes,
        })
    }

    /// Returns the platforms in use, by vendor and architecture.
    pub fn platforms(&self) -> impl ExactSizeIterator<Item = &Platform> {
        self.platforms.iter().map(AsRef::as_ref)
    }

    /// Returns the installed tools.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// Returns every board of every platform, by vendor and architecture, then in the platform's order.
    pub fn boards(&self) -> impl Iterator<Item = BoardEntry> + '_ {
        self.platforms.iter().flat_map(|platform| {
            platform.boards.ids().filter_map(|id| {
                let board = platform.boards.get(id)?;
                Some(BoardEntry {
                    fqbn: format!("{}:{id}", platform.id()),
                    name: board.get("name").unwrap_or(id).to_owned(),
                    hidden: board.contains("hide"),
                    version: platform.version.clone(),
                    menus: platform.boards.menus(id),
                })
            })
        })
    }

    /// Returns what could not be read, one line each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Returns what is worth knowing when a platform is missed: versions not used, folders that are no platform.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Reads what a user typed for a board: `uno`, `nano:cpu=atmega328old`, `arduino:avr:uno`.
    ///
    /// A board name that several platforms have is an error that lists them; an unknown one suggests the nearest. Options are checked too.
    pub fn parse_board(&self, text: &str) -> Result<Fqbn, BoardError> {
        let BoardName {
            platform,
            board,
            options,
        } = BoardName::parse(text)?;
        let fqbn = match platform {
            Some((vendor, architecture)) => Fqbn {
                vendor,
                architecture,
                board,
                options,
            },
            None => {
                let has = |platform: &&Arc<Platform>| platform.boards.get(&board).is_some();
                let owners: Vec<&Arc<Platform>> = self.platforms.iter().filter(has).collect();
                match owners[..] {
                    [owner] => Fqbn {
                        vendor: owner.vendor.clone(),
                        architecture: owner.architecture.clone(),
                        board,
                        options,
                    },
                    [] if self.platforms.is_empty() => {
                        return Err(BoardError::NoPlatforms(text.to_owned()));
                    }
                    [] => {
                        return Err(BoardError::Unknown {
                            text: text.to_owned(),
                            nearest: self.nearest(&board),
                        });
                    }
                    _ => {
                        let fqbns = owners
                            .iter()
                            .map(|owner| format!("{}:{board}", owner.id()))
                            .collect();
                        return Err(BoardError::Ambiguous {
                            text: text.to_owned(),
                            fqbns,
                        });
                    }
                }
            }
        };
        self.platform_of(&fqbn)?.boards.resolve(&fqbn)?;
        Ok(fqbn)
    }

    /// Returns the FQBN of the board whose id is most like `board`.
    fn nearest(&self, board: &str) -> Option<String> {
        let ids = self
            .platforms
            .iter()
            .flat_map(|platform| platform.boards.ids());
        let nearest = suggest::nearest(board, ids)?;
        let owner = self
            .platforms
            .iter()
            .find(|platform| platform.boards.get(nearest).is_some())?;
        Some(format!("{}:{nearest}", owner.id()))
    }

    /// Resolves a board: every property and recipe of its build (specification 1.4–1.6).
    pub fn board(&self, fqbn: &Fqbn, options: &BuildOptions) -> Result<BoardSpec, BoardError> {
        let platform = self.platform_of(fqbn)?;
        BoardSpec::resolve(self, platform, fqbn, options)
    }

    /// Returns the platform in use of a vendor and architecture.
    pub(crate) fn platform(&self, vendor: &str, architecture: &str) -> Option<&Arc<Platform>> {
        self.platforms
            .iter()
            .find(|platform| platform.vendor == vendor && platform.architecture == architecture)
    }

    /// Returns the merged global platform.txt files (specification 1.1.3).
    pub(crate) fn global(&self) -> &Properties {
        &self.global
    }

    fn platform_of(&self, fqbn: &Fqbn) -> Result<&Arc<Platform>, BoardError> {
        self.platform(&fqbn.vendor, &fqbn.architecture)
            .ok_or_else(|| {
                if self.platforms.is_empty() {
                    return BoardError::NoPlatforms(fqbn.to_string());
                }
                BoardError::UnknownPlatform {
                    text: fqbn.to_string(),
                    platform: format!("{}:{}", fqbn.vendor, fqbn.architecture),
                    installed: self
                        .platforms
                        .iter()
                        .map(|platform| platform.id())
                        .collect(),
                }
            })
    }
}
