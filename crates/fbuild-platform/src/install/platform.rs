//! Installed platforms: one folder with `boards.txt` each, and where such folders are looked for.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Properties;

use super::boards::Boards;
use super::tools::{self, Requirement};
use crate::error::LoadError;
use crate::read;

/// Where to look for platforms and tools. Folders that do not exist are passed over, except the explicit ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchRoots {
    /// Folders the user named (`--platform-path`): of any of the shapes below, or a vendor's folder, or a single platform's. They win over
    /// everything found elsewhere; one without a platform is an error.
    pub explicit: Vec<Utf8PathBuf>,
    /// Folders with `VENDOR/ARCH/boards.txt`: the sketchbook's `hardware`, `/usr/share/arduino/hardware`.
    pub hardware: Vec<Utf8PathBuf>,
    /// Arduino data folders, which hold `packages/`.
    pub data: Vec<Utf8PathBuf>,
    /// PlatformIO's folders of packages: `~/.platformio/packages`.
    pub platformio: Vec<Utf8PathBuf>,
    /// Folders with tools for platforms that bring none: the IDE's `hardware/tools`, or `/usr`, whose `bin` may hold `avr-gcc`.
    pub builtin_tools: Vec<Utf8PathBuf>,
    /// Platforms by `vendor:architecture` and the version that is wanted: where it is installed it wins over all others.
    pub pinned: Vec<(String, String)>,
}

/// How a platform came to be where it is. Later kinds win over earlier ones, whatever their versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Installed by PlatformIO.
    PlatformIo,
    /// Put there by hand, or by a distribution.
    Manual,
    /// Installed by the Boards Manager.
    Managed,
    /// Named by the user.
    Explicit,
}

/// A folder that holds a platform, before its files are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlatformDir {
    pub(crate) vendor: String,
    pub(crate) architecture: String,
    /// The version its folder's name says; `None` where platform.txt says it.
    pub(crate) version: Option<String>,
    pub(crate) dir: Utf8PathBuf,
    pub(crate) origin: Origin,
}

/// One installed platform with its boards.
#[derive(Debug, Clone)]
pub struct Platform {
    /// The vendor, also called packager: `arduino`.
    pub vendor: String,
    /// The architecture: `avr`.
    pub architecture: String,
    /// The version; may be empty.
    pub version: String,
    /// The name platform.txt gives, else `vendor:architecture`.
    pub name: String,
    /// The folder.
    pub dir: Utf8PathBuf,
    /// How it came to be there.
    pub origin: Origin,
    /// platform.txt with platform.local.txt merged over it; empty without such files.
    pub(crate) properties: Properties,
    /// boards.txt with boards.local.txt merged over it.
    pub(crate) boards: Boards,
}

impl Platform {
    /// Reads the platform's files.
    pub(crate) fn load(found: PlatformDir) -> Result<Self, LoadError> {
        let PlatformDir {
            vendor,
            architecture,
            version,
            dir,
            origin,
        } = found;
        let mut boards = read::properties(&dir.join("boards.txt"))?;
        boards.merge(&read::properties_if_present(&dir.join("boards.local.txt"))?);
        let mut properties = read::properties_if_present(&dir.join("platform.txt"))?;
        properties.merge(&read::properties_if_present(
            &dir.join("platform.local.txt"),
        )?);
        let version = version
            .or_else(|| properties.get_expanded("version"))
            .unwrap_or_default();
        let name = properties
            .get_expanded("name")
            .unwrap_or_else(|| format!("{vendor}:{architecture}"));
        Ok(Self {
            vendor,
            architecture,
            version,
            name,
            dir,
            origin,
            properties,
            boards: Boards::new(boards),
        })
    }

    /// Returns `vendor:architecture`.
    pub fn id(&self) -> String {
        format!("{}:{}", self.vendor, self.architecture)
    }

    /// Returns the tools that the platform's index entry requires; none unless the Boards Manager installed it
    /// (in `DATA/packages/VENDOR/hardware/ARCH/VERSION`).
    pub(crate) fn required_tools(&self) -> Vec<Requirement> {
        let packages = self.dir.ancestors().nth(4);
        let packages = packages.filter(|dir| dir.file_name() == Some("packages"));
        let data = packages.and_then(Utf8Path::parent);
        data.map(|data| {
            tools::required_by(
                &self.vendor,
                &self.architecture,
                &self.version,
                &self.dir,
                data,
            )
        })
        .unwrap_or_default()
    }

    /// Returns the folder of the core `name`, which may not exist.
    pub(crate) fn core_dir(&self, name: &str) -> Utf8PathBuf {
        join(&self.dir.join("cores"), name)
    }

    /// Returns the folder of the variant `name`, which may not exist.
    pub(crate) fn variant_dir(&self, name: &str) -> Utf8PathBuf {
        join(&self.dir.join("variants"), name)
    }
}

/// Joins a relative name; an absolute one would leave the platform, so it is kept below it.
fn join(dir: &Utf8Path, name: &str) -> Utf8PathBuf {
    dir.join(name.trim_start_matches('/'))
}
