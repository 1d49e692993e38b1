//! The sketch report of arduino/compile-sketches (formats section 3), which arduino/report-size-deltas turns into a comment.
//!
//! One file per board. What the run was for (the commit) and what it is compared with (an earlier report) is known to the caller only.

use camino::Utf8PathBuf;
use fbuild_model::diagnostic::Severity;
use fbuild_model::outcome::{SketchOutcome, SketchResult};
use fbuild_model::size::Usage;
use fbuild_model::untrusted;

use crate::fold::RunReport;
use crate::schema::compile_sketches::{
    Amount, AmountRange, Board, BoardSize, BoardWarnings, Count, CountRange, Known, Range, Report,
    Size, Sketch, Warnings,
};
use crate::schema::run;

/// The names of the two sizes, which readers compare with.
const NAMES: [&str; 2] = ["flash", "RAM for global variables"];

/// What the report says beside the results.
#[derive(Debug, Clone, Default)]
pub struct Context<'a> {
    /// The commit the sketches are of.
    pub commit_hash: String,
    /// Its address.
    pub commit_url: String,
    /// Sketches within this folder are named relative to it.
    pub workspace: Option<Utf8PathBuf>,
    /// Whether warnings are counted.
    pub warnings: bool,
    /// The report of an earlier run to compare with; with one, deltas are on.
    pub previous: Option<&'a run::Document>,
}

/// One file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Its name: the FQBN with `-` for `:`, and `.json`.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// Returns one file per board, in the order of the request.
///
/// Skipped sketches are not in it: nobody asked a compiler about them.
pub fn render(report: &RunReport, context: &Context<'_>) -> Vec<ReportFile> {
    let files = report.distinct_boards().into_iter().map(|board| {
        let report = Report {
            commit_hash: context.commit_hash.clone(),
            commit_url: context.commit_url.clone(),
            boards: vec![board_report(report, board, context)],
        };
        let text =
            serde_json::to_string_pretty(&report).expect("the wire types have only string keys");
        ReportFile {
            name: format!("{}.json", board.replace([':', '/', '\\'], "-")),
            text: untrusted::json(&text),
        }
    });
    files.collect()
}

fn board_report(report: &RunReport, board: &str, context: &Context<'_>) -> Board {
    let results = report
        .results()
        .iter()
        .filter(|result| result.board == board);
    let sketches: Vec<Sketch> = results
        .filter(|result| !matches!(result.outcome, SketchOutcome::Skipped(_)))
        .map(|result| sketch(result, context))
        .collect();
    let sizes = if sketches.is_empty() {
        Vec::new()
    } else {
        NAMES.map(|name| board_size(&sketches, name)).into()
    };
    let deltas = sketches
        .iter()
        .filter_map(|sketch| sketch.warnings.as_ref()?.delta);
    let deltas: Vec<i64> = deltas.filter_map(|delta| delta.absolute.value()).collect();
    let warnings = (!deltas.is_empty()).then(|| BoardWarnings {
        delta: CountRange {
            absolute: Range {
                minimum: deltas.iter().copied().min().into(),
                maximum: deltas.iter().copied().max().into(),
            },
        },
    });
    Board {
        board: board.to_owned(),
        sketches,
        sizes,
        warnings,
    }
}

fn sketch(result: &SketchResult, context: &Context<'_>) -> Sketch {
    let name = context
        .workspace
        .as_ref()
        .and_then(|workspace| result.dir.strip_prefix(workspace).ok())
        .unwrap_or(&result.dir);
    // An artifact of another system has its separators; the names are compared as text.
    let name = name.as_str().replace('\\', "/");
    let earlier = context
        .previous
        .iter()
        .flat_map(|earlier| &earlier.sketches);
    let mut built_before = earlier.filter(|sketch| sketch.outcome == "built");
    let before =
        built_before.find(|sketch| sketch.board == result.board && sketch.name == result.sketch);
    let (built, sizes) = match &result.outcome {
        SketchOutcome::Built(firmware) => (true, firmware.sizes),
        _ => (false, None),
    };
    let usages = [
        sizes.map(|sizes| sizes.flash),
        sizes.and_then(|sizes| sizes.ram),
    ];
    let memories = [
        before.and_then(|before| before.flash.as_ref()),
        before.and_then(|before| before.ram.as_ref()),
    ];
    let sizes = NAMES.into_iter().zip(usages.into_iter().zip(memories));
    let sizes = sizes.map(|(name, (usage, before))| size(name, usage, before));
    Sketch {
        name,
        compilation_success: built,
        sizes: sizes.collect(),
        warnings: context.warnings.then(|| warnings(result, built, before)),
    }
}

fn size(name: &str, usage: Option<Usage>, before: Option<&run::Memory>) -> Size {
    let maximum = usage.and_then(|usage| usage.maximum).map(signed);
    let amount = |absolute: Option<i64>| Amount {
        absolute: absolute.into(),
        relative: absolute
            .zip(maximum)
            .and_then(|(absolute, maximum)| percent(absolute, maximum))
            .into(),
    };
    let now = usage.map(|usage| signed(usage.used));
    let then = before
        .filter(|_| now.is_some())
        .map(|before| signed(before.used));
    Size {
        name: name.to_owned(),
        maximum: maximum.into(),
        current: amount(now),
        previous: then.map(|then| amount(Some(then))),
        delta: now.zip(then).map(|(now, then)| amount(Some(now - then))),
    }
}

fn warnings(result: &SketchResult, built: bool, before: Option<&run::Sketch>) -> Warnings {
    // The original counts lines with `:line:column: warning:`, so a linker's warning is none.
    let counted = result.warnings.iter().filter(|warning| {
        warning.severity == Severity::Warning && warning.line.is_some() && warning.column.is_some()
    });
    let now = built.then_some(counted.count() as i64);
    let counted_before = |before: &run::Sketch| {
        let counted = before.warnings.iter().filter(|warning| {
            warning.severity == "warning" && warning.line.is_some() && warning.column.is_some()
        });
        counted.count() as i64
    };
    let then = before.filter(|_| now.is_some()).map(counted_before);
    Warnings {
        current: Count {
            absolute: now.into(),
        },
        previous: then.map(|then| Count {
            absolute: Known::Value(then),
        }),
        delta: now.zip(then).map(|(now, then)| Count {
            absolute: Known::Value(now - then),
        }),
    }
}

fn board_size(sketches: &[Sketch], name: &str) -> BoardSize {
    let sizes = || {
        sketches
            .iter()
            .flat_map(|sketch| &sketch.sizes)
            .filter(|size| size.name == name)
    };
    let deltas: Vec<Amount> = sizes().filter_map(|size| size.delta).collect();
    let absolute = |delta: &&Amount| delta.absolute.value();
    let (least, most) = (
        deltas.iter().min_by_key(absolute),
        deltas.iter().max_by_key(absolute),
    );
    BoardSize {
        name: name.to_owned(),
        maximum: sizes().find_map(|size| size.maximum.value()).into(),
        delta: least.zip(most).map(|(least, most)| AmountRange {
            absolute: Range {
                minimum: least.absolute,
                maximum: most.absolute,
            },
            relative: Range {
                minimum: least.relative,
                maximum: most.relative,
            },
        }),
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Returns the share in percent, rounded to two decimals.
fn percent(absolute: i64, maximum: i64) -> Option<f64> {
    (maximum != 0).then(|| (100.0 * absolute as f64 / maximum as f64 * 100.0).round() / 100.0)
}
