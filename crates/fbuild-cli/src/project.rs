//! Which board, platforms and libraries the sketches' own project files ask for (semantics 2.1.8).
//!
//! A run builds all its sketches for the same boards with the same libraries, so project files count only where they agree.

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
    /// The board, unless one was named.
    pub fqbn: Option<String>,
    /// The profile; its libraries' folders are absolute.
    pub profile: Option<Profile>,
}

/// Reads the project files of `sketches` as far as they count: for `profile` where one is named, else for the default profile or board where
/// no board is named.
///
/// # Errors
/// A file that cannot be read, a profile that is not there, sketches that disagree or of which only some have a default.
pub fn choose(
    sketches: &[Requested],
    profile: Option<&str>,
    boards_named: bool,
) -> Result<Choice, CliError> {
    if profile.is_none() && boards_named {
        return Ok(Choice::default());
    }
    let mut chosen: Option<(&Requested, Choice)> = None;
    // A folder that is no sketch is an outcome of its own, and has no say.
    for sketch in sketches.iter().filter(|sketch| sketch.sketch.is_ok()) {
        let choice = of_sketch(sketch, profile)?;
        match &chosen {
            None => chosen = Some((sketch, choice)),
            Some((_, known)) if *known == choice => {}
            Some((first, known)) => {
                return Err(CliError::usage(anyhow!(
                    "choose a board: `{}` asks for {}, `{}` for {}",
                    first.label,
                    known.named(),
                    sketch.label,
                    choice.named()
                ))
                .hint(
                    "name the boards for all sketches with --board, or build them in separate runs",
                ));
            }
        }
    }
    Ok(chosen.map(|(_, choice)| choice).unwrap_or_default())
}

fn of_sketch(sketch: &Requested, named: Option<&str>) -> Result<Choice, CliError> {
    let project = Project::load(&sketch.dir).map_err(CliError::usage)?;
    let Some(name) = named.or(project.default_profile.as_deref()) else {
        return Ok(Choice {
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
            *dir = sketch.dir.join(&*dir);
        }
    }
    Ok(Choice {
        fqbn: profile.fqbn.clone().or(project.default_fqbn),
        profile: Some(profile),
    })
}

impl Choice {
    fn named(&self) -> String {
        match (&self.profile, &self.fqbn) {
            (Some(profile), _) => format!("its profile `{}`", profile.name),
            (None, Some(fqbn)) => format!("`{fqbn}`"),
            (None, None) => "none".to_owned(),
        }
    }

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
