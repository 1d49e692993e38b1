//! Debian's `arduino-core-avr`, resolved and compared with what its `arduino-builder` runs.
//!
//! The builder is given a folder of compilers that only leave their output file, so that it prints every command of a build within a second.
//! Where specification section 10 says that it differs from the reference, the difference is taken out by name.

#![allow(clippy::unwrap_used, reason = "test helpers may fail")]

mod fixture;

use std::process;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_platform::bootloader::merge_bootloader;
use fbuild_platform::{
    BoardSpec, BuildOptions, CompilerVersion, Fqbn, HookPoint, Installation, SearchRoots,
    SizeRules, SketchPaths, SketchRecipes, WarningLevel, applicable, split_arguments,
};
use fbuild_testkit::{need, needs};
use fixture::Tree;

const HARDWARE: &str = "/usr/share/arduino/hardware";
const BUILDER: &str = "/usr/bin/arduino-builder";

fn installation() -> Option<Installation> {
    needs!(need::AVR);
    let roots = SearchRoots {
        hardware: vec![HARDWARE.into()],
        ..SearchRoots::default()
    };
    Some(Installation::discover(&roots).unwrap())
}

fn board(installation: &Installation, name: &str, options: &BuildOptions) -> BoardSpec {
    BoardSpec::resolve(
        installation,
        &installation.parse_board(name).unwrap(),
        options,
    )
    .unwrap()
}

#[test]
fn uno_is_resolved() {
    let Some(installation) = installation() else {
        return;
    };
    assert_eq!(installation.warnings(), [] as [&str; 0]);
    let uno = board(&installation, "uno", &BuildOptions::default());
    assert_eq!(
        (uno.name(), uno.mcu().as_str(), uno.architecture()),
        ("Arduino UNO", "atmega328p", "avr")
    );
    let platform = Utf8Path::new(HARDWARE).join("arduino/avr");
    assert_eq!(uno.core_dir(), platform.join("cores/arduino"));
    assert_eq!(
        uno.variant_dir(),
        Some(platform.join("variants/standard").as_path())
    );
    assert_eq!(uno.library_dirs(), [platform.join("libraries")]);
    assert_eq!(
        uno.bootloader_file(),
        Some(platform.join("bootloaders/optiboot/optiboot_atmega328.hex"))
    );
    assert_eq!(uno.compiler().unwrap(), "/usr/bin/avr-g++");
    assert_eq!(fixture::recipes(&uno).sketch_value_in_compile(), None);
    let rules = SizeRules::of(&uno).unwrap().unwrap();
    assert_eq!(
        (rules.maximum(), rules.maximum_data()),
        (Some(32256), Some(2048))
    );
    for hook in HookPoint::ALL {
        assert_eq!(fixture::recipes(&uno).hooks(hook).unwrap(), [], "{hook:?}");
    }
}

#[test]
fn s1_4_3_menu_defaults_of_real_boards() {
    let Some(installation) = installation() else {
        return;
    };
    let mcu = |name: &str| board(&installation, name, &BuildOptions::default()).mcu();
    let cases = [
        ("nano", "atmega328p"),
        ("nano:cpu=atmega328old", "atmega328p"),
        ("nano:cpu=atmega168", "atmega168"),
        ("mega", "atmega2560"),
        ("mega:cpu=atmega1280", "atmega1280"),
        ("arduino:avr:leonardo", "atmega32u4"),
    ];
    for (name, expect) in cases {
        assert_eq!(mcu(name), expect, "{name}");
    }
    let error = installation
        .parse_board("nano:cpu=z80")
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("available: atmega328, atmega328old, atmega168"),
        "{error}"
    );
}

#[test]
fn every_board_resolves() {
    let Some(installation) = installation() else {
        return;
    };
    let boards: Vec<_> = installation.boards().collect();
    assert!(boards.len() > 20, "{}", boards.len());
    for entry in boards {
        let fqbn: Fqbn = entry.fqbn.parse().unwrap();
        let spec = BoardSpec::resolve(&installation, &fqbn, &BuildOptions::default()).unwrap();
        assert!(!spec.mcu().is_empty(), "{}", entry.fqbn);
        assert!(SizeRules::of(&spec).unwrap().is_some(), "{}", entry.fqbn);
        let command = fixture::recipes(&spec)
            .compile(&[], "/a.cpp".into(), "/a.o".into())
            .unwrap();
        assert!(
            !command.argv().any(|argument| argument.contains(['{', '}'])),
            "{}: {command:?}",
            entry.fqbn
        );
    }
}

#[test]
fn the_quirk_of_debians_core_applies() {
    let Some(installation) = installation() else {
        return;
    };
    let uno = board(&installation, "uno", &BuildOptions::default());
    let output = process::Command::new(uno.compiler().unwrap())
        .arg("-dumpversion")
        .output()
        .unwrap();
    let version = CompilerVersion::find(&String::from_utf8(output.stdout).unwrap()).unwrap();
    let compiles = |board: &BoardSpec| {
        let recipes = fixture::recipes(board);
        let includes: Vec<Utf8PathBuf> = vec![
            board.core_dir().to_owned(),
            board.variant_dir().unwrap().to_owned(),
        ];
        let source = board.core_dir().join("WString.cpp");
        let command = recipes
            .preprocess(&includes, &source, "/dev/null".into(), None)
            .unwrap();
        // The preprocessed text is compiled without code generation: an undefined name is an error there already.
        let mut args: Vec<String> = command
            .args
            .into_iter()
            .filter(|argument| argument != "-E")
            .collect();
        args.push("-fsyntax-only".to_owned());
        process::Command::new(command.program)
            .args(args)
            .output()
            .unwrap()
            .status
            .success()
    };
    let quirks = applicable(&uno, version);
    assert_eq!(
        compiles(&uno),
        quirks.is_empty(),
        "the condition is true exactly where the core does not compile"
    );
    let cured = quirks
        .iter()
        .fold(uno, |board, quirk| board.with_quirk(quirk));
    assert!(compiles(&cured));
}

#[test]
fn s1_1_2_the_old_layout_of_a_debian_package_works_where_it_is_moved() {
    let Some(installation) = installation() else {
        return;
    };
    let old = Utf8Path::new(HARDWARE).join("mighty-1284p");
    if !need::optional(&old.join("boards.txt").as_str()) {
        return;
    }
    assert!(installation.parse_board("mighty_opt").is_err());
    assert!(
        installation
            .notes()
            .iter()
            .any(|note| note.contains("moved to `mighty-1284p/avr`"))
    );
    let tree = Tree::new()
        .dir("hw/mighty")
        .link("hw/mighty/avr", old.as_str());
    let moved = SearchRoots {
        hardware: vec![HARDWARE.into(), tree.at("hw")],
        ..SearchRoots::default()
    };
    let named = SearchRoots {
        hardware: vec![HARDWARE.into()],
        explicit: vec![old],
        ..SearchRoots::default()
    };
    for roots in [moved, named] {
        let installation = Installation::discover(&roots).unwrap();
        let mighty = board(&installation, "mighty_opt", &BuildOptions::default());
        let command = fixture::recipes(&mighty)
            .compile(&[], "/a.cpp".into(), "/a.o".into())
            .unwrap();
        for expect in [
            "-mmcu=atmega1284p",
            "-DARDUINO_AVR_MIGHTY_OPT",
            "-DARDUINO_ARCH_AVR",
        ] {
            assert!(
                command.args.iter().any(|argument| argument == expect),
                "{expect}: {command:?}"
            );
        }
        assert_eq!(
            mighty.core_dir(),
            Utf8Path::new(HARDWARE).join("arduino/avr/cores/arduino")
        );
        assert!(
            mighty
                .variant_dir()
                .unwrap()
                .join("pins_arduino.h")
                .is_file()
        );
        assert_eq!(mighty.warnings().len(), 1, "{:?}", mighty.warnings());
    }
}

#[test]
fn s7_4_merged_images_hold_what_objcopy_reads_from_them() {
    let Some(installation) = installation() else {
        return;
    };
    let tree = Tree::new().file(
        "sketch.bin",
        (0..=255u8).cycle().take(70_000).collect::<Vec<u8>>(),
    );
    let objcopy = |arguments: &[&str]| {
        let status = process::Command::new("avr-objcopy")
            .args(arguments)
            .current_dir(&tree.root)
            .status();
        status.is_ok_and(|status| status.success())
    };
    needs!("avr-objcopy");
    assert!(objcopy(&[
        "-I",
        "binary",
        "-O",
        "ihex",
        "sketch.bin",
        "sketch.hex"
    ]));
    // The mega's bootloader lies above 64 KB, as does a part of this sketch; objcopy addresses both by segment records.
    let mega = board(&installation, "mega", &BuildOptions::default());
    let bootloader = fs_err::read_to_string(mega.bootloader_file().unwrap()).unwrap();
    let sketch = fs_err::read_to_string(tree.at("sketch.hex")).unwrap();
    let merged = merge_bootloader(&sketch, &bootloader, mega.largest_merged_bin()).unwrap();
    fs_err::write(tree.at("merged.hex"), &merged.hex).unwrap();
    assert!(objcopy(&[
        "-I",
        "ihex",
        "-O",
        "binary",
        "--gap-fill",
        "0xff",
        "merged.hex",
        "merged.bin"
    ]));
    let bin = merged.bin.unwrap();
    assert_eq!(bin, fs_err::read(tree.at("merged.bin")).unwrap());
    assert_eq!(&bin[..70_000], fs_err::read(tree.at("sketch.bin")).unwrap());
    assert!(
        merged.hex.ends_with(":00000001FF\n") && bin.len() > 0x3_0000,
        "{}",
        bin.len()
    );
}

/// Compilers that do nothing but make the file after `-o` or the archive.
fn stub_tools(tree: Tree) -> Tree {
    let stub = "#!/bin/sh\nprev=\nfor a in \"$@\"; do [ \"$prev\" = -o ] && : > \"$a\"; prev=$a; done\n[ \"$1\" = rcs ] && : > \"$2\"\nexit 0\n";
    [
        "avr-gcc",
        "avr-g++",
        "avr-gcc-ar",
        "avr-objcopy",
        "avr-size",
    ]
    .iter()
    .fold(tree, |tree, name| tree.file(&format!("bin/{name}"), stub))
}

/// What arduino-builder runs for a sketch, as argument lists; without the commands that make prototypes.
fn builder_commands(tree: &Tree, board: &str, warnings: WarningLevel) -> Vec<Vec<String>> {
    let build = tree.at("build");
    let _ = fs_err::remove_dir_all(&build);
    fs_err::create_dir_all(&build).unwrap();
    let bin = tree.at("bin");
    let output = process::Command::new(BUILDER)
        .args([
            "-compile",
            "-verbose",
            "-ide-version",
            "10607",
            "-hardware",
            HARDWARE,
            "-tools",
        ])
        .args([
            &format!("{HARDWARE}/tools"),
            "-fqbn",
            board,
            "-build-path",
            build.as_str(),
        ])
        .args([
            "-warnings",
            warnings.name(),
            "-prefs",
            &format!("compiler.path={bin}/"),
        ])
        .arg(tree.at("My Sketch"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let commands: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with(&format!("\"{bin}/")))
        .map(split_arguments)
        .collect();
    assert!(
        commands.len() > 40,
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    commands
}

/// What follows `flag`.
fn after<'a>(command: &'a [String], flag: &str) -> &'a Utf8Path {
    let at = command
        .iter()
        .position(|argument| argument == flag)
        .unwrap();
    Utf8Path::new(&command[at + 1])
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn commands_are_those_of_arduino_builder() {
    let Some(installation) = installation() else {
        return;
    };
    needs!(BUILDER);
    let tree = stub_tools(Tree::new()).file(
        "My Sketch/My Sketch.ino",
        "void setup() {}\nvoid loop() {}\n",
    );
    for name in [
        "avr-gcc",
        "avr-g++",
        "avr-gcc-ar",
        "avr-objcopy",
        "avr-size",
    ] {
        use std::os::unix::fs::PermissionsExt as _;
        fs_err::set_permissions(
            tree.at("bin").join(name),
            std::fs::Permissions::from_mode(0o755),
        )
        .unwrap();
    }
    let cases = [
        ("arduino:avr:uno", WarningLevel::None),
        ("arduino:avr:leonardo", WarningLevel::All),
        ("arduino:avr:nano:cpu=atmega328old", WarningLevel::Default),
        ("arduino:avr:mega:cpu=atmega1280", WarningLevel::More),
        ("arduino:avr:mega:cpu=atmega2560", WarningLevel::None),
    ];
    for (name, warnings) in cases {
        let build_properties = vec![format!("compiler.path={}/", tree.at("bin"))];
        let spec = board(
            &installation,
            name,
            &BuildOptions {
                build_properties,
                warnings,
                ..BuildOptions::default()
            },
        );
        let build = tree.at("build");
        let paths = SketchPaths {
            name: "My Sketch.ino".to_owned(),
            source: tree.at("My Sketch"),
            build: build.clone(),
        };
        let recipes = SketchRecipes::for_sketch(&spec, &paths);
        let includes: Vec<Utf8PathBuf> = vec![
            spec.core_dir().to_owned(),
            spec.variant_dir().unwrap().to_owned(),
        ];
        let archive = build.join("core/core.a");
        let mut seen = std::collections::BTreeMap::new();
        for theirs in builder_commands(&tree, name, warnings) {
            let tool = Utf8Path::new(&theirs[0]).file_name().unwrap().to_owned();
            let has = |flag: &str| theirs.iter().any(|argument| argument == flag);
            let (kind, ours) = if has("-E") {
                let target = after(&theirs, "-o");
                let source = &theirs[theirs.len() - 3];
                (
                    "preprocess",
                    recipes
                        .preprocess(&includes, source.as_str().into(), target, None)
                        .unwrap(),
                )
            } else if has("-c") {
                let object = after(&theirs, "-o");
                let source = &theirs[theirs.len() - 3];
                (
                    "compile",
                    recipes
                        .compile(&includes, source.as_str().into(), object)
                        .unwrap(),
                )
            } else if tool == "avr-gcc-ar" {
                (
                    "archive",
                    recipes
                        .archive(&archive, theirs[theirs.len() - 1].as_str().into())
                        .unwrap(),
                )
            } else if tool == "avr-objcopy" {
                let index = usize::from(!has(".eeprom") || has("-R"));
                ("objcopy", recipes.objcopy().unwrap().remove(index))
            } else {
                let objects: Vec<&String> = theirs
                    .iter()
                    .filter(|argument| argument.ends_with(".o"))
                    .collect();
                ("link", recipes.link(&objects, &archive).unwrap().remove(0))
            };
            *seen.entry(kind).or_insert(0) += 1;
            // Specification section 10: for atmega2560 the builder adds a linker flag that the reference does not.
            let theirs: Vec<&str> = theirs
                .iter()
                .map(|argument| argument.trim_end_matches(",--relax"))
                .collect();
            assert_eq!(ours.argv().collect::<Vec<_>>(), theirs, "{name} {kind}");
        }
        let kinds: Vec<_> = seen.keys().copied().collect();
        assert_eq!(
            kinds,
            ["archive", "compile", "link", "objcopy", "preprocess"],
            "{name}: {seen:?}"
        );
        assert_eq!(seen["objcopy"], 2);
    }
}

#[test]
fn properties_are_those_of_arduino_builder() {
    let Some(installation) = installation() else {
        return;
    };
    needs!(BUILDER);
    let tree = Tree::new().file("Blink/Blink.ino", "").dir("build");
    for name in [
        "arduino:avr:uno",
        "arduino:avr:leonardo",
        "arduino:avr:mega:cpu=atmega1280",
    ] {
        let output = process::Command::new(BUILDER)
            .args([
                "-dump-prefs",
                "-ide-version",
                "10607",
                "-hardware",
                HARDWARE,
                "-fqbn",
                name,
                "-tools",
            ])
            .args([
                &format!("{HARDWARE}/tools"),
                "-build-path",
                tree.at("build").as_str(),
            ])
            .arg(tree.at("Blink/Blink.ino"))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let theirs: Vec<(&str, &str)> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .collect();
        assert!(theirs.len() > 100, "{text}");
        let spec = board(&installation, name, &BuildOptions::default());
        let paths = SketchPaths {
            name: "Blink.ino".to_owned(),
            source: tree.at("Blink"),
            build: tree.at("build"),
        };
        let ours: std::collections::BTreeMap<_, _> = SketchRecipes::for_sketch(&spec, &paths)
            .properties(false)
            .into_iter()
            .collect();
        // The builder's own values differ by design (specification section 10): its time, its tools, `tools.avrdude.path` which the reference forces, the flags that it
        // edits for atmega2560, and what it knows about the IDE.
        let own = [
            "extra.time.",
            "tools.avrdude.path",
            "runtime.",
            "compiler.warning_flags",
            "build.warn_data_percentage",
            "build.arch",
            "ide_",
        ];
        let mut differences = Vec::new();
        for (key, value) in theirs {
            let same = ours
                .get(key)
                .is_some_and(|ours| ours.trim() == value.trim());
            if !same && !own.iter().any(|prefix| key.starts_with(prefix)) {
                differences.push(format!("{key}: theirs `{value}`, ours {:?}", ours.get(key)));
            }
        }
        assert_eq!(differences, [] as [&str; 0], "{name}");
    }
}
