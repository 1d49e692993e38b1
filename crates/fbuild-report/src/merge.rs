//! One JSON report of several: of the jobs among which the sketches of a run were divided.
//!
//! Work is summed up, with its time; the time of the whole is that of the longest job, because jobs run beside each other.

use std::collections::HashSet;

use crate::schema::run;
use crate::verdict;

/// Reports cannot be merged.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MergeError {
    /// There is none.
    #[error("no report to merge")]
    None,
    /// A sketch is in two of them.
    #[error("{sketch} on {board} is in more than one report")]
    Twice {
        /// The sketch's name.
        sketch: String,
        /// FQBN.
        board: String,
    },
}

/// Merges reports. Sketches are in the order of the boards, then of their names.
///
/// # Errors
/// If there is none, or a sketch is in two of them.
pub fn merge(reports: Vec<run::Document>) -> Result<run::Document, MergeError> {
    let merged = reports.into_iter().reduce(both);
    let mut merged = merged.ok_or(MergeError::None)?;
    let boards = &merged.request.boards;
    let place = |board: &String| boards.iter().position(|one| one == board);
    let order = |sketch: &run::Sketch| (place(&sketch.board), sketch.name.clone());
    merged.sketches.sort_by_cached_key(order);
    let mut known = HashSet::new();
    for sketch in &merged.sketches {
        if !known.insert((&sketch.board, &sketch.name)) {
            return Err(MergeError::Twice {
                sketch: sketch.name.clone(),
                board: sketch.board.clone(),
            });
        }
    }
    let of_board = |board: &String| {
        let own = merged.sketches.iter().filter(|one| one.board == *board);
        own.count() as u64
    };
    let most = boards.iter().map(of_board).max();
    merged.request.sketches_per_board = most.unwrap_or(0);
    merged.verdict = verdict::of_document(&merged).name().to_owned();
    Ok(merged)
}

fn both(one: run::Document, two: run::Document) -> run::Document {
    run::Document {
        schema: one.schema,
        tool: one.tool,
        invocation: run::Invocation {
            revision: one
                .invocation
                .revision
                .filter(|revision| two.invocation.revision.as_ref() == Some(revision)),
            ..run::Invocation::default()
        },
        boards: union(one.boards, two.boards),
        request: run::Request {
            boards: union(one.request.boards, two.request.boards),
            sketches_per_board: 0,
            framework_jobs: one.request.framework_jobs.max(two.request.framework_jobs),
            sketch_jobs: one.request.sketch_jobs.max(two.request.sketch_jobs),
        },
        verdict: String::new(),
        error: one.error.or(two.error),
        seconds: longest(one.seconds, two.seconds),
        counts: counts(&one.counts, &two.counts),
        plan: either(one.plan, two.plan, plan),
        stages: stages(one.stages, two.stages),
        sketches: chain(one.sketches, two.sketches),
        misses: chain(one.misses, two.misses),
        preambles: run::Preambles {
            used: one.preambles.used + two.preambles.used,
            not_used: one.preambles.not_used + two.preambles.not_used,
        },
        remote: either(one.remote, two.remote, remote),
        audit: either(one.audit, two.audit, audit),
        shared_warnings: union(one.shared_warnings, two.shared_warnings),
        warnings: union(one.warnings, two.warnings),
    }
}

fn counts(one: &run::Counts, two: &run::Counts) -> run::Counts {
    run::Counts {
        requested: one.requested + two.requested,
        built: one.built + two.built,
        cached: one.cached + two.cached,
        failed: one.failed + two.failed,
        blocked: one.blocked + two.blocked,
        skipped: one.skipped + two.skipped,
        not_run: one.not_run + two.not_run,
        cancelled: one.cancelled + two.cancelled,
    }
}

fn plan(one: run::Plan, two: run::Plan) -> run::Plan {
    let mut libraries = one.libraries;
    for library in two.libraries {
        let same = |known: &&mut run::SharedLibrary| {
            (&known.board, &known.name) == (&library.board, &library.name)
        };
        match libraries.iter_mut().find(same) {
            Some(known) => {
                known.variants = known.variants.max(library.variants);
                known.sketches += library.sketches;
            }
            None => libraries.push(library),
        }
    }
    run::Plan {
        seconds: one.seconds + two.seconds,
        cost: cost(&one.cost, &two.cost),
        shared_actions: one.shared_actions + two.shared_actions,
        libraries,
        fallbacks: union(one.fallbacks, two.fallbacks),
    }
}

fn stages(one: Vec<run::Stage>, two: Vec<run::Stage>) -> Vec<run::Stage> {
    let mut stages = one;
    for stage in two {
        match stages.iter_mut().find(|known| known.name == stage.name) {
            Some(known) => {
                known.complete &= stage.complete;
                known.total += stage.total;
                known.seconds += stage.seconds;
                known.cost = cost(&known.cost, &stage.cost);
                known.hits += stage.hits;
                known.ran += stage.ran;
                known.failed += stage.failed;
                known.key = known
                    .key
                    .take()
                    .filter(|key| stage.key.as_ref() == Some(key));
            }
            None => stages.push(stage),
        }
    }
    stages
}

fn cost(one: &run::Cost, two: &run::Cost) -> run::Cost {
    run::Cost {
        wall_seconds: one.wall_seconds + two.wall_seconds,
        cpu_seconds: one.cpu_seconds + two.cpu_seconds,
        peak_memory: one.peak_memory.max(two.peak_memory),
        processes: one.processes + two.processes,
    }
}

fn remote(one: run::RemoteUse, two: run::RemoteUse) -> run::RemoteUse {
    run::RemoteUse {
        hits: one.hits + two.hits,
        misses: one.misses + two.misses,
        uploads: one.uploads + two.uploads,
        bytes_down: one.bytes_down + two.bytes_down,
        bytes_up: one.bytes_up + two.bytes_up,
        seconds: one.seconds + two.seconds,
    }
}

fn audit(one: run::Audit, two: run::Audit) -> run::Audit {
    run::Audit {
        hits: one.hits + two.hits,
        rebuilt: one.rebuilt + two.rebuilt,
        differences: chain(one.differences, two.differences),
    }
}

fn either<T>(one: Option<T>, two: Option<T>, both: impl FnOnce(T, T) -> T) -> Option<T> {
    match (one, two) {
        (Some(one), Some(two)) => Some(both(one, two)),
        (one, two) => one.or(two),
    }
}

fn longest(one: Option<f64>, two: Option<f64>) -> Option<f64> {
    either(one, two, f64::max)
}

fn chain<T>(mut one: Vec<T>, two: Vec<T>) -> Vec<T> {
    one.extend(two);
    one
}

fn union<T: PartialEq>(mut one: Vec<T>, two: Vec<T>) -> Vec<T> {
    for item in two {
        if !one.contains(&item) {
            one.push(item);
        }
    }
    one
}
