//! One run with every outcome: two boards, seven sketches each.

use std::time::Duration;

use fbuild_model::cost::Cost;
use fbuild_model::diagnostic::parse_gcc;
use fbuild_model::event::{ActionEnding, ActionReport, Event, SharedLibrary, StageReport};
use fbuild_model::fingerprint::{MissReason, PartKind};
use fbuild_model::outcome::{
    Failure, Firmware, Phase, SketchOutcome, SketchResult, SkipRule, Stage, UsedLibrary,
};
use fbuild_model::size::{Sizes, Usage};
use fbuild_report::RunReport;
use fbuild_report::json::Origin;
use fbuild_report::schema::run::{Board, Invocation};

pub(crate) const UNO: &str = "arduino:avr:uno";
pub(crate) const NANO: &str = "arduino:avr:nano:cpu=atmega328old";

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) fn cost(milliseconds: u64, megabytes: u64, processes: u32) -> Cost {
    let peak_memory = megabytes << 20;
    Cost {
        wall: ms(milliseconds),
        cpu: ms(milliseconds * 9 / 10),
        peak_memory,
        processes,
    }
}

pub(crate) fn built(flash: u64, ram: u64) -> SketchOutcome {
    SketchOutcome::Built(Firmware {
        artifacts: vec!["/out/NAME.ino.elf".into(), "/out/NAME.ino.hex".into()],
        sizes: Some(Sizes {
            flash: Usage {
                used: flash,
                maximum: Some(32256),
            },
            ram: Some(Usage {
                used: ram,
                maximum: Some(2048),
            }),
        }),
    })
}

pub(crate) fn failure(phase: Phase, output: &str) -> Failure {
    let diagnostics = parse_gcc(output);
    let message = diagnostics.first().map_or_else(
        || output.lines().next().unwrap_or("").to_owned(),
        ToString::to_string,
    );
    Failure {
        phase,
        message,
        output: output.to_owned(),
        diagnostics,
    }
}

pub(crate) fn result(board: &str, sketch: &str, outcome: SketchOutcome) -> SketchResult {
    SketchResult {
        board: board.to_owned(),
        sketch: sketch.to_owned(),
        dir: format!("/w/{sketch}").into(),
        outcome,
        log: None,
        warnings: Vec::new(),
        duration: Duration::ZERO,
        cost: Cost::default(),
        cached: false,
        libraries: Vec::new(),
    }
}

/// How the run of the fixture was started.
pub(crate) fn origin() -> Origin {
    Origin {
        invocation: Invocation {
            argv: vec!["fbuild".into(), "compile-many".into(), "examples".into()],
            dir: "/w".into(),
            started: Some(1_700_000_000),
            revision: Some("0123abc".into()),
        },
        boards: vec![Board {
            fqbn: UNO.into(),
            platform: "arduino:avr".into(),
            platform_version: "1.8.6".into(),
            compiler: Some("/usr/bin/avr-g++".into()),
        }],
    }
}

/// A run over `results`, without stages.
pub(crate) fn run(results: Vec<SketchResult>) -> RunReport {
    let mut report = RunReport::default();
    for (index, result) in results.into_iter().enumerate() {
        report.apply(&Event::SketchFinished {
            index,
            result: Box::new(result),
        });
    }
    report
}

/// The results of one board, in the order of the request.
fn results(board: &str) -> Vec<SketchResult> {
    let log =
        |name: &str| Some(format!("/out/{}/{name}/build.log", board.replace(':', ".")).into());
    let widget = UsedLibrary {
        name: "Widget".into(),
        version: "1.2.0".into(),
        dir: "/w/libraries/Widget".into(),
    };
    let warning =
        "/w/examples/Blink/Blink.ino:3:7: warning: unused variable ‘a|b’ [-Wunused-variable]\n";
    let typo = "/w/examples/Typo/Typo.ino: In function ‘void setup()’:\n\
        /w/examples/Typo/Typo.ino:2:3: error: ‘ledd’ was not declared in this scope\n   ledd = 1;\n   ^\n";
    let broken =
        "/w/libraries/Broken/Broken.cpp:7:1: fatal error: ::add-mask::x ##[group], 100% <b>\n";
    vec![
        SketchResult {
            log: log("Blink"),
            warnings: parse_gcc(warning),
            duration: ms(310),
            cost: cost(280, 95, 3),
            libraries: vec![widget],
            ..result(board, "examples/Blink", built(924, 9))
        },
        SketchResult {
            log: log("Warm"),
            duration: ms(1),
            cached: true,
            ..result(board, "examples/Warm", built(444, 9))
        },
        SketchResult {
            log: log("Typo"),
            duration: ms(220),
            cost: cost(200, 90, 1),
            ..result(
                board,
                "examples/Typo",
                SketchOutcome::Failed(failure(Phase::Compile, typo)),
            )
        },
        SketchResult {
            log: log("Radio"),
            ..result(
                board,
                "examples/Radio",
                SketchOutcome::Blocked {
                    by: "library Broken".into(),
                    failure: failure(Phase::Compile, broken),
                },
            )
        },
        result(
            board,
            "examples/Huge",
            SketchOutcome::Skipped(SkipRule {
                text: "(memory is large) | *teensy*".into(),
                file: "/w/examples/Huge/Huge.ino".into(),
                line: Some(4),
            }),
        ),
        result(board, "examples/Later", SketchOutcome::NotRun),
        result(board, "examples/Stopped", SketchOutcome::Cancelled),
    ]
}

/// The events of the run, sketches in the order in which they ended.
#[expect(clippy::too_many_lines, reason = "a list of events")]
pub(crate) fn events() -> Vec<Event> {
    let action = |stage, label: &str, ending| {
        let command = format!("avr-g++ -c \"{label}\" -o x.o");
        Event::ActionFinished(ActionReport {
            stage,
            label: label.to_owned(),
            command,
            ending,
        })
    };
    let ran = |reason, success| ActionEnding::Ran {
        reason,
        cost: cost(400, 60, 1),
        success,
        preamble: None,
    };
    let library = |board: &str, variants| SharedLibrary {
        board: board.to_owned(),
        name: "Widget".into(),
        variants,
        sketches: 4,
    };
    let changed = MissReason::Changed {
        kind: PartKind::Header,
        name: "Widget.h".into(),
    };
    let mut events = vec![
        Event::RunStarted {
            boards: vec![UNO.into(), NANO.into()],
            sketches: 7,
            unrequested: 0,
            framework_jobs: 1,
            sketch_jobs: 2,
        },
        Event::Warning(
            "/w/examples/Odd/Odd.ino:3: filter not understood: `(memory *is* <large>`".into(),
        ),
        Event::Planned {
            duration: ms(41),
            cost: cost(12, 20, 1),
            libraries: vec![library(UNO, 1), library(NANO, 2)],
            shared_actions: 4,
            fallbacks: vec!["Strange.ino: `#include_next`".into()],
        },
        Event::StageStarted {
            stage: Stage::Shared,
            total: 4,
        },
        Event::WorkStarted {
            stage: Stage::Shared,
            label: "core/main.cpp".into(),
        },
        action(Stage::Shared, "core/main.cpp", ActionEnding::Hit),
        action(Stage::Shared, "Widget/Widget.cpp", ran(changed, true)),
        action(
            Stage::Shared,
            "Broken/Broken.cpp",
            ran(MissReason::New, false),
        ),
        Event::StageStarted {
            stage: Stage::Sketch,
            total: 14,
        },
        Event::StageFinished(StageReport {
            stage: Stage::Shared,
            wall: ms(1500),
            cost: cost(800, 60, 2),
            hits: 1,
            ran: 2,
            key: Some("9f2c".into()),
        }),
        action(
            Stage::Sketch,
            "examples/Typo",
            ran(MissReason::Evicted, false),
        ),
    ];
    let all: Vec<_> = [UNO, NANO]
        .into_iter()
        .flat_map(results)
        .enumerate()
        .collect();
    events.extend(
        all.into_iter()
            .rev()
            .map(|(index, result)| Event::SketchFinished {
                index,
                result: Box::new(result),
            }),
    );
    events.extend([
        Event::StageFinished(StageReport {
            stage: Stage::Sketch,
            wall: ms(2250),
            cost: cost(960, 95, 8),
            hits: 2,
            ran: 5,
            key: None,
        }),
        Event::RunFinished { duration: ms(3820) },
    ]);
    events
}

/// The fold over [`events`].
pub(crate) fn report() -> RunReport {
    let mut report = RunReport::default();
    for event in events() {
        report.apply(&event);
    }
    report
}
