//! A run in which nothing changed starts nothing and writes nothing; a run in which something changed does just that.

use fbuild_testkit::calls::Role;
use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Project, Tree, need, needs};

use crate::{pairs, project};

const THREE: [&str; 3] = ["A", "B", "C"];

fn three() -> Project {
    project()
        .simple_library("X", "")
        .simple_library("Y", "")
        .sketch("A", "#include <X.h>\nvoid setup() {}\nvoid loop() {}\n")
        .sketch(
            "B",
            "#include <X.h>\n#include <Y.h>\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch("C", PLAIN)
}

/// Builds everything, then forgets how.
fn built() -> Project {
    let project = three();
    project.compile_many(THREE).ok();
    project.forget_calls();
    project
}

/// The names of the sources compiled, sorted.
fn compiled(project: &Project) -> Vec<String> {
    let calls = project.calls();
    let mut names: Vec<String> = calls
        .compiled()
        .keys()
        .map(|source| source.rsplit('/').next().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_warm_run_starts_no_process_of_the_toolchain() {
    let project = built();
    let run = project.compile_many(THREE).ok();
    assert!(project.calls().0.is_empty(), "{:?}", project.calls().0);
    assert_eq!(
        run.outcomes(),
        pairs(&[("A", "built"), ("B", "built"), ("C", "built")])
    );
    let report = run.report();
    assert_eq!(report["counts"]["cached"], 3);
    for stage in report["stages"].as_array().unwrap() {
        assert_eq!(
            (stage["ran"].as_u64(), stage["cost"]["processes"].as_u64()),
            (Some(0), Some(0)),
            "{stage}"
        );
    }
}

#[test]
fn a_warm_run_starts_no_process_at_all() {
    needs!(need::STRACE);
    let project = built();
    let log = project.root().with_file_name("strace");
    project
        .compile(THREE)
        .under(
            "strace",
            ["-f", "-qq", "-e", "trace=execve", "-o", log.as_str()],
        )
        .run()
        .ok();
    let text = fs_err::read_to_string(&log).unwrap();
    assert_eq!(
        text.matches("execve(").count(),
        1,
        "only fbuild itself: {text}"
    );
}

#[test]
fn a_warm_run_writes_nothing() {
    let project = built();
    let state = || {
        [
            Tree::read(&project.path(".fbuild")),
            Tree::read(project.root()),
        ]
    };
    let before = state();
    project.compile_many(THREE).ok();
    for (before, after) in before.iter().zip(state()) {
        // That the directory can be written is found out by trying, which its own time shows.
        let changes: Vec<_> = after
            .changes(before)
            .into_iter()
            .filter(|path| !["", ".fbuild"].contains(&path.as_str()))
            .collect();
        assert_eq!(changes, Vec::<camino::Utf8PathBuf>::new());
    }
}

#[test]
fn a_warm_run_opens_no_file_of_the_sources_for_writing() {
    needs!(need::STRACE);
    let project = built();
    let log = project.root().with_file_name("strace");
    project
        .compile(THREE)
        .under(
            "strace",
            ["-f", "-qq", "-e", "trace=file", "-o", log.as_str()],
        )
        .run()
        .ok();
    let text = fs_err::read_to_string(&log).unwrap();
    let root = format!("\"{}/", project.root());
    let changing = [
        "O_WRONLY", "O_RDWR", "O_CREAT", "rename", "unlink", "mkdir", "link",
    ];
    let writes: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(&root) && changing.iter().any(|word| line.contains(word)))
        .collect();
    // `mkdir` of what is there already changes nothing.
    let probe = format!("{}/.fbuild/.fbuild-", project.root());
    let writes: Vec<&&str> = writes
        .iter()
        .filter(|line| {
            !line.contains("EEXIST") && !line.contains("readlink") && !line.contains(&probe)
        })
        .collect();
    assert!(writes.is_empty(), "{writes:#?}");
}

#[test]
fn a_warm_run_takes_no_lock_and_writes_only_its_report() {
    needs!(need::STRACE);
    let project = built();
    let log = project.root().with_file_name("strace");
    let calls = "trace=file,flock,fcntl,ftruncate,fchmod,fallocate";
    project
        .compile(THREE)
        .under("strace", ["-f", "-qq", "-e", calls, "-o", log.as_str()])
        .run()
        .ok();
    let text = fs_err::read_to_string(&log).unwrap();
    let locks: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("flock(") || line.contains("SETLK"))
        .collect();
    assert!(locks.is_empty(), "{locks:#?}");
    let changing = [
        "O_WRONLY",
        "O_RDWR",
        "O_CREAT",
        "rename",
        "unlink",
        "mkdir",
        "rmdir",
        "symlink",
        "chmod",
        "utime",
        "truncate",
        "fallocate",
    ];
    // The report was asked for, and its directory and that of the output are tried out.
    let report = project.report_path();
    let tried = [
        format!("{}/.fbuild/.fbuild-", project.root()),
        format!("\"{report}"),
        format!("{}/.fbuild-", report.parent().unwrap()),
        "/dev/".to_owned(),
    ];
    let writes: Vec<&str> = text
        .lines()
        .filter(|line| changing.iter().any(|word| line.contains(word)))
        // What is there already or may not be made is not changed.
        .filter(|line| !line.contains(" = -1 E"))
        .filter(|line| !tried.iter().any(|path| line.contains(path.as_str())))
        .collect();
    assert!(writes.is_empty(), "{writes:#?}");
}

#[test]
fn a_changed_sketch_compiles_and_links_itself_only() {
    let project = built();
    project.write(
        "A/A.ino",
        "#include <X.h>\nvoid setup() { delay(5); }\nvoid loop() {}\n",
    );
    project.compile_many(THREE).ok();
    assert_eq!(compiled(&project), ["A.ino.cpp"]);
    assert_eq!(project.calls().of(Role::Link).len(), 1);
}

#[test]
fn a_changed_library_source_rebuilds_the_library_and_links_its_users() {
    let project = built();
    project.write(
        "libraries/Y/src/Y.cpp",
        "#include \"Y.h\"\nint Y_value() { return 9; }\n",
    );
    project.compile_many(THREE).ok();
    assert_eq!(compiled(&project), ["Y.cpp"]);
    let calls = project.calls();
    assert_eq!(
        (calls.of(Role::Archive).len(), calls.of(Role::Link).len()),
        (1, 1)
    );
}

#[test]
fn a_changed_header_recompiles_who_reads_it() {
    let project = built();
    project.write(
        "libraries/Y/src/Y.h",
        "#pragma once\nint Y_value();\nint more();\n",
    );
    project.compile_many(THREE).ok();
    assert_eq!(compiled(&project), ["B.ino.cpp", "Y.cpp"]);
}

#[test]
fn a_changed_core_header_recompiles_what_reads_it() {
    let project = built();
    let header = project.platform().join("cores/mini/Print.h");
    let text = fs_err::read_to_string(&header).unwrap();
    fs_err::write(&header, text + "struct Stream;\n").unwrap();
    project.compile_many(THREE).ok();
    assert_eq!(
        compiled(&project),
        [
            "A.ino.cpp",
            "B.ino.cpp",
            "C.ino.cpp",
            "main.cpp",
            "variant.cpp",
            "wiring.c"
        ]
    );
}

#[test]
fn a_change_that_keeps_size_and_time_is_seen() {
    let project = three();
    let path = project.path("libraries/X/src/X.cpp");
    let old = filetime(&path);
    project.compile_many(THREE).ok();
    project.forget_calls();
    let text = fs_err::read_to_string(&path).unwrap();
    fs_err::write(&path, text.replace("return 1", "return 7")).unwrap();
    fs_err::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .file()
        .set_modified(old)
        .unwrap();
    project.compile_many(THREE).ok();
    assert_eq!(compiled(&project), ["X.cpp"]);
}

fn filetime(path: &camino::Utf8Path) -> std::time::SystemTime {
    fs_err::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn a_touched_file_costs_nothing() {
    let project = built();
    for path in ["A/A.ino", "libraries/X/src/X.cpp", "libraries/X/src/X.h"] {
        let text = project.read(path);
        project.write(path, text);
    }
    project.compile_many(THREE).ok();
    assert!(project.calls().0.is_empty(), "{:?}", project.calls().0);
}

#[test]
fn a_comment_that_does_not_reach_the_object_ends_there() {
    let project = built();
    // The scripted compiler passes comments on, so a line is moved where it makes no difference: behind a false condition.
    project.write(
        "A/A.ino",
        "#include <X.h>\nvoid setup() {}\nvoid loop() {}\n#if 0\nnever\n#endif\n",
    );
    project.compile_many(THREE).ok();
    assert_eq!(compiled(&project), ["A.ino.cpp"]);
    assert_eq!(
        project.calls().of(Role::Link).len(),
        0,
        "the object is the same, so the link is"
    );
}

#[test]
fn a_flag_makes_another_program_and_taking_it_back_finds_the_old_one() {
    let project = built();
    let flag = ["--build-property", "build.extra_flags=-DEXTRA"];
    project.compile(THREE).args(flag).run().ok();
    assert_eq!(compiled(&project).len(), 4 + 2 + 3);
    project.forget_calls();
    project.compile_many(THREE).ok();
    assert!(project.calls().0.is_empty());
}

#[test]
fn another_compiler_is_another_result() {
    let project = built();
    let tool = project.platform().join("bin/fake-g++");
    let mut bytes = fs_err::read(&tool).unwrap();
    bytes.extend(b"another build of the same program");
    fs_err::remove_file(&tool).unwrap();
    fs_err::write(&tool, bytes).unwrap();
    fs_err::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    project.compile_many(THREE).ok();
    let names = compiled(&project);
    assert!(
        names.iter().filter(|name| name.ends_with(".cpp")).count() == 2 + 2 + 3,
        "{names:?}"
    );
    assert!(
        !names.contains(&"wiring.c".to_owned()),
        "the C compiler is the same: {names:?}"
    );
}

#[test]
fn another_checkout_of_the_same_sources_finds_everything() {
    let (first, second) = (built(), three());
    let run = second
        .compile(THREE)
        .env("FBUILD_CACHE_DIR", first.cache().as_str())
        .env("FBUILD_PLATFORM_PATH", first.hardware().as_str())
        .run()
        .ok();
    assert_eq!(run.report()["counts"]["cached"], 3, "{}", run.transcript());
    assert_eq!(second.calls().of(Role::Compile).len(), 0);
    let hex = |project: &Project| project.read_bytes(".fbuild/solo/B/B.ino.hex");
    assert_eq!(hex(&first), hex(&second));
}

#[test]
fn the_output_directory_may_be_deleted() {
    let project = built();
    let hex = project.read_bytes(".fbuild/solo/B/B.ino.hex");
    fs_err::remove_dir_all(project.path(".fbuild")).unwrap();
    project.compile_many(THREE).ok();
    assert!(project.calls().0.is_empty());
    assert_eq!(project.read_bytes(".fbuild/solo/B/B.ino.hex"), hex);
    assert!(project.path(".fbuild/solo/libraries/X/X.a").exists());
}

#[test]
fn the_cache_may_be_deleted() {
    let project = built();
    fs_err::remove_dir_all(project.cache()).unwrap();
    project.compile_many(THREE).ok();
    assert_eq!(compiled(&project).len(), 9);
}

#[test]
fn damage_in_the_cache_is_a_miss_and_not_an_error() {
    let project = built();
    let hex = project.read_bytes(".fbuild/solo/B/B.ino.hex");
    let tree = Tree::read(&project.cache());
    for file in tree.files() {
        let path = project.cache().join(file);
        let bytes = fs_err::read(&path).unwrap();
        let _ = fs_err::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644));
        fs_err::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    }
    fs_err::remove_dir_all(project.path(".fbuild")).unwrap();
    project.compile_many(THREE).ok();
    assert_eq!(project.read_bytes(".fbuild/solo/B/B.ino.hex"), hex);
}

#[test]
fn without_the_cache_everything_runs_and_nothing_is_kept() {
    let project = built();
    let before = Tree::read(&project.cache());
    for _ in 0..2 {
        project.compile(THREE).args(["--no-cache"]).run().ok();
        assert_eq!(compiled(&project).len(), 9);
        project.forget_calls();
    }
    assert!(Tree::read(&project.cache()).changes(&before).is_empty());
}

#[test]
fn expect_warm_fails_when_stage_1_has_work() {
    let project = three();
    project
        .compile(THREE)
        .args(["--expect-warm"])
        .run()
        .expect_code(5);
    project.compile_many(THREE).ok();
    project.compile(THREE).args(["--expect-warm"]).run().ok();
    project.write(
        "A/A.ino",
        "#include <X.h>\nint other;\nvoid setup() {}\nvoid loop() {}\n",
    );
    project.compile(THREE).args(["--expect-warm"]).run().ok();
}

#[test]
fn explain_names_what_changed() {
    let project = built();
    project.write(
        "libraries/Y/src/Y.h",
        "#pragma once\nint Y_value();\nint more();\n",
    );
    let run = project.compile(THREE).args(["--explain"]).run().ok();
    assert!(
        run.stderr
            .lines()
            .any(|line| line.contains("Y.cpp") && line.contains("Y.h")),
        "{}",
        run.transcript()
    );
    let misses = run.report()["misses"].clone();
    let reasons: Vec<&str> = misses
        .as_array()
        .unwrap()
        .iter()
        .map(|miss| miss["reason"].as_str().unwrap())
        .collect();
    assert!(
        reasons.iter().any(|reason| reason.contains("Y.h")),
        "{reasons:?}"
    );
}

#[test]
fn a_library_that_comes_and_goes_is_noticed() {
    let project = project().sketch("A", "#include <Later.h>\nvoid setup() {}\nvoid loop() {}\n");
    project.compile_many(["A"]).expect_code(1);
    let project = project.simple_library("Later", "");
    project.compile_many(["A"]).ok();
    fs_err::remove_dir_all(project.path("libraries/Later")).unwrap();
    project.compile_many(["A"]).expect_code(1);
}

#[test]
fn a_header_that_appears_earlier_on_the_path_is_used() {
    let project = built();
    project.write("A/X.h", "#pragma once\nint nearer;\n");
    project.write(
        "A/A.ino",
        "#include \"X.h\"\nvoid setup() {}\nvoid loop() {}\n",
    );
    let report = project.compile_many(THREE).ok().report();
    assert_eq!(
        report["sketches"][0]["libraries"].as_array().map(Vec::len),
        Some(0)
    );
    assert_eq!(compiled(&project), ["A.ino.cpp"]);
}
