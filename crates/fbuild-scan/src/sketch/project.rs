//! What a sketch's own `sketch.yaml` says about building it: its board, and profiles that pin platforms and libraries (semantics 2.1.8).
//!
//! The file is only read here; which of it counts in a run, and where what it pins is, is decided by who knows the command line.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::input;
use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::{Yaml, YamlLoader};

/// A project file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read `{path}`: {problem}")]
pub struct ProjectError {
    /// The file.
    pub path: Utf8PathBuf,
    /// What is wrong, with the line where it is known.
    pub problem: String,
}

/// A name with the version that is wanted: `arduino:avr (1.8.6)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The name of a platform or a library.
    pub name: String,
    /// The version; any if `None`.
    pub version: Option<String>,
}

/// A library of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileLibrary {
    /// By name and version.
    Pinned(Pin),
    /// By its folder; absolute, or relative to the sketch.
    Folder(Utf8PathBuf),
    /// From a git repository.
    Git(String),
}

/// Everything that one way of building the sketch needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The board.
    pub fqbn: Option<String>,
    /// The platforms.
    pub platforms: Vec<Pin>,
    /// The libraries; no others than these and the platforms' own are used.
    pub libraries: Vec<ProfileLibrary>,
}

/// A sketch's project file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Project {
    /// The board to use when none is given.
    pub default_fqbn: Option<String>,
    /// The profile to use when none is given.
    pub default_profile: Option<String>,
    /// The profiles in the order of the file.
    pub profiles: Vec<Profile>,
}

impl Project {
    /// Reads `sketch.yaml`, else `sketch.yml`, of the sketch in `dir`; everything is absent if there is no such file.
    ///
    /// # Errors
    /// A file that cannot be read, is no YAML, or holds something else than names where names belong.
    pub fn load(dir: &Utf8Path) -> Result<Self, ProjectError> {
        let paths = ["sketch.yaml", "sketch.yml"].map(|name| dir.join(name));
        let Some(path) = paths.iter().find(|path| path.is_file()) else {
            return Ok(Self::default());
        };
        let error = |problem: String| ProjectError {
            path: path.clone(),
            problem,
        };
        let bytes = input::read_regular(path).map_err(|cause| error(cause.to_string()))?;
        Self::parse(&String::from_utf8_lossy(&bytes)).map_err(error)
    }

    /// Reads the text of a project file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        check_extent(text)?;
        let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
        let Some(root) = documents.first() else {
            return Ok(Self::default());
        };
        let mut project = Self {
            default_fqbn: text_of(root, "default_fqbn")?,
            default_profile: text_of(root, "default_profile")?,
            profiles: Vec::new(),
        };
        match &root["profiles"] {
            Yaml::BadValue | Yaml::Null => {}
            Yaml::Hash(profiles) => {
                for (name, profile) in profiles {
                    let name = scalar(name).ok_or("a profile has no name")?;
                    let profile = profile_of(&name, profile)
                        .map_err(|problem| format!("profile `{name}`: {problem}"))?;
                    project.profiles.push(profile);
                }
            }
            _ => return Err("`profiles` is no map".to_owned()),
        }
        Ok(project)
    }
}

/// The most values that a project file may hold, those that aliases repeat included.
const MOST_VALUES: usize = 100_000;

/// The most lists and maps within each other.
const MOST_LEVELS: usize = 64;

/// Refuses a file whose aliases repeat more values than memory holds, and one whose nesting is deeper than the stack. Reads it event by
/// event, so its own work is linear.
fn check_extent(text: &str) -> Result<(), String> {
    let mut parser = Parser::new_from_str(text);
    let mut anchored: HashMap<usize, usize> = HashMap::new();
    // The anchors and sizes of the lists and maps that are open, below them the file's own.
    let mut open = vec![(0, 0_usize)];
    loop {
        let (event, mark) = parser.next_token().map_err(|error| error.to_string())?;
        let (anchor, size) = match event {
            Event::StreamEnd => return Ok(()),
            Event::Scalar(_, _, anchor, _) => (anchor, 1),
            Event::Alias(anchor) => (0, anchored.get(&anchor).copied().unwrap_or(1)),
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                open.push((anchor, 1));
                if open.len() > MOST_LEVELS {
                    return Err(format!(
                        "line {}: more than {MOST_LEVELS} levels of lists and maps",
                        mark.line()
                    ));
                }
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().unwrap_or_default(),
            _ => continue,
        };
        anchored.insert(anchor, size);
        if let Some((_, sum)) = open.last_mut() {
            *sum = sum.saturating_add(size);
            if *sum > MOST_VALUES {
                return Err(format!(
                    "line {}: aliases repeat more than {MOST_VALUES} values",
                    mark.line()
                ));
            }
        }
    }
}

fn profile_of(name: &str, yaml: &Yaml) -> Result<Profile, String> {
    let mut profile = Profile {
        name: name.to_owned(),
        fqbn: text_of(yaml, "fqbn")?,
        ..Profile::default()
    };
    for entry in list(yaml, "platforms")? {
        let platform = text_of(entry, "platform")?.ok_or("a platform has no name")?;
        profile.platforms.push(Pin::parse(&platform));
    }
    for entry in list(yaml, "libraries")? {
        profile.libraries.push(library_of(entry)?);
    }
    Ok(profile)
}

fn library_of(yaml: &Yaml) -> Result<ProfileLibrary, String> {
    if let Some(text) = scalar(yaml) {
        return Ok(ProfileLibrary::Pinned(Pin::parse(&text)));
    }
    if let Some(dir) = text_of(yaml, "dir")? {
        return Ok(ProfileLibrary::Folder(dir.into()));
    }
    if let Some(url) = text_of(yaml, "git")? {
        return Ok(ProfileLibrary::Git(url));
    }
    // A library that only another one needs.
    match text_of(yaml, "dependency")? {
        Some(text) => Ok(ProfileLibrary::Pinned(Pin::parse(&text))),
        None => Err("a library has no name".to_owned()),
    }
}

impl Pin {
    fn parse(text: &str) -> Self {
        let text = text.trim();
        let parts = text
            .strip_suffix(')')
            .and_then(|text| text.rsplit_once('('));
        match parts {
            Some((name, version)) => Self {
                name: name.trim().to_owned(),
                version: Some(version.trim().to_owned()),
            },
            None => Self {
                name: text.to_owned(),
                version: None,
            },
        }
    }
}

/// Returns the text of an entry of a map; `None` if there is none or it is empty.
fn text_of(yaml: &Yaml, key: &str) -> Result<Option<String>, String> {
    match &yaml[key] {
        Yaml::BadValue | Yaml::Null => Ok(None),
        value => match scalar(value) {
            Some(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            None => Err(format!("`{key}` is no text")),
        },
    }
}

fn scalar(yaml: &Yaml) -> Option<String> {
    match yaml {
        Yaml::String(text) | Yaml::Real(text) => Some(text.clone()),
        Yaml::Integer(number) => Some(number.to_string()),
        Yaml::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}

fn list<'a>(yaml: &'a Yaml, key: &str) -> Result<&'a [Yaml], String> {
    match &yaml[key] {
        Yaml::BadValue | Yaml::Null => Ok(&[]),
        Yaml::Array(entries) => Ok(entries),
        _ => Err(format!("`{key}` is no list")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s2_1_8_values() {
        for (text, expect) in [
            ("default_fqbn: arduino:avr:uno", Some("arduino:avr:uno")),
            (
                "default_fqbn:   \"arduino:avr:nano:cpu=atmega328old\"  # old",
                Some("arduino:avr:nano:cpu=atmega328old"),
            ),
            ("default_fqbn: 'a:b:c'\r\n", Some("a:b:c")),
            ("default_fqbn : a:b:c # why", Some("a:b:c")),
            ("default_fqbn:", None),
            ("default_fqbn: \"\"", None),
            ("x:\n  default_fqbn: a:b:c", None),
            ("# default_fqbn: a:b:c", None),
            ("", None),
            ("just text", None),
        ] {
            let project = Project::parse(text).unwrap();
            assert_eq!(project.default_fqbn.as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn a_file_without_end_is_refused_at_once() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..30 {
            let alias = format!("*a{}", level - 1);
            bomb.push_str(&format!(
                "a{level}: &a{level} [{}]\n",
                [alias.as_str(); 9].join(", ")
            ));
        }
        let problem = Project::parse(&bomb).unwrap_err();
        assert!(problem.contains("aliases"), "{problem}");
        for text in ["[", "- ", "{a: "] {
            let problem = Project::parse(&text.repeat(100_000)).unwrap_err();
            assert!(problem.contains("line"), "{text}: {problem}");
        }
        let project = Project::parse("x: &x a:b:c\ndefault_fqbn: *x\n").unwrap();
        assert_eq!(project.default_fqbn.as_deref(), Some("a:b:c"));
    }

    #[test]
    fn s2_1_8_profiles_pin_platforms_and_libraries() {
        let project = Project::parse(
            "profiles:\n  tiny:\n    notes: none\n    fqbn: q:avr:t\n    platforms:\n      - platform: q:avr (1.0.2)\n        platform_index_url: \"https://example.org/x.json\"\n      - platform: arduino:avr\n    libraries:\n      - Some Library (v2) (1.1.0)\n      - dir: ../Own\n      - git: https://example.org/y.git\n      - dependency: Low (3)\n  3:\ndefault_profile: tiny\n",
        )
        .unwrap();
        let pin = |name: &str, version: Option<&str>| Pin {
            name: name.to_owned(),
            version: version.map(str::to_owned),
        };
        assert_eq!(project.default_profile.as_deref(), Some("tiny"));
        let [tiny, empty] = &project.profiles[..] else {
            panic!("{project:?}")
        };
        assert_eq!(tiny.fqbn.as_deref(), Some("q:avr:t"));
        assert_eq!(
            tiny.platforms,
            [pin("q:avr", Some("1.0.2")), pin("arduino:avr", None)]
        );
        assert_eq!(
            tiny.libraries,
            [
                ProfileLibrary::Pinned(pin("Some Library (v2)", Some("1.1.0"))),
                ProfileLibrary::Folder("../Own".into()),
                ProfileLibrary::Git("https://example.org/y.git".to_owned()),
                ProfileLibrary::Pinned(pin("Low", Some("3"))),
            ]
        );
        assert_eq!((empty.name.as_str(), &empty.fqbn), ("3", &None));
    }

    #[test]
    fn what_is_no_project_says_why() {
        for (text, expect) in [
            ("profiles: [a]", "`profiles` is no map"),
            (
                "profiles:\n  x:\n    libraries: one",
                "profile `x`: `libraries` is no list",
            ),
            (
                "profiles:\n  x:\n    platforms:\n      - q:avr",
                "profile `x`: a platform has no name",
            ),
            (
                "profiles:\n  x:\n    libraries:\n      - url: z",
                "profile `x`: a library has no name",
            ),
            ("default_fqbn: [a]", "`default_fqbn` is no text"),
            ("a: b: c", "line 1"),
        ] {
            let problem = Project::parse(text).unwrap_err();
            assert!(problem.contains(expect), "{text}: {problem}");
        }
    }
}
