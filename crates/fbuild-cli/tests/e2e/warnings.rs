//! Warnings of libraries and sketches, and firmware that is too big.

use fbuild_testkit::need::AVR;
use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Project, needs};

use crate::{pairs, project};

#[test]
fn warnings_are_denied_where_they_are_also_from_the_cache() {
    let project = project()
        .simple_library("Noisy", "// fake: warn comparison of integers")
        .sketch("A", &format!("#include <Noisy.h>\n{PLAIN}"))
        .sketch("B", &format!("// fake: warn unused variable\n{PLAIN}"));
    let exit = |deny: &str, sketch: &str| {
        let args = ["--libraries", "libraries", "--warnings", "all", deny];
        let run = project.compile([sketch]).args(args).run();
        run.code().unwrap()
    };
    // The second round takes everything from the cache.
    for _ in 0..2 {
        for (deny, library, sketch) in [
            ("--deny-warnings=sketch", 0, 1),
            ("--deny-warnings=library", 1, 0),
            ("--deny-warnings=all", 1, 1),
            ("--deny-warnings", 1, 1),
        ] {
            assert_eq!(exit(deny, "A"), library, "{deny}, library");
            assert_eq!(exit(deny, "B"), sketch, "{deny}, sketch");
        }
    }
    let args = ["--libraries", "libraries", "--warnings", "all"];
    let run = project.compile(["A", "B"]).args(args).run().ok();
    run.says("comparison of integers").says("unused variable");
}

#[test]
fn an_overflow_names_the_section_and_the_excess() {
    needs!(AVR);
    // A constant that the program reads, so that the linker keeps it.
    let big = |bytes: u32| {
        format!(
            "#include <avr/pgmspace.h>\nconst byte data[{bytes}] PROGMEM = {{1}};\nconst byte more[{bytes}] PROGMEM = {{2}};\nvoid setup() {{ pinMode(pgm_read_byte(data + analogRead(0)), pgm_read_byte(more + analogRead(1))); }}\nvoid loop() {{}}\n"
        )
    };
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild"))
        .sketch("Linked", &big(20_000))
        .sketch(
            "Ram",
            "byte frame[2500];\nvoid setup() {}\nvoid loop() { frame[analogRead(0)]++; }\n",
        );
    let run = project
        .compile_for("uno", ["Linked", "Ram"])
        .run()
        .expect_code(1);
    let report = run.report();
    let cause = |index: usize| report["sketches"][index]["cause"].to_string();
    for index in 0..2 {
        assert!(cause(index).contains("overflow"), "{}", cause(index));
    }
    run.says("flash").says("RAM");
}

#[test]
fn a_rule_allows_an_overflow() {
    let rule = "[[rule]]\nsketches = [\"Big*\"]\nallow-overflow = true\n";
    let project = project()
        .sketch(
            "a/BigOne",
            "// fake: size 500 5190\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch("a/Good", PLAIN)
        .sketch(
            "a/BigTypo",
            "// fake: fail expected ';'\nvoid setup() {}\nvoid loop() {}\n",
        )
        .file("fbuild.toml", rule);
    let run = project.compile_many(["a"]).expect_code(1);
    let expected = [
        ("a/BigOne", "skipped"),
        ("a/BigTypo", "failed"),
        ("a/Good", "built"),
    ];
    assert_eq!(run.outcomes(), pairs(&expected));
    let without = project.compile_many(["a/BigOne", "a/Good"]).ok();
    assert!(
        without.stdout.contains("allow-overflow"),
        "{}",
        without.transcript()
    );
    project.write("fbuild.toml", "");
    project.compile_many(["a/BigOne"]).expect_code(1);
}
