//! From a source to an answer: as little work as will do, and more if that turns out not to be enough.

use camino::{Utf8Path, Utf8PathBuf};

use crate::closure::Scan;
use crate::dialect::Dialect;
use crate::interest::{Effort, Interests, PATH, PRAGMA, TIME};
use crate::stop::{Stop, Unsupported};
use crate::tree::SourceTree;
use crate::unit::{Task, Unit};

const FULL: Effort = Effort {
    interest: 0,
    full: true,
};

/// See [`super::scan`].
pub(crate) fn scan(
    tree: &SourceTree,
    dialect: &Dialect,
    source: &Utf8Path,
    include_dirs: &[Utf8PathBuf],
) -> Result<Scan, Unsupported> {
    let (unit, end) = read(Task {
        tree,
        dialect,
        source,
        include_dirs,
        keep: &[],
        effort: Effort {
            interest: PATH | TIME | PRAGMA,
            full: false,
        },
    });
    match end {
        Ok(()) if unit.errors().is_empty() => Ok(Scan::Complete(unit.into_closure())),
        Ok(()) => Ok(Scan::Failed {
            output: unit.errors().join("\n"),
        }),
        Err(Stop::Missing(header)) => Ok(Scan::Missing {
            header,
            output: None,
        }),
        Err(Stop::Unsupported(unsupported)) => Err(unsupported),
        Err(Stop::Again(_)) => Err(unsupported(source, "preprocessing without end".to_owned())),
    }
}

/// See [`super::expand`].
pub(crate) fn expand(
    tree: &SourceTree,
    dialect: &Dialect,
    source: &Utf8Path,
    include_dirs: &[Utf8PathBuf],
    keep: &[Utf8PathBuf],
) -> Result<String, Unsupported> {
    let (unit, end) = read(Task {
        tree,
        dialect,
        source,
        include_dirs,
        keep,
        effort: Effort {
            interest: PRAGMA,
            full: false,
        },
    });
    match end {
        Ok(()) if unit.errors().is_empty() => Ok(unit.into_text()),
        Ok(()) => Err(unsupported(source, unit.errors().join("\n"))),
        Err(Stop::Missing(header)) => {
            let what = format!("{header}: no such file or directory");
            Err(unsupported(source, what))
        }
        Err(Stop::Unsupported(unsupported)) => Err(unsupported),
        Err(Stop::Again(_)) => Err(unsupported(source, "preprocessing without end".to_owned())),
    }
}

fn unsupported(source: &Utf8Path, what: String) -> Unsupported {
    Unsupported {
        file: source.to_owned(),
        line: 0,
        what,
        questions: Vec::new(),
    }
}

/// Reads the source, again with more effort where that turns out to be needed: each round expands more than the one before, so there are few.
fn read(mut task: Task<'_>) -> (Unit<'_>, Result<(), Stop>) {
    let mut interests = Interests::new();
    loop {
        let mut unit = Unit::new(task, interests.clone());
        let end = unit.run();
        if task.effort.full {
            return (unit, end);
        }
        if unit.may_have_missed_pragma() {
            task.effort = FULL;
        } else if let Some(more) = unit.interests().again(&interests) {
            interests = more;
        } else if let Err(Stop::Again(more)) = end {
            task.effort = if more == task.effort { FULL } else { more };
        } else {
            return (unit, end);
        }
    }
}
