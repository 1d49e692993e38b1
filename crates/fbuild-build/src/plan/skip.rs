//! Whether a rule in the tree leaves a sketch out on a board.
//!
//! The rules are known to `fbuild-scan`, the board to `fbuild-platform`; here they meet.

use fbuild_cpp::SourceTree;
use fbuild_model::outcome::SkipRule;
use fbuild_platform::BoardSpec;
use fbuild_scan::filter::{BoardFacts, Decision, Subject};
use fbuild_scan::library::Library;
use fbuild_scan::sketch::Sketch;

/// What the rules say.
#[derive(Debug)]
pub enum Ruling {
    /// Build it; with a warning about a rule that cannot be read.
    Build(Option<String>),
    /// Leave it out.
    Skip(SkipRule),
}

/// Applies the rules of formats section 4 to a sketch; `library` is the one in which it lies.
pub fn decide(
    sketch: &Sketch,
    board: &BoardSpec,
    library: Option<&Library>,
    tree: &SourceTree,
) -> Ruling {
    // A main file that cannot be read is found out when the sketch is merged.
    let Ok(Some(main)) = tree.read(&sketch.main) else {
        return Ruling::Build(None);
    };
    let subject = Subject {
        dir: &sketch.dir,
        main: &sketch.main,
        text: &main.bytes(),
    };
    match fbuild_scan::filter::decide(subject, &facts(board), library) {
        Decision::Build => Ruling::Build(None),
        Decision::Skip(rule) => Ruling::Skip(rule),
        Decision::Warn(warning) => Ruling::Build(Some(format!(
            "{}:{}: {}; the sketch is built",
            warning.file, warning.line, warning.text
        ))),
    }
}

fn facts(board: &BoardSpec) -> BoardFacts {
    let number = |key: &str| board.get(key).and_then(|value| value.trim().parse().ok());
    BoardFacts {
        fqbn: board.fqbn().to_string(),
        board: board.fqbn().board.clone(),
        mcu: board.mcu(),
        architecture: board.architecture().to_owned(),
        ram: number("upload.maximum_data_size"),
        flash: number("upload.maximum_size"),
    }
}
