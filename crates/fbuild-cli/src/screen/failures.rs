//! The failures of a run: each root cause once, with the compiler's words and the way out.

use fbuild_model::outcome::Phase;
use fbuild_report::RunReport;
use fbuild_report::causes::{Cause, causes, listed};
use fbuild_scan::library::missing::missing_header;

use super::{Screen, row};
use crate::hints;
use crate::printer::Verbosity;

/// How many sketches of one cause are named.
const MOST_NAMES: usize = 6;

/// Below this number, sketches are named rather than counted.
const FEW: usize = 4;

impl Screen<'_> {
    /// Shows each root cause.
    pub(super) fn failures(&self, report: &RunReport) {
        causes(report).iter().for_each(|cause| self.cause(cause));
    }

    fn cause(&self, cause: &Cause<'_>) {
        let failure = cause.failure;
        let who = self.who(cause);
        let header = missing_header(&failure.output).filter(|_| failure.phase == Phase::Scan);
        match (&header, cause.by) {
            (Some(header), _) => {
                let help = hints::missing_header(header, &failure.output);
                self.printer
                    .error(&format!("{header} not found ({who}): {help}"), &[]);
            }
            (None, Some(by)) => {
                let text = format!("{by}: {} failed, needed by {who}", failure.phase);
                self.printer.error(&text, &[]);
            }
            (None, None) => {
                let text = match row::too_big(failure) {
                    Some(detail) => format!("{who}: too big; {detail}"),
                    None => format!("{who}: {} failed", failure.phase),
                };
                self.printer.error(&text, &[]);
            }
        }
        if header.is_some() && self.printer.verbosity < Verbosity::Verbose {
            self.included_by(cause);
        } else if failure.output.trim().is_empty() {
            self.printer.text(&failure.message);
        } else if failure.phase != Phase::Size {
            self.printer.text(&failure.output);
        }
        if let Some(hint) = hints::hint(failure) {
            self.printer.hint(&hint);
        }
        if let Some(log) = cause.results.first().and_then(|result| result.log.as_ref()) {
            self.printer
                .text(&format!("log: {}", self.nearby(log.as_str())));
        }
    }

    /// Says who includes a header that is missing, and where it was searched.
    fn included_by(&self, cause: &Cause<'_>) {
        if let Some(found) = cause.diagnostic
            && let Some(line) = found.line
        {
            let place = self.nearby(&format!("{}:{line}", found.file));
            self.printer.text(&format!("included by {place}"));
        }
        let notes = cause.failure.output.lines();
        notes
            .filter_map(|line| line.strip_prefix("note: "))
            // The first line says it.
            .filter(|note| !note.starts_with("did you mean "))
            .for_each(|note| self.printer.text(note));
    }

    /// `Typo`, `5 sketches × 3 boards`.
    fn who(&self, cause: &Cause<'_>) -> String {
        let names: Vec<&str> = cause
            .sketches()
            .into_iter()
            .map(|label| self.names.sketch(label))
            .collect();
        let mut text = match names.len() {
            number if number > FEW => format!("{number} sketches"),
            _ => listed(&names, MOST_NAMES),
        };
        let boards = cause.boards();
        if self.names.has_boards() {
            match boards.as_slice() {
                [one] => text.push_str(&format!(" on {}", self.names.board(one))),
                several => text.push_str(&format!(" × {} boards", several.len())),
            }
        }
        text
    }
}
