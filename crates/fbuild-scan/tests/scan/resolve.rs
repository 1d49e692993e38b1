//! Choosing a library: semantics 5.3.

use fbuild_scan::library::Location;
use fbuild_scan::library::index::{LibraryIndex, Root};
use fbuild_scan::library::resolve::{ArchitectureFit, NameFit, Resolution, resolve};

use crate::space::Space;

/// Libraries that all offer one header, as (folder, name, architectures).
fn index(
    space: &Space,
    header: &str,
    libraries: &[(&str, &str, &str)],
    location: Location,
) -> LibraryIndex {
    let mut roots = Vec::new();
    for (folder, name, architectures) in libraries {
        space.write(&format!("{folder}/{header}"), "");
        space.write(
            &format!("{folder}/library.properties"),
            format!("name={name}\narchitectures={architectures}\n"),
        );
        let root = space.at(folder).parent().unwrap().to_owned();
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    LibraryIndex::new(roots.into_iter().map(|root| Root::folder(root, location))).unwrap()
}

fn choose(header: &str, libraries: &[(&str, &str, &str)]) -> (Space, Resolution) {
    let space = Space::new();
    let index = index(&space, header, libraries, Location::User);
    let resolution = resolve(&index, header, "avr").unwrap();
    (space, resolution)
}

fn chosen(header: &str, libraries: &[(&str, &str, &str)]) -> String {
    let (space, resolution) = choose(header, libraries);
    space.relative([&resolution.chosen.library.dir])[0].clone()
}

#[test]
fn s5_3_points_for_the_architecture() {
    let libraries = [
        ("l/a", "one", "*"),
        ("l/b", "two", "avr"),
        ("l/c", "three", "samd"),
        ("l/d", "four", "samd,avr"),
        ("l/e", "five", "AVR"),
    ];
    let (_space, resolution) = choose("H.h", &libraries);
    let scores: Vec<_> = std::iter::once(&resolution.chosen)
        .chain(&resolution.others)
        .map(|candidate| {
            (
                candidate.library.name.clone(),
                candidate.score,
                candidate.architecture,
            )
        })
        .collect();
    assert_eq!(scores.len(), 5);
    for (name, score, fit) in [
        ("one", 1003, ArchitectureFit::Independent),
        ("two", 1013, ArchitectureFit::Listed),
        ("three", 103, ArchitectureFit::Incompatible),
        ("four", 1013, ArchitectureFit::Listed),
        ("five", 3, ArchitectureFit::Incompatible),
    ] {
        assert!(
            scores.contains(&(name.to_owned(), score, fit)),
            "{name}: {scores:?}"
        );
    }
    assert!(resolution.others.is_sorted_by(|a, b| a.score >= b.score));
}

#[test]
fn s5_3_points_for_the_name() {
    for (folder, name, fit) in [
        ("Servo", "Servo", NameFit::Both),
        ("servo", "SERVO", NameFit::Both),
        ("Servo", "other", NameFit::One),
        ("other", "Servo", NameFit::One),
        ("Servo-main", "x", NameFit::Main),
        ("x", "servo-main", NameFit::Main),
        ("Servo-master", "x", NameFit::Master),
        ("ServoEasing", "x", NameFit::Prefix),
        ("x", "Servo_2", NameFit::Prefix),
        ("Servo-1.0", "x", NameFit::Prefix),
        ("My Servo", "x", NameFit::Suffix),
        ("x", "aServoB", NameFit::Inside),
        ("x", "y", NameFit::Unrelated),
        ("Serv", "ervo", NameFit::Unrelated),
    ] {
        let (_space, resolution) = choose("Servo.h", &[(&format!("l/{folder}"), name, "*")]);
        assert_eq!(resolution.chosen.name, fit, "{folder}, {name}");
    }
}

#[test]
fn s5_3_names_are_simplified_before_they_are_compared() {
    for (header, folder, fit) in [
        ("My_Lib.h", "My Lib", NameFit::Both),
        ("My_Lib.h", "My+Lib", NameFit::Both),
        ("My-Lib.h", "My-Lib", NameFit::Both),
        ("My-Lib.h", "My_Lib", NameFit::Unrelated),
        ("_x.h", "-x", NameFit::Both),
        ("a.b.h", "a.b", NameFit::Both),
        ("Größe.h", "Gr__e", NameFit::Both),
    ] {
        let (_space, resolution) = choose(header, &[(&format!("l/{folder}"), folder, "*")]);
        assert_eq!(resolution.chosen.name, fit, "{header}, {folder}");
    }
}

#[test]
fn s5_3_the_name_outweighs_the_architecture_and_the_place_counts_least() {
    // 1000 + 700 against 1010 + 600.
    assert_eq!(
        chosen(
            "Servo.h",
            &[("l/Servo", "Servo", "*"), ("l/Other", "Servo", "avr")]
        ),
        "l/Servo"
    );
    // 0 + 700 against 1000.
    assert_eq!(
        chosen(
            "Servo.h",
            &[("l/Servo", "Servo", "samd"), ("l/Other", "Other", "*")]
        ),
        "l/Other"
    );
    // An incompatible library wins when it is alone.
    assert_eq!(
        chosen("Servo.h", &[("l/Servo", "Servo", "samd")]),
        "l/Servo"
    );
}

#[test]
fn s5_3_points_for_the_location() {
    let space = Space::new();
    for root in ["ide", "core", "board", "user"] {
        space.write(&format!("{root}/Same/Same.h"), "");
    }
    space.write("single/Quite_Else/Same.h", "");
    let folder = |dir: &str, location| Root::folder(space.at(dir), location);
    let mut roots = vec![folder("ide", Location::BuiltIn)];
    let mut check = |root: Option<Root>, expect: &str, score: u32| {
        roots.extend(root);
        let index = LibraryIndex::new(roots.clone()).unwrap();
        let resolution = resolve(&index, "Same.h", "avr").unwrap();
        assert_eq!(space.relative([&resolution.chosen.library.dir]), [expect]);
        assert_eq!(resolution.chosen.score, score);
    };
    check(None, "ide/Same", 1700);
    check(
        Some(folder("core", Location::CorePlatform)),
        "core/Same",
        1701,
    );
    check(
        Some(folder("board", Location::BoardPlatform)),
        "board/Same",
        1702,
    );
    check(Some(folder("user", Location::User)), "user/Same", 1703);
    check(
        Some(Root::library(space.at("single/Quite_Else"))),
        "single/Quite_Else",
        11000,
    );
}

#[test]
fn s5_3_ties_go_to_the_most_similar_name() {
    // `er` and `rv` of `Servo.h` are in the first name only.
    assert_eq!(
        chosen("Servo.h", &[("l/1", "vox", "*"), ("l/2", "nervous", "*")]),
        "l/2"
    );
    // Upper case in the header matches nothing in a name that was made lower case.
    assert_eq!(
        chosen("SERVO.h", &[("l/1", "nervous", "*"), ("l/2", "abc", "*")]),
        "l/2"
    );
    // Copies under one name count together.
    assert_eq!(
        chosen(
            "Servo.h",
            &[
                ("l/1", "verve", "*"),
                ("l/2", "vot", "*"),
                ("l/3", "vot", "*"),
                ("l/4", "erx", "*")
            ]
        ),
        "l/2"
    );
}

#[test]
fn s5_3_without_a_shared_pair_the_smallest_name_wins() {
    assert_eq!(
        chosen(
            "Q.h",
            &[
                ("l/1", "beta", "*"),
                ("l/2", "alpha", "*"),
                ("l/3", "gamma", "*")
            ]
        ),
        "l/2"
    );
    assert_eq!(
        chosen("Q.h", &[("l/1", "beta", "*"), ("l/2", "Zeta", "*")]),
        "l/2"
    );
}

#[test]
fn s5_3_of_copies_the_first_folder_given_wins() {
    assert_eq!(
        chosen(
            "Servo.h",
            &[("z/Servo", "Servo", "*"), ("a/Servo", "Servo", "*")]
        ),
        "z/Servo"
    );
    assert_eq!(
        chosen(
            "Servo.h",
            &[("z/s1", "My Servo", "*"), ("a/s1", "My_Servo", "*")]
        ),
        "z/s1"
    );
}

#[test]
fn a_header_that_nobody_offers_has_no_resolution() {
    let space = Space::new();
    let index = index(&space, "A.h", &[("l/A", "A", "*")], Location::User);
    for header in ["B.h", "a.h", "x/A.h", "A", ""] {
        assert!(resolve(&index, header, "avr").is_none(), "{header}");
    }
}

#[test]
fn a_candidate_explains_itself() {
    let (_space, resolution) = choose(
        "Servo.h",
        &[("l/Servo", "Servo", "avr"), ("l/ServoX", "x", "samd")],
    );
    assert_eq!(
        resolution.chosen.to_string(),
        "score 1713: made for this architecture, name and folder equal the header, user"
    );
    assert_eq!(
        resolution.others[0].to_string(),
        "score 303: for other architectures, name begins with the header's, user"
    );
}
