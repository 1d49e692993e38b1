//! Libraries and the index: semantics 2.3 and 5.2.

use fbuild_scan::library::index::{LibraryIndex, Root};
use fbuild_scan::library::precompiled::binaries;
use fbuild_scan::library::{
    Layout, Library, LibraryError, Location, Precompiled, containing_library, enclosing_library,
};
use fbuild_scan::sources::Depth;

use crate::space::Space;

fn load(space: &Space, dir: &str) -> Library {
    Library::load(&space.at(dir), Location::User).unwrap()
}

fn with_properties(space: &Space, dir: &str, text: &str) -> Library {
    space.write(&format!("{dir}/library.properties"), text);
    load(space, dir)
}

#[test]
fn s2_3_recursive_layout() {
    let space = Space::with(&[
        "L/library.properties",
        "L/src/L.h",
        "L/src/b.cpp",
        "L/src/a/x.c",
        "L/src/a/In.h",
        "L/src/.h/n.c",
        "L/root.cpp",
        "L/Root.h",
        "L/examples/E/E.cpp",
        "L/extras/e.c",
        "L/tests/t.cpp",
        "L/utility/u.c",
    ]);
    let library = with_properties(&space, "L", "name=Lib\n");
    assert_eq!(library.layout, Layout::Recursive);
    assert_eq!(library.include_dir(), space.at("L/src"));
    assert_eq!(library.private_include_dir(), None);
    assert_eq!(library.headers, ["L.h"]);
    assert_eq!(
        space.relative(library.scanned_sources().unwrap()),
        ["L/src/a/x.c", "L/src/b.cpp"]
    );
    let sets = library.source_sets();
    assert_eq!((sets.len(), sets[0].depth), (1, Depth::Recursive));
}

#[test]
fn s2_3_flat_layout() {
    let space = Space::with(&[
        "L/L.h",
        "L/M.hpp",
        "L/N.hh",
        "L/n.hxx",
        "L/z.cpp",
        "L/a.c",
        "L/sub/s.c",
        "L/utility/u.c",
        "L/utility/deep/v.c",
        "L/utility/U.h",
    ]);
    let library = with_properties(&space, "L", "name=Lib\n");
    assert_eq!(library.layout, Layout::Flat);
    assert_eq!(library.include_dir(), space.at("L"));
    assert_eq!(
        library.private_include_dir().unwrap(),
        space.at("L/utility")
    );
    assert_eq!(library.headers, ["L.h", "M.hpp", "N.hh"]);
    assert_eq!(
        space.relative(library.scanned_sources().unwrap()),
        ["L/a.c", "L/z.cpp", "L/utility/u.c"]
    );
    let linked: Vec<_> = library
        .linked_sources()
        .unwrap()
        .iter()
        .map(|set| space.relative(set))
        .collect();
    assert_eq!(linked, [vec!["L/a.c", "L/z.cpp"], vec!["L/utility/u.c"]]);
}

#[test]
fn s2_3_1_legacy_libraries_are_flat_and_need_a_header() {
    let space = Space::with(&[
        "Old-Lib/Old.h",
        "Old-Lib/src/new.cpp",
        "Old-Lib/o.cpp",
        "Bare/only.cpp",
        "Bare/src/H.h",
        "Bare/t.txt",
    ]);
    let library = load(&space, "Old-Lib");
    assert!(library.legacy && library.layout == Layout::Flat);
    assert_eq!(
        (library.name.as_str(), library.version.as_str()),
        ("Old-Lib", "")
    );
    assert_eq!(library.architectures, ["*"]);
    assert_eq!(
        space.relative(library.scanned_sources().unwrap()),
        ["Old-Lib/o.cpp"]
    );
    let error = Library::load(&space.at("Bare"), Location::User).unwrap_err();
    assert!(
        matches!(&error, LibraryError::NoHeader { dir } if dir.ends_with("Bare")),
        "{error}"
    );
}

#[test]
fn s2_3_4_fields() {
    let space = Space::with(&["L/src/L.h"]);
    let library = with_properties(
        &space,
        "L",
        "name= My Lib \nversion=1.2\narchitectures=avr, samd ,\ndot_a_linkage=true\nprecompiled=full\nldflags= -lm -lx \n",
    );
    assert_eq!(
        (library.name.as_str(), library.version.as_str()),
        ("My Lib", "1.2")
    );
    assert_eq!(library.architectures, ["avr", "samd", ""]);
    assert!(library.dot_a_linkage);
    assert_eq!(library.precompiled, Precompiled::Full);
    assert_eq!(library.ldflags, "-lm -lx");
    assert_eq!(library.folder_name(), "L");
    let library = with_properties(&space, "L", "name=\ndot_a_linkage=yes\nprecompiled=true\n");
    assert_eq!(
        (
            library.name.as_str(),
            library.dot_a_linkage,
            library.precompiled
        ),
        ("-", false, Precompiled::Yes)
    );
    assert_eq!(library.architectures, ["*"]);
    let library = with_properties(&space, "L", "# no fields\n");
    assert_eq!(
        (library.name.as_str(), library.precompiled),
        ("-", Precompiled::No)
    );
}

#[test]
fn s5_1_3_a_fully_precompiled_library_is_not_scanned_but_can_be_compiled() {
    let space = Space::with(&["L/src/L.h", "L/src/l.cpp"]);
    let library = with_properties(&space, "L", "name=L\nprecompiled=full\n");
    assert!(library.scanned_sources().unwrap().is_empty());
    assert_eq!(
        space.relative(&library.linked_sources().unwrap()[0]),
        ["L/src/l.cpp"]
    );
}

#[test]
fn s2_3_5_an_arch_folder_makes_a_library_unusable() {
    let space = Space::with(&[
        "New/src/N.h",
        "New/arch/avr/x.c",
        "Legacy/L.h",
        "Legacy/arch/avr/x.c",
        "File/src/F.h",
        "File/arch",
    ]);
    assert!(
        with_properties(&space, "New", "name=New\n")
            .unusable()
            .unwrap()
            .contains("'arch' folder is no longer supported")
    );
    assert_eq!(load(&space, "Legacy").unusable(), None);
    assert_eq!(
        with_properties(&space, "File", "name=File\n").unusable(),
        None
    );
}

#[test]
fn s5_4_2_which_architectures_a_library_supports() {
    let space = Space::with(&["L/L.h"]);
    let check = |list: &str, board: &[&str], expect: bool| {
        let library = with_properties(&space, "L", &format!("name=L\narchitectures={list}\n"));
        assert_eq!(library.supports(board), expect, "{list} on {board:?}");
    };
    check("*", &["avr"], true);
    check("avr", &["avr"], true);
    check("samd,avr", &["avr"], true);
    check("samd", &["avr"], false);
    check("AVR", &["avr"], false);
    check("samd", &["avr", "samd"], true);
    check("megaavr", &["avr"], false);
}

#[test]
#[cfg(unix)]
fn s2_3_8_links_are_followed_but_not_resolved() {
    let space = Space::with(&["real/L/src/L.h", "real/L/src/l.cpp", "libs/.hidden/H.h"]);
    space.write("real/L/library.properties", "name=L\n");
    space.link("libs/Linked", "real/L");
    let index = LibraryIndex::new([Root::folder(space.at("libs"), Location::User)]).unwrap();
    let [library] = index.libraries() else {
        panic!("{index:?}")
    };
    assert_eq!(library.include_dir(), space.at("libs/Linked/src"));
    assert_eq!(library.real_dir, space.at("real/L"));
    assert_eq!(library.folder_name(), "Linked");
    assert_eq!(
        space.relative(library.scanned_sources().unwrap()),
        ["libs/Linked/src/l.cpp"]
    );
}

#[test]
fn relative_folders_become_absolute_without_dots() {
    let library = Library::load("../../examples/../examples".into(), Location::User);
    assert!(
        matches!(library, Err(LibraryError::NoHeader { dir }) if dir.is_absolute() && !dir.as_str().contains(".."))
    );
}

#[test]
fn s5_2_roots_ranks_and_double_listings() {
    let space = Space::with(&[
        "a/One/One.h",
        "a/Two/Two.h",
        "b/One/One.h",
        "b/Three/Three.h",
    ]);
    let index = LibraryIndex::new([
        Root::library(space.at("b/Three")),
        Root::folder(space.at("a"), Location::User),
        Root::folder(space.at("missing"), Location::User),
        Root::folder(space.at("b"), Location::BoardPlatform),
        Root::folder(space.at("a/."), Location::User),
        Root::folder(space.at("b"), Location::CorePlatform),
    ])
    .unwrap();
    let all: Vec<_> = index
        .libraries()
        .iter()
        .map(|library| (space.relative([&library.dir])[0].clone(), library.location))
        .collect();
    assert_eq!(
        all,
        [
            ("b/Three".into(), Location::Explicit),
            ("a/One".into(), Location::User),
            ("a/Two".into(), Location::User),
            ("b/One".into(), Location::BoardPlatform),
        ]
    );
    assert_eq!(index.candidates("One.h").len(), 2);
    assert_eq!(index.candidates("Three.h").len(), 1);
    assert_eq!(index.candidates("three.h").len(), 0);
    assert!(index.warnings().is_empty(), "{:?}", index.warnings());
    assert_eq!(index.roots().len(), 4);
}

#[test]
fn s1_2_2_a_library_with_invalid_properties_is_skipped_with_a_warning() {
    let space = Space::with(&[
        "libs/Good/Good.h",
        "libs/Bad/src/Bad.h",
        "libs/notes/readme.txt",
        "libs/file.h",
    ]);
    space.write(
        "libs/Bad/library.properties",
        "name=Bad\nthis is not a property\n",
    );
    let index = LibraryIndex::new([Root::folder(space.at("libs"), Location::User)]).unwrap();
    assert_eq!(index.libraries().len(), 1);
    let [warning] = index.warnings() else {
        panic!("{:?}", index.warnings())
    };
    assert!(
        warning.contains("libs/Bad") && warning.contains("library.properties"),
        "{warning}"
    );
    let error = LibraryIndex::new([Root::library(space.at("libs/Bad"))]).unwrap_err();
    assert!(matches!(error, LibraryError::Properties { .. }));
    let error = LibraryIndex::new([Root::library(space.at("libs/none"))]).unwrap_err();
    assert!(matches!(error, LibraryError::Absent { .. }));
}

#[test]
fn s2_3_3_only_base_names_of_the_root_are_indexed() {
    let space = Space::with(&[
        "libs/L/src/L.h",
        "libs/L/src/deep/D.h",
        "libs/L/src/u.hpp",
        "libs/L/extra.h",
    ]);
    space.write(
        "libs/L/library.properties",
        "name=L\nincludes=deep/D.h,extra.h\n",
    );
    let index = LibraryIndex::new([Root::folder(space.at("libs"), Location::User)]).unwrap();
    for (header, count) in [
        ("L.h", 1),
        ("u.hpp", 1),
        ("D.h", 0),
        ("deep/D.h", 0),
        ("extra.h", 0),
    ] {
        assert_eq!(index.candidates(header).len(), count, "{header}");
    }
}

#[test]
fn the_enclosing_library_is_the_nearest_one() {
    let space = Space::with(&[
        "Lib/library.properties",
        "Lib/examples/a/b/b.ino",
        "Lib/inner/library.properties",
        "Lib/inner/ex/e.ino",
        "x/y.ino",
    ]);
    let enclosing = |dir: &str| enclosing_library(&space.at(dir), &[]);
    assert_eq!(enclosing("Lib/examples/a/b"), Some(space.at("Lib")));
    assert_eq!(enclosing("Lib/inner/ex"), Some(space.at("Lib/inner")));
    assert_eq!(enclosing("Lib"), Some(space.at("Lib")));
    assert_eq!(enclosing("x"), None);
}

#[test]
fn the_search_for_the_enclosing_library_ends_at_the_repository_or_the_sketchbook() {
    let space = Space::with(&[
        "library.properties",
        "repo/.git/HEAD",
        "repo/a/a.ino",
        "checkout/.git",
        "checkout/library.properties",
        "checkout/examples/e/e.ino",
        "book/b/b.ino",
    ]);
    let enclosing = |dir: &str| enclosing_library(&space.at(dir), &[space.at("book")]);
    assert_eq!(enclosing("repo/a"), None);
    assert_eq!(enclosing("checkout/examples/e"), Some(space.at("checkout")));
    assert_eq!(enclosing("book/b"), None);
    assert_eq!(containing_library(&space.at("repo/a")), Some(space.at(".")));
}

#[test]
fn s2_3_6_binaries_by_controller() {
    let space = Space::with(&[
        "L/src/L.h",
        "L/src/cortex-m4/libzoo.a",
        "L/src/cortex-m4/libant.so",
        "L/src/cortex-m4/blob.a",
        "L/src/cortex-m4/notes.txt",
        "L/src/cortex-m4/fpv4-hard/libhard.a",
        "L/src/cortex-m0/readme.md",
    ]);
    fs_err::create_dir_all(space.at("L/src/empty")).unwrap();
    let library = with_properties(&space, "L", "name=L\nprecompiled=true\nldflags=-lm\n");
    let dirs = |dirs: &[&str]| {
        dirs.iter()
            .map(camino::Utf8PathBuf::from)
            .collect::<Vec<_>>()
    };
    let found = binaries(&library, &dirs(&["cortex-m4"])).unwrap().unwrap();
    assert_eq!(
        found.ldflags,
        format!(" \"-L{}\" -lm -lant -lzoo", space.at("L/src/cortex-m4"))
    );
    assert_eq!(found.objects, [space.at("L/src/cortex-m4/blob.a")]);
    assert!(!found.replace_sources);
    let special = binaries(&library, &dirs(&["cortex-m4/fpv4-hard", "cortex-m4"]))
        .unwrap()
        .unwrap();
    assert_eq!(
        special.ldflags,
        format!(
            " \"-L{}\" -lm -lhard",
            space.at("L/src/cortex-m4/fpv4-hard")
        )
    );
    // Another unit falls back to the controller's folder.
    assert_eq!(
        binaries(&library, &dirs(&["cortex-m4/fpv5-soft", "cortex-m4"])).unwrap(),
        Some(found)
    );
    for mcu in ["empty", "none"] {
        assert_eq!(binaries(&library, &dirs(&[mcu])).unwrap(), None, "{mcu}");
    }
    assert_eq!(binaries(&library, &[]).unwrap(), None);
    let full = with_properties(&space, "L", "name=L\nprecompiled=full\n");
    assert!(
        binaries(&full, &dirs(&["cortex-m0"]))
            .unwrap()
            .unwrap()
            .replace_sources
    );
    let none = with_properties(&space, "L", "name=L\n");
    assert_eq!(binaries(&none, &dirs(&["cortex-m4"])).unwrap(), None);
}
