//! Debian's `arduino-core-avr`, resolved and compared with what its `arduino-builder` runs.

#![allow(clippy::unwrap_used, reason = "test helpers may fail")]

use std::process;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_platform::{
    BuildOptions, CompilerVersion, HookPoint, Installation, SearchRoots, SketchPaths, applicable,
};

const HARDWARE: &str = "/usr/share/arduino/hardware";

fn installation() -> Option<Installation> {
    if !Utf8Path::new(HARDWARE)
        .join("arduino/avr/boards.txt")
        .is_file()
    {
        eprintln!("SKIPPED: arduino-core-avr is not installed");
        return None;
    }
    let roots = SearchRoots {
        hardware: vec![HARDWARE.into()],
        ..SearchRoots::default()
    };
    Some(Installation::discover(&roots).unwrap())
}

fn paths() -> SketchPaths {
    SketchPaths {
        name: "Blink.ino".to_owned(),
        source: "/s/Blink".into(),
        build: "/b".into(),
    }
}

#[test]
fn uno_end_to_end() {
    let Some(installation) = installation() else {
        return;
    };
    let fqbn = installation.parse_board("uno").unwrap();
    assert_eq!(fqbn.to_string(), "arduino:avr:uno");
    let board = installation.board(&fqbn, &BuildOptions::default()).unwrap();
    assert_eq!(board.mcu(), "atmega328p");
    assert_eq!(board.compile_depends_on_sketch(), None);
    let recipes = board.for_sketch(&paths());
    let includes: Vec<Utf8PathBuf> = vec![
        board.core_dir().to_owned(),
        board.variant_dir().unwrap().to_owned(),
    ];
    for command in [
        recipes
            .compile(
                &includes,
                "/b/sketch/Blink.ino.cpp".into(),
                "/b/sketch/Blink.ino.cpp.o".into(),
            )
            .unwrap(),
        recipes
            .archive("/b/core/core.a".into(), "/b/core/main.cpp.o".into())
            .unwrap(),
        recipes
            .link(&["/b/sketch/Blink.ino.cpp.o"], "/shared/core.a".into())
            .unwrap()
            .remove(0),
        recipes
            .preprocess(
                &includes,
                "/b/sketch/Blink.ino.cpp".into(),
                "/dev/null".into(),
                Some("/b/d".into()),
            )
            .unwrap(),
        recipes.size().unwrap().unwrap(),
    ] {
        println!("{}", command.to_shell());
    }
    for command in recipes.objcopy().unwrap() {
        println!("{}", command.to_shell());
    }
    for hook in HookPoint::ALL {
        assert_eq!(recipes.hooks(hook).unwrap(), [], "{hook:?}");
    }
    let old = CompilerVersion::find("5.4.0").unwrap();
    let quirks = applicable(&board, old);
    assert_eq!(quirks.len(), 1);
    let _ = process::id();
    println!("{:?} {:?}", board.bootloader_file(), board.library_dirs());
}
