//! The reports of one run: their places are opened before the run, and all are written after it, however it ended.
//!
//! It does not know what is shown on the terminal.

mod compile_sketches;
pub mod origin;
pub mod target;

use std::io;

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::input;
use fbuild_report::changes::{Change, changes, parse};
use fbuild_report::compile_sketches::Context;
use fbuild_report::json::Origin;
use fbuild_report::schema::run::Document;
use fbuild_report::{RunReport, json, junit, tsv};

use crate::args::BuildArgs;
use crate::error::CliError;
use target::Target;

/// The places of the reports of one run.
#[derive(Debug)]
pub struct Reports {
    phase_tsv: Option<(Utf8PathBuf, Target)>,
    json: Option<(Utf8PathBuf, Target)>,
    junit: Option<(Utf8PathBuf, Target)>,
    compile_sketches: Option<Utf8PathBuf>,
    /// Whether the reports of compile-sketches count warnings.
    counts_warnings: bool,
    /// The earlier report that sizes are compared with.
    baseline: Option<Document>,
}

impl Reports {
    /// Opens the places that the command line names, and removes the reports of an earlier run. Sizes are compared with those of `earlier`, or of
    /// the report that the command line names.
    ///
    /// # Errors
    /// A report that cannot be written there, a baseline that is no report.
    pub fn open(args: &BuildArgs, earlier: Option<Document>) -> Result<Self, CliError> {
        let open = |path: &Option<Utf8PathBuf>| -> Result<_, CliError> {
            let Some(path) = path else { return Ok(None) };
            Ok(Some((path.clone(), Target::open(path)?)))
        };
        // It may be the file that this run replaces.
        let baseline = args.baseline.as_ref().map(|path| read_baseline(path));
        // The compilation database is written by the build; a wrong place is an error before it.
        let path = args.compile_commands.as_ref();
        // A pipe has one writer only, and would end here.
        if path.is_some_and(|path| path.is_file() || !path.exists()) {
            open(&args.compile_commands)?;
        }
        let reports = Self {
            phase_tsv: open(&args.phase_tsv)?,
            json: open(&args.report)?,
            junit: open(&args.report_junit)?,
            compile_sketches: args.report_compile_sketches.clone(),
            baseline: earlier.or(baseline.transpose()?),
            counts_warnings: args.report_compile_sketches_warnings,
        };
        for (_, target) in [&reports.json, &reports.junit].into_iter().flatten() {
            target.remove_old()?;
        }
        Ok(reports)
    }

    /// Returns which sizes changed since the baseline; none without one.
    pub fn changes<'a>(&self, report: &'a RunReport) -> Vec<Change<'a>> {
        let baseline = self.baseline.as_ref();
        baseline.map_or_else(Vec::new, |baseline| changes(report, baseline))
    }

    /// Returns whether standard output carries a report, and so nothing else.
    pub fn take_stdout(&self) -> bool {
        [&self.phase_tsv, &self.json, &self.junit]
            .into_iter()
            .flatten()
            .any(|(_, target)| matches!(target, Target::Stdout))
    }

    /// Writes all reports. One that cannot be written does not keep the others from being written.
    ///
    /// Returns what went wrong.
    pub fn write(&mut self, report: &RunReport, origin: &Origin) -> Vec<anyhow::Error> {
        let mut errors = Vec::new();
        let mut attempt = |path: &Utf8PathBuf, written: io::Result<()>| {
            let written = written.with_context(|| format!("cannot write {path}"));
            errors.extend(written.err());
        };
        if let Some((path, target)) = &mut self.phase_tsv {
            attempt(
                path,
                target.append(|existing| tsv::render(report, existing)),
            );
        }
        if let Some((path, target)) = &mut self.json {
            attempt(path, target.write(&json::render(report, origin)));
        }
        if let Some((path, target)) = &mut self.junit {
            let text = junit::render(report).map_err(io::Error::other);
            attempt(path, text.and_then(|text| target.write(&text)));
        }
        if let Some(dir) = &self.compile_sketches {
            let context = Context {
                warnings: self.counts_warnings,
                previous: self.baseline.as_ref(),
                ..compile_sketches::context(origin)
            };
            attempt(dir, compile_sketches::write(dir, report, &context));
        }
        errors
    }
}

fn read_baseline(path: &Utf8Path) -> Result<Document, CliError> {
    let text = input::read_text(path)?;
    let read = parse(&text).with_context(|| format!("cannot read {path}"));
    read.map_err(CliError::usage)
}
