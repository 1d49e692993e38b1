//! Finding platform folders and tools by the shape of the directories they are in.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Properties;

use super::platform::{Origin, PlatformDir, SearchRoots};
use super::platformio;
use super::tools::{self, Tool};
use crate::error::LoadError;
use crate::read;

/// Everything that lies in the search roots, before any platform is read.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Platform folders; of equals, earlier ones win.
    pub(crate) platforms: Vec<PlatformDir>,
    /// Tools.
    pub(crate) tools: Vec<Tool>,
    /// The merged global platform.txt files.
    pub(crate) global: Properties,
    /// Files that could not be used.
    pub(crate) warnings: Vec<String>,
    /// Folders that look like a platform and are none.
    pub(crate) notes: Vec<String>,
}

/// What a folder that the user named turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Platform,
    Vendor,
    VersionedPlatforms,
    HardwareRoot,
    Data,
    PlatformIo,
}

impl Found {
    /// Looks through all roots.
    pub(crate) fn search(roots: &SearchRoots) -> Result<Self, LoadError> {
        let mut found = Self::default();
        for root in &roots.explicit {
            found.explicit(root)?;
        }
        for root in &roots.data {
            found.data(root, Origin::Managed);
        }
        for root in &roots.hardware {
            found.hardware_root(root, Origin::Manual);
        }
        for root in &roots.platformio {
            found.platformio(root, Origin::PlatformIo);
        }
        for root in &roots.builtin_tools {
            found.tools.extend(tools::builtin(root));
        }
        Ok(found)
    }

    /// Takes a folder the user named for whatever it looks like.
    fn explicit(&mut self, root: &Utf8Path) -> Result<(), LoadError> {
        let read = |source| LoadError::Read {
            path: root.to_owned(),
            source,
        };
        // Names of vendor and architecture are taken from the path, so it has to be complete; links stay, as their names count.
        let mut root = camino::absolute_utf8(root).map_err(read)?;
        if root
            .components()
            .any(|part| part == camino::Utf8Component::ParentDir)
        {
            root = root.canonicalize_utf8().map_err(read)?;
        }
        fs_err::read_dir(&root).map_err(read)?;
        let shape = shape(&root).ok_or_else(|| LoadError::NoPlatform(root.clone()))?;
        tracing::debug!(%root, ?shape, "explicit platform path");
        let name = root.file_name().unwrap_or_default().to_owned();
        match shape {
            Shape::Platform => self.single_platform(&root),
            Shape::Vendor => self.vendor(&name, &root, Origin::Explicit),
            Shape::VersionedPlatforms => {
                let vendor = root.parent().unwrap_or(&root).to_owned();
                self.vendor(
                    vendor.file_name().unwrap_or_default(),
                    &vendor,
                    Origin::Explicit,
                );
            }
            Shape::HardwareRoot => {
                let nested = root.join("hardware");
                let root = if nested.is_dir() { nested } else { root };
                self.hardware_root(&root, Origin::Explicit);
            }
            Shape::Data => self.data(&root, Origin::Explicit),
            Shape::PlatformIo => self.platformio(&root, Origin::Explicit),
        }
        Ok(())
    }

    /// Adds a folder that is one platform itself: `VENDOR/ARCH`, `VENDOR/hardware/ARCH/VERSION`, or a package of PlatformIO.
    fn single_platform(&mut self, dir: &Utf8Path) {
        if let Some(platform) = platformio::platform(dir, Origin::Explicit) {
            self.platforms.push(platform);
            if let Some(packages) = dir.parent() {
                self.tools.extend(platformio::tools(packages));
            }
            return;
        }
        let names: Vec<&str> = dir
            .ancestors()
            .map(|dir| dir.file_name().unwrap_or_default())
            .collect();
        let (architecture, version, vendor_level) = match names[..] {
            [version, architecture, "hardware", ..] if is_version(version) => {
                (architecture, Some(version), 3)
            }
            // Beside vendors with architectures lies a vendor; without an architecture it is one for Arduino 1.0, when there was only AVR.
            [_, ..] if dir.parent().is_some_and(has_platforms) => ("avr", None, 0),
            [architecture, ..] => (architecture, None, 1),
            [] => return,
        };
        let Some(vendor_dir) = dir.ancestors().nth(vendor_level) else {
            return;
        };
        let vendor = vendor_dir.file_name().unwrap_or_default();
        self.platforms.push(PlatformDir {
            vendor: vendor.to_owned(),
            architecture: architecture.to_owned(),
            version: version.map(str::to_owned),
            dir: dir.to_owned(),
            origin: Origin::Explicit,
        });
        self.tools
            .extend(tools::in_vendor_folder(vendor, vendor_dir));
    }

    /// Adds `DATA/packages`, the Boards Manager's folder.
    fn data(&mut self, data: &Utf8Path, origin: Origin) {
        self.hardware_root(&data.join("packages"), origin);
    }

    /// Adds a folder with one folder per vendor; its platform.txt is the global one.
    fn hardware_root(&mut self, root: &Utf8Path, origin: Origin) {
        match read::properties_if_present(&root.join("platform.txt")) {
            Ok(global) => self.global.merge(&global),
            Err(error) => self.warnings.push(error.one_line()),
        }
        for (vendor, dir) in read::folders(root) {
            if vendor == "tools" {
                self.tools.extend(tools::builtin(&dir));
            } else {
                self.vendor(&vendor, &dir, origin);
            }
        }
    }

    /// Adds a vendor's folder: `hardware/ARCH/VERSION/boards.txt` if it has `hardware`, else `ARCH/boards.txt`.
    fn vendor(&mut self, vendor: &str, dir: &Utf8Path, origin: Origin) {
        if dir.join("boards.txt").is_file() {
            self.notes.push(format!(
                "`{dir}` has boards.txt without an architecture's folder around it (the layout of Arduino 1.0), so it is not a platform; \
                 moved to `{vendor}/avr` it is one"
            ));
        }
        let nested = dir.join("hardware");
        let base = if nested.is_dir() {
            nested
        } else {
            dir.to_owned()
        };
        for (architecture, dir) in read::folders(&base) {
            if architecture == "tools" {
                continue;
            }
            let mut add = |version: Option<String>, dir: Utf8PathBuf| {
                // A version's folder is what the Boards Manager makes; a platform without one was put among them by hand.
                let origin = match origin {
                    Origin::Managed if version.is_none() => Origin::Manual,
                    other => other,
                };
                let (vendor, architecture) = (vendor.to_owned(), architecture.clone());
                self.platforms.push(PlatformDir {
                    vendor,
                    architecture,
                    version,
                    dir,
                    origin,
                });
            };
            if dir.join("boards.txt").is_file() {
                add(None, dir);
            } else {
                for (version, dir) in read::folders(&dir) {
                    if dir.join("boards.txt").is_file() {
                        add(Some(version), dir);
                    }
                }
            }
        }
        self.tools.extend(tools::in_vendor_folder(vendor, dir));
    }

    /// Adds PlatformIO's folder of packages.
    fn platformio(&mut self, packages: &Utf8Path, origin: Origin) {
        for (name, dir) in read::folders(packages) {
            let platform = platformio::platform(&dir, origin);
            if platform.is_none() && platformio::is_framework(&name) {
                self.notes.push(format!("`{dir}` has no boards.txt, which names a platform's boards, so it cannot be used"));
            }
            self.platforms.extend(platform);
        }
        self.tools.extend(platformio::tools(packages));
    }
}

/// Says what a folder is by what is in it; the first shape that fits counts.
fn shape(dir: &Utf8Path) -> Option<Shape> {
    if dir.join("boards.txt").is_file() {
        return Some(Shape::Platform);
    }
    if dir.join("packages").is_dir() {
        return Some(Shape::Data);
    }
    if read::folders(dir)
        .iter()
        .any(|(name, _)| platformio::is_framework(name))
    {
        return Some(Shape::PlatformIo);
    }
    let nested = dir.join("hardware");
    if nested.is_dir() {
        return if has_versions(&nested) {
            Some(Shape::Vendor)
        } else if has_platforms(&nested) {
            Some(Shape::HardwareRoot)
        } else {
            None
        };
    }
    if has_versions(dir) {
        return Some(Shape::VersionedPlatforms);
    }
    if has_platforms(dir) {
        return Some(Shape::HardwareRoot);
    }
    let has_boards = read::folders(dir)
        .iter()
        .any(|(_, dir)| dir.join("boards.txt").is_file());
    has_boards.then_some(Shape::Vendor)
}

/// Whether `dir` is like `VENDOR/hardware`: `ARCH/VERSION/boards.txt`.
fn has_versions(dir: &Utf8Path) -> bool {
    read::folders(dir)
        .iter()
        .flat_map(|(_, dir)| read::folders(dir))
        .any(|(name, dir)| is_version(&name) && dir.join("boards.txt").is_file())
}

/// Whether `dir` is like the sketchbook's `hardware`: `VENDOR/ARCH/boards.txt`, or `VENDOR/hardware/`.
fn has_platforms(dir: &Utf8Path) -> bool {
    read::folders(dir)
        .iter()
        .flat_map(|(_, vendor)| read::folders(vendor))
        .any(|(name, dir)| {
            (name == "hardware" && has_versions(&dir)) || dir.join("boards.txt").is_file()
        })
}

/// Tells a version's folder from an architecture's: only the former starts with a digit.
fn is_version(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit())
}
