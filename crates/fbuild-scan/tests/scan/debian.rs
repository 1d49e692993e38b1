//! Discovery over all sketches that Debian ships, against what arduino-builder finds.

use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::SourceTree;
use fbuild_scan::library::Location;
use fbuild_scan::library::discovery::{Surroundings, discover};
use fbuild_scan::library::index::{LibraryIndex, Root};
use fbuild_scan::library::memo::ScanMemo;
use fbuild_scan::sketch::Sketch;
use fbuild_scan::sketch::find::find_sketches;
use fbuild_scan::sketch::merge::stage;
use fbuild_testkit::{need, needs};
use regex::Regex;

use crate::avr::{self, Compiler, PLATFORM};
use crate::space::Space;

/// The libraries' include directories in order, or the missing header.
type Outcome = Result<Vec<String>, String>;

fn sketches() -> Vec<(String, std::sync::Arc<Sketch>)> {
    let places = [
        Utf8PathBuf::from("/usr/share/doc/arduino/examples"),
        Utf8Path::new(PLATFORM).join("libraries"),
    ];
    needs!(places.each_ref().map(|place| place.as_str()));
    find_sketches(&places, &[])
        .unwrap()
        .sketches
        .into_iter()
        .map(|one| (one.label, one.sketch.unwrap()))
        .collect()
}

/// Ours, with the compiler answering.
fn ours(
    sketch: &Sketch,
    compiler: &Compiler,
    index: &LibraryIndex,
    base: &[Utf8PathBuf],
    memo: &ScanMemo,
) -> Outcome {
    let space = Space::new();
    let tree = SourceTree::new();
    let staged = stage(sketch, &tree, &tree, &space.at("sketch")).unwrap();
    for file in staged.copies.iter().chain([&staged.merged]) {
        fs_err::create_dir_all(file.path().parent().unwrap()).unwrap();
        fs_err::write(file.path(), &*file.bytes()).unwrap();
    }
    let around = Surroundings {
        preprocess: compiler,
        index,
        architecture: "avr",
        base_dirs: base,
        memo,
    };
    match discover(&staged.scanned, around) {
        Ok(found) => Ok(found.include_dirs[base.len()..]
            .iter()
            .map(ToString::to_string)
            .collect()),
        Err(fbuild_scan::library::discovery::DiscoveryError::Missing(missing)) => {
            Err(missing.header)
        }
        Err(other) => panic!("{}: {other}", sketch.name),
    }
}

/// arduino-builder's, read from the cache of includes that it leaves behind.
fn builder_s(sketch: &Sketch) -> Outcome {
    let space = Space::new();
    let output = Command::new("arduino-builder")
        .args([
            "-preprocess",
            "-hardware",
            "/usr/share/arduino/hardware",
            "-tools",
            "/usr/share/arduino/hardware/tools",
        ])
        .args([
            "-tools",
            "/usr/share/arduino/tools",
            "-fqbn",
            "arduino:avr:uno",
            "-build-path",
            space.root().as_str(),
        ])
        .args([
            "-prefs",
            "build.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__",
            sketch.main.as_str(),
        ])
        .stdout(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    if let Some(missing) = Regex::new(r"fatal error: (\S+): No such file")
        .unwrap()
        .captures(&text)
    {
        return Err(missing[1].to_owned());
    }
    let cache = fs_err::read_to_string(space.at("includes.cache"))
        .unwrap_or_else(|error| panic!("{error}: {text}"));
    let path = Regex::new(r#""Includepath": "([^"]+)""#).unwrap();
    Ok(path
        .captures_iter(&cache)
        .skip(2)
        .map(|found| found[1].to_owned())
        .collect())
}

#[test]
fn s5_all_debian_sketches_resolve_as_arduino_builder_does() {
    let (Some(gcc), Some(base)) = (avr::find(), avr::uno()) else {
        return;
    };
    needs!(need::ARDUINO_BUILDER);
    let sketches = sketches();
    let compiler = Compiler::new(gcc);
    let index = LibraryIndex::new([Root::folder(
        Utf8Path::new(PLATFORM).join("libraries"),
        Location::BoardPlatform,
    )])
    .unwrap();
    let memo = ScanMemo::new();
    let (mut plain, mut compared, mut missing) = (0, 0, 0);
    for (label, sketch) in &sketches {
        let outcome = ours(sketch, &compiler, &index, &base, &memo);
        missing += usize::from(outcome.is_err());
        let text = sketch
            .texts()
            .map(|path| fs_err::read(path).unwrap())
            .collect::<Vec<_>>()
            .concat();
        if !String::from_utf8_lossy(&text).contains("#include") {
            plain += 1;
            assert_eq!(outcome, Ok(Vec::new()), "{label}");
            // One of many equal questions is enough.
            if plain > 1 {
                continue;
            }
        }
        assert_eq!(outcome, builder_s(sketch), "{label}");
        compared += 1;
    }
    if !sketches.is_empty() {
        eprintln!(
            "{} sketches, {plain} without an include, {compared} compared, {missing} miss a header",
            sketches.len()
        );
        assert_eq!(sketches.len(), 100);
        assert_eq!(
            missing, 11,
            "Keyboard, Mouse, Servo, LiquidCrystal and CapacitiveSensor are not installed"
        );
    }
}
