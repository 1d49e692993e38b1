//! Which sketches, boards, platforms, libraries and properties.

use camino::Utf8PathBuf;
use clap::Args;
use fbuild_platform::WarningLevel;

use super::CacheArgs;
use super::values::{parse_glob, warning_level};
use crate::config::Rule;
use crate::partition::Partition;

/// Where to look for platforms.
#[derive(Debug, Clone, Args)]
pub struct PlatformArgs {
    /// Also look for platforms here, first (repeatable)
    #[arg(
        long = "platform-path",
        value_name = "DIR",
        hide_short_help = true,
        help_heading = "Platforms and libraries"
    )]
    pub platform_paths: Vec<Utf8PathBuf>,
    /// Do not work around known faults of toolchains (`fbuild doctor` lists them)
    #[arg(long, hide_short_help = true, help_heading = "Platforms and libraries")]
    pub no_quirks: bool,
}

/// Overrides of properties.
#[derive(Debug, Clone, Args)]
pub struct PropertyArgs {
    /// Override a build property (repeatable; the last one wins)
    #[arg(
        long = "build-property",
        visible_alias = "build-properties",
        value_name = "KEY=VALUE",
        help_heading = "Compiler"
    )]
    pub build_properties: Vec<String>,
    /// Compiler warning level
    #[arg(
        long,
        value_name = "LEVEL",
        default_value_t,
        value_parser = warning_level(),
        help_heading = "Compiler"
    )]
    pub warnings: WarningLevel,
    /// Compile for a debugger instead of for size
    #[arg(long, hide_short_help = true, help_heading = "Compiler")]
    pub optimize_for_debug: bool,
}

/// Which sketches, on which boards, with which libraries and properties.
#[derive(Debug, Clone, Args)]
pub struct SketchArgs {
    /// Sketch folders, .ino files, folders of sketches
    #[arg(value_name = "SKETCH", default_value = ".")]
    pub sketches: Vec<std::ffi::OsString>,
    /// Board: `uno`, "Arduino Uno" or an FQBN (repeatable, comma list)
    ///
    /// An FQBN is `vendor:arch:board[:option=value,…]`. Default: the default profile or default board of each sketch's sketch.yaml.
    #[arg(short, long = "board", visible_alias = "fqbn", value_name = "BOARD")]
    pub boards: Vec<String>,
    /// Options of the boards: `cpu=atmega328old` (repeatable, comma list)
    #[arg(long, value_name = "OPTION=VALUE")]
    pub board_options: Vec<String>,
    /// Use this profile of sketch.yaml
    ///
    /// Its board, platforms and libraries are used as they are installed; nothing is downloaded.
    #[arg(short = 'm', long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Build only sketches whose name matches (repeatable)
    ///
    /// The pattern is compared with the sketch's name in the results and with every shorter ending of it: `Mqtt*` and `examples/*` both match `examples/MqttTest`.
    #[arg(long, value_name = "GLOB", value_parser = parse_glob)]
    pub include: Vec<globset::Glob>,
    /// Build no sketch whose name matches (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = parse_glob)]
    pub exclude: Vec<globset::Glob>,
    /// Rules of fbuild.toml.
    /// Build one of N parts of the sketches: hash:K/N or slice:K/N
    ///
    /// With hash a sketch stays in its part when others come or go; with slice parts are equally large. `fbuild merge-reports` makes one report of the parts'.
    #[arg(long, value_name = "PART", hide_short_help = true)]
    pub partition: Option<Partition>,
    #[arg(skip)]
    pub rules: Vec<Rule>,

    /// Where to look for platforms.
    #[command(flatten)]
    pub platforms: PlatformArgs,
    /// Use this library (repeatable; beats all others)
    #[arg(
        long = "library",
        value_name = "DIR",
        help_heading = "Platforms and libraries"
    )]
    pub library: Vec<Utf8PathBuf>,
    /// Use the libraries in this directory (repeatable)
    #[arg(
        long = "libraries",
        value_name = "DIR",
        help_heading = "Platforms and libraries"
    )]
    pub libraries: Vec<Utf8PathBuf>,

    /// Compiler options.
    #[command(flatten)]
    pub properties: PropertyArgs,

    /// Where the cache is.
    #[command(flatten)]
    pub cache: CacheArgs,
}
