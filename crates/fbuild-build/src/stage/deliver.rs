//! What is made of finished firmware: the image with the bootloader, and copies in the sketch's own `build` directory.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::outcome::{Failure, Phase};
use fbuild_platform::HookPoint;
use fbuild_platform::bootloader::merge_bootloader;

use crate::action::Bootloader;
use crate::exec::place;
use crate::plan::compile_commands::PROTOTYPES;
use crate::plan::hooks;
use crate::plan::{Export, SketchPlan};
use fbuild_model::error_chain;
use fbuild_process::runner::Runner;

/// Makes what the platform and the user ask for beside the linked program; adds to `artifacts`. Returns remarks for the log.
///
/// # Errors
/// If an image is not what it should be, a file cannot be written, or a hook fails.
pub fn extras(
    sketch: &SketchPlan,
    out_dir: &Utf8Path,
    artifacts: &mut Vec<Utf8PathBuf>,
    runner: &Runner,
) -> Result<Vec<String>, Failure> {
    let mut remarks = Vec::new();
    if let Some(bootloader) = &sketch.bootloader
        && !merged_by_link(sketch)
    {
        match with_bootloader(bootloader, &sketch.project, out_dir)? {
            Merged::Files(files) => artifacts.extend(files),
            Merged::Not(reason) => remarks.push(reason),
        }
    }
    if let Some(export) = &sketch.export {
        copy(export, &sketch.project, out_dir, runner)?;
    }
    Ok(remarks)
}

/// Returns whether hooks that may look at the merged image run in the link, which then merges before them (specification 1.8).
fn merged_by_link(sketch: &SketchPlan) -> bool {
    let hooks = sketch.recipes.hooks(HookPoint::Postbuild);
    hooks.is_ok_and(|hooks| !hooks.is_empty())
}

/// What became of the merge with the bootloader.
#[derive(Debug)]
pub enum Merged {
    /// These files.
    Files(Vec<Utf8PathBuf>),
    /// Nothing, for this reason: a bootloader that cannot be merged is no fault of the sketch, and arduino-cli builds it as well. Debian's
    /// `optiboot_atmega328.hex` writes its version bytes over its code.
    Not(String),
}

/// Removes the firmware of an earlier build of the sketch called `name`, so that nobody takes it for the one that failed. The header that an
/// editor reads stays.
pub fn withdraw(out_dir: &Utf8Path, name: &str) {
    let mains = [format!("{name}.ino."), format!("{name}.pde.")];
    for entry in out_dir.read_dir_utf8().into_iter().flatten().flatten() {
        if mains
            .iter()
            .any(|main| entry.file_name().starts_with(main.as_str()))
            && !entry.file_name().ends_with(PROTOTYPES)
            && entry.path().is_file()
        {
            // What cannot be removed stays; the outcome says that it is not of this build.
            let _ = fs_err::remove_file(entry.path());
        }
    }
}

/// Merges the firmware in `out_dir` with the bootloader (specification 7.4).
///
/// # Errors
/// If a file cannot be read or written.
pub fn with_bootloader(
    bootloader: &Bootloader,
    project: &str,
    out_dir: &Utf8Path,
) -> Result<Merged, Failure> {
    let fail = |problem: String| {
        failure(format!(
            "merge with the bootloader `{}`: {problem}",
            bootloader.file
        ))
    };
    let sketch = out_dir.join(format!("{project}.hex"));
    if !sketch.is_file() || !bootloader.file.is_file() {
        return Ok(Merged::Files(Vec::new()));
    }
    let read =
        |path: &Utf8Path| fs_err::read_to_string(path).map_err(|error| fail(error.to_string()));
    let hex = out_dir.join(format!("{project}.with_bootloader.hex"));
    let merged = match merge_bootloader(
        &read(&sketch)?,
        &read(&bootloader.file)?,
        bootloader.largest_bin,
    ) {
        Ok(merged) => merged,
        Err(error) => {
            return Ok(Merged::Not(format!(
                "no `{}`: merge with `{}`: {}",
                hex.file_name().unwrap_or_default(),
                bootloader.file,
                error_chain(&error)
            )));
        }
    };
    let bin = merged.bin.map(|bytes| {
        (
            out_dir.join(format!("{project}.with_bootloader.bin")),
            bytes,
        )
    });
    let mut files = vec![hex.clone()];
    place::write_if_changed(&hex, merged.hex.as_bytes())
        .map_err(|error| fail(error_chain(&error)))?;
    if let Some((path, bytes)) = bin {
        place::write_if_changed(&path, &bytes).map_err(|error| fail(error_chain(&error)))?;
        files.push(path);
    }
    Ok(Merged::Files(files))
}

/// Copies every file whose name starts with the project's (specification 7.5).
fn copy(
    export: &Export,
    project: &str,
    out_dir: &Utf8Path,
    runner: &Runner,
) -> Result<(), Failure> {
    let fail = |problem: String| failure(format!("export to `{}`: {problem}", export.dir));
    hooks::run(&export.before, runner)?;
    let entries = out_dir
        .read_dir_utf8()
        .map_err(|error| fail(error.to_string()))?;
    for entry in entries {
        let entry = entry.map_err(|error| fail(error.to_string()))?;
        if entry.file_name().starts_with(project) && entry.path().is_file() {
            let bytes = fs_err::read(entry.path()).map_err(|error| fail(error.to_string()))?;
            place::write_if_changed(&export.dir.join(entry.file_name()), &bytes)
                .map_err(|error| fail(error_chain(&error)))?;
        }
    }
    hooks::run(&export.after, runner).map(drop)
}

fn failure(message: String) -> Failure {
    Failure::new(Phase::Objcopy, message)
}
