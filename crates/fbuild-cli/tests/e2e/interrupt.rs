//! Ctrl-C and worse: every sketch has one outcome, and the next run gives the right firmware.

use std::time::{Duration, Instant};

use fbuild_testkit::{Project, Run};
use nix::sys::signal::Signal;

use crate::project;

const FOUR: [&str; 4] = ["A", "B", "C", "D"];

/// Fails unless every sketch has exactly one outcome, among those that an interrupt leaves, and all reports are there.
fn everything_is_told(run: &Run, expected: &[&str]) {
    let outcomes = run.outcomes();
    let names: Vec<&str> = outcomes.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, FOUR, "{}", run.transcript());
    assert!(
        outcomes
            .iter()
            .all(|(_, outcome)| expected.contains(&outcome.as_str())),
        "{outcomes:?}"
    );
    assert_eq!(run.lines().len(), 4, "{}", run.transcript());
    let counts = run.report()["counts"].clone();
    assert_eq!(counts["requested"], 4);
}

fn held(script: &str) -> Project {
    project().sketches(
        FOUR,
        &format!("int {{name}};\n{script}\nvoid setup() {{}}\nvoid loop() {{}}\n"),
    )
}

#[test]
fn an_interrupt_lets_running_processes_end_and_starts_no_more() {
    for script in ["// fake: hold gate", "// fake: link-hold gate"] {
        let project = held(script);
        let running = project
            .compile(FOUR)
            .args([
                "--sketch-jobs",
                "1",
                "--framework-jobs",
                "1",
                "--phase-tsv",
                "phases.tsv",
            ])
            .spawn();
        project.wait_until_held("gate");
        running.signal(Signal::SIGINT);
        std::thread::sleep(Duration::from_millis(300));
        project.open_gate("gate");
        let run = running.wait().expect_code(130);
        everything_is_told(&run, &["built", "cancelled"]);
        assert!(
            run.outcomes()
                .iter()
                .any(|(_, outcome)| outcome == "cancelled"),
            "{:?}",
            run.outcomes()
        );
        assert_eq!(run.report()["verdict"], "cancelled");
        assert!(project.path("phases.tsv").exists());
        let held = project
            .calls()
            .0
            .iter()
            .filter(|call| call.end.is_none())
            .count();
        assert_eq!(held, 0, "what had begun came to its end");
    }
}

#[test]
fn a_second_interrupt_kills() {
    let project = held("// fake: hold gate");
    let running = project.compile(FOUR).args(["--sketch-jobs", "2"]).spawn();
    project.wait_until_held("gate");
    running.signal(Signal::SIGINT);
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    running.signal(Signal::SIGINT);
    let run = running.wait().expect_code(130);
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    everything_is_told(&run, &["built", "cancelled"]);
    assert!(
        project.calls().0.iter().any(|call| call.end.is_none()),
        "the held process was killed"
    );
}

#[test]
fn a_request_to_terminate_kills_at_once() {
    let project = held("// fake: hold gate");
    let running = project.compile(FOUR).args(["--sketch-jobs", "2"]).spawn();
    project.wait_until_held("gate");
    let began = Instant::now();
    running.signal(Signal::SIGTERM);
    let run = running.wait().expect_code(130);
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    everything_is_told(&run, &["built", "cancelled"]);
}

#[test]
fn an_interrupt_in_stage_1_is_told_for_every_sketch() {
    let project = held("");
    fs_err::write(
        project.platform().join("cores/mini/wiring.c"),
        "// fake: hold gate\n",
    )
    .unwrap();
    let running = project.compile(FOUR).args(["--sketch-jobs", "1"]).spawn();
    project.wait_until_held("gate");
    running.signal(Signal::SIGINT);
    std::thread::sleep(Duration::from_millis(300));
    project.open_gate("gate");
    let run = running.wait().expect_code(130);
    everything_is_told(&run, &["cancelled"]);
}

#[test]
fn an_interrupt_while_planning_is_told_for_every_sketch() {
    let project = held("// fake: preprocess-hold gate");
    let running = project.compile_for("mute", FOUR).spawn();
    project.wait_until_held("gate");
    running.signal(Signal::SIGINT);
    std::thread::sleep(Duration::from_millis(300));
    project.open_gate("gate");
    let run = running.wait().expect_code(130);
    everything_is_told(&run, &["cancelled"]);
}

#[test]
fn a_run_after_an_interrupt_goes_on_where_it_ended() {
    let project = held("// fake: link-hold gate");
    let running = project.compile(FOUR).args(["--sketch-jobs", "1"]).spawn();
    project.wait_until_held("gate");
    running.signal(Signal::SIGINT);
    running.signal(Signal::SIGINT);
    running.wait();
    project.forget_calls();
    project.open_gate("gate");
    project.compile_many(FOUR).ok();
    assert_eq!(
        project.calls().compiles_of("wiring.c"),
        0,
        "the core is there already"
    );
}

#[test]
fn after_a_kill_at_any_moment_the_next_run_gives_the_right_firmware() {
    let make = || {
        project()
            .simple_library("X", "// fake: sleep 0.02")
            .sketches(FOUR, "#include <X.h>\nint {name};\n// fake: sleep 0.02\n// fake: link-sleep 0.02\nvoid setup() {}\nvoid loop() {}\n")
    };
    let firmware = |project: &Project| {
        FOUR.map(|name| project.read_bytes(format!(".fbuild/solo/{name}/{name}.ino.hex")))
    };
    let reference = make();
    let began = Instant::now();
    reference.compile_many(FOUR).ok();
    let whole = began.elapsed();
    let expect = firmware(&reference);
    let mut killed = 0;
    for step in 0..12_u32 {
        let project = make();
        // Two kills, the second one on top of what the first left behind.
        for moment in [step, (step * 5) % 12] {
            let running = project.compile(FOUR).spawn();
            std::thread::sleep(whole * (moment + 1) / 13);
            running.signal(Signal::SIGKILL);
            killed += u32::from(running.wait().signal() == Some(9));
        }
        let run = project.compile_many(FOUR).ok();
        assert_eq!(
            firmware(&project),
            expect,
            "step {step}, {killed} kills\n{}",
            run.transcript()
        );
        project.fbuild(["cache", "verify"]).ok();
    }
    assert!(
        killed >= 6,
        "only {killed} of 24 runs were still there to be killed"
    );
}

#[test]
fn two_runs_at_once_on_one_cache_give_the_right_firmware() {
    let make = || {
        project().simple_library("X", "").sketches(
            FOUR,
            "#include <X.h>\nint {name};\n// fake: sleep 0.02\nvoid setup() {}\nvoid loop() {}\n",
        )
    };
    let (one, other) = (make(), make());
    let first = one.compile(FOUR).spawn();
    let second = other
        .compile(FOUR)
        .env("FBUILD_CACHE_DIR", one.cache().as_str())
        .env("FBUILD_PLATFORM_PATH", one.hardware().as_str())
        .spawn();
    first.wait().ok();
    second.wait().ok();
    for name in FOUR {
        let hex =
            |project: &Project| project.read_bytes(format!(".fbuild/solo/{name}/{name}.ino.hex"));
        assert_eq!(hex(&one), hex(&other));
    }
}

#[test]
fn the_cache_may_be_deleted_during_a_run() {
    let project = held("// fake: hold gate").simple_library("X", "");
    let running = project.compile(FOUR).spawn();
    project.wait_until_held("gate");
    fs_err::remove_dir_all(project.cache()).unwrap();
    project.open_gate("gate");
    // The run goes on with a private cache (docs/cache.md, rule 7).
    let run = running.wait().ok();
    assert!(
        run.lines().iter().all(|line| line.ok),
        "{}",
        run.transcript()
    );
    assert_eq!(run.lines().len(), 4);
    project.compile_many(FOUR).ok();
}

#[test]
fn a_reader_that_closes_the_pipe_early_is_no_failure() {
    let project = held("");
    let script = "\"$@\" | head -n 1; exit ${PIPESTATUS[0]}";
    let run = project
        .compile(FOUR)
        .under("bash", ["-c", script, "sh"])
        .run()
        .ok();
    assert!(!run.stderr.contains("panicked"), "{}", run.transcript());
}

#[test]
fn a_hangup_or_a_quit_ends_a_run_like_a_request_to_terminate() {
    for signal in [Signal::SIGHUP, Signal::SIGQUIT] {
        let project = held("// fake: hold gate");
        let running = project.compile(FOUR).args(["--sketch-jobs", "2"]).spawn();
        project.wait_until_held("gate");
        let began = Instant::now();
        running.signal(signal);
        let run = running.wait().expect_code(130);
        assert!(began.elapsed() < Duration::from_secs(10), "{signal}");
        everything_is_told(&run, &["built", "cancelled"]);
    }
}

#[test]
fn a_killed_run_is_summed_up_in_one_line_and_nothing_in_it_has_failed() {
    let project = held("// fake: hold gate");
    fs_err::write(
        project.path("A/A.ino"),
        "int a;\nvoid setup() {}\nvoid loop() {}\n",
    )
    .unwrap();
    let running = project.compile(FOUR).args(["--jobs", "1"]).spawn();
    project.wait_until_held("gate");
    running.signal(Signal::SIGINT);
    std::thread::sleep(Duration::from_millis(200));
    running.signal(Signal::SIGINT);
    let run = running.wait().expect_code(130);
    everything_is_told(&run, &["built", "cancelled"]);
    assert!(
        !run.stderr.contains("Failed") && !run.stderr.contains("error:"),
        "{}",
        run.transcript()
    );
    let built = run
        .outcomes()
        .iter()
        .filter(|(_, outcome)| outcome == "built")
        .count();
    let last = run.stderr.lines().last().unwrap_or_default();
    let (done, not_done) = (
        format!("{built} of 4 built"),
        format!("{} not built", 4 - built),
    );
    assert!(
        last.contains(&done) && last.contains(&not_done),
        "{}",
        run.transcript()
    );
}

/// Builds one sketch on a platform whose first hook is `sh -c SCRIPT`, started with two Ctrl-C if `interrupted`; returns how long that took.
fn with_hook(script: &str, interrupted: bool) -> (Project, Run, Duration) {
    let project = project().sketch("A", fbuild_testkit::project::PLAIN);
    let script_path = project.path("hook.sh");
    fs_err::write(&script_path, script).unwrap();
    let hook = format!("recipe.hooks.prebuild.1.pattern=sh {script_path}");
    let build = project.compile(["A"]).args(["--build-property", &hook]);
    let mut began = Instant::now();
    let running = build.spawn();
    if interrupted {
        let started = project.path("started");
        while !started.exists() {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "the hook did not start"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        began = Instant::now();
        running.signal(Signal::SIGINT);
        std::thread::sleep(Duration::from_millis(50));
        running.signal(Signal::SIGINT);
    }
    let run = running.wait();
    let took = began.elapsed();
    (project, run, took)
}

#[test]
fn a_process_that_a_hook_leaves_behind_does_not_hold_up_the_run() {
    let (_project, plain, without) = with_hook("true\n", false);
    plain.ok();
    for script in ["sleep 60 &\n", "setsid sleep 60 &\n"] {
        let (_project, run, took) = with_hook(script, false);
        run.ok();
        // One second is allowed, and the machine may be busy.
        assert!(
            took < without + Duration::from_secs(4),
            "{script}: {took:?}, {without:?} without"
        );
    }
}

#[test]
fn two_interrupts_end_a_run_whatever_holds_its_pipes() {
    for script in [
        "touch started; sleep 60\n",
        "touch started; setsid sleep 60\n",
        "trap '' INT TERM; touch started; setsid sh -c \"trap '' INT TERM; sleep 60\" & wait\n",
    ] {
        let script = script.replace("touch started", "touch \"$(dirname \"$0\")/started\"");
        let (_project, run, took) = with_hook(&script, true);
        assert_eq!(run.code(), Some(130), "{}", run.transcript());
        assert!(took < Duration::from_secs(4), "{script}: {took:?}");
        let outcomes = run.outcomes();
        assert_eq!(
            outcomes,
            crate::pairs(&[("A", "cancelled")]),
            "{}",
            run.transcript()
        );
    }
}
