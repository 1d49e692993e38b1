//! arduino-cli as the reference: its image is taken as it is.

use camino::Utf8Path;
use fbuild_model::Command;

use crate::case::{Built, Case, NotBuilt, checked};

/// Builds one sketch.
///
/// # Errors
/// If arduino-cli fails.
pub fn build(program: &Utf8Path, case: &Case<'_>, root: &Utf8Path) -> Result<Built, NotBuilt> {
    let failed = NotBuilt::Failed;
    fs_err::create_dir_all(case.dir).map_err(|error| failed(error.to_string()))?;
    let config = root.join(format!("{}.yaml", case.fqbn.replace([':', ',', '='], "-")));
    if let Some(text) = config_text(case) {
        fs_err::write(&config, text).map_err(|error| failed(error.to_string()))?;
    }
    checked(
        case.runner,
        &command(program, case, config.is_file().then_some(&config)),
    )
    .map_err(failed)?;
    let hex = case.dir.join(format!("{}.hex", case.sketch.project_name()));
    Ok(Built {
        hex,
        printed: Vec::new(),
    })
}

/// Returns a configuration that lets arduino-cli see a platform outside of its own folders; `None` where it finds the platform by itself.
///
/// It looks for such platforms in the folder `hardware` of its user directory.
fn config_text(case: &Case<'_>) -> Option<String> {
    let hardware = case.spec.board_platform().dir.parent()?.parent()?;
    let user = hardware
        .parent()
        .filter(|_| hardware.file_name() == Some("hardware"))?;
    // VENDOR/hardware/ARCH/VERSION is the layout of its own packages.
    let own = hardware
        .ancestors()
        .any(|dir| dir.file_name() == Some("packages"));
    (!own).then(|| format!("directories:\n  user: \"{user}\"\n"))
}

fn command(program: &Utf8Path, case: &Case<'_>, config: Option<&camino::Utf8PathBuf>) -> Command {
    let mut args = vec!["compile".to_owned()];
    let mut option = |name: &str, value: &str| args.extend([name.to_owned(), value.to_owned()]);
    if let Some(config) = config {
        option("--config-file", config.as_str());
    }
    option("--fqbn", case.fqbn);
    option("--build-path", case.dir.as_str());
    option("--warnings", case.warnings);
    for root in case.libraries {
        option("--libraries", root.dir().as_str());
    }
    // Tools beside its own packages are not known to it; the cures of known faults are not either.
    for (key, value) in case.spec.properties(true) {
        if key.starts_with("runtime.tools.") && config.is_some() {
            option("--build-property", &format!("{key}={value}"));
        }
    }
    for property in case.properties {
        option("--build-property", property);
    }
    if let Some(flags) = case
        .spec
        .raw("build.extra_flags")
        .filter(|flags| !flags.is_empty())
    {
        option("--build-property", &format!("build.extra_flags={flags}"));
    }
    args.push(case.sketch.dir.to_string());
    Command {
        program: program.to_string(),
        args,
        cwd: None,
    }
}
