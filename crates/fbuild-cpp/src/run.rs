//! From a source to an answer: as little work as will do, and more if that turns out not to be enough.

use camino::{Utf8Path, Utf8PathBuf};

use crate::Unsupported;
use crate::builtin::interest_of;
use crate::closure::Scan;
use crate::dialect::Dialect;
use crate::print::Printer;
use crate::symbol::Symbol;
use crate::tree::SourceTree;
use crate::unit::{Effort, Stop, Unit};

const SKIM: Effort = Effort {
    interest: 0b0111,
    full: false,
};
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
    let mut effort = SKIM;
    let mut interests = builtin_interests();
    // Each round is asked for by the one before and expands more, so there are three at most.
    loop {
        let mut unit = Unit::new(
            tree,
            dialect,
            source,
            include_dirs,
            &[],
            effort,
            interests.clone(),
        );
        let end = unit.open_source().and_then(|()| {
            if effort.full {
                unit.read_all()
            } else {
                unit.skim()
            }
        });
        if unit.pragma_text && unit.pragma_words && !effort.full {
            effort = FULL;
            continue;
        }
        if unit.late_interest && !effort.full && unit.interests != interests {
            interests = std::mem::take(&mut unit.interests);
            continue;
        }
        return match end {
            Ok(()) if unit.errors.is_empty() => Ok(Scan::Complete(unit.into_closure(include_dirs))),
            Ok(()) => Ok(Scan::Failed {
                output: unit.errors.join("\n"),
            }),
            Err(Stop::Missing(header)) => Ok(Scan::Missing {
                header,
                output: None,
            }),
            Err(Stop::Unsupported(unsupported)) => Err(unsupported),
            Err(Stop::Again(more)) if !effort.full => {
                effort = more;
                continue;
            }
            Err(Stop::Again(_)) => Err(Unsupported {
                file: source.to_owned(),
                line: 0,
                what: "preprocessing without end".to_owned(),
            }),
        };
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
    let mut effort = Effort {
        interest: interest_of(Symbol::PRAGMA_OPERATOR),
        full: false,
    };
    let mut interests = builtin_interests();
    loop {
        let mut unit = Unit::new(
            tree,
            dialect,
            source,
            include_dirs,
            keep,
            effort,
            interests.clone(),
        );
        let end = unit.open_source().and_then(|()| unit.print_all());
        if unit.pragma_text && unit.pragma_words && !effort.full {
            effort = FULL;
            continue;
        }
        if unit.late_interest && !effort.full && unit.interests != interests {
            interests = std::mem::take(&mut unit.interests);
            continue;
        }
        return match end {
            Ok(()) if unit.errors.is_empty() => Ok(unit
                .printer
                .take()
                .map(Printer::into_text)
                .unwrap_or_default()),
            Ok(()) => Err(Unsupported {
                file: source.to_owned(),
                line: 0,
                what: unit.errors.join("\n"),
            }),
            Err(Stop::Missing(header)) => Err(Unsupported {
                file: source.to_owned(),
                line: 0,
                what: format!("{header}: no such file or directory"),
            }),
            Err(Stop::Unsupported(unsupported)) => Err(unsupported),
            Err(Stop::Again(more)) if !effort.full => {
                effort = if more == effort { FULL } else { more };
                continue;
            }
            Err(Stop::Again(_)) => Err(Unsupported {
                file: source.to_owned(),
                line: 0,
                what: "preprocessing without end".to_owned(),
            }),
        };
    }
}

/// How much a unit may cost before it is given up: a token costs 1, a directive 10, opening a file 200, an error 20 000. Ordinary units
/// cost less than a hundredth of it; files that include themselves twice, or macros that double, would never end.
pub(crate) const BUDGET: u64 = 40_000_000;

/// Returns, by symbol, what the computed macros are interesting for.
fn builtin_interests() -> Vec<u8> {
    (0..=Symbol::PRAGMA_OPERATOR.0)
        .map(|number| interest_of(Symbol(number)))
        .collect()
}
