//! What is shown after a run: what was left out, warnings, failures, and the summary as the last line.

use fbuild_model::Digest;
use fbuild_model::outcome::{SketchOutcome, SkipRule, Stage};
use fbuild_report::RunReport;
use fbuild_report::causes::listed;
use fbuild_report::changes::Change;
use fbuild_report::warnings::Warnings;

use super::{Screen, row, warnings};
use crate::args::DenyWarnings;
use crate::printer::{Tone, Verbosity};
use crate::units::{count, seconds};
use fbuild_report::lines::not_run;

/// How many names a line lists.
const MOST_NAMES: usize = 6;

/// How many results that were not warm are listed.
const MOST_MISSES: usize = 10;

/// What a user asked to be a failure.
#[derive(Debug, Clone, Copy)]
pub struct Strictness {
    /// Stage 1 must find everything in the cache.
    pub expect_warm: bool,
    /// Warnings that are not allowed.
    pub deny_warnings: Option<DenyWarnings>,
}

/// What of it was not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmet {
    /// Stage 1 had to build something.
    pub not_warm: bool,
    /// There are warnings that are not allowed.
    pub warned: bool,
    /// A cached result differs from what its command makes.
    pub audit: bool,
}

impl Screen<'_> {
    /// Shows the end of a run up to the summary; `causes_elsewhere` if the failures are shown by something else.
    pub fn close(
        &self,
        report: &RunReport,
        strictness: Strictness,
        causes_elsewhere: bool,
    ) -> Unmet {
        if self.printer.verbosity == Verbosity::Normal {
            self.skipped(report);
        }
        let unmet = Unmet {
            not_warm: strictness.expect_warm && report.shared.ran > 0,
            warned: self.warnings(report, strictness.deny_warnings),
            audit: self.audit(report),
        };
        if !causes_elsewhere {
            self.failures(report);
        }
        if unmet.not_warm {
            self.not_warm(report);
        }
        unmet
    }

    /// A line for each size that changed since the baseline.
    pub fn changes(&self, changes: &[Change<'_>]) {
        for change in changes {
            let mut name = self.names.sketch(change.sketch).to_owned();
            if self.names.has_boards() {
                name = format!("{name}  {}", self.names.board(change.board));
            }
            let text = format!("{name}  {} {change}", change.memory);
            self.say(Tone::Notice, "Changed", &text);
        }
    }

    /// Shows what became of `--audit`; returns whether a cached result differs.
    fn audit(&self, report: &RunReport) -> bool {
        let Some(audit) = &report.audit else {
            return false;
        };
        let digest = |digest: Option<Digest>| digest.map_or("none".to_owned(), |it| it.to_string());
        for difference in &audit.differences {
            let text = format!(
                "{}: the cached `{}` is not what its command makes: cached {}, made again {}",
                difference.label,
                difference.output,
                digest(difference.cached),
                digest(difference.rebuilt)
            );
            self.say(Tone::Bad, "Differs", &text);
        }
        let tone = match audit.differences.is_empty() {
            true => Tone::Good,
            false => Tone::Bad,
        };
        let text = format!(
            "{} of {} made again, {}",
            audit.rebuilt,
            count(audit.hits, "cached result", "cached results"),
            count(audit.differences.len(), "difference", "differences")
        );
        self.say(tone, "Audited", &text);
        if !audit.differences.is_empty() {
            let text = "the firmware of this run may be wrong; the results that differ were removed from the cache: build again";
            self.printer.warning(text);
        }
        !audit.differences.is_empty()
    }

    /// A line for each rule that left something out.
    fn skipped(&self, report: &RunReport) {
        let mut rules: Vec<(&SkipRule, Vec<&str>)> = Vec::new();
        for result in report.results() {
            let SketchOutcome::Skipped(rule) = &result.outcome else {
                continue;
            };
            let name = self.names.sketch(&result.sketch);
            match rules.iter_mut().find(|(known, _)| known.text == rule.text) {
                Some((_, names)) if names.contains(&name) => {}
                Some((_, names)) => names.push(name),
                None => rules.push((rule, vec![name])),
            }
        }
        for (rule, names) in rules {
            let names = match names.len() {
                number if number > MOST_NAMES => count(number, "sketch", "sketches"),
                _ => listed(&names, MOST_NAMES),
            };
            let text = format!("{names}  {}", rule.text);
            self.say(Tone::Notice, "Skipped", &text);
        }
    }

    /// Shows the warnings; returns whether some of them are not allowed.
    fn warnings(&self, report: &RunReport, deny: Option<DenyWarnings>) -> bool {
        let all = Warnings::of(report);
        if self.printer.verbosity > Verbosity::Quiet {
            all.iter()
                .for_each(|(_, found)| self.printer.text(&self.nearby(&found.to_string())));
            if let Some(summary) = warnings::summary(&all, &self.names) {
                self.printer.warning(&summary);
            }
        }
        let denied = deny.map_or(0, |deny| warnings::denied(&all, deny));
        if denied > 0 {
            let text = format!(
                "{} not allowed (--deny-warnings)",
                count(denied, "warning is", "warnings are")
            );
            self.printer.error(&text, &[]);
        }
        denied > 0
    }

    /// Says what stage 1 had to build, and why.
    fn not_warm(&self, report: &RunReport) {
        let misses = report
            .misses
            .iter()
            .filter(|miss| miss.stage == Stage::Shared);
        let text = format!(
            "not warm: {} of core and libraries had to be built",
            count(report.shared.ran, "file", "files")
        );
        self.printer.error(&text, &[]);
        for miss in misses.clone().take(MOST_MISSES) {
            self.printer
                .text(&format!("  {}: {}", miss.label, miss.reason));
        }
        let rest = misses.count().saturating_sub(MOST_MISSES);
        if rest > 0 {
            self.printer.text(&format!("  and {rest} more"));
        }
    }

    /// Shows the summary, the last line of a run.
    pub fn summary(&self, report: &RunReport) {
        let counts = report.counts();
        // The run ended before there was anything to build, and the error says why.
        if counts.requested == 0 {
            return;
        }
        self.stages(report);
        let narrow = self.printer.is_narrow();
        let mut text = format!("{} of {} built", counts.built, counts.requested);
        let cached = (counts.cached > 0).then(|| format!("{} from the cache", counts.cached));
        let firmware = self.firmware_dir(report);
        let firmware = firmware.map(|dir| format!("firmware in {dir}"));
        if let (Some(cached), false) = (&cached, narrow) {
            text.push_str(&format!(" ({cached})"));
        }
        let others = [
            (counts.failed, "failed"),
            (counts.blocked, "blocked"),
            (counts.skipped, "skipped"),
            (counts.not_run, not_run(report)),
            (counts.cancelled, "not built"),
        ];
        for (number, word) in others.into_iter().filter(|(number, _)| *number > 0) {
            text.push_str(&format!(", {number} {word}"));
        }
        if let Some(duration) = report.duration {
            text.push_str(&format!(" in {}", row::short(duration)));
        }
        if let (Some(firmware), false) = (&firmware, narrow) {
            text.push_str(&format!("; {firmware}"));
        }
        let bad = counts.built + counts.skipped < counts.requested;
        let tone = if bad { Tone::Bad } else { Tone::Good };
        let verb = if counts.cancelled > 0 {
            "Interrupted"
        } else {
            "Finished"
        };
        self.printer.status(tone, verb, &text);
        // The line above fits; this one is for copying and may be folded by the terminal.
        let more: Vec<String> = cached.into_iter().chain(firmware).collect();
        if narrow && !more.is_empty() {
            self.printer.text(&more.join("; "));
        }
    }

    /// The directory of all firmware of the run: that of the board if there is one board, and that of the sketch if there is one sketch.
    fn firmware_dir(&self, report: &RunReport) -> Option<String> {
        let results = report.results();
        let artifact = results.iter().find_map(|result| match &result.outcome {
            SketchOutcome::Built(firmware) => firmware.artifacts.first(),
            _ => None,
        })?;
        let inside = artifact.strip_prefix(&self.output_dir).ok()?;
        let board = inside.components().next()?;
        let dir = match results.len() {
            1 => artifact.parent()?.to_owned(),
            _ if self.names.has_boards() => self.output_dir.clone(),
            _ => self.output_dir.join(board.as_str()),
        };
        Some(self.nearby(dir.as_str()))
    }

    /// How precompiled headers fared, and with `-v` what the stages took.
    fn stages(&self, report: &RunReport) {
        let verbose = self.printer.verbosity == Verbosity::Verbose;
        let pch = report.pch;
        if pch.not_used > 0 || verbose && pch.used > 0 {
            let all = pch.used + pch.not_used;
            let text = format!(
                "the precompiled header in {} of {}",
                pch.used,
                count(all, "compile", "compiles")
            );
            self.say(Tone::Plain, "Used", &text);
        }
        if !verbose {
            return;
        }
        for stage in [Stage::Shared, Stage::Sketch] {
            let summary = report.stage(stage);
            let text = format!(
                "wall {}, cpu {}, largest process {} MB",
                seconds(summary.wall),
                seconds(summary.cost.cpu),
                summary.cost.peak_memory >> 20
            );
            self.printer.status(Tone::Plain, stage.name(), &text);
        }
    }
}
