//! From arguments to sketches.

use camino::Utf8PathBuf;
use fbuild_scan::sketch::SketchError;
use fbuild_scan::sketch::find::{FindError, Found, find_sketches};
use fbuild_testkit::without_root;

use crate::space::Space;

fn find(space: &Space, args: &[&str]) -> Result<Found, FindError> {
    find_sketches(
        &args.iter().map(|arg| space.at(arg)).collect::<Vec<_>>(),
        &[],
    )
}

fn labels(space: &Space, found: &Found) -> Vec<String> {
    found
        .sketches
        .iter()
        .map(|one| {
            one.label
                .trim_start_matches(&format!("{}/", space.root()))
                .to_owned()
        })
        .collect()
}

#[test]
fn sketches_are_found_at_any_depth_in_order() {
    let space = Space::with(&[
        "ex/b/b.ino",
        "ex/a/deep/er/er.ino",
        "ex/B/B.pde",
        "ex/a/x/x.ino",
        "ex/docs/readme.md",
        "two/z/z.ino",
        "two/a/a.ino",
    ]);
    let found = find(&space, &["two", "ex"]).unwrap();
    assert_eq!(
        labels(&space, &found),
        ["two/a", "two/z", "ex/B", "ex/a/deep/er", "ex/a/x", "ex/b"]
    );
    assert!(found.sketches.iter().all(|one| one.sketch.is_ok()));
    assert!(found.duplicates.is_empty() && found.strays.is_empty() && found.ignored.is_empty());
}

#[test]
fn hidden_folders_build_directories_and_nested_sketches_are_passed_over() {
    let space = Space::with(&[
        "ex/a/a.ino",
        "ex/a/inner/inner.ino",
        "ex/.git/h/h.ino",
        "ex/.fbuild/uno/g/g.ino",
        "ex/build/build.options.json",
        "ex/build/f/f.ino",
        "ex/other/build/k/k.ino",
    ]);
    let found = find(&space, &["ex"]).unwrap();
    assert_eq!(labels(&space, &found), ["ex/a", "ex/other/build/k"]);
    // Named by itself a nested sketch is a sketch like any other.
    assert_eq!(
        labels(&space, &find(&space, &["ex/a/inner"]).unwrap()),
        ["ex/a/inner"]
    );
}

#[test]
fn a_text_names_its_folder() {
    let space = Space::with(&["ex/a/a.ino", "ex/a/tab.ino", "ex/b/b.pde"]);
    let found = find(&space, &["ex/a/tab.ino", "ex/b/b.pde"]).unwrap();
    assert_eq!(labels(&space, &found), ["ex/a", "ex/b"]);
}

#[test]
fn the_same_sketch_twice_is_one_sketch_and_said() {
    let space = Space::with(&["ex/a/a.ino", "ex/b/b.ino"]);
    let found = find(&space, &["ex/b", "ex", "ex/a/a.ino", "ex/./b/"]).unwrap();
    assert_eq!(labels(&space, &found), ["ex/b", "ex/a"]);
    let said: Vec<_> = found
        .duplicates
        .iter()
        .map(|dup| {
            (
                dup.label.rsplit('/').next().unwrap(),
                dup.first.rsplit('/').next().unwrap(),
            )
        })
        .collect();
    assert_eq!(said, [("b", "b"), ("a", "a"), ("b", "b")]);
}

#[test]
#[cfg(unix)]
fn links_to_one_folder_are_one_sketch_and_loops_end() {
    let space = Space::with(&["ex/a/a.ino"]);
    space.link("ex/again", "ex/a");
    space.link("ex/loop", "ex");
    let found = find(&space, &["ex"]).unwrap();
    assert_eq!(labels(&space, &found), ["ex/a"]);
    let found = find(&space, &["ex/again", "ex/a"]).unwrap();
    assert_eq!(labels(&space, &found), ["ex/again"]);
    assert_eq!(found.sketches[0].dir, space.at("ex/a"));
    assert_eq!(found.duplicates.len(), 1);
}

#[test]
fn labels_are_what_the_user_wrote() {
    let here = find_sketches(&[Utf8PathBuf::from("../../examples/./Blink/")], &[]).unwrap();
    assert_eq!(here.sketches[0].label, "../../examples/Blink");
    let text = find_sketches(
        &[Utf8PathBuf::from("./../../examples/Blink/Blink.ino")],
        &[],
    )
    .unwrap();
    assert_eq!(text.sketches[0].label, "../../examples/Blink");
    let parent = find_sketches(
        &[
            Utf8PathBuf::from("../../examples/Blink/src/.."),
            "../../examples/Blink/.".into(),
        ],
        &[],
    );
    // `src` need not exist; a path that ends in `..` is labelled with the folder's name.
    if let Ok(parent) = parent {
        assert_eq!(parent.sketches[0].label, "Blink");
    }
}

#[test]
fn sketches_of_one_name_have_different_labels() {
    let space = Space::with(&["x/Same/Same.ino", "y/Same/Same.ino"]);
    let found = find(&space, &["x", "y"]).unwrap();
    assert_eq!(labels(&space, &found), ["x/Same", "y/Same"]);
}

#[test]
fn a_folder_without_a_main_file_is_a_failed_sketch_and_does_not_stop_the_others() {
    let space = Space::with(&[
        "ex/bad/other.ino",
        "ex/good/good.ino",
        "ex/two/two.ino",
        "ex/two/two.pde",
    ]);
    let found = find(&space, &["ex/bad", "ex/good", "ex/two"]).unwrap();
    assert_eq!(labels(&space, &found), ["ex/bad", "ex/good", "ex/two"]);
    assert!(matches!(
        found.sketches[0].sketch,
        Err(SketchError::NoMainFile { .. })
    ));
    assert!(found.sketches[1].sketch.is_ok());
    assert!(matches!(
        found.sketches[2].sketch,
        Err(SketchError::TwoMainFiles { .. })
    ));
    // Met on the way, it is only mentioned; two main files fail there, too.
    let found = find(&space, &["ex"]).unwrap();
    assert_eq!(labels(&space, &found), ["ex/good", "ex/two"]);
    assert_eq!(found.strays, [space.at("ex/bad")]);
}

#[test]
fn a_text_beside_sketch_folders_is_a_stray() {
    let space = Space::with(&["ex/loose.ino", "ex/a/a.ino"]);
    let found = find(&space, &["ex"]).unwrap();
    assert_eq!(labels(&space, &found), ["ex/a"]);
    assert_eq!(found.strays, [space.at("ex")]);
}

#[test]
fn arguments_that_hold_nothing() {
    let space = Space::with(&["ex/a/a.ino", "ex/README.md", "ex/assets/logo.png"]);
    let error = |args: &[&str]| find(&space, args).unwrap_err();
    assert!(
        matches!(error(&["ex/none"]), FindError::Absent { argument } if argument.ends_with("none"))
    );
    assert!(matches!(
        error(&["ex", "ex/none"]),
        FindError::Absent { .. }
    ));
    assert!(
        matches!(error(&["ex/README.md"]), FindError::NotASketch { argument } if argument.ends_with("README.md"))
    );
    assert!(
        matches!(error(&["ex/assets"]), FindError::Empty { argument } if argument.ends_with("assets"))
    );
    // What a shell makes of `ex/*`.
    let found = find(&space, &["ex/README.md", "ex/a", "ex/assets"]).unwrap();
    assert_eq!(labels(&space, &found), ["ex/a"]);
    assert_eq!(
        found.ignored,
        [space.at("ex/README.md"), space.at("ex/assets")]
    );
    assert!(find(&space, &[]).unwrap().sketches.is_empty());
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_with_a_name_outside_utf8_fails_alone() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let space = Space::with(&["ex/a/a.ino", "ex/z/z.ino"]);
    let odd = space
        .at("ex")
        .as_std_path()
        .join(OsStr::from_bytes(b"m\xfcll"));
    fs_err::create_dir(&odd).unwrap();
    let found = find(&space, &["ex"]).unwrap();
    assert_eq!(found.sketches.len(), 3);
    let failed: Vec<_> = found
        .sketches
        .iter()
        .filter_map(|one| one.sketch.as_ref().err())
        .collect();
    let [error] = failed[..] else {
        panic!("{failed:?}")
    };
    assert!(error.to_string().contains("not UTF-8"), "{error}");
}

#[test]
#[cfg(unix)]
fn a_folder_that_cannot_be_listed_fails_alone() {
    use std::os::unix::fs::PermissionsExt;
    let space = Space::with(&["ex/a/a.ino", "ex/shut/x.txt"]);
    let mode = |mode| {
        fs_err::set_permissions(space.at("ex/shut"), std::fs::Permissions::from_mode(mode)).unwrap()
    };
    mode(0o000);
    let found = without_root(|| find(&space, &["ex"]));
    mode(0o755);
    let found = found.unwrap();
    assert_eq!(labels(&space, &found), ["ex/a", "ex/shut"]);
    assert!(
        found.sketches[1]
            .sketch
            .as_ref()
            .unwrap_err()
            .to_string()
            .contains("shut")
    );
}
