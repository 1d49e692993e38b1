//! Stage 1 makes precompiled headers where they pay.

use camino::Utf8PathBuf;

use crate::action::{Action, Done};
use crate::exec::Executor;
use crate::exec::place;
use crate::plan::pch::ENOUGH;
use crate::plan::{BuildPlan, PchPlan, SketchWork};

/// What became of a preamble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Made {
    /// It can be used.
    Usable,
    /// Making it would not pay, as too few sketches are to be compiled.
    Skipped,
    /// It could not be made or put in place.
    Failed,
}

/// Precompiles a preamble if that pays.
pub(crate) fn make(plan: &BuildPlan, pch: &PchPlan, executor: &Executor<'_>) -> Made {
    let is_known = |index: &&usize| {
        let SketchWork::Build(sketch) = &plan.sketches[**index].work else {
            return true;
        };
        sketch
            .units
            .iter()
            .filter_map(|unit| Some((unit, unit.pch.as_ref()?)))
            .all(|(unit, with)| {
                executor.knows(with.action.fingerprint) || executor.knows(unit.action.fingerprint)
            })
    };
    let needed = pch
        .needed_by
        .iter()
        .filter(|index| !is_known(index))
        .count();
    if needed == 0 {
        return Made::Skipped;
    }
    let known = executor.peek(&pch.action);
    if known.is_none() && needed < ENOUGH && !pch.always {
        return Made::Skipped;
    }
    let done = match known {
        Some(known) => known,
        // A preamble that cannot be made is no failure: the sketches are compiled without it, and tell what is wrong.
        None => match executor.perform(&pch.action) {
            Ok(done) => done,
            Err(_) => return Made::Failed,
        },
    };
    put_in_place(pch, &done, executor)
}

/// Returns whether the precompiled header that an action uses, if any, is in place or could be put there from the cache.
pub(crate) fn is_provided(plan: &BuildPlan, action: &Action, executor: &Executor<'_>) -> bool {
    let Some(header) = &action.pch else {
        // A precompiled header itself is different each time that it is made.
        return plan
            .pchs
            .iter()
            .all(|pch| pch.action.fingerprint != action.fingerprint);
    };
    let pch = plan.pchs.iter().find(|pch| pch.header == *header);
    pch.and_then(|pch| Some((pch, executor.peek(&pch.action)?)))
        .is_some_and(|(pch, done)| matches!(put_in_place(pch, &done, executor), Made::Usable))
}

fn put_in_place(pch: &PchPlan, done: &Done, executor: &Executor<'_>) -> Made {
    let Some(output) = done.outputs.first() else {
        return Made::Failed;
    };
    let precompiled = Utf8PathBuf::from(format!("{}.gch", pch.header));
    let placed = place::write_if_changed(&pch.header, &pch.action.generated[0].bytes())
        .and_then(|_| place::link(&executor.blob(output.digest), &precompiled));
    match placed {
        Ok(()) => Made::Usable,
        Err(_) => Made::Failed,
    }
}
