//! The environment variables that `fbuild` reads, in one place; `docs/environment.md` is made from [`ALL`].

/// Directory of the cache. Read by the argument parser.
pub const CACHE_DIR: &str = "FBUILD_CACHE_DIR";
/// Size that builds keep the cache below. Read by the argument parser.
pub const CACHE_SIZE: &str = "FBUILD_CACHE_SIZE";
/// A header for the remote cache. Read by the argument parser.
pub const REMOTE_HEADER: &str = "FBUILD_REMOTE_HEADER";
/// Further places of platforms, separated by colons.
pub const PLATFORM_PATH: &str = "FBUILD_PLATFORM_PATH";
/// The reference tool of `fbuild parity`. Read by the argument parser.
pub const REFERENCE: &str = "FBUILD_REFERENCE";
/// Set by completion scripts to the name of the shell. Read by the completion engine.
pub const COMPLETE: &str = "FBUILD_COMPLETE";
/// What the log of fbuild itself shows.
pub const LOG: &str = "FBUILD_LOG";
/// The file with arduino-cli's settings.
pub const ARDUINO_CONFIG_FILE: &str = "ARDUINO_CONFIG_FILE";
/// Arduino's data directory.
pub const ARDUINO_DATA: &str = "ARDUINO_DIRECTORIES_DATA";
/// Arduino's sketchbook.
pub const ARDUINO_USER: &str = "ARDUINO_DIRECTORIES_USER";
/// PlatformIO's directory.
pub const PLATFORMIO_CORE_DIR: &str = "PLATFORMIO_CORE_DIR";
/// The user's directory.
pub const HOME: &str = "HOME";
/// Where the system keeps caches.
pub const XDG_CACHE_HOME: &str = "XDG_CACHE_HOME";
/// Any value switches colour off. Read by `anstream`.
pub const NO_COLOR: &str = "NO_COLOR";
/// Any value but `0` switches colour on. Read by `anstream`.
pub const CLICOLOR_FORCE: &str = "CLICOLOR_FORCE";
/// The kind of terminal.
pub const TERM: &str = "TERM";
/// Set by continuous integration; no live display then.
pub const CI: &str = "CI";
/// Set on GitHub's runners: groups and annotations.
pub const GITHUB_ACTIONS: &str = "GITHUB_ACTIONS";
/// The checkout on GitHub's runners.
pub const GITHUB_WORKSPACE: &str = "GITHUB_WORKSPACE";
/// The repository on GitHub, `owner/name`.
pub const GITHUB_REPOSITORY: &str = "GITHUB_REPOSITORY";
/// The commit that GitHub checked out.
pub const GITHUB_SHA: &str = "GITHUB_SHA";
/// What started the workflow.
pub const GITHUB_EVENT_NAME: &str = "GITHUB_EVENT_NAME";
/// The file that describes the event.
pub const GITHUB_EVENT_PATH: &str = "GITHUB_EVENT_PATH";
/// The file for the summary of a step on GitHub's runners.
pub const GITHUB_STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Every variable, with what it does.
pub const ALL: [(&str, &str); 24] = [
    (CACHE_DIR, "Directory of the cache; `--cache-dir` beats it."),
    (
        CACHE_SIZE,
        "Size that builds keep the cache below, for example `2G`; `--cache-size` wins over it.",
    ),
    (
        REMOTE_HEADER,
        "A header, `NAME=VALUE`, for each request to the remote cache; `--remote-header` wins over it. It is never printed.",
    ),
    (
        PLATFORM_PATH,
        "Further directories with platforms, separated by colons; `--platform-path` comes before them.",
    ),
    (
        REFERENCE,
        "The tool with which `fbuild parity` compares; `--reference` beats it.",
    ),
    (
        COMPLETE,
        "The shell whose completion script calls fbuild; set by the scripts of `fbuild completions`.",
    ),
    (
        LOG,
        "What fbuild logs about itself on standard error, for its developers: `debug`, `fbuild_cache=trace` …",
    ),
    (
        ARDUINO_CONFIG_FILE,
        "arduino-cli's settings, instead of `arduino-cli.yaml` in its data directory: `directories.data` and `directories.user` are read.",
    ),
    (
        ARDUINO_DATA,
        "Arduino's data directory, which holds `packages/`, instead of `~/.arduino15` and `~/Library/Arduino15`.",
    ),
    (
        ARDUINO_USER,
        "The sketchbook, instead of `~/Arduino`, `~/Documents/Arduino` and `~/sketchbook`.",
    ),
    (
        PLATFORMIO_CORE_DIR,
        "PlatformIO's directory, instead of `~/.platformio`.",
    ),
    (
        HOME,
        "The user's directory. Without it no sketchbook, no data directory, and a cache only where one is named.",
    ),
    (
        XDG_CACHE_HOME,
        "Where the cache's directory `fbuild` lies, instead of `~/.cache` (macOS: `~/Library/Caches`).",
    ),
    (
        NO_COLOR,
        "Set to anything: no colour, unless `--color always`.",
    ),
    (
        CLICOLOR_FORCE,
        "Set to anything but `0`: colour also in pipes and files, unless `NO_COLOR` is set or `--color never`.",
    ),
    (
        TERM,
        "`dumb`: no colour and no live display, unless asked for.",
    ),
    (
        CI,
        "Set to anything: lines instead of the live display, unless `--progress bar`.",
    ),
    (
        GITHUB_ACTIONS,
        "Set on GitHub's runners: a group per failure, annotations, and text that cannot be taken for a workflow command.",
    ),
    (
        GITHUB_WORKSPACE,
        "The checkout, to which paths in annotations and reports are relative.",
    ),
    (
        GITHUB_REPOSITORY,
        "The repository in the reports of `--report-compile-sketches`.",
    ),
    (
        GITHUB_SHA,
        "The commit in these reports, where the event names none.",
    ),
    (
        GITHUB_EVENT_NAME,
        "In a `pull_request` the commit in these reports is the pull request's.",
    ),
    (GITHUB_EVENT_PATH, "The file that says which one."),
    (
        GITHUB_STEP_SUMMARY,
        "On GitHub's runners a summary of the run in Markdown is appended to this file.",
    ),
];

/// Returns a variable's value if it is set to something.
pub fn get(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
