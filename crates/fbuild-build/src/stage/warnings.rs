//! What the compiler warned about in core and libraries, told once per shared part.
//!
//! A part whose result was found in the cache, or of which nothing was even planned, warns as it did when it was compiled.

use fbuild_model::input;
use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::diagnostic::{Severity, parse_gcc};
use fbuild_model::event::SharedWarnings;
use fbuild_model::{Diagnostic, Event};

use crate::exec::Executor;
use crate::incremental::record::Record;
use crate::plan::{BuildPlan, SketchWork};

/// Reports the warnings in what the commands of one part printed.
pub fn report(executor: &Executor<'_>, board: &str, part: &str, printed: &str) {
    // Reading a text for diagnostics takes longer than finding out that it has none.
    if !printed.contains("arning: ") {
        return;
    }
    let mut warnings: Vec<Diagnostic> = parse_gcc(printed);
    warnings.retain(|found| found.severity == Severity::Warning);
    if !warnings.is_empty() {
        let _ = executor.events.send(Event::SharedWarnings(SharedWarnings {
            board: board.to_owned(),
            part: part.to_owned(),
            warnings,
        }));
    }
}

/// Reports the warnings of the parts that only sketches use whose firmware is in place: their logs have them.
pub fn report_up_to_date(plan: &BuildPlan, executor: &Executor<'_>) {
    let planned = plan.archives.iter().map(|archive| &archive.path);
    let mut seen: HashSet<&Utf8PathBuf> = planned.collect();
    for entry in &plan.sketches {
        let SketchWork::UpToDate(record) = &entry.work else {
            continue;
        };
        for archive in &record.archives {
            if !seen.insert(archive) {
                continue;
            }
            let log = input::read_text(&archive.with_file_name("build.log"));
            report(
                executor,
                &entry.board,
                &part(record, archive),
                &log.unwrap_or_default(),
            );
        }
    }
}

/// Names the part that an archive holds: `core`, or `library NAME`.
fn part(record: &Record, archive: &Utf8Path) -> String {
    let library = record
        .libraries
        .iter()
        .find(|library| library.dir.file_name() == archive.file_stem());
    match library {
        Some(library) => format!("library {}", library.name),
        None => "core".to_owned(),
    }
}
