//! Where things are on this machine unless the user says otherwise.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_platform::{Installation, SearchRoots};

use crate::arduino_config::ArduinoConfig;
use crate::args::{CacheArgs, PlatformArgs};
use crate::env;
use crate::error::CliError;

/// Returns where platforms and tools are looked for.
pub fn search_roots(args: &PlatformArgs) -> SearchRoots {
    let from_env = env::get(env::PLATFORM_PATH).unwrap_or_default();
    let from_env = from_env
        .split(':')
        .filter(|dir| !dir.is_empty())
        .map(Utf8PathBuf::from);
    let mut hardware: Vec<Utf8PathBuf> = sketchbooks()
        .into_iter()
        .map(|dir| dir.join("hardware"))
        .collect();
    hardware.push("/usr/share/arduino/hardware".into());
    SearchRoots {
        explicit: args
            .platform_paths
            .iter()
            .cloned()
            .chain(from_env)
            .collect(),
        hardware,
        data: data_dirs(),
        platformio: platformio_packages(),
        builtin_tools: vec!["/usr/share/arduino/hardware/tools".into(), "/usr".into()],
        pinned: Vec::new(),
    }
}

/// Finds the installed platforms.
///
/// # Errors
/// If a directory the user named holds no platform.
pub fn installation(args: &PlatformArgs) -> Result<Installation, CliError> {
    installation_with(args, Vec::new())
}

/// Finds the installed platforms; those of `pinned`, by `vendor:architecture` and version, win over others.
///
/// # Errors
/// If a directory the user named holds no platform.
pub fn installation_with(
    args: &PlatformArgs,
    pinned: Vec<(String, String)>,
) -> Result<Installation, CliError> {
    let roots = SearchRoots {
        pinned,
        ..search_roots(args)
    };
    if let Some(missing) = roots.explicit.iter().find(|dir| !dir.is_dir()) {
        return Err(CliError::usage(anyhow::anyhow!(
            "--platform-path {missing}: folder not found"
        )));
    }
    Ok(Installation::discover(&roots)?)
}

/// Returns the sketchbooks, the user's own choice first.
pub fn sketchbooks() -> Vec<Utf8PathBuf> {
    let mut dirs: Vec<Utf8PathBuf> = env::get(env::ARDUINO_USER)
        .map(Utf8PathBuf::from)
        .or_else(|| arduino_config().user)
        .into_iter()
        .collect();
    if dirs.is_empty()
        && let Some(home) = home()
    {
        dirs.extend(["Arduino", "Documents/Arduino", "sketchbook"].map(|name| home.join(name)));
    }
    dirs.retain(|dir| dir.is_dir());
    dirs
}

fn data_dirs() -> Vec<Utf8PathBuf> {
    if let Some(dir) = env::get(env::ARDUINO_DATA) {
        return vec![dir.into()];
    }
    match arduino_config().data {
        Some(dir) => vec![dir],
        None => default_data_dirs(),
    }
}

/// Reads the settings of arduino-cli.
fn arduino_config() -> ArduinoConfig {
    ArduinoConfig::first_of(arduino_config_files())
}

fn arduino_config_files() -> impl Iterator<Item = Utf8PathBuf> {
    let named = env::get(env::ARDUINO_CONFIG_FILE).map(Utf8PathBuf::from);
    let data = env::get(env::ARDUINO_DATA).map(Utf8PathBuf::from);
    let dirs = data.into_iter().chain(default_data_dirs());
    let files = dirs.map(|dir| dir.join("arduino-cli.yaml"));
    named.into_iter().chain(files)
}

/// Says what is wrong with the settings of arduino-cli, if there are any; a file that a variable names has to be there.
pub fn arduino_config_problem() -> Option<String> {
    let named = env::get(env::ARDUINO_CONFIG_FILE).map(Utf8PathBuf::from);
    let mut files = arduino_config_files();
    let file = files.find(|file| named.as_ref() == Some(file) || file.is_file())?;
    let problem = ArduinoConfig::problem(&file)?;
    Some(format!(
        "the settings of arduino-cli are not used: {problem}"
    ))
}

/// Returns where arduino-cli and the IDE keep their data and settings unless told otherwise.
fn default_data_dirs() -> Vec<Utf8PathBuf> {
    let names: &[&str] = if cfg!(target_os = "macos") {
        &["Library/Arduino15", ".arduino15"]
    } else {
        &[".arduino15"]
    };
    home()
        .map(|home| names.iter().map(|name| home.join(name)).collect())
        .unwrap_or_default()
}

fn platformio_packages() -> Vec<Utf8PathBuf> {
    let core = env::get(env::PLATFORMIO_CORE_DIR)
        .map(Utf8PathBuf::from)
        .or_else(|| Some(home()?.join(".platformio")));
    core.map(|dir| dir.join("packages")).into_iter().collect()
}

/// Returns the cache's directory: as given, else the system's place for caches. It may be a symbolic link, but nothing in it.
///
/// # Errors
/// If there is no home directory to put it in, or a directory in it is a symbolic link.
pub fn cache_dir(args: &CacheArgs) -> Result<Utf8PathBuf, CliError> {
    let dir = named_cache_dir(args)?;
    match link_in_cache(&dir) {
        None => Ok(dir),
        Some(link) => Err(CliError::usage(anyhow::anyhow!(
            "{link} is a symbolic link, and the cache would write and delete files behind it"
        ))
        .hint("remove the link, or use another directory with --cache-dir")),
    }
}

/// Returns a symbolic link among the directories of a cache: `v1`, `v1/blobs`, `v1/blobs/77`. Below are files, and directories of runs.
fn link_in_cache(root: &Utf8Path) -> Option<Utf8PathBuf> {
    fn first_link(dir: &Utf8Path, levels: usize) -> Option<Utf8PathBuf> {
        let entries = dir.read_dir_utf8().into_iter().flatten().flatten();
        for entry in entries {
            match entry.file_type() {
                Ok(kind) if kind.is_symlink() => return Some(entry.path().to_owned()),
                Ok(kind) if kind.is_dir() && levels > 1 => {
                    if let Some(link) = first_link(entry.path(), levels - 1) {
                        return Some(link);
                    }
                }
                _ => {}
            }
        }
        None
    }
    let entries = root.read_dir_utf8().into_iter().flatten().flatten();
    let is_version = |name: &str| {
        let number = name.strip_prefix('v');
        number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
    };
    let versions = entries.filter(|entry| is_version(entry.file_name()));
    let mut links = versions.filter_map(|version| match version.path().is_symlink() {
        true => Some(version.path().to_owned()),
        false => first_link(version.path(), 2),
    });
    links.next()
}

fn named_cache_dir(args: &CacheArgs) -> Result<Utf8PathBuf, CliError> {
    // An empty name is that of a variable which is set but empty.
    if let Some(dir) = args
        .cache_dir
        .as_ref()
        .filter(|dir| !dir.as_str().is_empty())
    {
        return absolute(dir);
    }
    let caches = user_caches()
        .map_err(|error| error.hint("name one with --cache-dir, or use --no-cache"))?;
    Ok(caches.join("fbuild"))
}

/// Returns the system's place for the caches of this user.
///
/// # Errors
/// If there is no home directory.
pub fn user_caches() -> Result<Utf8PathBuf, CliError> {
    if let Some(dir) = env::get(env::XDG_CACHE_HOME)
        .map(Utf8PathBuf::from)
        .filter(|dir| dir.is_absolute())
    {
        return Ok(dir);
    }
    let home = home().ok_or_else(|| {
        CliError::usage(anyhow::anyhow!(
            "find a place for the cache: HOME is not set"
        ))
    })?;
    Ok(if cfg!(target_os = "macos") {
        home.join("Library/Caches")
    } else {
        home.join(".cache")
    })
}

/// Makes a path absolute without resolving symbolic links.
///
/// # Errors
/// If the current directory is gone or its name is not UTF-8.
pub fn absolute(path: &Utf8Path) -> Result<Utf8PathBuf, CliError> {
    Ok(camino::absolute_utf8(path)?)
}

fn home() -> Option<Utf8PathBuf> {
    env::get(env::HOME).map(Utf8PathBuf::from)
}
