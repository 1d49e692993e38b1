//! The widths of the two stages are what was asked for: reached, and never exceeded.

use std::time::{Duration, Instant};

use fbuild_testkit::calls::{Calls, Role};
use fbuild_testkit::{Call, Project};

use crate::project;

const SIX: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

fn six_sketches(script: &str) -> Project {
    project()
        .sketch("Warmup", "void setup() {}\nvoid loop() {}\n")
        .sketches(
            SIX,
            &format!("{script}\nvoid setup() {{}}\nvoid loop() {{}}\n"),
        )
}

/// All calls that belong to a sketch: everything about it in stage 2.
fn of_sketches(calls: &Calls) -> Vec<&Call> {
    let own = |call: &Call| match call.role {
        Role::Compile => call
            .source()
            .is_some_and(|source| source.ends_with(".ino.cpp")),
        Role::Link | Role::Objcopy | Role::Size => true,
        _ => false,
    };
    calls.0.iter().filter(|call| own(call)).collect()
}

#[test]
fn sketch_jobs_overlap_compiles_and_never_more() {
    for jobs in [2, 3, 5] {
        let project = six_sketches(&format!(
            "// fake: barrier {jobs} meeting\n// fake: sleep 0.1"
        ));
        // With the core at hand, stage 1 is over at once and all seats belong to sketches.
        project.compile_many(["Warmup"]).ok();
        project.forget_calls();
        project
            .compile(SIX)
            .args(["--sketch-jobs", &jobs.to_string(), "--framework-jobs", "1"])
            .run()
            .ok();
        assert_eq!(
            Calls::most_at_once(&of_sketches(&project.calls())),
            jobs,
            "--sketch-jobs {jobs}"
        );
    }
}

#[test]
fn sketch_jobs_overlap_links_and_never_more() {
    for jobs in [2, 4] {
        let project = six_sketches(&format!(
            "// fake: link-barrier {jobs} meeting\n// fake: link-sleep 0.1"
        ));
        project
            .compile(SIX)
            .args(["--sketch-jobs", &jobs.to_string(), "--framework-jobs", "1"])
            .run()
            .ok();
        let calls = project.calls();
        assert_eq!(
            Calls::most_at_once(&calls.of(Role::Link)),
            jobs,
            "--sketch-jobs {jobs}"
        );
    }
}

#[test]
fn one_sketch_job_is_one_process_at_a_time() {
    let project = six_sketches("// fake: sleep 0.05\n// fake: link-sleep 0.05");
    project
        .compile(SIX)
        .args(["--sketch-jobs", "1", "--framework-jobs", "1"])
        .run()
        .ok();
    let calls = project.calls();
    assert_eq!(Calls::most_at_once(&of_sketches(&calls)), 1);
    let all: Vec<&Call> = calls.0.iter().collect();
    assert_eq!(
        Calls::most_at_once(&all),
        1,
        "stage 1 and stage 2 together stay within the wider of them"
    );
}

#[test]
fn framework_jobs_overlap_shared_compiles_and_never_more() {
    for jobs in [2, 3] {
        let script = format!("// fake: barrier {jobs} meeting\n// fake: sleep 0.1");
        let mut project = project();
        let mut sketch = String::new();
        for library in ["P", "Q", "R", "S", "T"] {
            project = project.simple_library(library, &script);
            sketch.push_str(&format!("#include <{library}.h>\n"));
        }
        let project = project.sketch("All", &(sketch + "void setup() {}\nvoid loop() {}\n"));
        project
            .compile(["All"])
            .args(["--framework-jobs", &jobs.to_string(), "--sketch-jobs", "1"])
            .run()
            .ok();
        let calls = project.calls();
        let shared: Vec<&Call> = calls
            .of(Role::Compile)
            .into_iter()
            .filter(|call| !call.mentions(".ino.cpp"))
            .collect();
        assert_eq!(
            Calls::most_at_once(&shared),
            jobs,
            "--framework-jobs {jobs}"
        );
    }
}

#[test]
fn both_stages_together_stay_within_the_wider_one() {
    let mut project = six_sketches("// fake: sleep 0.1").sketch(
        "All",
        "#include <P.h>\n#include <Q.h>\nvoid setup() {}\nvoid loop() {}\n",
    );
    for library in ["P", "Q"] {
        project = project.simple_library(library, "// fake: sleep 0.3");
    }
    let sketches: Vec<&str> = SIX.into_iter().chain(["All"]).collect();
    project
        .compile(sketches)
        .args(["--framework-jobs", "2", "--sketch-jobs", "3"])
        .run()
        .ok();
    let calls = project.calls();
    let all: Vec<&Call> = calls.0.iter().collect();
    assert!(
        Calls::most_at_once(&all) <= 3,
        "{}",
        Calls::most_at_once(&all)
    );
}

#[test]
fn the_result_does_not_depend_on_the_number_of_jobs() {
    let make = || {
        project()
            .simple_library("X", "")
            .sketches(
                SIX,
                "#include <X.h>\nint {name};\nvoid setup() {}\nvoid loop() {}\n",
            )
            .sketch("Bad", "// fake: fail no\nvoid setup() {}\nvoid loop() {}\n")
    };
    let firmware = |jobs: &str| {
        let project = make();
        let sketches = SIX.into_iter().chain(["Bad"]);
        let run = project
            .compile(sketches)
            .args(["--sketch-jobs", jobs, "--framework-jobs", jobs])
            .run()
            .expect_code(1);
        let hexes: Vec<Vec<u8>> = SIX
            .iter()
            .map(|name| project.read_bytes(format!(".fbuild/solo/{name}/{name}.ino.hex")))
            .collect();
        (
            hexes,
            run.outcomes(),
            run.report()["stages"][0]["key"].clone(),
        )
    };
    assert_eq!(firmware("1"), firmware("5"));
}

#[test]
fn a_sketch_that_compiles_long_holds_up_nobody_else() {
    // The core takes long enough for the first sketch to begin meanwhile; when stage 1 ends, that sketch is still at it.
    let padding = "// so that this one is taken first\n".repeat(100);
    let project = project()
        .sketch(
            "Long",
            &format!("{padding}// fake: hold gate\nvoid setup() {{}}\nvoid loop() {{}}\n"),
        )
        .sketch("Short", "void setup() {}\nvoid loop() {}\n");
    let core = project.platform().join("cores/mini/wiring.c");
    fs_err::write(&core, "// fake: sleep 0.5\n").unwrap();
    let running = project
        .compile(["Long", "Short"])
        .args(["--framework-jobs", "1", "--sketch-jobs", "2"])
        .spawn();
    project.wait_until_held("gate");
    let firmware = project.path(".fbuild/solo/Short/Short.ino.hex");
    let began = Instant::now();
    while !firmware.exists() && began.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let built_meanwhile = firmware.exists();
    project.open_gate("gate");
    running.wait().ok();
    assert!(
        built_meanwhile,
        "`Short` waited for `Long` although a worker was free"
    );
}
