//! `--audit`: cached results are made again and compared.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, Entry, Lookup};
use fbuild_model::Fingerprint;
use fbuild_testkit::{Project, Run, Tree, need, needs};

const SKETCHES: [&str; 3] = ["S1", "S2", "S3"];

/// Sketches of a library, for the real compiler.
fn users_of_a_library() -> Project {
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild")).library(
        "Lib",
        &[
            ("Lib.h", "int one();\nint two();\n"),
            ("one.cpp", "#include \"Lib.h\"\nint one() { return 461; }\n"),
            ("two.cpp", "#include \"Lib.h\"\nint two() { return 577; }\n"),
        ],
    );
    SKETCHES.iter().fold(project, |project, name| {
        let text = format!(
            "#include <Lib.h>\nvoid setup() {{ Serial.begin(one()); }}\nvoid loop() {{ Serial.println(two()); Serial.println(\"{name}\"); }}\n"
        );
        project.sketch(name, &text)
    })
}

fn built(project: &Project, args: &[&str]) -> Run {
    let out = project.path("out");
    project
        .compile_for("uno", SKETCHES)
        .args(["--output-dir", out.as_str()])
        .args(args)
        .run()
}

fn hexes(project: &Project) -> Vec<Vec<u8>> {
    let out = project.path("out");
    let tree = Tree::read(&out);
    let files = tree.files().into_iter();
    files
        .filter(|path| path.extension() == Some("hex"))
        .map(|path| fs_err::read(out.join(path)).unwrap())
        .collect()
}

/// Returns the results in the cache, with their fingerprints.
fn results(project: &Project) -> Vec<(Fingerprint, Entry)> {
    let root = project.cache();
    let cache = Cache::open(&root).unwrap();
    let tree = Tree::read(&root);
    let files = tree.files().into_iter();
    files
        .filter(|path| path.as_str().contains("/entries/"))
        .map(|path| {
            let name = serde_json::json!(path.file_name().unwrap());
            let fingerprint: Fingerprint = serde_json::from_value(name).unwrap();
            let Lookup::Hit(entry) = cache.lookup(fingerprint) else {
                panic!("{path} is no result");
            };
            (fingerprint, entry)
        })
        .collect()
}

/// Lists the files of the results in the cache.
fn stored(project: &Project) -> Vec<Utf8PathBuf> {
    let tree = Tree::read(&project.cache());
    let is_result =
        |path: &&Utf8Path| path.as_str().contains("/blobs/") || path.as_str().contains("/entries/");
    let files = tree.files().into_iter().filter(is_result);
    files.map(Utf8Path::to_owned).collect()
}

/// Gives a result the outputs of another, with their digests and sizes, so that nothing is damaged.
fn give(project: &Project, (fingerprint, result): &(Fingerprint, Entry), other: &Entry) {
    let other = &Entry {
        outputs: other.outputs.clone(),
        ..result.clone()
    };
    let fingerprint = *fingerprint;
    let cache = Cache::open(&project.cache()).unwrap();
    cache.evict(fingerprint);
    let Lookup::Miss(slot) = cache.lookup(fingerprint) else {
        panic!("it was evicted");
    };
    let paths: Vec<_> = other
        .outputs
        .iter()
        .map(|output| cache.blob(output.digest))
        .collect();
    assert!(cache.publish_known(slot, other, paths.iter().map(|path| path.as_path())));
}

#[test]
fn every_result_of_the_real_compiler_is_made_the_same_again() {
    needs!(need::AVR);
    let project = users_of_a_library();
    built(&project, &["--pch", "on"]).ok();
    let before = stored(&project);
    // Nothing has changed, so that without the audit no result would be looked up.
    let run = built(&project, &["--pch", "on", "--audit", "10000"]).ok();
    let audit = run.report()["audit"].clone();
    let number = |key: &str| audit[key].as_u64().unwrap();
    assert!(number("hits") > 30, "{audit}");
    assert_eq!(number("rebuilt"), number("hits"), "{audit}");
    assert_eq!(audit["differences"], serde_json::json!([]));
    assert!(run.stderr.contains(", 0 differences"), "{}", run.stderr);
    assert_eq!(stored(&project), before, "an audit publishes nothing");
}

#[test]
fn a_wrong_result_that_is_whole_is_found_by_an_audit_alone() {
    needs!(need::AVR);
    let project = users_of_a_library();
    let object = |(_, entry): &&(Fingerprint, Entry)| entry.outputs[0].name == "one.cpp.o";
    built(&project, &["--pch", "off"]).ok();
    let (old, wrong) = (results(&project), hexes(&project));
    let old = old.iter().find(object).unwrap();
    let source = project.path("libraries/Lib/one.cpp");
    fs_err::write(&source, "#include \"Lib.h\"\nint one() { return 462; }\n").unwrap();
    built(&project, &["--pch", "off"]).ok();
    let (new, expect) = (results(&project), hexes(&project));
    assert!(expect != wrong);
    let is_new = |of: &&(Fingerprint, Entry)| object(of) && of.0 != old.0;
    give(&project, new.iter().find(is_new).unwrap(), &old.1);

    // Nothing shows that the firmware is wrong but the audit.
    fs_err::remove_dir_all(project.path("out")).unwrap();
    built(&project, &["--pch", "off"]).ok();
    assert!(hexes(&project) == wrong);
    let run = built(&project, &["--pch", "off", "--audit", "10000"]);
    assert_eq!(run.code(), Some(1), "{}", run.transcript());
    let differences = run.report()["audit"]["differences"].clone();
    assert_eq!(differences.as_array().unwrap().len(), 1, "{differences}");
    let difference = &differences[0];
    let label = difference["label"].as_str().unwrap();
    assert!(label.contains("one.cpp"), "{differences}");
    assert_ne!(difference["cached"], difference["rebuilt"]);
    for key in ["cached", "rebuilt"] {
        let digest = difference[key].as_str().unwrap();
        assert!(run.stderr.contains(digest), "{}", run.transcript());
    }

    // The result is no longer in the cache, and the firmware made of it not up to date.
    built(&project, &["--pch", "off"]).ok();
    assert!(hexes(&project) == expect);
    built(&project, &["--pch", "off", "--audit", "10000"]).ok();
}
