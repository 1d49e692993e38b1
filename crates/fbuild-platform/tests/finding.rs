//! Where platforms and tools are found (specification 1.1).

#![allow(clippy::unwrap_used, reason = "test helpers may fail")]

mod fixture;

use camino::Utf8PathBuf;
use fbuild_platform::{BoardSpec, BuildOptions, Installation, LoadError, Origin, SearchRoots};
use fixture::Tree;

const BOARDS: &str = "b.name=B\nb.build.core=base\n";

/// Adds a platform that has just one board.
fn platform(tree: Tree, dir: &str, version: &str) -> Tree {
    tree.file(&format!("{dir}/boards.txt"), BOARDS)
        .file(
            &format!("{dir}/platform.txt"),
            format!("version={version}\n"),
        )
        .dir(&format!("{dir}/cores/base"))
}

fn hardware(dir: Utf8PathBuf) -> SearchRoots {
    SearchRoots {
        hardware: vec![dir],
        ..SearchRoots::default()
    }
}

fn explicit(dir: Utf8PathBuf) -> SearchRoots {
    SearchRoots {
        explicit: vec![dir],
        ..SearchRoots::default()
    }
}

/// `vendor:arch version`, sorted.
fn found(installation: &Installation) -> Vec<String> {
    installation
        .platforms()
        .map(|platform| format!("{} {}", platform.id(), platform.version))
        .collect()
}

fn tool_path(installation: &Installation, board: &str, key: &str) -> Option<String> {
    let fqbn = installation.parse_board(board).unwrap();
    BoardSpec::resolve(installation, &fqbn, &BuildOptions::default())
        .unwrap()
        .get(&format!("runtime.tools.{key}.path"))
}

#[test]
fn s1_1_1_both_layouts_are_found() {
    let tree = platform(
        Tree::new(),
        "data/packages/acme/hardware/avr/1.2.0",
        "9.9.9",
    );
    let tree = platform(tree, "data/packages/acme/hardware/samd/0.1.0", "0.1.0");
    let tree = platform(tree, "hw/self/avr", "3");
    let tree = platform(tree, "hw/.hidden/avr", "1");
    let tree = platform(tree, "hw/self/.avr", "1");
    let tree = platform(tree, "hw/tools/avr", "1");
    let tree = platform(tree, "hw/self/tools", "1");
    let tree = tree.file("hw/readme.txt", "").dir("hw/empty/avr");
    let roots = SearchRoots {
        data: vec![tree.at("data"), tree.at("none")],
        ..hardware(tree.at("hw"))
    };
    let installation = tree.search(roots);
    assert_eq!(
        found(&installation),
        ["acme:avr 1.2.0", "acme:samd 0.1.0", "self:avr 3"]
    );
    assert_eq!(installation.warnings(), [] as [&str; 0]);
    let origins: Vec<Origin> = installation
        .platforms()
        .map(|platform| platform.origin)
        .collect();
    assert_eq!(origins, [Origin::Managed, Origin::Managed, Origin::Manual]);
}

#[test]
fn s1_1_1_the_version_of_a_manual_platform_is_expanded_and_may_be_empty() {
    let text =
        "versionnum.major=1\nversionnum.minor=5\nversion={versionnum.major}.{versionnum.minor}.2\n";
    let tree = Tree::new()
        .file("hw/a/avr/boards.txt", BOARDS)
        .file("hw/a/avr/platform.txt", text);
    let tree = tree.file("hw/b/avr/boards.txt", BOARDS);
    assert_eq!(found(&tree.discover()), ["a:avr 1.5.2", "b:avr "]);
}

#[cfg(unix)]
#[test]
fn s1_1_2_links_are_followed_and_old_layouts_are_none() {
    let tree = platform(Tree::new(), "elsewhere/real", "1");
    let tree = platform(tree, "vendor/avr", "2")
        .dir("hw/a")
        .link("hw/a/avr", "elsewhere/real")
        .link("hw/b", "vendor");
    let tree = tree.file("hw/old/boards.txt", BOARDS);
    let installation = tree.discover();
    assert_eq!(found(&installation), ["a:avr 1", "b:avr 2"]);
    let dirs: Vec<_> = installation
        .platforms()
        .map(|platform| platform.dir.clone())
        .collect();
    assert_eq!(
        dirs,
        [tree.at("hw/a/avr"), tree.at("hw/b/avr")],
        "paths are kept as they were found"
    );
    assert!(
        installation.notes()[0].contains("moved to `old/avr`"),
        "{:?}",
        installation.notes()
    );
}

#[test]
fn s1_1_3_a_global_platform_txt_beats_every_platform() {
    let tree = Tree::new().mini().file(
        "hw/platform.txt",
        "compiler.path=/global/\nbuild.path=/never\n",
    );
    let board = tree.board("one");
    assert_eq!(board.get("compiler.path").as_deref(), Some("/global/"));
    assert_eq!(
        fixture::recipes(&board)
            .compile(&[], "/s/a.cpp".into(), "/o".into())
            .unwrap()
            .program,
        "/global/c++"
    );
    let board = tree.board_with("one", &["compiler.path=/mine/"]);
    assert_eq!(board.get("compiler.path").as_deref(), Some("/mine/"));
    let linked = fixture::recipes(&board).objcopy().unwrap();
    assert!(
        linked[0].args.contains(&"/b/Blink.ino.elf".to_owned()),
        "values of one build come later: {linked:?}"
    );
    let broken = tree.file("hw/platform.txt", "broken\n").discover();
    assert!(
        broken.warnings()[0].contains("line 1: no `=` in `broken`"),
        "{:?}",
        broken.warnings()
    );
}

#[test]
fn s1_1_4_which_of_several_versions_counts() {
    let tree = platform(Tree::new(), "hw/acme/avr", "9.0.0");
    let tree = platform(tree, "other/acme/avr", "10.0.0");
    let tree = platform(tree, "third/acme/avr", "10.0.0");
    let manual = SearchRoots {
        hardware: vec![
            tree.at("hw"),
            tree.at("other"),
            tree.at("third"),
            tree.at("hw"),
        ],
        ..SearchRoots::default()
    };
    let installation = tree.search(manual.clone());
    assert_eq!(found(&installation), ["acme:avr 10.0.0"]);
    assert_eq!(
        installation.platforms().next().unwrap().dir,
        tree.at("other/acme/avr"),
        "the first of equals"
    );
    assert_eq!(installation.notes().len(), 2);

    let tree = platform(tree, "data/packages/acme/hardware/avr/1.9.0", "");
    let tree = platform(tree, "data/packages/acme/hardware/avr/1.10.0", "");
    let managed = SearchRoots {
        data: vec![tree.at("data")],
        ..manual
    };
    assert_eq!(
        found(&tree.search(managed.clone())),
        ["acme:avr 1.10.0"],
        "installed beats manual"
    );

    let pinned = SearchRoots {
        pinned: vec![("acme:avr".to_owned(), "1.9.0".to_owned())],
        ..managed.clone()
    };
    assert_eq!(
        found(&tree.search(pinned)),
        ["acme:avr 1.9.0"],
        "what a profile names beats a higher version"
    );

    let tree = platform(tree, "mine/acme/avr", "0.1");
    let roots = SearchRoots {
        explicit: vec![tree.at("mine")],
        ..managed
    };
    assert_eq!(
        found(&tree.search(roots)),
        ["acme:avr 0.1"],
        "what the user names beats all"
    );
}

#[test]
fn s1_1_5_unversioned_tool_paths() {
    let tree = platform(Tree::new(), "data/packages/acme/hardware/avr/1.0.0", "")
        .dir("data/packages/acme/tools/gcc/5.4.0")
        .dir("data/packages/acme/tools/gcc/5.10.0")
        .dir("data/packages/zeta/tools/gcc/9.0.0")
        .dir("data/packages/acme/tools/dude/6.0")
        .dir("data/packages/zeta/tools/dude/7.0")
        .dir("data/packages/alpha/tools/only/2.0-rc1")
        .dir("data/packages/alpha/tools/only/1.0")
        .dir("data/packages/alpha/tools/same/1.0")
        .dir("data/packages/beta/tools/same/1.0");
    let at = |path: &str| Some(tree.at("data/packages").join(path).into_string());
    let installation = tree.search(SearchRoots {
        data: vec![tree.at("data")],
        ..SearchRoots::default()
    });
    let cases = [
        ("gcc", "acme/tools/gcc/5.10.0"),
        ("gcc-5.4.0", "acme/tools/gcc/5.4.0"),
        ("gcc-9.0.0", "zeta/tools/gcc/9.0.0"),
        ("dude", "acme/tools/dude/6.0"),
        ("only", "alpha/tools/only/2.0-rc1"),
        ("same", "beta/tools/same/1.0"),
    ];
    for (key, expect) in cases {
        assert_eq!(tool_path(&installation, "b", key), at(expect), "{key}");
    }
    assert_eq!(tool_path(&installation, "b", "none"), None);

    let index = r#"{"packages": [{"name": "other", "platforms": []}, {"name": "acme", "platforms": [
        {"architecture": "avr", "version": "0.9.0", "toolsDependencies": []},
        {"architecture": "avr", "version": "1.0.0", "toolsDependencies": [
            {"packager": "acme", "name": "gcc", "version": "5.4.0"}, {"packager": "zeta", "name": "dude", "version": "7.0"},
            {"packager": "zeta", "name": "only", "version": "not installed"}]}]}]}"#;
    let wanted = [
        ("gcc", "acme/tools/gcc/5.4.0"),
        ("dude", "zeta/tools/dude/7.0"),
        ("only", "alpha/tools/only/2.0-rc1"),
    ];
    let expected: Vec<_> = wanted.iter().map(|(key, path)| (*key, at(path))).collect();
    let tree = tree
        .file("data/package_index.json", "not JSON")
        .file("data/package_acme_index.json", index);
    let installation = tree.search(SearchRoots {
        data: vec![tree.at("data")],
        ..SearchRoots::default()
    });
    for (key, expect) in &expected {
        assert_eq!(
            tool_path(&installation, "b", key),
            *expect,
            "{key} by the index"
        );
    }
    let own = r#"{"packages": [{"name": "acme", "platforms": [{"architecture": "avr", "version": "1.0.0",
        "toolsDependencies": [{"packager": "zeta", "name": "gcc", "version": "9.0.0"}]}]}]}"#;
    let tree = tree.file("data/packages/acme/hardware/avr/1.0.0/installed.json", own);
    let newest = tree.at("data/packages/zeta/tools/gcc/9.0.0");
    let installation = tree.search(SearchRoots {
        data: vec![tree.at("data")],
        ..SearchRoots::default()
    });
    assert_eq!(
        tool_path(&installation, "b", "gcc"),
        Some(newest.into_string()),
        "installed.json comes first"
    );
}

#[test]
fn s1_1_5_the_core_platforms_packager_is_second_choice() {
    let tree = Tree::new().file(
        "data/packages/acme/hardware/avr/1.0.0/boards.txt",
        "b.build.core=base:base\n",
    );
    let tree = platform(tree, "data/packages/base/hardware/avr/1.0.0", "")
        .dir("data/packages/base/tools/gcc/1.0")
        .dir("data/packages/zeta/tools/gcc/9.0");
    let installation = tree.search(SearchRoots {
        data: vec![tree.at("data")],
        ..SearchRoots::default()
    });
    let expect = tree.at("data/packages/base/tools/gcc/1.0").into_string();
    assert_eq!(tool_path(&installation, "acme:avr:b", "gcc"), Some(expect));
}

#[test]
fn tools_of_the_system_serve_platforms_that_bring_none() {
    let exe = std::env::consts::EXE_SUFFIX;
    let tree =
        platform(Tree::new(), "hw/a/avr", "1").file(&format!("hw/tools/avr/bin/avr-gcc{exe}"), "");
    let system = tree.at("hw/tools/avr").into_string();
    assert_eq!(
        tool_path(&tree.discover(), "b", "avr-gcc"),
        Some(system.clone())
    );
    let tree = tree.file(&format!("usr/bin/avr-gcc{exe}"), "");
    let usr = SearchRoots {
        builtin_tools: vec![tree.at("usr")],
        ..hardware(tree.at("hw"))
    };
    assert_eq!(
        tool_path(&tree.search(usr.clone()), "b", "avr-gcc"),
        Some(system),
        "the first found of equals"
    );

    let tree = tree.file(
        "ide/avr/builtin_tools_versions.txt",
        "arduino.avr-gcc=7.3.0\narduino.avrdude=6.3\n",
    );
    let roots = SearchRoots {
        builtin_tools: vec![tree.at("usr"), tree.at("ide")],
        ..usr
    };
    let installation = tree.search(roots);
    let ide = Some(tree.at("ide/avr").into_string());
    assert_eq!(
        tool_path(&installation, "b", "avr-gcc"),
        ide,
        "a version beats none"
    );
    assert_eq!(tool_path(&installation, "b", "avr-gcc-7.3.0"), ide);
    assert_eq!(tool_path(&installation, "b", "avrdude"), ide);
    assert_eq!(
        installation
            .tools()
            .iter()
            .filter(|tool| tool.name == "avr-gcc")
            .count(),
        3
    );
}

#[test]
fn tools_that_are_missing_are_named() {
    let local = "compiler.path={runtime.tools.avr-gcc.path}/bin/\nrecipe.hooks.prebuild.1.pattern={runtime.tools.py-3.1.path}/py {x}\n\
                 tools.dude.pattern={runtime.tools.dude.path}/dude\n";
    let tree = Tree::new()
        .mini()
        .file("hw/mini/avr/platform.local.txt", local);
    assert_eq!(
        tree.board("one").missing_tools(),
        ["avr-gcc", "py-3.1"],
        "tools for uploading are not asked for"
    );
    let tree = tree.dir("hw/mini/tools/avr-gcc/5.4");
    assert_eq!(tree.board("one").missing_tools(), ["py-3.1"]);
    let board = tree.board_with("one", &["recipe.hooks.prebuild.1.pattern="]);
    assert_eq!(board.missing_tools(), [] as [&str; 0]);
}

#[test]
fn a_named_folder_is_taken_for_what_it_looks_like() {
    let tree = platform(Tree::new(), "sketchbook/hardware/acme/avr", "1");
    let tree = platform(tree, "data/packages/corp/hardware/avr/2.0.0", "")
        .dir("data/packages/corp/tools/gcc/1");
    let tree = tree
        .file("sketchbook/hardware/old/boards.txt", BOARDS)
        .dir("nothing/here");
    let cases = [
        ("sketchbook", "acme:avr 1"),
        ("sketchbook/hardware", "acme:avr 1"),
        ("sketchbook/hardware/acme", "acme:avr 1"),
        ("sketchbook/hardware/acme/avr", "acme:avr 1"),
        ("sketchbook/hardware/acme/avr/", "acme:avr 1"),
        ("data/../sketchbook/hardware/acme/avr", "acme:avr 1"),
        ("sketchbook/hardware/old", "old:avr "),
        ("data", "corp:avr 2.0.0"),
        ("data/packages", "corp:avr 2.0.0"),
        ("data/packages/corp", "corp:avr 2.0.0"),
        ("data/packages/corp/hardware", "corp:avr 2.0.0"),
        ("data/packages/corp/hardware/avr/2.0.0", "corp:avr 2.0.0"),
    ];
    for (dir, expect) in cases {
        let installation = tree.search(explicit(tree.at(dir)));
        assert_eq!(found(&installation), [expect], "{dir}");
        assert!(
            installation
                .platforms()
                .all(|platform| platform.origin == Origin::Explicit),
            "{dir}"
        );
        assert_eq!(
            installation.tools().len(),
            usize::from(dir.contains("corp") || dir.contains("data/p") || dir == "data"),
            "{dir}"
        );
    }
    for dir in ["nothing", "missing", "sketchbook/hardware/old/boards.txt"] {
        let error = Installation::discover(&explicit(tree.at(dir))).unwrap_err();
        match error {
            LoadError::NoPlatform(path) => assert_eq!((dir, path), ("nothing", tree.at("nothing"))),
            LoadError::Read { path, .. } => assert_eq!(path, tree.at(dir)),
            other => panic!("{dir}: {other}"),
        }
    }
}

#[test]
fn s1_2_2_a_broken_platform_is_left_out_with_a_warning() {
    let tree = platform(Tree::new(), "hw/good/avr", "1");
    let tree = tree
        .file("hw/bad/avr/boards.txt", BOARDS)
        .file("hw/bad/avr/platform.local.txt", "a=b\n\nwhat\n");
    let installation = tree.discover();
    assert_eq!(found(&installation), ["good:avr 1"]);
    let path = tree.at("hw/bad/avr/platform.local.txt");
    assert_eq!(
        installation.warnings(),
        [format!(
            "`{path}` is not a property file: line 3: no `=` in `what`"
        )]
    );
}

#[test]
fn packages_of_platformio() {
    let exe = std::env::consts::EXE_SUFFIX;
    let tree = platform(Tree::new(), "pio/framework-arduino-avr", "1.8.6");
    let tree = platform(tree, "pio/framework-arduino-avr-minicore@2.1.3", "2.1.3")
        .file(
            "pio/toolchain-atmelavr/package.json",
            r#"{"name": "toolchain-atmelavr", "version": "1.70300.191015"}"#,
        )
        .file(&format!("pio/toolchain-atmelavr/bin/avr-gcc{exe}"), "")
        .dir("pio/framework-arduino-megaavr")
        .dir("pio/tool-scons");
    let roots = SearchRoots {
        platformio: vec![tree.at("pio")],
        ..SearchRoots::default()
    };
    let installation = tree.search(roots.clone());
    assert_eq!(
        found(&installation),
        ["MiniCore:avr 2.1.3", "arduino:avr 1.8.6"]
    );
    assert!(
        installation.notes()[0].contains("has no boards.txt"),
        "{:?}",
        installation.notes()
    );
    let toolchain = Some(tree.at("pio/toolchain-atmelavr").into_string());
    assert_eq!(
        tool_path(&installation, "arduino:avr:b", "avr-gcc"),
        toolchain
    );
    assert_eq!(
        tool_path(&installation, "arduino:avr:b", "avr-gcc-1.70300.191015"),
        toolchain
    );

    for dir in ["pio", "pio/framework-arduino-avr"] {
        let installation = tree.search(explicit(tree.at(dir)));
        assert!(
            found(&installation).contains(&"arduino:avr 1.8.6".to_owned()),
            "{dir}"
        );
        assert_eq!(
            tool_path(&installation, "arduino:avr:b", "avr-gcc"),
            toolchain,
            "{dir}"
        );
    }
    let tree = platform(tree, "hw/arduino/avr", "1.0.0");
    let installation = tree.search(SearchRoots {
        hardware: vec![tree.at("hw")],
        ..roots
    });
    assert!(
        found(&installation).contains(&"arduino:avr 1.0.0".to_owned()),
        "Arduino's own kind of installation wins"
    );
}
