//! Installed tools and the `runtime.tools.*` properties made from them.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Properties;
use serde::Deserialize;

use super::version;
use crate::read;

/// One installed version of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Who packaged it: `arduino`, `esp32`; empty for a tool of the system.
    pub packager: String,
    /// Its name: `avr-gcc`.
    pub name: String,
    /// Its version; empty if unknown.
    pub version: String,
    /// Its folder.
    pub dir: Utf8PathBuf,
}

/// A tool version that a platform's index entry asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Requirement {
    pub(crate) packager: String,
    pub(crate) name: String,
    pub(crate) version: String,
}

/// Programs by which a folder without any description is known to be a tool: (tool, program in its `bin`).
const KNOWN_PROGRAMS: [(&str, &str); 3] = [
    ("avr-gcc", "avr-gcc"),
    ("arm-none-eabi-gcc", "arm-none-eabi-gcc"),
    ("avrdude", "avrdude"),
];

/// Returns the tools of `VENDOR/tools/NAME/VERSION/`.
pub(crate) fn in_vendor_folder(packager: &str, dir: &Utf8Path) -> Vec<Tool> {
    let mut tools = Vec::new();
    for (name, versions) in read::folders(&dir.join("tools")) {
        for (version, dir) in read::folders(&versions) {
            tools.push(Tool {
                packager: packager.to_owned(),
                name: name.clone(),
                version,
                dir,
            });
        }
    }
    tools
}

/// Returns the tools of a folder like the IDE's `hardware/tools`: those which a `builtin_tools_versions.txt` in it or one level below names,
/// and, so that a distribution's compiler serves platforms that ask for `runtime.tools.avr-gcc.path`, those whose program lies in a `bin`.
pub(crate) fn builtin(dir: &Utf8Path) -> Vec<Tool> {
    let mut dirs = vec![dir.to_owned()];
    dirs.extend(read::folders(dir).into_iter().map(|(_, dir)| dir));
    let mut tools = Vec::new();
    for dir in dirs {
        let listed = read::properties(&dir.join("builtin_tools_versions.txt")).unwrap_or_default();
        for (key, version) in listed.iter() {
            if let Some((packager, name)) = key.split_once('.') {
                let tool = (packager.to_owned(), name.to_owned(), version.to_owned());
                tools.push(Tool {
                    packager: tool.0,
                    name: tool.1,
                    version: tool.2,
                    dir: dir.clone(),
                });
            }
        }
        for (name, program) in KNOWN_PROGRAMS {
            let named = listed
                .keys()
                .any(|key| key.split_once('.').is_some_and(|(_, known)| known == name));
            let program = dir
                .join("bin")
                .join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
            if !named && program.is_file() {
                let unknown = String::new;
                tools.push(Tool {
                    packager: unknown(),
                    name: name.to_owned(),
                    version: unknown(),
                    dir: dir.clone(),
                });
            }
        }
    }
    tools
}

/// Makes `runtime.tools.NAME.path` and `runtime.tools.NAME-VERSION.path` for all tools.
///
/// The key without version goes to the version in `required` (later entries win), else to the board platform's packager, else the core
/// platform's, else to the highest version, else to the packager whose name is greatest.
pub(crate) fn paths(
    tools: &[Tool],
    required: &[Requirement],
    board_vendor: &str,
    core_vendor: &str,
) -> Properties {
    let wanted: BTreeMap<&str, &Requirement> = required
        .iter()
        .map(|tool| (tool.name.as_str(), tool))
        .collect();
    let rank = |tool: &Tool| {
        let exact = wanted
            .get(tool.name.as_str())
            .is_some_and(|w| w.packager == tool.packager && w.version == tool.version);
        (
            exact,
            tool.packager == board_vendor,
            tool.packager == core_vendor,
        )
    };
    let order = |a: &Tool, b: &Tool| -> Ordering {
        rank(a)
            .cmp(&rank(b))
            .then_with(|| version::compare(&a.version, &b.version))
            .then_with(|| a.packager.cmp(&b.packager))
    };
    let mut paths = Properties::new();
    let mut best: BTreeMap<&str, &Tool> = BTreeMap::new();
    // Of equals the one found first wins, so it has to come last.
    let mut ascending: Vec<&Tool> = tools.iter().rev().collect();
    ascending.sort_by(|a, b| order(a, b));
    for tool in ascending {
        if !tool.version.is_empty() {
            paths.set(
                format!("runtime.tools.{}-{}.path", tool.name, tool.version),
                tool.dir.as_str(),
            );
        }
        best.insert(&tool.name, tool);
    }
    for (name, tool) in best {
        paths.set(format!("runtime.tools.{name}.path"), tool.dir.as_str());
    }
    paths
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    platforms: Vec<Release>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Release {
    architecture: String,
    version: String,
    #[serde(default)]
    tools_dependencies: Vec<Requirement>,
}

/// Returns the tools that a platform's index entry requires: from `installed.json` beside it, else from the indexes in `data`.
///
/// An index that cannot be read says nothing: the rules for unnamed tools then apply.
pub(crate) fn required_by(
    vendor: &str,
    architecture: &str,
    version: &str,
    dir: &Utf8Path,
    data: &Utf8Path,
) -> Vec<Requirement> {
    let mut files = vec![dir.join("installed.json")];
    if let Ok(entries) = data.read_dir_utf8() {
        let mut indexes: Vec<_> = entries
            .filter_map(Result::ok)
            .filter(|entry| {
                entry.file_name().starts_with("package_")
                    && entry.file_name().ends_with("index.json")
            })
            .map(|entry| entry.path().to_owned())
            .collect();
        indexes.sort();
        files.extend(indexes);
    }
    for file in files {
        let Ok(bytes) = read::read_file(&file) else {
            continue;
        };
        let Ok(index) = serde_json::from_slice::<Index>(&bytes) else {
            tracing::debug!(%file, "not a package index");
            continue;
        };
        let releases = index
            .packages
            .into_iter()
            .filter(|package| package.name == vendor)
            .flat_map(|p| p.platforms);
        let mut found = releases
            .filter(|release| release.architecture == architecture && release.version == version);
        if let Some(release) = found.next() {
            return release.tools_dependencies;
        }
    }
    Vec::new()
}
