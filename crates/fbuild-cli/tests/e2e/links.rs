//! Symbolic links that came with a repository, in place of directories that fbuild writes to and deletes from.

use camino::Utf8Path;
use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Project, Run, Tree};

use crate::project;

/// A project with a sketch, and a directory whose files are none of fbuild's business: named as fbuild names its own, and old.
fn with_victim() -> Project {
    let project = project().sketch("A", PLAIN);
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    let long_ago = std::time::SystemTime::now() - 30 * day;
    for path in [
        "precious.txt",
        "old/precious.txt",
        "sketch/precious.txt",
        "reference/precious.txt",
        "solo/A/sketch/precious.txt",
        "scratch/precious.txt",
    ] {
        project.write(&format!("victim/{path}"), "keep");
        let file = fs_err::File::open(project.path(&format!("victim/{path}"))).unwrap();
        file.file().set_modified(long_ago).unwrap();
    }
    let old = fs_err::File::open(project.path("victim/old")).unwrap();
    old.file().set_modified(long_ago).unwrap();
    project
}

fn link_to_victim(project: &Project, path: &Utf8Path) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::os::unix::fs::symlink(project.path("victim"), path).unwrap();
}

/// Runs and checks that nothing behind the link was written or deleted.
fn untouched(project: &Project, run: impl FnOnce() -> Run) -> Run {
    let victim = Tree::read(&project.path("victim"));
    let run = run();
    let changes = Tree::read(&project.path("victim")).changes(&victim);
    assert!(changes.is_empty(), "{changes:?}: {}", run.transcript());
    run
}

#[test]
fn a_link_in_the_output_directory_is_never_followed() {
    for link in [
        "solo",
        "solo/A",
        "solo/A/sketch",
        "solo/A/sketch/src",
        "solo/A/core",
        "solo/A/libraries",
        "solo/libraries",
        "solo/core",
        ".fbuild-private",
        "parity",
        "parity/reference",
    ] {
        for command in [
            &["build"][..],
            &["build", "--no-cache"],
            &["build", "--clean"],
            &["build", "--only-compilation-database"],
            &["parity", "--reference", "/bin/true"],
        ] {
            let project = with_victim();
            let link = project.path(&format!(".fbuild/{link}"));
            link_to_victim(&project, &link);
            let run = untouched(&project, || {
                let hardware = project.hardware();
                let options = [
                    "A",
                    "--board",
                    "fake:avr:solo",
                    "--platform-path",
                    hardware.as_str(),
                ];
                project.fbuild(command.iter().chain(&options))
            });
            // Only `parity` uses the last one.
            if !link.ends_with("reference") || command[0] == "parity" {
                run.expect_code(2).says("symbolic link").says(link.as_str());
            }
        }
    }
}

#[test]
fn a_default_output_directory_that_is_a_link_is_refused_and_a_named_one_is_used() {
    let project = with_victim();
    link_to_victim(&project, &project.path(".fbuild"));
    let run = untouched(&project, || project.compile_many(["A"]));
    run.expect_code(2)
        .says(project.path(".fbuild").as_str())
        .says("--output-dir");
    fs_err::create_dir(project.path("elsewhere")).unwrap();
    fs_err::os::unix::fs::symlink("elsewhere", project.path("out")).unwrap();
    project
        .compile(["A"])
        .args(["--output-dir", "out"])
        .run()
        .ok();
    assert!(project.path("elsewhere/solo/A/A.ino.hex").is_file());
}

#[test]
fn a_link_that_a_project_file_names_is_refused() {
    for setting in [
        "output-dir = \"out\"",
        "output-dir = \"out/deep\"",
        "cache-dir = \"out\"",
    ] {
        let project = with_victim().file("fbuild.toml", setting);
        link_to_victim(&project, &project.path("out"));
        let build = project.compile(["A"]);
        let build = build.under("env", ["-u", "FBUILD_CACHE_DIR"]);
        let run = untouched(&project, || build.run());
        run.expect_code(2)
            .says("fbuild.toml")
            .says(project.path("out").as_str());
    }
}

#[test]
fn a_link_in_the_cache_is_never_followed() {
    for link in ["v1", "v1/scratch", "v1/blobs", "v1/entries/ab", "v1/runs"] {
        for command in [
            &["build", "A", "--board", "fake:avr:solo"][..],
            &["cache", "gc", "--max-size", "0"],
            &["cache", "clear"],
        ] {
            let project = with_victim();
            let cache = project.path("cache");
            let link = cache.join(link);
            link_to_victim(&project, &link);
            let run = untouched(&project, || {
                let command = project
                    .command(command)
                    .env("FBUILD_CACHE_DIR", cache.as_str());
                command
                    .env("FBUILD_PLATFORM_PATH", project.hardware().as_str())
                    .run()
            });
            run.expect_code(2).says("symbolic link").says(link.as_str());
        }
    }
}

#[test]
fn a_cache_that_is_a_link_itself_is_used() {
    let project = with_victim();
    fs_err::create_dir(project.path("store")).unwrap();
    fs_err::os::unix::fs::symlink("store", project.path("cache")).unwrap();
    let build = || {
        project
            .compile(["A"])
            .env("FBUILD_CACHE_DIR", "cache")
            .run()
            .ok()
    };
    build();
    assert!(project.path("store/v1").is_dir());
}

#[test]
fn exported_firmware_does_not_follow_a_link_in_the_sketch() {
    for link in ["A/build", "A/build/fake.avr.solo"] {
        let project = with_victim();
        let link = project.path(link);
        link_to_victim(&project, &link);
        let export = || project.compile(["A"]).args(["--export-binaries"]).run();
        untouched(&project, export)
            .expect_code(2)
            .says(link.as_str());
    }
}

#[test]
fn files_that_another_program_put_in_a_sketchs_place_are_not_deleted() {
    let project = with_victim();
    let build = || {
        project
            .compile(["A"])
            .args(["--output-dir", "victim"])
            .run()
    };
    build().expect_code(1).says("solo/A/sketch");
    assert_eq!(project.read("victim/solo/A/sketch/precious.txt"), "keep");
    fs_err::remove_dir_all(project.path("victim/solo/A")).unwrap();
    build().ok();
    assert_eq!(project.read("victim/precious.txt"), "keep");
    // The directory is now one of fbuild's own, in which files of a former state of the sketch are deleted.
    project.write("victim/solo/A/sketch/former.h", "");
    project.write("A/A.ino", format!("{PLAIN}// changed\n"));
    build().ok();
    assert!(!project.path("victim/solo/A/sketch/former.h").exists());
}

#[test]
fn links_to_files_are_replaced_where_tools_and_hooks_write() {
    let hook = "recipe.hooks.prebuild.1.pattern=cp {build.source.path}/A.ino {build.path}/copied";
    for options in [&[][..], &["--build-property", hook]] {
        let project = with_victim();
        let target = project.path("victim/precious.txt");
        let out = project.path(".fbuild/solo/A");
        fs_err::create_dir_all(out.join("sketch")).unwrap();
        for name in ["A.ino.elf", "A.ino.hex", "build.log", "copied", "A.ino.eep"] {
            fs_err::os::unix::fs::symlink(&target, out.join(name)).unwrap();
        }
        let build = || project.compile(["A"]).args(options).run();
        untouched(&project, build).ok();
        let hex = out.join("A.ino.hex");
        assert!(hex.symlink_metadata().unwrap().is_file(), "{options:?}");
    }
}
