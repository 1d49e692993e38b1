//! Loading sketches: semantics 2.1.

use fbuild_scan::sketch::project::Project;
use fbuild_scan::sketch::{Sketch, SketchError};
use fbuild_testkit::without_root;

use crate::space::Space;

fn relative(sketch: &Sketch) -> Vec<&str> {
    sketch
        .additional
        .iter()
        .map(|file| file.relative.as_str())
        .collect()
}

#[test]
fn s2_1_1_a_folder_or_any_text_in_it_names_the_sketch() {
    let space = Space::with(&[
        "Rain/Rain.ino",
        "Rain/drops.ino",
        "Rain/old.pde",
        "Rain/notes.txt",
    ]);
    for argument in [
        "Rain",
        "Rain/Rain.ino",
        "Rain/drops.ino",
        "Rain/old.pde",
        "Rain/../Rain/.",
    ] {
        let sketch = Sketch::load(&space.at(argument)).unwrap();
        assert_eq!(sketch.name, "Rain", "{argument}");
        assert_eq!(sketch.dir, space.at("Rain"));
        assert_eq!(sketch.main, space.at("Rain/Rain.ino"));
        assert_eq!(sketch.project_name(), "Rain.ino");
        assert_eq!(sketch.generated_name(), "Rain.ino.cpp");
    }
    let error = Sketch::load(&space.at("Rain/notes.txt")).unwrap_err();
    assert!(matches!(error, SketchError::NotASketch { .. }), "{error}");
}

#[test]
fn s2_1_1_pde_is_a_main_file() {
    let space = Space::with(&["Old/Old.pde", "Old/more.ino"]);
    let sketch = Sketch::load(&space.at("Old")).unwrap();
    assert_eq!(sketch.main, space.at("Old/Old.pde"));
    assert_eq!(sketch.generated_name(), "Old.pde.cpp");
    assert_eq!(sketch.others, [space.at("Old/more.ino")]);
}

#[test]
fn s2_1_1_errors_name_what_is_missing() {
    let space = Space::with(&[
        "Two/Two.ino",
        "Two/Two.pde",
        "Other/other.ino",
        "Empty/readme.md",
        "Case/CASE.ino",
    ]);
    let check = |path: &str, parts: &[&str]| {
        let error = Sketch::load(&space.at(path)).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{path}: `{part}` is not in: {error}");
        }
    };
    check("none", &["none", "no such file or folder"]);
    check(
        "Two",
        &["multiple main sketch files found", "Two.ino", "Two.pde"],
    );
    check(
        "Other",
        &["Other contains other.ino", "rename it to Other.ino"],
    );
    check("Empty", &["no sketch in", "it has no Empty.ino"]);
    check("Case", &["Case contains CASE.ino; rename it to Case.ino"]);
}

#[test]
#[cfg(unix)]
fn s2_1_1_the_name_comes_from_the_target_of_a_link() {
    let space = Space::with(&["real/Rain/Rain.ino"]);
    space.link("Snow", "real/Rain");
    let sketch = Sketch::load(&space.at("Snow")).unwrap();
    assert_eq!(
        (sketch.name.as_str(), sketch.dir),
        ("Rain", space.at("real/Rain"))
    );
    // A link to the text alone leads to the text's folder, too.
    space.link("elsewhere/x.ino", "real/Rain/Rain.ino");
    assert_eq!(
        Sketch::load(&space.at("elsewhere/x.ino")).unwrap().name,
        "Rain"
    );
}

#[test]
fn s2_1_2_other_texts_are_of_the_root_only_and_sorted_as_bytes() {
    let space = Space::with(&[
        "S/S.ino",
        "S/b.ino",
        "S/B.pde",
        "S/_c.ino",
        "S/a.ino",
        "S/.#a.ino",
        "S/._a.ino",
        "S/backup/z.ino",
        "S/src/y.ino",
    ]);
    let sketch = Sketch::load(&space.at("S")).unwrap();
    assert_eq!(
        space.relative(&sketch.others),
        ["S/B.pde", "S/_c.ino", "S/a.ino", "S/b.ino"]
    );
    assert!(relative(&sketch).is_empty());
}

#[test]
fn s2_1_3_additional_files_by_extension_at_any_depth() {
    let kept = [
        "a.c", "a.cc", "a.cpp", "a.cxx", "a.h", "a.hh", "a.hpp", "a.ipp", "a.json", "a.md",
        "a.adoc", "a.tpp", "A.S",
    ];
    let dropped = [
        "b.inc", "b.txt", "b.bin", "b.inl", "b.def", "b.hxx", "b.s", "b.C", "b.H", "b.c++",
        "Makefile", ".d.h", "._e.cpp",
    ];
    let space = Space::with(&[
        "S/S.ino",
        "S/deep/er/x.h",
        "S/deep/er/x.inc",
        "S/.hidden/y.h",
        "S/src/z.cpp",
    ]);
    for file in kept.iter().chain(&dropped) {
        space.write(&format!("S/{file}"), "");
    }
    let sketch = Sketch::load(&space.at("S")).unwrap();
    let mut expect: Vec<&str> = kept
        .into_iter()
        .chain([".hidden/y.h", "deep/er/x.h", "src/z.cpp"])
        .collect();
    expect.sort_unstable();
    assert_eq!(relative(&sketch), expect);
}

#[test]
fn s2_1_3_build_directories_are_left_out() {
    let space = Space::with(&[
        "S/S.ino",
        "S/a.h",
        "S/build/uno/S.ino.cpp",
        "S/build/x.h",
        "S/out/build.options.json",
        "S/out/core/y.cpp",
        "S/sub/build/kept.h",
        "S/.fbuild/uno/z.h",
        "S/.git/objects/q.c",
    ]);
    assert_eq!(
        relative(&Sketch::load(&space.at("S")).unwrap()),
        ["a.h", "sub/build/kept.h"]
    );
}

#[test]
fn s2_1_5_which_copies_are_compiled() {
    let space = Space::with(&[
        "Mid/Mid.ino",
        "Mid/a.cpp",
        "Mid/z.c",
        "Mid/Low.S",
        "Mid/h.h",
        "Mid/lib/not.cpp",
        "Mid/src/b.cpp",
        "Mid/src/b/c.c",
        "Mid/src/.x/no.c",
        "Mid/src/CVS/no.c",
        "Mid/src/t.ino",
        "Mid/src/n.md",
    ]);
    let sketch = Sketch::load(&space.at("Mid")).unwrap();
    assert_eq!(
        sketch.root_units(),
        ["Low.S", "Mid.ino.cpp", "a.cpp", "z.c"]
    );
    assert_eq!(sketch.src_units(), ["src/b.cpp", "src/b/c.c"]);
    assert_eq!(
        sketch.scanned_units(),
        ["Low.S", "a.cpp", "z.c", "src/b/c.c", "src/b.cpp"]
    );
}

#[test]
#[cfg(unix)]
fn s2_1_7_broken_links_and_loops() {
    let broken = |name: &str| {
        let space = Space::with(&["S/S.ino"]);
        space.link(&format!("S/{name}"), "nowhere");
        Sketch::load(&space.at("S"))
    };
    for name in ["x.h", "x.cpp", "other.ino", "sub/x.hpp", "sub/x.S"] {
        let error = broken(name).unwrap_err();
        assert!(
            matches!(&error, SketchError::BrokenLink { path } if path.as_str().ends_with(name)),
            "{name}: {error}"
        );
    }
    for name in ["x.txt", "x.md", "x.json", "folder", "sub/old.ino", ".x.h"] {
        broken(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let space = Space::with(&["S/S.ino", "S/sub/a.h"]);
    space.link("S/sub/up", "S");
    let error = Sketch::load(&space.at("S")).unwrap_err().to_string();
    assert!(
        error.contains("symbolic link") && error.contains("sub/up"),
        "{error}"
    );
    let space = Space::with(&["S/keep"]);
    space.link("S/S.ino", "nowhere");
    assert!(matches!(
        Sketch::load(&space.at("S")).unwrap_err(),
        SketchError::BrokenLink { .. }
    ));
}

#[test]
#[cfg(target_os = "linux")]
fn names_outside_utf8_are_a_clear_error() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let space = Space::with(&["S/S.ino"]);
    let odd = |name: &[u8]| space.at("S").as_std_path().join(OsStr::from_bytes(name));
    fs_err::write(odd(b"n\xf6te.txt"), "").unwrap();
    Sketch::load(&space.at("S")).unwrap();
    fs_err::write(odd(b"n\xf6te.h"), "").unwrap();
    let error = Sketch::load(&space.at("S")).unwrap_err().to_string();
    assert!(
        error.contains("not UTF-8") && error.contains("te.h"),
        "{error}"
    );
}

#[test]
#[cfg(unix)]
fn an_unreadable_folder_is_an_error_that_names_it() {
    use std::os::unix::fs::PermissionsExt;
    let space = Space::with(&["S/S.ino", "S/shut/a.h"]);
    fs_err::set_permissions(space.at("S/shut"), std::fs::Permissions::from_mode(0o000)).unwrap();
    let loaded = without_root(|| Sketch::load(&space.at("S")));
    fs_err::set_permissions(space.at("S/shut"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let error = loaded.unwrap_err().to_string();
    assert!(error.contains("shut"), "{error}");
}

#[test]
fn odd_characters_in_names_are_ordinary() {
    let space = Space::new();
    for name in [
        "with blank",
        "par(en)s",
        "it's",
        "Größe",
        "a&b$c;d",
        "=x",
        "100%",
    ] {
        space.write(
            &format!("{name}/{name}.ino"),
            "void setup() {}\nvoid loop() {}\n",
        );
        assert_eq!(Sketch::load(&space.at(name)).unwrap().name, name);
    }
}

#[test]
fn s2_1_8_the_default_board_of_a_sketch() {
    let space = Space::with(&["S/S.ino", "T/T.ino"]);
    let default = |name: &str| Project::load(&space.at(name)).map(|project| project.default_fqbn);
    assert_eq!(default("S"), Ok(None));
    space.write("S/sketch.yml", "default_fqbn: a:b:c\n");
    assert_eq!(default("S"), Ok(Some("a:b:c".to_owned())));
    space.write(
        "S/sketch.yaml",
        "# ours\nprofiles:\n  x:\n    fqbn: q:r:s\ndefault_fqbn: d:e:f\r\n",
    );
    assert_eq!(default("S"), Ok(Some("d:e:f".to_owned())));
    space.write("T/sketch.yaml", "profiles: no\n");
    let error = default("T").unwrap_err();
    assert_eq!(error.path, space.at("T/sketch.yaml"));
}
