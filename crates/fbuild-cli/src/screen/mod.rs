//! What is shown of a run: one consumer of the event stream.
//!
//! Rows while sketches end ([`row`]), a live display on a terminal ([`bar`]), and after the run each cause of failures and warnings once and a
//! summary ([`closing`]). It does not know how anything is built.

mod bar;
mod closing;
mod failures;
mod names;
mod row;
mod warnings;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use camino::Utf8PathBuf;
use fbuild_build::request::Request;
use fbuild_model::Event;
use fbuild_model::event::{ActionEnding, ActionReport, StageReport};
use fbuild_model::outcome::{SketchOutcome, SketchResult, Stage};
use fbuild_report::fold::Progress as StageProgress;
use fbuild_report::{RunReport, causes};

use self::bar::Bar;
pub use self::closing::Strictness;
use self::names::Names;
use crate::printer::{Printer, Progress, Tone, Verbosity};
use crate::units::{count, seconds};

/// Shows events.
#[derive(Debug)]
pub struct Screen<'a> {
    printer: &'a Printer,
    explain: bool,
    names: Names,
    bar: Bar,
    /// Sketch and board of the first failure of each cause.
    first: HashMap<String, (String, String)>,
    /// The current directory with a slash at its end.
    cwd: String,
    output_dir: Utf8PathBuf,
}

impl<'a> Screen<'a> {
    /// Makes a screen; with `explain` every action that runs says why.
    pub fn new(printer: &'a Printer, explain: bool) -> Self {
        Self {
            printer,
            explain,
            names: Names::default(),
            bar: Bar::default(),
            first: HashMap::new(),
            cwd: "/".to_owned(),
            output_dir: Utf8PathBuf::new(),
        }
    }

    /// Takes over the names and places of a request, before its first event.
    pub fn begin(&mut self, request: &Request) {
        self.names = Names::new(request, self.printer.room());
        self.cwd = format!("{}/", request.cwd.as_str().trim_end_matches('/'));
        self.output_dir.clone_from(&request.output_dir);
    }

    /// Returns what the screen writes with.
    pub fn printer(&self) -> &'a Printer {
        self.printer
    }

    /// Shows one event; `report` is the fold up to and including it.
    pub fn show(&mut self, event: &Event, report: &RunReport) {
        match event {
            Event::RunStarted {
                boards, sketches, ..
            } => self.started(boards, *sketches),
            Event::Planned {
                duration,
                fallbacks,
                ..
            } => {
                if self.printer.verbosity == Verbosity::Verbose {
                    self.say(Tone::Good, "Planned", &format!("in {}", seconds(*duration)));
                    let notes = fallbacks
                        .iter()
                        .map(|note| format!("preprocessed by the compiler: {note}"));
                    notes.for_each(|note| self.printer.text(&note));
                }
            }
            Event::StageStarted { stage, total } => {
                let name = match stage {
                    Stage::Shared => "Libraries",
                    Stage::Sketch => "Sketches",
                };
                self.bar.start(self.printer, name, *total);
            }
            Event::WorkStarted { label, .. } => self.bar.begin(label),
            Event::ActionFinished(action) => self.action(action, report),
            Event::SketchFinished { result, .. } => self.sketch(result),
            Event::RemoteUsed(_) => {}
            Event::StageFinished(stage) => self.stage(stage, report),
            Event::Warning(text) => {
                if self.printer.verbosity > Verbosity::Quiet {
                    self.printer.warning(&self.nearby(text));
                }
            }
            // Shown after the run, with the warnings of sketches.
            Event::SharedWarnings(_) | Event::Audited(_) => {}
            Event::RunFinished { .. } => self.bar.stop(),
        }
    }

    fn started(&mut self, boards: &[String], sketches: usize) {
        let mut names: Vec<&str> = Vec::new();
        for board in boards {
            let name = self.names.board(board);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let sketches = count(sketches, "sketch", "sketches");
        let text = match names.as_slice() {
            [one] => format!("{sketches} for {one}"),
            several => format!(
                "{sketches} × {} boards ({})",
                several.len(),
                several.join(", ")
            ),
        };
        self.say(Tone::Good, "Building", &text);
        self.bar.start(self.printer, "Planning", 0);
    }

    /// Says what stage 1 compiled; nothing if everything was there.
    fn stage(&mut self, stage: &StageReport, report: &RunReport) {
        self.bar.stop();
        if stage.stage != Stage::Shared || stage.ran == 0 {
            return;
        }
        let libraries = report.plan.iter().flat_map(|plan| &plan.libraries);
        let mut libraries: Vec<&str> = libraries.map(|library| library.name.as_str()).collect();
        libraries.sort_unstable();
        libraries.dedup();
        let what = match libraries.len() {
            0 => "core".to_owned(),
            number => format!("core and {}", count(number, "library", "libraries")),
        };
        let files = match stage.hits {
            0 => count(stage.ran, "file", "files"),
            hits => format!("{} of {} files", stage.ran, stage.ran + hits),
        };
        let text = format!("{what} ({files}) in {}", row::short(stage.wall));
        self.say(Tone::Good, "Compiled", &text);
    }

    fn action(&mut self, action: &ActionReport, report: &RunReport) {
        self.bar.end(&action.label);
        if action.stage == Stage::Shared
            && report.stage(Stage::Shared).progress == StageProgress::Running
        {
            match action.ending {
                ActionEnding::Hit => self.bar.leave_out(),
                ActionEnding::Ran { .. } => self.bar.advance(),
            }
        }
        if self.printer.verbosity == Verbosity::Verbose {
            match action.ending {
                ActionEnding::Hit => self.printer.text(&format!("(cached) {}", action.command)),
                ActionEnding::Ran { .. } => self.printer.text(&action.command),
            }
        }
        if let ActionEnding::Ran { reason, .. } = &action.ending
            && self.explain
        {
            let text = format!("{}: {reason}", action.label);
            self.printer.status(Tone::Plain, "Rebuilt", &text);
        }
    }

    fn sketch(&mut self, result: &SketchResult) {
        match &result.outcome {
            SketchOutcome::Built(_) if result.cached => self.bar.leave_out(),
            SketchOutcome::Skipped(_) => self.bar.leave_out(),
            _ => self.bar.advance(),
        }
        let (narrow, room) = (self.printer.is_narrow(), self.printer.room());
        let (tone, verb, text) = match self.same_cause(result) {
            Some((sketch, board)) => row::row_like(result, (&sketch, &board), &self.names, narrow),
            None => row::row(result, &self.names, narrow, room),
        };
        let shown = match (&result.outcome, self.printer.verbosity) {
            // A line per rule follows after the run.
            (SketchOutcome::Skipped(_), verbosity) => verbosity == Verbosity::Verbose,
            (SketchOutcome::NotRun | SketchOutcome::Cancelled, _) => false,
            (_, Verbosity::Quiet) => tone == Tone::Bad,
            _ => tone == Tone::Bad || self.printer.progress != Progress::None,
        };
        if shown {
            self.printer.short_status(tone, verb, &self.nearby(&text));
        }
    }

    /// Returns sketch and board of the first failure with the same cause; notes this one if there is none.
    fn same_cause(&mut self, result: &SketchResult) -> Option<(String, String)> {
        let SketchOutcome::Failed(failure) = &result.outcome else {
            return None;
        };
        let this = (result.sketch.clone(), result.board.clone());
        match self.first.entry(format!("{:?}", causes::key(failure))) {
            Entry::Occupied(first) => Some(first.get().clone()),
            Entry::Vacant(free) => {
                free.insert(this);
                None
            }
        }
    }

    fn say(&self, tone: Tone, verb: &str, text: &str) {
        if self.printer.verbosity > Verbosity::Quiet && self.printer.progress != Progress::None {
            self.printer.short_status(tone, verb, &self.nearby(text));
        }
    }

    /// Shortens paths below the current directory, which is how people name these files.
    fn nearby(&self, text: &str) -> String {
        match self.cwd.as_str() {
            "/" => text.to_owned(),
            cwd => text.replace(cwd, ""),
        }
    }
}
