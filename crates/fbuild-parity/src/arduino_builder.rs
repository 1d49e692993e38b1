//! arduino-builder 1.3.25 as the reference: it compiles, and its objects are archived and linked again (docs/parity.md).
//!
//! Its own commands are used for that, as it prints them, with other objects in them: so its flags are compared too.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Command;

use crate::case::{Built, Case, Core, NotBuilt, Ours, checked};
use crate::explain;
use crate::relink::{self, Objects};
use crate::used_libraries::libraries;

/// A sketch that makes it compile the core and nothing else.
const EMPTY_SKETCH: &str = "void setup() {}\nvoid loop() {}\n";

/// Compiles the core of the case's board in `dir`, and fills the reference's own cache of cores there.
///
/// # Errors
/// What the tool printed if it fails.
pub fn core(program: &Utf8Path, case: &Case<'_>, dir: &Utf8Path) -> Result<Core, String> {
    let (sketch, build) = (dir.join("Empty/Empty.ino"), dir.join("build"));
    let made = (|| -> std::io::Result<()> {
        fs_err::create_dir_all(dir.join("Empty"))?;
        fs_err::create_dir_all(dir.join("cache"))?;
        fs_err::create_dir_all(&build)?;
        fs_err::write(&sketch, EMPTY_SKETCH)
    })();
    made.map_err(|error| error.to_string())?;
    checked(case.runner, &command(program, case, &sketch, &build, dir))?;
    let objects = relink::core(case.spec, &build)?;
    let archive = dir.join("core.a");
    relink::archive(case, &archive, &objects.0)?;
    Ok(Core {
        archive,
        variant: objects.1,
    })
}

/// Builds one sketch and links it again.
///
/// # Errors
/// If the tool fails, or takes other libraries than we do.
pub fn build(
    program: &Utf8Path,
    case: &Case<'_>,
    ours: Ours<'_>,
    core: &Core,
    cache: &Utf8Path,
) -> Result<Built, NotBuilt> {
    fs_err::create_dir_all(case.dir).map_err(|error| NotBuilt::Failed(error.to_string()))?;
    let main = case.sketch.main.as_path();
    let output = checked(case.runner, &command(program, case, main, case.dir, cache))
        .map_err(NotBuilt::Failed)?;
    let printed: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    let libraries = libraries(case, &printed);
    explain::same_libraries(ours, &libraries)?;
    let objects = Objects::collect(case, &libraries, core).map_err(NotBuilt::Failed)?;
    let hex = relink::link(case, &printed, &objects, &case.dir.join("relinked"))
        .map_err(NotBuilt::Failed)?;
    Ok(Built { hex, printed })
}

/// Returns the command that builds a sketch as arduino-cli would, as far as that can be asked for.
fn command(
    program: &Utf8Path,
    case: &Case<'_>,
    sketch: &Utf8Path,
    build: &Utf8Path,
    cache: &Utf8Path,
) -> Command {
    let mut args: Vec<String> = vec!["-compile".to_owned(), "-verbose".to_owned()];
    let mut option = |name: &str, value: &str| args.extend([format!("-{name}"), value.to_owned()]);
    let hardware = hardware_dirs(case);
    hardware
        .iter()
        .for_each(|dir| option("hardware", dir.as_str()));
    // It wants to be told some folder of tools; where the tools are is said by properties.
    let tools: Vec<Utf8PathBuf> = hardware
        .iter()
        .map(|dir| dir.join("tools/avr"))
        .filter(|dir| dir.is_dir())
        .collect();
    if tools.is_empty() {
        option("tools", cache.as_str())
    } else {
        tools.iter().for_each(|dir| option("tools", dir.as_str()))
    }
    for root in case.libraries {
        option("libraries", root.dir().as_str());
    }
    option("fqbn", case.fqbn);
    option("ide-version", "10607");
    option("build-path", build.as_str());
    option("build-cache", cache.join("cache").as_str());
    option("warnings", case.warnings);
    for (key, value) in case.spec.properties(false) {
        // Its own prototype generator and preprocessor run are described in the global platform.txt, which another folder may lack.
        if key.starts_with("runtime.tools.")
            || key.starts_with("tools.ctags.")
            || key == "preproc.macros.flags"
        {
            option("prefs", &format!("{key}={value}"));
        }
    }
    for property in case.properties {
        option("prefs", property);
    }
    if let Some(flags) = case
        .spec
        .raw("build.extra_flags")
        .filter(|flags| !flags.is_empty())
    {
        option("prefs", &format!("build.extra_flags={flags}"));
    }
    args.push(sketch.to_string());
    Command {
        program: program.to_string(),
        args,
        cwd: None,
    }
}

/// Returns the folders in which the platforms of the board and of its core lie, as the tool wants them.
fn hardware_dirs(case: &Case<'_>) -> Vec<Utf8PathBuf> {
    let mut dirs: Vec<Utf8PathBuf> = Vec::new();
    for platform in [case.spec.board_platform(), case.spec.core_platform()] {
        let packages = platform
            .dir
            .ancestors()
            .find(|dir| dir.file_name() == Some("packages"));
        let Some(dir) = packages.or_else(|| platform.dir.parent()?.parent()) else {
            continue;
        };
        if !dirs.iter().any(|known| known == dir) {
            dirs.push(dir.to_owned());
        }
    }
    dirs
}
