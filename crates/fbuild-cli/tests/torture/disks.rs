//! Full and read-only disks, for the cache and for the output.

use fbuild_testkit::{Invocation, Project, Run, SmallDisk};

use crate::table::{Table, Verdict};

const SKETCH: &str = "void setup() { delay(1); }\nvoid loop() {}\n";

fn project(program: &str) -> Project {
    Project::new(program)
        .fake_platform()
        .simple_library("X", "")
        .sketches(["A", "B"], &format!("#include <X.h>\n{SKETCH}"))
}

fn verdict(run: &Run, codes: &[i32], words: &str) -> Verdict {
    let is_told = run.stderr.contains(words) && !run.stderr.contains("panicked");
    if run.code().is_some_and(|code| codes.contains(&code)) && is_told {
        Verdict::Right
    } else {
        Verdict::Lost(format!(
            "expected {codes:?} and `{words}`\n{}",
            run.transcript()
        ))
    }
}

/// Every case once.
pub(crate) fn all(program: &str, table: &mut Table) {
    for (kind, options, prepare) in [
        (
            "cache disk full",
            "size=1m",
            SmallDisk::fill as fn(&SmallDisk),
        ),
        ("cache disk without inodes", "size=1m,nr_inodes=2", |_| {}),
        ("cache disk read-only", "size=1m", |disk| disk.remount("ro")),
    ] {
        let (project, disk) = (project(program), SmallDisk::mount(options));
        prepare(&disk);
        let cached = |invocation: Invocation| invocation.env("FBUILD_CACHE_DIR", disk.path());
        let run = cached(project.compile(["A", "B"])).run();
        table.add(kind, &verdict(&run, &[0], ""));
    }
    let (full, disk) = (project(program), SmallDisk::mount("size=1m"));
    disk.fill();
    let out = disk.path().join("out");
    let build = |project: &Project| {
        project
            .compile(["A", "B", "--output-dir", out.as_str()])
            .run()
    };
    table.add(
        "output disk full",
        &verdict(&build(&full), &[1, 2, 3], "No space left"),
    );
    disk.free();
    table.add(
        "output disk with room again",
        &verdict(&build(&full), &[0], ""),
    );
    disk.remount("ro");
    table.add(
        "output disk read-only",
        &verdict(&build(&project(program)), &[2], "Read-only"),
    );
}
