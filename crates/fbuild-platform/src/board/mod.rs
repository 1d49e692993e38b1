//! One board with all properties of its build merged.
//!
//! The module knows no sketch: values that differ between sketches are added by [`crate::recipe`].

mod defines;
mod options;
mod parts;
mod quirks;

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Properties;
use fbuild_model::properties::{HOST_OS, expand};

use crate::error::{BoardError, RecipeError};
use crate::fqbn::Fqbn;
use crate::install::{Installation, Platform};
use crate::split::split_arguments;

pub use options::{BuildOptions, BuildTime, WarningLevel};
pub use quirks::{CompilerVersion, QUIRKS, Quirk, applicable};

use parts::Parts;

/// What `runtime.ide.version` says; it reaches sources as `ARDUINO`.
const IDE_VERSION: &str = "10607";

/// One resolved board. Cheap to clone.
#[derive(Debug, Clone)]
pub struct BoardSpec(Arc<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    fqbn: Fqbn,
    name: String,
    board_platform: Arc<Platform>,
    core_platform: Arc<Platform>,
    core_dir: Utf8PathBuf,
    variant_dir: Option<Utf8PathBuf>,
    /// Everything up to the global platform.txt.
    base: Properties,
    /// `--build-property`, which beats also the values of one build.
    overrides: Properties,
    warning_level: WarningLevel,
    warnings: Vec<String>,
    /// Preprocessor definitions beside those of the platform.
    defines: Vec<String>,
}

impl BoardSpec {
    /// Resolves a board of `installation`: merges the properties of its platforms, menu choices, tools and options.
    ///
    /// Later properties win: variant platform, core platform, board platform, board, paths and tools, global platform.txt; `--build-property`
    /// wins over all of them.
    ///
    /// # Errors
    /// If the board, an option or a platform it refers to does not exist, or a property it needs is missing.
    pub fn resolve(
        installation: &Installation,
        fqbn: &Fqbn,
        options: &BuildOptions,
    ) -> Result<Self, BoardError> {
        let platform = installation.platform_of(fqbn)?;
        let overrides = options.overrides()?;
        let mut board = platform.boards.resolve(fqbn)?;
        let mut warnings = Vec::new();
        if board.get("build.board").is_none_or(str::is_empty) {
            let name = format!("{}_{}", fqbn.architecture, fqbn.board).to_uppercase();
            warnings.push(format!(
                "board `{}` does not define `build.board`; it is set to `{name}`",
                fqbn.base()
            ));
            board.set("build.board", name);
        }
        let parts = Parts::of(installation, platform, fqbn, &board)?;

        let mut base = Properties::new();
        base.merge(&parts.variant_platform.properties);
        base.merge(&parts.core_platform.properties);
        base.merge(&platform.properties);
        base.merge(&board);
        set_paths(&mut base, platform, &parts);
        base.merge(&installation.tool_paths(platform, &parts.core_platform));
        set_environment(&mut base, options.time.unwrap_or_else(BuildTime::now));
        base.merge(installation.global());
        let level = if options.optimize_for_debug {
            "debug"
        } else {
            "release"
        };
        if let Some(flags) = base
            .get(&format!("compiler.optimization_flags.{level}"))
            .map(str::to_owned)
        {
            base.set("compiler.optimization_flags", flags);
        }

        let name = board.get("name").unwrap_or(&fqbn.board).to_owned();
        let spec = Self(Arc::new(Inner {
            fqbn: fqbn.clone(),
            name,
            board_platform: Arc::clone(platform),
            core_platform: parts.core_platform,
            core_dir: parts.core_dir,
            variant_dir: parts.variant_dir,
            base,
            overrides,
            warning_level: options.warnings,
            warnings,
            defines: Vec::new(),
        }));
        let keys = [
            "build.keys.keychain",
            "build.keys.sign_key",
            "build.keys.encrypt_key",
        ];
        if !matches!(
            keys.iter().filter(|key| spec.raw(key).is_some()).count(),
            0 | 3
        ) {
            return Err(BoardError::SecurityKeys { board: fqbn.base() });
        }
        Ok(spec)
    }

    /// Returns the board's FQBN with the options given.
    pub fn fqbn(&self) -> &Fqbn {
        &self.0.fqbn
    }

    /// Returns the board's name for people.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the board platform's architecture, by which libraries are chosen.
    pub fn architecture(&self) -> &str {
        &self.0.fqbn.architecture
    }

    /// Returns the core's folder, which exists.
    pub fn core_dir(&self) -> &Utf8Path {
        &self.0.core_dir
    }

    /// Returns the variant's folder, which is on the include path whether it exists or not; `None` if the board has no variant.
    pub fn variant_dir(&self) -> Option<&Utf8Path> {
        self.0.variant_dir.as_deref()
    }

    /// Returns the platform that defines the board.
    pub fn board_platform(&self) -> &Platform {
        &self.0.board_platform
    }

    /// Returns the platform that the core is from: the board's, or one it refers to.
    pub fn core_platform(&self) -> &Platform {
        &self.0.core_platform
    }

    /// Returns the existing `libraries` folders: the board platform's, then the core platform's if that is another one.
    pub fn library_dirs(&self) -> Vec<Utf8PathBuf> {
        let mut dirs = vec![self.0.board_platform.dir.join("libraries")];
        if self.0.core_platform.dir != self.0.board_platform.dir {
            dirs.push(self.0.core_platform.dir.join("libraries"));
        }
        dirs.retain(|dir| dir.is_dir());
        dirs
    }

    /// Returns `build.mcu`, expanded; empty if it is not set.
    pub fn mcu(&self) -> String {
        self.get("build.mcu").unwrap_or_default()
    }

    /// Returns what about the board's description had to be mended, one line each.
    pub fn warnings(&self) -> &[String] {
        &self.0.warnings
    }

    /// Returns a property as it is written, the values of one build apart.
    pub fn raw(&self, key: &str) -> Option<&str> {
        self.0.overrides.get(key).or_else(|| self.0.base.get(key))
    }

    /// Returns a property expanded, the values of one build apart.
    pub fn get(&self, key: &str) -> Option<String> {
        self.raw(key).map(|value| self.expand(value))
    }

    /// Expands a text by the board's properties; markers of one build's values stay.
    pub fn expand(&self, text: &str) -> String {
        expand(text, |key| self.raw(key))
    }

    /// Returns all properties by key, expanded or as they are written, the values of one build apart.
    pub fn properties(&self, expanded: bool) -> Vec<(String, String)> {
        let mut all = self.0.base.clone();
        all.merge(&self.0.overrides);
        let value = |value: &str| {
            if expanded {
                self.expand(value)
            } else {
                value.to_owned()
            }
        };
        let mut pairs: Vec<_> = all
            .iter()
            .map(|(key, text)| (key.to_owned(), value(text)))
            .collect();
        pairs.sort();
        pairs
    }

    /// Returns the keys of all properties, some twice, in no particular order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.base.keys().chain(self.0.overrides.keys())
    }

    /// Returns what `--build-property` sets `key` to.
    pub(crate) fn overridden(&self, key: &str) -> Option<&str> {
        self.0.overrides.get(key)
    }

    /// Returns the value that `compiler.warning_flags` has at compile, link and size time.
    pub(crate) fn warning_flags(&self) -> &str {
        self.raw(&format!("compiler.warning_flags.{}", self.0.warning_level))
            .unwrap_or_default()
    }

    /// Returns the C++ compiler: a path, or a bare name to look up in `PATH`.
    pub fn compiler(&self) -> Result<Utf8PathBuf, RecipeError> {
        let key = "recipe.cpp.o.pattern";
        let recipe = self.get(key).filter(|recipe| !recipe.is_empty());
        let recipe = recipe.ok_or_else(|| RecipeError::Missing(key.to_owned()))?;
        let program = split_arguments(&recipe).into_iter().next();
        program
            .map(Utf8PathBuf::from)
            .ok_or_else(|| RecipeError::Empty(key.to_owned()))
    }

    /// Returns the tools that the board's recipes ask for (`{runtime.tools.NAME.path}`) and that are not installed, each once, by name.
    ///
    /// Their markers stay in the commands, so a build with such a board fails at its first command; this says why beforehand.
    pub fn missing_tools(&self) -> Vec<String> {
        let recipes = self
            .keys()
            .filter(|key| key.starts_with("recipe.") && key.ends_with(".pattern"));
        let mut tools = BTreeSet::new();
        for recipe in recipes.filter_map(|key| self.get(key)) {
            for rest in recipe.split("{runtime.tools.").skip(1) {
                let marker = rest.split_once('}').map_or("", |(marker, _)| marker);
                if let Some(name) = marker.strip_suffix(".path") {
                    tools.insert(name.to_owned());
                }
            }
        }
        tools.into_iter().collect()
    }

    /// Returns the sub-folders of a library's `src` in which its precompiled binaries may lie, the best first.
    pub fn precompiled_dirs(&self) -> Vec<Utf8PathBuf> {
        let mcu = self.mcu();
        if mcu.is_empty() {
            return Vec::new();
        }
        let recipe = split_arguments(&self.get("recipe.cpp.o.pattern").unwrap_or_default());
        let flag = |prefix: &str| {
            recipe
                .iter()
                .find_map(|argument| Some(argument.strip_prefix(prefix)?.to_owned()))
        };
        let mut dirs = Vec::new();
        let (fpu, abi) = match (self.get("build.fpu"), self.get("build.float-abi")) {
            (Some(fpu), Some(abi)) => (Some(fpu), Some(abi)),
            _ => (flag("-mfpu="), flag("-mfloat-abi=")),
        };
        if let (Some(fpu), Some(abi)) = (fpu, abi) {
            dirs.push(Utf8PathBuf::from(&mcu).join(format!("{fpu}-{abi}")));
        }
        dirs.push(Utf8PathBuf::from(mcu));
        dirs
    }

    /// Returns the bootloader to merge firmware with; `None` if the board names none or the file is missing.
    pub fn bootloader_file(&self) -> Option<Utf8PathBuf> {
        let named = self
            .get("bootloader.noblink")
            .or_else(|| self.get("bootloader.file"))?;
        let named = named
            .strip_suffix(".bin")
            .map(|stem| format!("{stem}.hex"))
            .unwrap_or(named);
        let file = Utf8PathBuf::from(self.get("runtime.platform.path")?)
            .join("bootloaders")
            .join(named);
        file.is_file().then_some(file)
    }

    /// Returns the largest span for which a merged image is also written as `.bin`, in bytes.
    pub fn largest_merged_bin(&self) -> u64 {
        let maximum = self
            .get("upload.maximum_size")
            .and_then(|size| size.trim().parse::<u64>().ok());
        maximum.map_or(16_000_000, |size| size.saturating_mul(2))
    }

    /// Returns the board with `flags` appended to `build.extra_flags`, wherever that is set.
    pub(crate) fn with_extra_flags(&self, flags: &str) -> Self {
        let key = "build.extra_flags";
        let joined = format!("{} {flags}", self.raw(key).unwrap_or_default())
            .trim()
            .to_owned();
        let mut inner = Inner::clone(&self.0);
        if inner.overrides.contains(key) {
            inner.overrides.set(key, joined);
        } else {
            inner.base.set(key, joined);
        }
        Self(Arc::new(inner))
    }
}

/// Sets the paths of platforms, core and variant.
fn set_paths(base: &mut Properties, platform: &Platform, parts: &Parts) {
    let core_platform = &parts.core_platform.dir;
    let use_core =
        base.get("runtime.use_core_platform_path_for_runtime_platform_path") == Some("true");
    let runtime = if use_core {
        core_platform
    } else {
        &platform.dir
    };
    base.set("runtime.platform.path", runtime.as_str());
    base.set(
        "runtime.hardware.path",
        runtime.parent().unwrap_or(runtime).as_str(),
    );
    base.set("build.board.platform.path", platform.dir.as_str());
    base.set("build.core.platform.path", core_platform.as_str());
    base.set("build.core.path", parts.core_dir.as_str());
    base.set("build.system.path", core_platform.join("system").as_str());
    base.set(
        "build.variant.path",
        parts.variant_dir.as_ref().map_or("", |dir| dir.as_str()),
    );
}

/// Sets what the builder says about itself, its host and the time.
fn set_environment(base: &mut Properties, time: BuildTime) {
    let program = std::env::current_exe()
        .ok()
        .and_then(|path| Utf8PathBuf::from_path_buf(path).ok());
    let program_dir = program
        .as_deref()
        .and_then(Utf8Path::parent)
        .map_or("", Utf8Path::as_str);
    base.set_default("runtime.ide.path", program_dir);
    base.set("runtime.ide.version", IDE_VERSION);
    base.set("ide_version", IDE_VERSION);
    base.set("runtime.os", HOST_OS);
    base.set_default("software", "ARDUINO");
    base.set("build.library_discovery_phase", "0");
    base.set("tools.avrdude.path", "{runtime.tools.avrdude.path}");
    base.set("extra.time.utc", time.utc.to_string());
    base.set(
        "extra.time.local",
        (time.utc + time.zone + time.dst).to_string(),
    );
    base.set("extra.time.zone", time.zone.to_string());
    base.set("extra.time.dst", time.dst.to_string());
}
