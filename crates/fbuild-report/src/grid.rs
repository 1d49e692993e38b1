//! Sketches × boards in one Markdown table: how much flash each needs, or how it ended.

use std::collections::HashMap;

use fbuild_model::outcome::{SketchOutcome, SketchResult};

use crate::changes::Change;
use crate::fold::RunReport;
use crate::table::Column::{Number, Text};
use crate::table::{Table, escape};

/// Returns the table, with what `changes` since an earlier run; one without rows for a single board.
pub(crate) fn grid(report: &RunReport, changes: &[Change<'_>]) -> Table {
    let boards = report.distinct_boards();
    let names: Vec<String> = boards.iter().map(|board| escape(board)).collect();
    let columns = names.iter().map(|name| Number(name));
    let mut table = Table::new(std::iter::once(Text("sketch")).chain(columns));
    if boards.len() < 2 {
        return table;
    }
    let changed = changes.iter().filter(|change| change.memory == "flash");
    let changed: HashMap<(&str, &str), &Change<'_>> = changed
        .map(|change| ((change.sketch, change.board), change))
        .collect();
    let mut sketches: Vec<&str> = Vec::new();
    let mut cells: HashMap<(&str, &str), String> = HashMap::new();
    for result in report.results() {
        let key = (result.sketch.as_str(), result.board.as_str());
        if !sketches.contains(&key.0) {
            sketches.push(key.0);
        }
        cells.insert(key, cell(result, changed.get(&key).copied()));
    }
    for sketch in sketches {
        let own = boards.iter().map(|board| {
            let text = cells.get(&(sketch, *board));
            text.cloned().unwrap_or_default()
        });
        table.row(std::iter::once(escape(sketch)).chain(own));
    }
    table
}

fn cell(result: &SketchResult, change: Option<&Change<'_>>) -> String {
    match &result.outcome {
        SketchOutcome::Built(firmware) => match (firmware.sizes, change) {
            (Some(sizes), Some(change)) => {
                let sign = if change.now < change.before { '-' } else { '+' };
                let bytes = change.now.abs_diff(change.before);
                format!("{} ({sign}{bytes})", sizes.flash.used)
            }
            (Some(sizes), None) => sizes.flash.used.to_string(),
            (None, _) => "built".to_owned(),
        },
        SketchOutcome::Failed(_) => "**failed**".to_owned(),
        SketchOutcome::Blocked { .. } => "**blocked**".to_owned(),
        SketchOutcome::Skipped(_) => "skipped".to_owned(),
        SketchOutcome::NotRun => "not run".to_owned(),
        SketchOutcome::Cancelled => "cancelled".to_owned(),
    }
}
