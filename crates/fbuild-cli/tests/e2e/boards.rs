//! Boards: how they are found, named, listed and chosen.

use camino::Utf8Path;
use fbuild_testkit::calls::Role;
use fbuild_testkit::platform;
use fbuild_testkit::project::PLAIN;

use crate::{pairs, project};

#[test]
fn a_board_is_named_short_or_in_full() {
    let project = project().sketch("A", PLAIN);
    for board in ["solo", "fake:avr:solo", "fake:avr:solo:speed=fast"] {
        let run = project.compile_for(board, ["A"]).run().ok();
        assert!(
            run.report()["request"]["boards"][0]
                .as_str()
                .unwrap()
                .starts_with("fake:avr:solo"),
            "{board}"
        );
    }
}

#[test]
fn options_reach_the_compiler_and_the_first_value_is_the_default() {
    for (board, frequency) in [
        ("solo", "8000000L"),
        ("fake:avr:solo:speed=slow", "8000000L"),
        ("fake:avr:solo:speed=fast", "16000000L"),
    ] {
        let project = project().sketch("A", PLAIN);
        project.compile_for(board, ["A"]).run().ok();
        let calls = project.calls();
        assert!(
            calls
                .of(Role::Compile)
                .iter()
                .all(|call| call.mentions(&format!("-DF_CPU={frequency}"))),
            "{board}"
        );
    }
}

#[test]
fn boards_are_repeated_or_separated_by_commas() {
    let project = project().sketch("A", PLAIN).sketch("B", PLAIN);
    let run = project
        .compile_for("duet", ["--board", "solo", "A", "B"])
        .run()
        .ok();
    let boards: Vec<String> = run.report()["sketches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sketch| sketch["board"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        boards,
        [
            "fake:avr:duet",
            "fake:avr:duet",
            "fake:avr:solo",
            "fake:avr:solo"
        ],
        "board by board, in the order typed"
    );
    assert_eq!(
        run.outcomes(),
        pairs(&[
            ("A", "built"),
            ("B", "built"),
            ("A", "built"),
            ("B", "built")
        ])
    );
    for board in ["solo", "duet"] {
        assert!(
            project
                .path(&format!(".fbuild/{board}/A/A.ino.hex"))
                .exists()
        );
    }
}

#[test]
fn a_board_typed_twice_is_built_once() {
    let project = project().sketch("A", PLAIN);
    let run = project.compile_for("solo,fake:avr:solo", ["A"]).run().ok();
    assert_eq!(run.lines().len(), 1, "{}", run.transcript());
}

#[test]
fn a_short_name_of_two_platforms_lists_both() {
    let project = project().sketch("A", PLAIN);
    let other = project.hardware().join("other/avr");
    fs_err::create_dir_all(&other).unwrap();
    fs_err::write(
        other.join("boards.txt"),
        "solo.name=Another One\nsolo.build.core=fake:mini\nsolo.build.variant=fake:plain\n",
    )
    .unwrap();
    let run = project.compile_many(["A"]).expect_code(2);
    assert!(
        run.stderr.contains("fake:avr:solo") && run.stderr.contains("other:avr:solo"),
        "{}",
        run.transcript()
    );
    project.compile_for("fake:avr:solo", ["A"]).run().ok();
}

#[test]
fn a_board_may_use_the_core_of_another_platform() {
    let project = project().sketch("A", PLAIN);
    let other = project.hardware().join("other/avr");
    fs_err::create_dir_all(&other).unwrap();
    let text = "guest.name=Guest\nguest.build.core=fake:mini\nguest.build.variant=fake:plain\nguest.build.mcu=fake9\nguest.build.f_cpu=1L\n\
                guest.build.board=GUEST\nguest.upload.maximum_size=1000\n";
    fs_err::write(other.join("boards.txt"), text).unwrap();
    // The recipes are the core's; the tools stand in the board's platform.
    platform::install(&project.hardware().join("copy"));
    fs_err::rename(
        project.hardware().join("copy/fake/avr/bin"),
        other.join("bin"),
    )
    .unwrap();
    fs_err::remove_dir_all(project.hardware().join("copy")).unwrap();
    project.compile_for("guest", ["A"]).run().ok();
    assert_eq!(
        project.calls().compiles_of("fake/avr/cores/mini/main.cpp"),
        1
    );
}

#[test]
fn platforms_are_found_by_option_variable_and_sketchbook() {
    let find = |place: fn(&Utf8Path) -> (String, Vec<String>)| {
        let project = project().sketch("A", PLAIN);
        let base = project.hardware().parent().unwrap().to_owned();
        let (to, args) = place(&base);
        fs_err::create_dir_all(Utf8Path::new(&to).parent().unwrap()).unwrap();
        fs_err::rename(project.hardware(), &to).unwrap();
        project.compile(["A"]).args(args).run().ok();
    };
    find(|base| {
        (
            base.join("elsewhere").into_string(),
            vec![
                "--platform-path".into(),
                base.join("elsewhere").into_string(),
            ],
        )
    });
    find(|base| (base.join("home/Arduino/hardware").into_string(), vec![]));
    find(|base| (base.join("hardware").into_string(), vec![]));
}

#[test]
fn packages_of_the_arduino_data_directory_are_found_with_their_tools() {
    let project = project().sketch("A", PLAIN);
    let data = project.home().join(".arduino15/packages/fake");
    let platform = data.join("hardware/avr/1.2.3");
    fs_err::create_dir_all(platform.parent().unwrap()).unwrap();
    fs_err::rename(project.platform(), &platform).unwrap();
    let tools = data.join("tools/scripted/7.0.0/bin");
    fs_err::create_dir_all(tools.parent().unwrap()).unwrap();
    fs_err::rename(platform.join("bin"), &tools).unwrap();
    fs_err::remove_dir_all(project.hardware()).unwrap();
    fs_err::write(
        platform.join("platform.local.txt"),
        "compiler.path={runtime.tools.scripted.path}/bin/\n",
    )
    .unwrap();
    project.compile_many(["A"]).ok();
    assert!(project.calls().of(Role::Compile)[0].argv[0].contains("/tools/scripted/7.0.0/bin/"));
}

#[test]
fn local_overrides_and_build_properties_reach_the_compiler_in_order() {
    let project = project().sketch("A", PLAIN);
    fs_err::write(
        project.platform().join("boards.local.txt"),
        "solo.build.extra_flags=-DLOCAL\n",
    )
    .unwrap();
    project.compile_many(["A"]).ok();
    assert!(
        project
            .calls()
            .of(Role::Compile)
            .iter()
            .all(|call| call.mentions("-DLOCAL"))
    );
    project.forget_calls();
    let properties = [
        "--build-property",
        "build.extra_flags=-DFIRST",
        "--build-property",
        "build.extra_flags=-DLAST \"-DTEXT=a b\"",
    ];
    project.compile(["A"]).args(properties).run().ok();
    let calls = project.calls();
    for call in calls.of(Role::Compile) {
        assert!(
            call.argv.contains(&"-DLAST".to_owned())
                && call.argv.contains(&"-DTEXT=a b".to_owned()),
            "{:?}",
            call.argv
        );
        assert!(!call.mentions("-DFIRST") && !call.mentions("-DLOCAL"));
    }
}

#[test]
fn levels_of_warnings_reach_the_compiler() {
    for (level, flag) in [
        ("none", Some("-w")),
        ("default", None),
        ("more", Some("-Wall")),
        ("all", Some("-Wextra")),
    ] {
        let project = project().sketch("A", PLAIN);
        project
            .compile(["A"])
            .args(["--warnings", level])
            .run()
            .ok();
        let calls = project.calls();
        // The recipe for assembly has no warnings, like Arduino's.
        for call in calls
            .of(Role::Compile)
            .into_iter()
            .filter(|call| !call.mentions(".S"))
        {
            for word in ["-w", "-Wall", "-Wextra"] {
                let expected = flag == Some(word) || (level == "all" && word == "-Wall");
                assert_eq!(
                    call.argv.iter().any(|arg| arg == word),
                    expected,
                    "{level}: {:?}",
                    call.argv
                );
            }
        }
    }
}

#[test]
fn boards_are_listed_and_filtered() {
    let project = project();
    let all = project.fbuild(["boards"]).ok();
    for board in [
        "fake:avr:solo",
        "fake:avr:duet",
        "fake:avr:mute",
        "Scripted Solo",
    ] {
        assert!(all.stdout.contains(board), "{}", all.transcript());
    }
    let some = project.fbuild(["boards", "scripted d"]).ok();
    assert!(
        some.stdout.contains("fake:avr:duet") && !some.stdout.contains("fake:avr:solo"),
        "{}",
        some.transcript()
    );
}

#[test]
fn properties_of_a_board_are_printed_expanded_or_not() {
    let project = project();
    let expanded = project
        .fbuild(["properties", "--board", "solo"])
        .ok()
        .stdout;
    assert!(
        expanded.lines().any(|line| line == "build.mcu=fake1"),
        "{expanded}"
    );
    assert!(
        expanded
            .lines()
            .any(|line| line == format!("compiler.path={}/bin/", project.platform())),
        "{expanded}"
    );
    let plain = project
        .fbuild(["properties", "--board", "solo", "--unexpanded"])
        .ok()
        .stdout;
    assert!(
        plain
            .lines()
            .any(|line| line == "compiler.path={runtime.platform.path}/bin/"),
        "{plain}"
    );
}

#[test]
fn doctor_says_what_is_there() {
    let project = project();
    let run = project.fbuild(["doctor"]);
    let text = format!("{}{}", run.stdout, run.stderr);
    assert!(
        text.contains("fake") && text.contains(project.cache().as_str()),
        "{}",
        run.transcript()
    );
}
