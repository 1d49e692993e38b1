//! Boards, menus, references and the merged properties (specification 1.4, 1.5, 1.6, 7.1).

#![allow(clippy::unwrap_used, reason = "test helpers may fail")]

mod fixture;

use fbuild_model::properties::HOST_OS;
use fbuild_platform::{BoardError, BoardSpec, BuildOptions, BuildTime, Menu, WarningLevel};
use fixture::{Tree, recipes};

fn error(tree: &Tree, board: &str) -> BoardError {
    let installation = tree.discover();
    match installation.parse_board(board) {
        Ok(fqbn) => BoardSpec::resolve(&installation, &fqbn, &BuildOptions::default()).unwrap_err(),
        Err(error) => error,
    }
}

/// Two platforms that refer to `mini:avr`.
fn referring(boards: &str) -> Tree {
    Tree::new()
        .mini()
        .file("hw/guest/avr/boards.txt", boards)
        .dir("hw/guest/avr/cores/own")
        .dir("hw/guest/avr/libraries")
}

#[test]
fn short_names_are_completed() {
    let tree = Tree::new().mini();
    let installation = tree.discover();
    let name = |text: &str| installation.parse_board(text).map(|fqbn| fqbn.to_string());
    assert_eq!(name("one").unwrap(), "mini:avr:one");
    assert_eq!(name("two:cpu=small").unwrap(), "mini:avr:two:cpu=small");
    assert_eq!(name("mini:avr:two").unwrap(), "mini:avr:two");
    assert_eq!(name("secret").unwrap(), "mini:avr:secret");
    assert_eq!(
        name("menu").unwrap_err().to_string(),
        "unknown board `menu`: no installed platform has it"
    );
    let tree = tree.file(
        "hw/other/avr/boards.txt",
        "one.name=Other\none.build.core=mini:base\n",
    );
    let installation = tree.discover();
    let error = installation.parse_board("one").unwrap_err();
    assert_eq!(
        error.to_string(),
        "ambiguous board `one`: mini:avr:one or other:avr:one"
    );
    assert_eq!(
        installation
            .parse_board("other:avr:one")
            .unwrap()
            .to_string(),
        "other:avr:one"
    );
}

#[test]
fn what_is_unknown_is_named_with_what_there_is() {
    let tree = Tree::new().mini();
    let cases = [
        ("onne", "unknown board `onne`; did you mean `mini:avr:one`?"),
        (
            "mini:avr:tow",
            "unknown board `mini:avr:tow`; did you mean `mini:avr:two`?",
        ),
        ("zzz", "unknown board `zzz`: no installed platform has it"),
        (
            "mini:arm:one",
            "unknown board `mini:arm:one`: platform `mini:arm` is not installed (installed: mini:avr)",
        ),
        (
            "two:spu=big",
            "unknown option `spu` of board `mini:avr:two`; available: cpu, clock",
        ),
        (
            "two:cpu=huge",
            "unknown value `huge` for option `cpu` of board `mini:avr:two`; available: big, small",
        ),
        (
            "one:cpu=big",
            "unknown option `cpu` of board `mini:avr:one`; it has none",
        ),
        (
            "a:b",
            "invalid board name `a:b`: expected `board` or `vendor:architecture:board`, then `:option=value,…` if wanted",
        ),
    ];
    for (board, expect) in cases {
        assert_eq!(error(&tree, board).to_string(), expect, "{board}");
    }
    let nothing = Tree::new();
    assert_eq!(
        error(&nothing, "one").to_string(),
        "unknown board `one`: no platform is installed"
    );
    assert_eq!(
        error(&nothing, "a:b:one").to_string(),
        "unknown board `a:b:one`: no platform is installed"
    );
}

#[test]
fn s1_4_2_every_first_level_key_but_menu_is_a_board() {
    let tree = Tree::new().mini().file(
        "hw/mini/avr/boards.local.txt",
        "mine.name=Mine\none.build.mcu=local\nstray=1\n",
    );
    let listed: Vec<(String, String, bool)> = tree
        .discover()
        .boards()
        .map(|board| (board.fqbn, board.name, board.hidden))
        .collect();
    let expect = [
        ("mini:avr:one", "Mini One", false),
        ("mini:avr:two", "Mini Two", false),
        ("mini:avr:secret", "Secret", true),
        ("mini:avr:mine", "Mine", false),
    ];
    let expect: Vec<_> = expect
        .map(|(fqbn, name, hidden)| (fqbn.to_owned(), name.to_owned(), hidden))
        .to_vec();
    assert_eq!(listed, expect);
    let board = tree.board("one");
    assert_eq!(
        (board.mcu().as_str(), board.raw("_id")),
        ("local", Some("one"))
    );
    assert_eq!(
        board.raw("one.build.mcu"),
        None,
        "other boards' keys are not merged"
    );
}

#[test]
fn s1_4_3_options_and_their_defaults() {
    let tree = Tree::new().mini();
    let value = |board: &str, key: &str| tree.board(board).get(key);
    let cases = [
        ("two", "m2big", "16", "4000"),
        ("two:cpu=small", "m2small", "16", "2000"),
        ("two:clock=slow", "from-clock", "8", "4000"),
        ("two:clock=slow,cpu=small", "from-clock", "8", "2000"),
        ("two:cpu=small,clock=slow", "from-clock", "8", "2000"),
    ];
    for (board, mcu, clock, maximum) in cases {
        assert_eq!(value(board, "build.mcu").as_deref(), Some(mcu), "{board}");
        assert_eq!(
            value(board, "build.f_cpu").as_deref(),
            Some(clock),
            "{board}"
        );
        assert_eq!(
            value(board, "upload.maximum_size").as_deref(),
            Some(maximum),
            "{board}"
        );
    }
    let entry = tree
        .discover()
        .boards()
        .find(|board| board.fqbn == "mini:avr:two")
        .unwrap();
    let cpu = Menu {
        option: "cpu".to_owned(),
        title: "Processor".to_owned(),
        values: vec![
            ("big".to_owned(), "Big".to_owned()),
            ("small".to_owned(), "Small".to_owned()),
        ],
        default: "big".to_owned(),
    };
    assert_eq!(entry.menus[0], cpu);
    assert_eq!(entry.menus[1].option, "clock");
}

#[test]
fn s1_4_3_local_overrides_change_the_default() {
    // Setting every key of a value again moves the value behind the others.
    let local = "two.menu.cpu.big=Big again\ntwo.menu.cpu.big.build.mcu=m2big\ntwo.menu.cpu.big.upload.maximum_size=1\n";
    let tree = Tree::new()
        .mini()
        .file("hw/mini/avr/boards.local.txt", local);
    assert_eq!(tree.board("two").mcu(), "m2small");
    assert_eq!(
        tree.board("two:cpu=big")
            .get("upload.maximum_size")
            .as_deref(),
        Some("1")
    );
}

#[test]
fn s1_4_3_options_have_to_be_declared_and_values_labelled() {
    let undeclared = "two.menu.speed.x=X\n";
    let tree = Tree::new()
        .mini()
        .file("hw/mini/avr/boards.local.txt", undeclared);
    assert!(
        error(&tree, "two")
            .to_string()
            .contains("unknown option `speed`")
    );
    let unlabelled = "two.menu.cpu.odd.build.mcu=odd\n";
    let tree = Tree::new()
        .mini()
        .file("hw/mini/avr/boards.local.txt", unlabelled);
    assert!(
        error(&tree, "two:cpu=odd")
            .to_string()
            .contains("unknown value `odd` for option `cpu`")
    );
    let boards = "menu.cpu=CPU\nb.build.core=base\nb.menu.cpu.no.build.mcu=no\nb.menu.cpu.yes=Yes\nb.menu.cpu.yes.build.mcu=yes\n";
    let tree = Tree::new()
        .file("hw/a/avr/boards.txt", boards)
        .dir("hw/a/avr/cores/base");
    assert_eq!(
        tree.board("b").mcu(),
        "yes",
        "the first value that can be chosen at all"
    );
}

#[test]
fn s1_4_4_fqbn_and_architecture() {
    let tree = Tree::new().mini();
    let board = tree.board("two:cpu=small");
    assert_eq!(
        board.get("build.fqbn").as_deref(),
        Some("mini:avr:two:cpu=small")
    );
    assert_eq!(
        tree.board("two").get("build.fqbn").as_deref(),
        Some("mini:avr:two")
    );
    assert_eq!(board.get("build.arch").as_deref(), Some("AVR"));
    assert_eq!((board.architecture(), board.name()), ("avr", "Mini Two"));
}

#[test]
fn s1_4_5_a_missing_board_define_is_made() {
    let tree = Tree::new().mini();
    let board = tree.board("secret");
    assert_eq!(board.get("build.board").as_deref(), Some("AVR_SECRET"));
    let expect = "board `mini:avr:secret` does not define `build.board`; it is set to `AVR_SECRET`";
    assert_eq!(board.warnings(), [expect]);
    assert_eq!(tree.board("one").warnings(), [] as [&str; 0]);
}

#[test]
fn s1_4_6_cores_and_variants_of_other_platforms() {
    let tree = referring(
        "both.build.core=mini:base\nboth.build.variant=mini:plain\n\
         core.build.core=mini:base\ncore.build.variant=mine\n\
         variant.build.core=own\nvariant.build.variant=mini:plain\n\
         none.build.core=own\n\
         marker.build.core={where}:base\nmarker.where=mini\n",
    );
    let (guest, mini) = (tree.at("hw/guest/avr"), tree.at("hw/mini/avr"));
    let core = |of: &camino::Utf8Path, name: &str| of.join("cores").join(name);
    let cases = [
        (
            "both",
            core(&mini, "base"),
            Some(mini.join("variants/plain")),
        ),
        (
            "core",
            core(&mini, "base"),
            Some(guest.join("variants/mine")),
        ),
        (
            "variant",
            core(&guest, "own"),
            Some(mini.join("variants/plain")),
        ),
        ("none", core(&guest, "own"), None),
        ("marker", core(&mini, "base"), None),
    ];
    for (name, core, variant) in cases {
        let board = tree.board(name);
        assert_eq!(board.core_dir(), core, "{name}");
        assert_eq!(board.variant_dir(), variant.as_deref(), "{name}");
        assert_eq!(
            board.get("build.core.path").as_deref(),
            Some(core.as_str()),
            "{name}"
        );
        let path = variant.map(|dir| dir.into_string()).unwrap_or_default();
        assert_eq!(board.get("build.variant.path"), Some(path), "{name}");
        assert_eq!(board.board_platform().dir, guest, "{name}");
        let core_platform = core.parent().unwrap().parent().unwrap();
        assert_eq!(board.core_platform().dir, core_platform, "{name}");
        assert_eq!(
            board.get("build.system.path").unwrap(),
            core_platform.join("system"),
            "{name}"
        );
        let mut libraries = vec![guest.join("libraries")];
        if core_platform == mini {
            libraries.push(mini.join("libraries"));
        }
        assert_eq!(
            board.library_dirs(),
            libraries,
            "{name}: a variant's platform adds no libraries"
        );
    }
}

#[test]
fn s1_4_6_references_that_lead_nowhere() {
    let tree = referring(
        "conflict.build.core=mini:base\nconflict.build.variant=third:plain\n\
         absent.build.core=third:base\n\
         novariant.build.core=own\nnovariant.build.variant=third:plain\n\
         nocore.build.core=gone\n\
         bare.name=Bare\n",
    );
    let cases = [
        (
            "conflict",
            "board `guest:avr:conflict`: core `mini:base` and variant `third:plain` refer to different platforms",
        ),
        (
            "absent",
            "board `guest:avr:absent`: `build.core=third:base` needs platform `third:avr`, which is not installed",
        ),
        (
            "novariant",
            "board `guest:avr:novariant`: `build.variant=third:plain` needs platform `third:avr`, which is not installed",
        ),
        (
            "bare",
            "board `guest:avr:bare` does not define `build.core`",
        ),
    ];
    for (board, expect) in cases {
        assert_eq!(error(&tree, board).to_string(), expect);
    }
    let missing = tree.at("hw/guest/avr/cores/gone");
    assert_eq!(
        error(&tree, "nocore"),
        BoardError::MissingCore {
            board: "guest:avr:nocore".to_owned(),
            dir: missing
        }
    );
}

#[test]
fn s1_5_later_sources_win() {
    let tree = Tree::new()
        .mini()
        .file("hw/mini/avr/platform.local.txt", "k1=core\nk2=core\nk3=core\nk4=core\nk5=core\nk6=core\nk7=core\n")
        .file("hw/vari/avr/boards.txt", "")
        .file("hw/vari/avr/platform.txt", "k0=variant\nk1=variant\n")
        .file(
            "hw/guest/avr/boards.txt",
            "b.build.core=mini:base\nb.k3=board\nb.k4=board\nb.k5=board\nb.k6=board\nb.runtime.os=board\nb.software=BOARD\n\
             v.build.core=own\nv.build.variant=vari:x\n",
        )
        .file("hw/guest/avr/platform.txt", "k2=own\nk3=own\nk4=own\nk5=own\nk6=own\n")
        .dir("hw/guest/avr/cores/own")
        .file("hw/platform.txt", "k5=global\nk6=global\nbuild.project_name=global\nide_version=5\n");
    let options = [
        "k6=user",
        "sketch_path=user",
        "k6=user again",
        "compiler.warning_flags=user",
    ];
    let board = tree.board_with("guest:avr:b", &options);
    let expect = [
        ("k1", "core"),
        ("k2", "own"),
        ("k3", "board"),
        ("k4", "board"),
        ("k5", "global"),
        ("k6", "user again"),
        ("k7", "core"),
        ("runtime.os", HOST_OS),
        ("software", "BOARD"),
        ("ide_version", "5"),
        ("runtime.ide.version", "10607"),
    ];
    for (key, value) in expect {
        assert_eq!(board.get(key).as_deref(), Some(value), "{key}");
    }
    let of_sketch = recipes(&board).properties(true);
    let value = |key: &str| {
        of_sketch
            .iter()
            .find(|(known, _)| known == key)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(
        value("build.project_name"),
        Some("Blink.ino"),
        "values of one build beat the global file"
    );
    assert_eq!(
        value("sketch_path"),
        Some("user"),
        "the user beats values of one build"
    );
    assert_eq!(value("build.source.path"), Some("/s/Blink"));
    let variant = tree.board("guest:avr:v");
    assert_eq!(
        (variant.get("k0").as_deref(), variant.get("k1").as_deref()),
        (Some("variant"), Some("variant"))
    );
    assert_eq!(variant.get("k2").as_deref(), Some("own"));
}

#[test]
fn s1_5_a_platform_without_platform_txt_inherits_recipes() {
    let tree = referring("b.build.core=mini:base\nb.build.mcu=guest\n");
    let board = tree.board("guest:avr:b");
    let command = recipes(&board)
        .compile(&[], "/x.c".into(), "/x.o".into())
        .unwrap();
    assert_eq!(command.program, "/opt/mini bin/cc");
    assert!(command.args.contains(&"-mmcu=guest".to_owned()));
    assert_eq!(
        board.raw("one.name"),
        None,
        "boards of the other platform are not used"
    );
}

#[test]
fn s1_6_values_the_builder_sets() {
    let tree = Tree::new().mini();
    let time = BuildTime {
        utc: 1_000_000,
        zone: 3600,
        dst: 1800,
    };
    let board = tree.board_as(
        "one",
        &BuildOptions {
            time: Some(time),
            ..BuildOptions::default()
        },
    );
    let platform = tree.at("hw/mini/avr");
    let expect = [
        ("runtime.platform.path", platform.as_str()),
        ("runtime.hardware.path", platform.parent().unwrap().as_str()),
        ("build.board.platform.path", platform.as_str()),
        ("build.core.platform.path", platform.as_str()),
        ("runtime.ide.version", "10607"),
        ("ide_version", "10607"),
        ("runtime.os", HOST_OS),
        ("software", "ARDUINO"),
        ("build.library_discovery_phase", "0"),
        ("tools.avrdude.path", "{runtime.tools.avrdude.path}"),
        ("extra.time.utc", "1000000"),
        ("extra.time.local", "1005400"),
        ("extra.time.zone", "3600"),
        ("extra.time.dst", "1800"),
    ];
    for (key, value) in expect {
        assert_eq!(board.get(key).as_deref(), Some(value), "{key}");
    }
    assert!(
        board
            .get("runtime.ide.path")
            .is_some_and(|path| !path.is_empty())
    );
    assert!(BuildTime::now().utc > 1_700_000_000);
    let own = recipes(&board).properties(false);
    for (key, value) in [
        ("build.project_name", "Blink.ino"),
        ("build.path", "/b"),
        ("build.source.path", "/s/Blink"),
        ("sketch_path", "/s/Blink"),
    ] {
        assert!(own.contains(&(key.to_owned(), value.to_owned())), "{key}");
    }
}

#[test]
fn s1_6_the_runtime_platform_may_be_the_cores() {
    let boards = "b.build.core=mini:base\nc.build.core=mini:base\n\
                  c.runtime.use_core_platform_path_for_runtime_platform_path=true\nc.runtime.ide.path=/ide\n";
    let tree = referring(boards);
    let path = |board: &str| tree.board(board).get("runtime.platform.path").unwrap();
    assert_eq!(path("b"), tree.at("hw/guest/avr"));
    assert_eq!(path("c"), tree.at("hw/mini/avr"));
    assert_eq!(
        tree.board("c").get("runtime.ide.path").as_deref(),
        Some("/ide")
    );
}

#[test]
fn s1_6_optimisation_flags() {
    let text = "compiler.optimization_flags.release=-Os\ncompiler.optimization_flags.debug=-Og\n";
    let tree = Tree::new()
        .mini()
        .file("hw/mini/avr/platform.local.txt", text);
    let flags = |optimize_for_debug: bool, properties: &[&str]| {
        let build_properties = properties.iter().map(|&line| line.to_owned()).collect();
        let options = BuildOptions {
            optimize_for_debug,
            build_properties,
            ..BuildOptions::default()
        };
        tree.board_as("one", &options)
            .get("compiler.optimization_flags")
    };
    assert_eq!(flags(false, &[]).as_deref(), Some("-Os"));
    assert_eq!(flags(true, &[]).as_deref(), Some("-Og"));
    assert_eq!(
        flags(true, &["compiler.optimization_flags=-O3"]).as_deref(),
        Some("-O3")
    );
    let plain = Tree::new().mini();
    assert_eq!(plain.board("one").get("compiler.optimization_flags"), None);
}

#[test]
fn s1_6_security_keys_come_together() {
    let tree = Tree::new().mini();
    let installation = tree.discover();
    let fqbn = installation.parse_board("one").unwrap();
    let keys = [
        "build.keys.keychain=a",
        "build.keys.sign_key=b",
        "build.keys.encrypt_key=c",
    ];
    for count in 0..=3 {
        let build_properties = keys[..count].iter().map(|&key| key.to_owned()).collect();
        let result = BoardSpec::resolve(
            &installation,
            &fqbn,
            &BuildOptions {
                build_properties,
                ..BuildOptions::default()
            },
        );
        assert_eq!(result.is_ok(), count == 0 || count == 3, "{count}");
    }
}

#[test]
fn s7_1_build_properties() {
    let tree = Tree::new().mini();
    let host = format!("x.{HOST_OS}.y=4");
    let board = tree.board_with(
        "one",
        &[
            "a=1,2",
            " b = c=d ",
            "a=3",
            &host,
            "# note",
            "build.extra_flags={build.mcu}",
        ],
    );
    let expect = [
        ("a", "3"),
        ("b", "c=d"),
        ("x.y", "4"),
        ("build.extra_flags", "m1"),
    ];
    for (key, value) in expect {
        assert_eq!(board.get(key).as_deref(), Some(value), "{key}");
    }
    let installation = tree.discover();
    let options = BuildOptions {
        build_properties: vec!["nothing".to_owned()],
        ..BuildOptions::default()
    };
    let error = BoardSpec::resolve(&installation, board.fqbn(), &options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "--build-property needs KEY=VALUE, got `nothing`"
    );
}

#[test]
fn s7_1_warning_levels_have_names() {
    for level in WarningLevel::ALL {
        assert_eq!(level.to_string().parse(), Ok(level));
    }
    assert_eq!(
        "most".parse::<WarningLevel>().unwrap_err(),
        "`most` is not one of none, default, more, all"
    );
    assert_eq!(WarningLevel::default(), WarningLevel::None);
}

#[test]
fn s7_7_properties_are_listed_by_key() {
    let tree = Tree::new().mini();
    let board = tree.board_with("one", &["z=user", "build.mcu=mine"]);
    let (raw, expanded) = (board.properties(false), board.properties(true));
    assert!(
        raw.is_sorted_by(|a, b| a.0 < b.0),
        "each key once, in order"
    );
    let find = |list: &[(String, String)], key: &str| {
        list.iter()
            .find(|(known, _)| known == key)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(
        find(&raw, "compiler.c.flags"),
        "-c {compiler.warning_flags} -MMD"
    );
    assert_eq!(find(&expanded, "compiler.c.flags"), "-c -w -MMD");
    assert_eq!(find(&expanded, "build.mcu"), "mine");
    assert!(
        find(&expanded, "recipe.size.pattern").contains("{build.path}"),
        "one build's values are not the board's"
    );
    let of_sketch = recipes(&board).properties(true);
    assert!(find(&of_sketch, "recipe.size.pattern").contains("/b/Blink.ino.elf"));
    assert_eq!(of_sketch.len(), raw.len() + 4);
}

#[test]
fn s2_3_6_folders_of_precompiled_binaries() {
    let tree = Tree::new().mini();
    let dirs = |properties: &[&str]| {
        let board = tree.board_with("one", properties);
        board
            .precompiled_dirs()
            .into_iter()
            .map(|dir| dir.into_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(dirs(&[]), ["m1"]);
    assert_eq!(
        dirs(&["build.fpu=fpv4", "build.float-abi=hard"]),
        ["m1/fpv4-hard", "m1"]
    );
    assert_eq!(dirs(&["build.fpu=fpv4"]), ["m1"]);
    assert_eq!(
        dirs(&["build.extra_flags=-mfpu=vfp -mfloat-abi=soft"]),
        ["m1/vfp-soft", "m1"]
    );
    assert_eq!(dirs(&["build.mcu="]), [] as [&str; 0]);
}
