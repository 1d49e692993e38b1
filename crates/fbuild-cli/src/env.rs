//! The environment variables that `fbuild` reads, in one place.

/// Directory of the cache. Read by the argument parser.
pub const CACHE_DIR: &str = "FBUILD_CACHE_DIR";
/// Further places of platforms, separated by colons.
pub const PLATFORM_PATH: &str = "FBUILD_PLATFORM_PATH";
/// Arduino's data directory.
pub const ARDUINO_DATA: &str = "ARDUINO_DIRECTORIES_DATA";
/// Arduino's sketchbook.
pub const ARDUINO_USER: &str = "ARDUINO_DIRECTORIES_USER";
/// PlatformIO's directory.
pub const PLATFORMIO_CORE_DIR: &str = "PLATFORMIO_CORE_DIR";
/// Set by continuous integration; no live display then.
pub const CI: &str = "CI";
/// Set on GitHub's runners: groups and annotations.
pub const GITHUB_ACTIONS: &str = "GITHUB_ACTIONS";
/// Any value switches colour off.
pub const NO_COLOR: &str = "NO_COLOR";
/// What the log of fbuild itself shows.
pub const LOG: &str = "FBUILD_LOG";

/// Returns a variable's value if it is set to something.
pub fn get(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
