//! `--compare-ref`: the sketches of another revision are built from the same cache, so that sizes can be compared with theirs.
//!
//! The revision is checked out to a temporary directory; the user's tree, its index and its output directory are not touched. The module does
//! not know how sizes are compared.

use std::sync::mpsc;

use anyhow::{Context, anyhow};
use camino::{Utf8Path, Utf8PathBuf};
use fbuild_build::plan::planner::Extent;
use fbuild_build::run;
use fbuild_model::Command;
use fbuild_model::outcome::SketchOutcome;
use fbuild_process::runner::{Runner, RunnerOptions};
use fbuild_process::stop::Stop;
use fbuild_report::schema::run::Document;
use fbuild_report::{RunReport, json};
use tempfile::TempDir;

use crate::args::{BuildArgs, SketchArgs};
use crate::commands::build::with_services;
use crate::error::CliError;
use crate::exit::Exit;
use crate::places;
use crate::printer::{Printer, Progress, Tone, Verbosity};
use crate::reports::origin;

/// A revision in a directory of its own.
#[derive(Debug)]
struct Checkout {
    /// The root of the user's repository.
    root: Utf8PathBuf,
    /// The same directory at that revision.
    dir: Utf8PathBuf,
    _guard: TempDir,
}

/// The current directory, which is restored on drop.
struct CurrentDir(Utf8PathBuf);

impl Drop for CurrentDir {
    fn drop(&mut self) {
        let _ = std::env::set_current_dir(&self.0);
    }
}

/// Builds the sketches of `args` as they are at `revision` of their repository; returns the report of that build.
///
/// Sketches that are not there, or do not build there, have no sizes in it.
///
/// # Errors
/// If there is no such revision, it cannot be checked out, or nothing can be planned there; also after Ctrl-C.
pub fn baseline(args: &BuildArgs, revision: &str, printer: &Printer) -> Result<Document, CliError> {
    let cwd = places::absolute(Utf8Path::new("."))?;
    let checkout = Checkout::new(&cwd, revision)?;
    let there = checkout.place(&cwd);
    let mut report = RunReport::default();
    let args = checkout.arguments(args)?;
    let mut origin = origin::of_this_run()?;
    if !args.what.sketches.is_empty() && there.is_dir() {
        let text = format!("with {revision}, whose sketches are built first");
        printer.status(Tone::Plain, "Comparing", &text);
        let _restored = CurrentDir(cwd);
        std::env::set_current_dir(&there).with_context(|| format!("cannot enter {there}"))?;
        build(&args, printer, &mut report)?;
    }
    let failed = report.results().iter();
    let failed = failed.filter(|result| !matches!(result.outcome, SketchOutcome::Built(_)));
    match failed.count() {
        0 => {}
        count => printer.warning(&format!(
            "{count} of {} sketches did not build at {revision} and are not compared",
            report.results().len()
        )),
    }
    origin.invocation.dir.clear();
    Ok(json::document(&report, &origin))
}

/// Builds without a word but errors.
fn build(args: &BuildArgs, printer: &Printer, report: &mut RunReport) -> Result<(), CliError> {
    let mut silent = printer.clone();
    silent.verbosity = Verbosity::Quiet;
    silent.progress = Progress::None;
    with_services(args, &silent, |request, services| {
        let (events, inbox) = mpsc::channel();
        let built = std::thread::scope(|scope| {
            let builder = scope.spawn(move || {
                let planned = run::plan(request, Extent::NotUpToDate, services, &events)?;
                run::build(request, &planned, services, events)
            });
            inbox.iter().for_each(|event| report.apply(&event));
            builder
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        if services.stop.is_cancelled() {
            return Err(CliError {
                exit: Exit::Interrupted,
                ..CliError::usage(anyhow!("interrupted"))
            });
        }
        built.map_err(CliError::usage)
    })
}

impl Checkout {
    /// Checks out `revision` of the repository that contains `dir`.
    fn new(dir: &Utf8Path, revision: &str) -> Result<Self, CliError> {
        let root = git(dir, ["rev-parse", "--show-toplevel"], None).map_err(|error| {
            CliError::usage(error.context("--compare-ref needs a Git repository"))
        })?;
        let root = Utf8PathBuf::from(root);
        let name = format!("{revision}^{{commit}}");
        let commit = git(
            dir,
            ["rev-parse", "--verify", "--end-of-options", &name],
            None,
        )
        .map_err(|error| CliError::usage(error.context(format!("--compare-ref {revision}"))))?;
        let guard = tempfile::Builder::new()
            .prefix(".fbuild-")
            .tempdir()
            .context("cannot make a temporary directory")?;
        let temporary = places::absolute(Utf8Path::from_path(guard.path()).unwrap_or(dir))?;
        let checkout = Self {
            dir: place_like(&root, &temporary),
            root,
            _guard: guard,
        };
        fs_err::create_dir_all(&checkout.dir)?;
        // An index of its own: the one of the repository has what the user staged.
        let index = temporary.join("index");
        let prefix = format!("--prefix={}/", checkout.dir);
        git(&checkout.root, ["read-tree", &commit], Some(&index))?;
        git(
            &checkout.root,
            ["checkout-index", "--all", &prefix],
            Some(&index),
        )?;
        Ok(checkout)
    }

    /// Returns where a path of the repository is at the revision; other paths stay as they are.
    fn place(&self, path: &Utf8Path) -> Utf8PathBuf {
        match path.strip_prefix(&self.root) {
            Ok(below) => self.dir.join(below),
            Err(_) => path.to_owned(),
        }
    }

    /// Returns the arguments of the same build at the revision, without reports.
    fn arguments(&self, args: &BuildArgs) -> Result<BuildArgs, CliError> {
        let what = &args.what;
        // Relative paths keep their meaning: the build is started in the same directory of the checkout.
        let moved = |path: &Utf8PathBuf| self.place(path);
        let mut cache = what.cache.clone();
        cache.cache_dir = Some(places::cache_dir(&what.cache)?);
        let mut platforms = what.platforms.clone();
        platforms.platform_paths = what.platforms.platform_paths.iter().map(moved).collect();
        let cwd = self.place(&places::absolute(Utf8Path::new("."))?);
        let sketches = what.sketches.iter().filter_map(|sketch| {
            let sketch = self.place(Utf8Path::new(sketch.to_str()?));
            cwd.join(&sketch).exists().then(|| sketch.into())
        });
        Ok(BuildArgs {
            what: SketchArgs {
                sketches: sketches.collect(),
                library: what.library.iter().map(moved).collect(),
                libraries: what.libraries.iter().map(moved).collect(),
                platforms,
                cache,
                ..what.clone()
            },
            output_dir: Some(self.dir.with_file_name("output")),
            fail_fast: false,
            max_failures: None,
            clean: false,
            export_binaries: false,
            compile_commands: None,
            audit: None,
            expect_warm: false,
            ..args.clone()
        })
    }
}

/// Returns a directory below `temporary` with the name of `root` and, where that is possible, with a path of the same length: paths may be in
/// the firmware, and a longer one would look like growth.
fn place_like(root: &Utf8Path, temporary: &Utf8Path) -> Utf8PathBuf {
    let name = root.file_name().unwrap_or("root");
    let length = temporary.as_str().len() + 1 + name.len();
    // A folder between takes one more for its separator.
    match root.as_str().len().checked_sub(length + 1) {
        Some(missing @ 1..=255) => temporary.join("_".repeat(missing)).join(name),
        _ => temporary.join("at").join(name),
    }
}

/// Runs Git in `dir`; returns the first line that it prints.
fn git<'a>(
    dir: &Utf8Path,
    arguments: impl IntoIterator<Item = &'a str>,
    index: Option<&Utf8Path>,
) -> Result<String, anyhow::Error> {
    let index = index.map(|index| format!("GIT_INDEX_FILE={index}"));
    let own = ["git", "-C", dir.as_str()].map(str::to_owned);
    let arguments = arguments.into_iter().map(str::to_owned);
    let command = Command {
        program: "env".to_owned(),
        args: index.into_iter().chain(own).chain(arguments).collect(),
        cwd: None,
    };
    let runner = Runner::new(Stop::new(), RunnerOptions::default())?;
    let output = runner.run(&command)?;
    match output.failure() {
        None => {
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            Ok(printed.lines().next().unwrap_or_default().to_owned())
        }
        Some(_) => Err(anyhow!("git: {}", output.text().trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_has_the_length_and_name_of_the_root() {
        let place = |root: &str| place_like(root.into(), "/tmp/.fbuild-abcdef".into());
        let root = "/home/runner/work/MyLibrary/MyLibrary";
        assert_eq!(place(root).as_str().len(), root.len());
        assert_eq!(place(root).file_name(), Some("MyLibrary"));
        assert_eq!(place("/w/Lib"), "/tmp/.fbuild-abcdef/at/Lib");
    }
}
