//! The platforms and tools installed on a machine, and how a board name finds one of their boards.

mod boards;
mod platform;
mod platformio;
mod search;
mod suggest;
mod tools;
mod version;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use fbuild_model::Properties;

use crate::error::{BoardError, LoadError};
use crate::fqbn::{BoardName, Fqbn};

pub use boards::{BoardEntry, Menu};
pub use platform::{Origin, Platform, SearchRoots};
pub use tools::Tool;

use search::Found;

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
    /// Looks through `roots` and reads the platforms found.
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

    /// Returns `runtime.tools.*` for a board of `platform` with a core of `core_platform`.
    pub(crate) fn tool_paths(&self, platform: &Platform, core_platform: &Platform) -> Properties {
        let mut required = core_platform.required_tools();
        required.extend(platform.required_tools());
        tools::paths(
            &self.tools,
            &required,
            &platform.vendor,
            &core_platform.vendor,
        )
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

    /// Returns the platform in use of a vendor and architecture.
    pub(crate) fn platform(&self, vendor: &str, architecture: &str) -> Option<&Arc<Platform>> {
        self.platforms
            .iter()
            .find(|platform| platform.vendor == vendor && platform.architecture == architecture)
    }

    /// Returns the merged global platform.txt files.
    pub(crate) fn global(&self) -> &Properties {
        &self.global
    }

    /// Returns the platform in use that defines the board.
    pub(crate) fn platform_of(&self, fqbn: &Fqbn) -> Result<&Arc<Platform>, BoardError> {
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
