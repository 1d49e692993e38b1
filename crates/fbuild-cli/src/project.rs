//! Which board, platforms and libraries the sketches' own project files ask for (semantics 2.1.8).
//!
//! A run builds each sketch for its own board, but all sketches with the same platforms and libraries: there the files must agree.

use anyhow::anyhow;
use camino::{Utf8Path, Utf8PathBuf};
use fbuild_platform::Installation;
use fbuild_scan::library::{Library, Location};
use fbuild_scan::sketch::find::Requested;
use fbuild_scan::sketch::project::{Pin, Profile, ProfileLibrary, Project};

use crate::error::CliError;

/// What project files ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The board of each sketch, unless one was named; `None` also for a folder that is no sketch.
    pub fqbns: Vec<Option<String>>,
    /// The profile of the first sketch; its libraries' folders are absolute.
    pub profile: Option<Profile>,
}

/// What one project file asks for.
#[derive(Debug, Clone, Default)]
struct Wish {
    fqbn: Option<String>,
    profile: Option<Profile>,
}

/// Reads the project files of `sketches` as far as they count: for `profile` where one is named, else for the default profile or board where
/// no board is named.
///
/// # Errors
/// A file that cannot be read, a profile that is not there, sketches with different platforms or libraries or of which only some have a default.
pub fn choose(
    sketches: &[Requested],
    profile: Option<&str>,
    boards_named: bool,
) -> Result<Choice, CliError> {
    let mut choice = Choice {
        fqbns: vec![None; sketches.len()],
        profile: None,
    };
    if profile.is_none() && boards_named {
        return Ok(choice);
    }
    let mut first: Option<(&Requested, Wish)> = None;
    for (sketch, fqbn) in sketches.iter().zip(&mut choice.fqbns) {
        // A folder that is no sketch is an outcome of its own, and has no say.
        if sketch.sketch.is_err() {
            continue;
        }
        let wish = of_sketch(sketch, profile)?;
        fqbn.clone_from(&wish.fqbn);
        match &first {
            None => first = Some((sketch, wish)),
            Some((_, known)) if known.agrees_with(&wish) => {}
            Some((other, known)) => {
                return Err(CliError::usage(anyhow!(
                    "`{}` asks for {}, `{}` for {}",
                    other.label,
                    known.named(),
                    sketch.label,
                    wish.named()
                ))
                .hint(
                    "name the boards for all sketches with --board, or build them in separate runs",
                ));
            }
        }
    }
    choice.profile = first.and_then(|(_, wish)| wish.profile);
    Ok(choice)
}

fn of_sketch(sketch: &Requested, named: Option<&str>) -> Result<Wish, CliError> {
    let project = Project::load(&sketch.dir).map_err(CliError::usage)?;
    let Some(name) = named.or(project.default_profile.as_deref()) else {
        return Ok(Wish {
            fqbn: project.default_fqbn,
            profile: None,
        });
    };
    let known: Vec<&str> = project
        .profiles
        .iter()
        .map(|own| own.name.as_str())
        .collect();
    let Some(profile) = project.profiles.iter().find(|own| own.name == name) else {
        let there_are = match known[..] {
            [] => "its sketch.yaml has none".to_owned(),
            _ => format!("there are: {}", known.join(", ")),
        };
        return Err(CliError::usage(anyhow!(
            "use profile `{name}` of `{}`: there is no such profile; {there_are}",
            sketch.label
        )));
    };
    let mut profile = profile.clone();
    for library in &mut profile.libraries {
        if let ProfileLibrary::Folder(dir) = library {
            // Two sketches may name one folder, each from its own place.
            let whole = sketch.dir.join(&*dir);
            *dir = whole.canonicalize_utf8().unwrap_or(whole);
        }
    }
    Ok(Wish {
        fqbn: profile.fqbn.clone().or(project.default_fqbn),
        profile: Some(profile),
    })
}

impl Wish {
    /// Boards may differ from sketch to sketch; that one has none and the other has, and what a profile pins, may not.
    fn agrees_with(&self, other: &Self) -> bool {
        let pins = |wish: &Self| {
            let profile = wish.profile.as_ref();
            profile.map(|own| (own.platforms.clone(), own.libraries.clone()))
        };
        self.fqbn.is_some() == other.fqbn.is_some() && pins(self) == pins(other)
    }

    fn named(&self) -> String {
        match (&self.profile, &self.fqbn) {
            (Some(profile), _) => format!("its profile `{}`", profile.name),
            (None, Some(fqbn)) => format!("`{fqbn}`"),
            (None, None) => "none".to_owned(),
        }
    }
}

impl Choice {
    /// Returns the versions of platforms that are wanted.
    pub fn pinned_platforms(&self) -> Vec<(String, String)> {
        let pins = self.profile.iter().flat_map(|profile| &profile.platforms);
        pins.filter_map(|pin| Some((pin.name.clone(), pin.version.clone()?)))
            .collect()
    }

    /// Checks that the platforms of the profile are in use in the versions it names.
    ///
    /// # Errors
    /// Names the first that is not.
    pub fn check_platforms(&self, installation: &Installation) -> Result<(), CliError> {
        let Some(profile) = &self.profile else {
            return Ok(());
        };
        for pin in &profile.platforms {
            let installed = installation
                .platforms()
                .find(|platform| platform.id() == pin.name);
            let version = installed.map(|platform| platform.version.as_str());
            if !is_wanted(pin, version) {
                let instead =
                    version.map_or_else(String::new, |version| format!(" (version {version} is)"));
                return Err(missing(profile, "platform", pin, &instead));
            }
        }
        Ok(())
    }

    /// Returns the folders of the profile's libraries, which are looked for in `folders`; `None` without a profile.
    ///
    /// # Errors
    /// Names the first library that is not there.
    pub fn libraries(&self, folders: &[Utf8PathBuf]) -> Result<Option<Vec<Utf8PathBuf>>, CliError> {
        let Some(profile) = &self.profile else {
            return Ok(None);
        };
        let mut dirs = Vec::new();
        for library in &profile.libraries {
            dirs.push(match library {
                ProfileLibrary::Folder(dir) if dir.is_dir() => dir.clone(),
                ProfileLibrary::Folder(dir) => {
                    return Err(CliError::usage(anyhow!(
                        "use profile `{}`: there is no library in `{dir}`",
                        profile.name
                    )));
                }
                ProfileLibrary::Git(url) => {
                    return Err(CliError::usage(anyhow!(
                        "use profile `{}`: the library `{url}` would have to be downloaded",
                        profile.name
                    ))
                    .hint("fbuild downloads nothing; give the profile a folder with `dir:`"));
                }
                ProfileLibrary::Pinned(pin) => pinned_library(profile, pin, folders)?,
            });
        }
        Ok(Some(dirs))
    }
}

fn pinned_library(
    profile: &Profile,
    pin: &Pin,
    folders: &[Utf8PathBuf],
) -> Result<Utf8PathBuf, CliError> {
    let mut others = Vec::new();
    for dir in folders.iter().flat_map(|folder| libraries_in(folder)) {
        match Library::load(&dir, Location::User) {
            Ok(library) if library.name == pin.name => {
                if is_wanted(pin, Some(&library.version)) {
                    return Ok(dir);
                }
                others.push(library.version);
            }
            _ => {}
        }
    }
    let instead = match others[..] {
        [] => String::new(),
        _ => format!(" (version {} is)", others.join(", ")),
    };
    Err(missing(profile, "library", pin, &instead))
}

fn libraries_in(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
    let mut dirs: Vec<Utf8PathBuf> = entries.map(|entry| entry.path().to_owned()).collect();
    dirs.sort();
    dirs
}

fn is_wanted(pin: &Pin, installed: Option<&str>) -> bool {
    match (&pin.version, installed) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(wanted), Some(installed)) => wanted == installed,
    }
}

fn missing(profile: &Profile, kind: &str, pin: &Pin, instead: &str) -> CliError {
    let version = pin.version.as_deref().unwrap_or_default();
    CliError::usage(anyhow!(
        "use profile `{}`: {kind} `{}` {version} is not installed{instead}",
        profile.name,
        pin.name
    ))
    .hint("fbuild downloads nothing; install it, or name a board with --board and leave the profile out")
}
