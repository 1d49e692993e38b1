//! What is shown while a run goes on: one consumer of the event stream.
//!
//! On a terminal a live display of stage, workers and counts; elsewhere a line per finished sketch.

use std::time::Duration;

use fbuild_model::Event;
use fbuild_model::event::{ActionEnding, ActionReport};
use fbuild_model::outcome::{SketchOutcome, SketchResult, Stage};
use fbuild_model::size::human_bytes;
use fbuild_report::RunReport;
use fbuild_report::annotations::neutral;
use indicatif::{ProgressBar, ProgressStyle};

use crate::printer::{Printer, Progress, Tone, Verbosity};
use crate::units::{count, seconds};

/// Shows events.
#[derive(Debug)]
pub struct Display<'a> {
    printer: &'a Printer,
    explain: bool,
    bar: Option<ProgressBar>,
    failed: usize,
    /// The current directory with a slash at its end.
    cwd: Option<String>,
}

impl<'a> Display<'a> {
    /// Makes a display; with `explain` every action that runs says why.
    pub fn new(printer: &'a Printer, explain: bool) -> Self {
        let cwd = crate::places::absolute(".".into())
            .ok()
            .map(|dir| format!("{dir}/"))
            .filter(|dir| dir != "/");
        Self {
            printer,
            explain,
            bar: None,
            failed: 0,
            cwd,
        }
    }

    /// Shows one event; `report` is the fold up to and including it.
    pub fn show(&mut self, event: &Event, report: &RunReport) {
        match event {
            Event::RunStarted {
                boards, sketches, ..
            } => {
                self.say(
                    Tone::Good,
                    "Planning",
                    &format!(
                        "{} on {}",
                        count(*sketches, "sketch", "sketches"),
                        boards.join(", ")
                    ),
                );
                self.start("Planning", 0);
            }
            Event::Planned {
                duration,
                libraries,
                shared_actions,
                fallbacks,
                ..
            } => {
                let text = format!(
                    "{}, {} in {}",
                    count(*shared_actions, "shared action", "shared actions"),
                    count(libraries.len(), "library", "libraries"),
                    seconds(*duration)
                );
                self.say(Tone::Good, "Planned", &text);
                if self.printer.verbosity == Verbosity::Verbose {
                    fallbacks
                        .iter()
                        .for_each(|note| self.printer.text(&format!("asked the compiler: {note}")));
                }
            }
            Event::StageStarted { stage, total } => {
                let workers = match stage {
                    Stage::Shared => report.framework_jobs,
                    Stage::Sketch => report.sketch_jobs,
                };
                self.start(&format!("{} ×{workers}", stage_name(*stage)), *total);
            }
            Event::WorkStarted { label, .. } => self.now(label),
            Event::ActionFinished(action) => self.action(action, report),
            Event::SketchFinished { result, .. } => self.sketch(result),
            Event::StageFinished(stage) => {
                if let Some(bar) = self.bar.take() {
                    bar.finish_and_clear();
                }
                if stage.stage == Stage::Shared {
                    let text = format!(
                        "{}, {} cached, {} run  {}",
                        count(stage.hits + stage.ran, "action", "actions"),
                        stage.hits,
                        stage.ran,
                        seconds(stage.wall)
                    );
                    self.say(Tone::Good, "Stage 1", &text);
                }
            }
            Event::Warning(text) => {
                if self.printer.verbosity > Verbosity::Quiet {
                    self.printer.warning(&self.safe(text));
                }
            }
            Event::RunFinished { .. } => {}
        }
    }

    fn say(&self, tone: Tone, verb: &str, text: &str) {
        if self.printer.verbosity > Verbosity::Quiet && self.printer.progress != Progress::None {
            self.printer.short_status(tone, verb, &self.nearby(text));
        }
    }

    /// Shortens paths below the current directory, which is how people name these files.
    fn nearby(&self, text: &str) -> String {
        match &self.cwd {
            Some(cwd) => text.replace(cwd.as_str(), ""),
            None => text.to_owned(),
        }
    }

    fn start(&mut self, name: &str, total: usize) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        if self.printer.progress != Progress::Bar {
            return;
        }
        let bar = self.printer.bars.add(ProgressBar::new(total as u64));
        let template = if total == 0 {
            "{prefix:>12.bold} {spinner}"
        } else {
            "{prefix:>12.bold} [{bar:24}] {pos}/{len}  {wide_msg}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        self.bar = Some(bar);
    }

    /// Shows what is worked on, after the number of failures so far.
    fn now(&self, label: &str) {
        let Some(bar) = &self.bar else { return };
        let failures = match self.failed {
            0 => String::new(),
            failed => format!("{failed} failed  "),
        };
        bar.set_message(format!("{failures}{label}"));
    }

    fn action(&mut self, action: &ActionReport, report: &RunReport) {
        if let (Some(bar), Stage::Shared) = (&self.bar, action.stage)
            && report.stage(Stage::Shared).progress == fbuild_report::fold::Progress::Running
        {
            bar.inc(1);
        }
        let ActionEnding::Ran {
            reason, success, ..
        } = &action.ending
        else {
            return;
        };
        if self.printer.verbosity == Verbosity::Verbose {
            self.printer.text(&self.safe(&action.command));
        }
        if self.explain {
            self.printer.status(
                Tone::Plain,
                "Because",
                &format!("{}: {reason}", action.label),
            );
        }
        if !success && action.stage == Stage::Shared {
            self.say(Tone::Bad, "Failed", &action.label);
        }
    }

    fn sketch(&mut self, result: &SketchResult) {
        let (tone, verb, text) = described(result);
        if tone == Tone::Bad {
            self.failed += 1;
        }
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
        self.now(&result.sketch);
        let quiet = self.printer.verbosity == Verbosity::Quiet;
        if tone == Tone::Bad || !quiet && self.printer.progress != Progress::None {
            self.printer.short_status(
                tone,
                verb,
                &self.safe(&self.nearby(&format!("{}  {text}", result.sketch))),
            );
        }
    }

    fn safe(&self, text: &str) -> String {
        if self.printer.on_github {
            neutral(text)
        } else {
            text.to_owned()
        }
    }
}

/// Says how a sketch ended.
fn described(result: &SketchResult) -> (Tone, &'static str, String) {
    let took = seconds(result.duration);
    match &result.outcome {
        SketchOutcome::Built(firmware) => {
            let sizes = firmware.sizes.map(|sizes| {
                let ram = sizes
                    .ram
                    .map(|ram| format!("  {} ram", human_bytes(ram.used)))
                    .unwrap_or_default();
                format!("{} flash{ram}  ", human_bytes(sizes.flash.used))
            });
            let cached = if result.cached { "  (cached)" } else { "" };
            (
                Tone::Good,
                "Built",
                format!("{}{took}{cached}", sizes.unwrap_or_default()),
            )
        }
        SketchOutcome::Failed(failure) => (
            Tone::Bad,
            "Failed",
            format!("{took}  {}: {}", failure.phase, cause(failure)),
        ),
        SketchOutcome::Blocked { by, .. } => {
            (Tone::Bad, "Blocked", format!("needs {by}, which failed"))
        }
        SketchOutcome::Skipped(rule) => (Tone::Notice, "Skipped", rule.text.clone()),
        SketchOutcome::NotRun => (Tone::Notice, "Not run", String::new()),
        SketchOutcome::Cancelled => (Tone::Notice, "Cancelled", String::new()),
    }
}

fn cause(failure: &fbuild_model::Failure) -> String {
    fbuild_model::diagnostic::root_cause(&failure.diagnostics)
        .map_or_else(|| failure.message.clone(), ToString::to_string)
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Shared => "Stage 1",
        Stage::Sketch => "Stage 2",
    }
}
