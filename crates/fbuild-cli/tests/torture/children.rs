//! Compilers that hang, flood and leave processes behind.

use std::time::{Duration, Instant};

use fbuild_testkit::Project;
use nix::sys::signal::Signal;

use crate::table::{Table, Verdict};

/// Memory that a run may use whatever its children write, in KB.
const MOST_MEMORY: u64 = 300_000;

/// Every case once.
pub(crate) fn all(program: &str, table: &mut Table) {
    for (kind, signals) in [
        ("hanging compiler, SIGTERM", &[Signal::SIGTERM][..]),
        (
            "hanging compiler, two Ctrl-C",
            &[Signal::SIGINT, Signal::SIGINT],
        ),
    ] {
        table.add(kind, &hanging(program, signals));
    }
    table.add("forking compiler", &forking(program));
    table.add("flooding compiler", &flooding(program));
}

fn project(program: &str, request: &str) -> Project {
    let text = format!("// fake: {request}\nvoid setup() {{}}\nvoid loop() {{}}\n");
    Project::new(program).fake_platform().sketch("A", &text)
}

fn hanging(program: &str, signals: &[Signal]) -> Verdict {
    let project = project(program, "hold never");
    let running = project.compile(["A"]).spawn();
    project.wait_until_held("never");
    let began = Instant::now();
    for signal in signals {
        running.signal(*signal);
        std::thread::sleep(Duration::from_millis(200));
    }
    let run = running.wait();
    if run.code() == Some(130) && began.elapsed() < Duration::from_secs(3) {
        Verdict::Right
    } else {
        Verdict::Lost(format!("after {:?}\n{}", began.elapsed(), run.transcript()))
    }
}

fn forking(program: &str) -> Verdict {
    let project = project(program, "fork 30");
    let began = Instant::now();
    let run = project.compile(["A"]).run();
    if run.code() == Some(0) && began.elapsed() < Duration::from_secs(10) {
        Verdict::Right
    } else {
        Verdict::Lost(format!("after {:?}\n{}", began.elapsed(), run.transcript()))
    }
}

fn flooding(program: &str) -> Verdict {
    let project = project(program, "flood 64");
    let memory = project.path("memory");
    let measured = ["-f", "%M", "-o", memory.as_str()];
    let run = project
        .compile(["A"])
        .under("/usr/bin/time", measured)
        .run();
    let used: u64 = project
        .read("memory")
        .lines()
        .last()
        .and_then(|line| line.trim().parse().ok())
        .unwrap_or(u64::MAX);
    if run.code() == Some(0) && used < MOST_MEMORY {
        Verdict::Right
    } else {
        let end: String = run.transcript().chars().take(2000).collect();
        Verdict::Lost(format!("{used} KB of memory\n{end}"))
    }
}
