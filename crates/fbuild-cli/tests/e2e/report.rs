//! What programs read: result lines, phase TSV, JSON report, messages.

use fbuild_testkit::Project;
use fbuild_testkit::project::PLAIN;
use serde_json::Value;

use crate::project;

fn mixed() -> Project {
    project()
        .simple_library("X", "")
        .simple_library("Bad", "// fake: fail broken")
        .sketch(
            "Good",
            "#include <X.h>\n// fake: size 924 9\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch(
            "Fails",
            "// fake: fail typo\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch(
            "Blocked",
            "#include <Bad.h>\nvoid setup() {}\nvoid loop() {}\n",
        )
        .sketch(
            "Skipped",
            "// @filter: (platform is esp32)\nvoid setup() {}\nvoid loop() {}\n",
        )
}

const ALL: [&str; 4] = ["Good", "Fails", "Blocked", "Skipped"];

#[test]
fn there_is_one_line_per_sketch_in_input_order_on_standard_output() {
    let project = mixed();
    let run = project.compile_many(ALL).expect_code(1);
    let lines = run.lines();
    let told: Vec<(&str, bool, &str)> = lines
        .iter()
        .map(|line| (line.stage.as_str(), line.ok, line.sketch.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("stage2", true, "Good"),
            ("stage2", false, "Fails"),
            ("stage1", false, "Blocked")
        ]
    );
    assert!(
        lines[0].message.starts_with("924 bytes flash"),
        "{}",
        lines[0].message
    );
    let skip = run
        .stdout
        .lines()
        .find(|line| line.contains("[skip]"))
        .unwrap();
    assert!(
        skip.contains("Skipped") && skip.contains("platform is esp32"),
        "{skip}"
    );
    let names = run
        .stdout
        .lines()
        .filter(|line| ALL.iter().any(|name| line.contains(name)))
        .count();
    assert_eq!(names, 4, "{}", run.transcript());
    for line in &lines {
        assert!(
            line.log == "-" || project.path(&line.log).is_file(),
            "{line:?}"
        );
    }
}

#[test]
fn standard_output_carries_nothing_but_result_lines() {
    let run = mixed().compile_many(ALL).expect_code(1);
    for line in run.stdout.lines() {
        assert!(line.starts_with("  ["), "{line:?}");
    }
}

#[test]
fn the_phase_tsv_gets_a_header_once_and_rows_every_time() {
    let project = mixed();
    for round in 1..=2 {
        project
            .compile(["Good"])
            .args(["--phase-tsv", "phases.tsv"])
            .run()
            .ok();
        let text = project.read("phases.tsv");
        assert!(text.starts_with("phase\tseconds\n"), "{text}");
        assert_eq!(text.matches("phase\tseconds").count(), 1, "{text}");
        for phase in ["plan", "stage1_archives", "stage2_sketches"] {
            let rows: Vec<&str> = text
                .lines()
                .filter(|line| line.starts_with(&format!("{phase}\t")))
                .collect();
            assert_eq!(rows.len(), round, "{text}");
            for row in rows {
                let seconds = row.split('\t').nth(1).unwrap();
                assert!(
                    seconds.parse::<f64>().is_ok_and(|seconds| seconds >= 0.0),
                    "{row}"
                );
                assert_eq!(seconds.split('.').nth(1).map(str::len), Some(3), "{row}");
            }
        }
    }
}

#[test]
fn rows_of_others_in_the_phase_tsv_stay() {
    let project = mixed().file("phases.tsv", "phase\tseconds\nclone\t1.250\n");
    project
        .compile(["Good"])
        .args(["--phase-tsv", "phases.tsv"])
        .run()
        .ok();
    assert!(
        project
            .read("phases.tsv")
            .starts_with("phase\tseconds\nclone\t1.250\nplan\t"),
        "{}",
        project.read("phases.tsv")
    );
}

#[test]
fn the_phase_tsv_is_written_also_when_sketches_fail() {
    let project = mixed();
    project
        .compile(ALL)
        .args(["--phase-tsv", "phases.tsv"])
        .run()
        .expect_code(1);
    assert!(project.read("phases.tsv").contains("stage2_sketches\t"));
}

/// Fails unless `value` has the fields, given as `name: kind`.
fn has(value: &Value, fields: &[(&str, &str)]) {
    for (name, kind) in fields {
        let field = value
            .get(name)
            .unwrap_or_else(|| panic!("`{name}` is missing in {value}"));
        let fits = match *kind {
            "text" => field.is_string(),
            "number" => field.is_number(),
            "flag" => field.is_boolean(),
            "list" => field.is_array(),
            "object" => field.is_object(),
            "any" => true,
            _ => panic!("unknown kind {kind}"),
        };
        assert!(fits, "`{name}` is not a {kind}: {field}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn the_json_report_has_what_its_description_promises() {
    let report = mixed().compile_many(ALL).expect_code(1).report();
    assert_eq!(report["schema"]["name"], "fbuild-run");
    assert!(report["schema"]["version"].is_string());
    has(
        &report,
        &[
            ("tool", "object"),
            ("request", "object"),
            ("verdict", "text"),
            ("seconds", "number"),
            ("counts", "object"),
        ],
    );
    has(
        &report,
        &[
            ("plan", "object"),
            ("stages", "list"),
            ("sketches", "list"),
            ("misses", "list"),
            ("warnings", "list"),
        ],
    );
    let counts = &report["counts"];
    let count = |name: &str| counts[name].as_u64().unwrap();
    let told = [
        "requested",
        "built",
        "failed",
        "blocked",
        "skipped",
        "not_run",
        "cancelled",
    ]
    .map(count);
    assert_eq!(told, [4, 1, 1, 1, 1, 0, 0]);
    assert_eq!(report["stages"].as_array().unwrap().len(), 2);
    for stage in report["stages"].as_array().unwrap() {
        has(
            stage,
            &[
                ("name", "text"),
                ("complete", "flag"),
                ("seconds", "number"),
                ("cost", "object"),
                ("hits", "number"),
                ("ran", "number"),
            ],
        );
        has(
            &stage["cost"],
            &[
                ("wall_seconds", "number"),
                ("cpu_seconds", "number"),
                ("peak_memory", "number"),
                ("processes", "number"),
            ],
        );
        assert!(
            stage["cost"]["peak_memory"].as_u64().unwrap() > 100_000,
            "{stage}"
        );
    }
    for sketch in report["sketches"].as_array().unwrap() {
        has(
            sketch,
            &[
                ("board", "text"),
                ("name", "text"),
                ("dir", "text"),
                ("outcome", "text"),
                ("phase", "any"),
                ("log", "any"),
            ],
        );
        has(
            sketch,
            &[
                ("artifacts", "list"),
                ("flash", "any"),
                ("ram", "any"),
                ("warnings", "list"),
                ("seconds", "number"),
                ("libraries", "list"),
            ],
        );
    }
    let good = &report["sketches"][0];
    assert_eq!(
        (
            good["flash"]["used"].as_u64(),
            good["flash"]["maximum"].as_u64()
        ),
        (Some(924), Some(32768))
    );
    assert_eq!(
        (
            good["ram"]["used"].as_u64(),
            good["ram"]["maximum"].as_u64()
        ),
        (Some(9), Some(2048))
    );
    assert_eq!(report["sketches"][3]["skip"]["line"], 1);
}

#[test]
fn warnings_are_reported_now_and_again_from_the_cache() {
    let project = project().sketch(
        "A",
        "// fake: warn unused variable\nvoid setup() {}\nvoid loop() {}\n",
    );
    for round in ["cold", "warm"] {
        let run = project.compile_many(["A"]).ok();
        let warning = run.report()["sketches"][0]["warnings"][0].clone();
        assert_eq!(
            (warning["message"].as_str(), warning["line"].as_u64()),
            (Some("unused variable"), Some(1)),
            "{round}"
        );
        assert!(
            run.line("A").message.contains("1 warning"),
            "{round}: {}",
            run.transcript()
        );
        assert!(
            project
                .read(".fbuild/solo/A/build.log")
                .contains("warning: unused variable"),
            "{round}"
        );
    }
}

#[test]
fn a_report_that_could_not_be_written_stops_before_anything_is_built() {
    let project = project().sketch("A", PLAIN).file("file", "");
    for option in [
        "--report",
        "--phase-tsv",
        "--report-junit",
        "--compile-commands",
    ] {
        for path in ["file/report", "no/such/directory/report"] {
            let run = project
                .fbuild(["compile-many", "--board", "solo", option, path, "A"])
                .expect_code(2)
                .says(path);
            assert!(project.calls().0.is_empty(), "{}", run.transcript());
        }
    }
}

#[test]
fn messages_tell_the_run_from_start_to_end() {
    let project = mixed();
    let run = project
        .compile(ALL)
        .args(["--message-format", "json"])
        .run()
        .expect_code(1);
    let messages = run.messages();
    let types: Vec<&str> = messages
        .iter()
        .map(|message| message["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        (types[0], *types.last().unwrap()),
        ("run-started", "run-finished")
    );
    assert_eq!(
        types
            .iter()
            .filter(|kind| **kind == "sketch-finished")
            .count(),
        4
    );
    assert_eq!(
        types
            .iter()
            .filter(|kind| **kind == "stage-finished")
            .count(),
        2
    );
    let mut indices: Vec<u64> = messages
        .iter()
        .filter(|message| message["type"] == "sketch-finished")
        .map(|message| message["index"].as_u64().unwrap())
        .collect();
    indices.sort_unstable();
    assert_eq!(indices, [0, 1, 2, 3]);
}

#[test]
fn the_other_reports_are_written() {
    let project = mixed();
    let args = [
        "--report-junit",
        "junit.xml",
        "--report-compile-sketches",
        "sizes",
    ];
    project.compile(ALL).args(args).run().expect_code(1);
    let junit = project.read("junit.xml");
    assert!(
        junit.contains("<testsuite") && junit.matches("<testcase").count() == 4,
        "{junit}"
    );
    let sizes: Value = serde_json::from_str(&project.read("sizes/fake-avr-solo.json")).unwrap();
    assert_eq!(sizes["boards"][0]["board"], "fake:avr:solo");
}

#[test]
fn all_skipped_is_an_error_unless_allowed() {
    let project = mixed();
    let run = project.compile_many(["Skipped"]).expect_code(4);
    assert_eq!(run.report()["verdict"], "all-skipped");
    project
        .compile(["Skipped"])
        .args(["--allow-empty"])
        .run()
        .ok();
    project
        .compile(["Skipped"])
        .args(["--ignore-filters"])
        .run()
        .ok();
    assert!(
        project
            .path(".fbuild/solo/Skipped/Skipped.ino.hex")
            .exists()
    );
}

#[test]
fn sizes_are_compared_with_those_of_an_earlier_report() {
    let sized =
        |flash: u32| format!("// fake: size {flash} 9\nvoid setup() {{}}\nvoid loop() {{}}\n");
    let project = project()
        .sketch("Grows", &sized(900))
        .sketch("Stays", &sized(500));
    let build = |args: &[&str]| {
        let common = ["build", "-b", "solo", "Grows", "Stays"];
        project.fbuild(common.iter().chain(args))
    };
    let run = build(&["--report", "r.json"]).ok();
    assert!(!run.stderr.contains("Changed"), "{}", run.transcript());
    project.write("Grows/Grows.ino", sized(942));
    // The report that is compared with is the one that is replaced.
    let both = ["--report", "r.json", "--baseline", "r.json"];
    let run = build(&both).ok().says("Grows  flash 900 → 942 B (+42)");
    assert!(!run.stderr.contains("Stays  flash"), "{}", run.transcript());
    assert!(!build(&both).ok().stderr.contains("Changed"));
    project.write("r.json", "{}");
    build(&both)
        .expect_code(2)
        .says("cannot read r.json: not a JSON report of fbuild");
    build(&["--baseline", "none.json"])
        .expect_code(2)
        .says("none.json");
}

#[test]
fn another_revision_is_built_first_and_compared_with() {
    let sized =
        |flash: u32| format!("// fake: size {flash} 9\nvoid setup() {{}}\nvoid loop() {{}}\n");
    let project = project()
        .sketch("Grows", &sized(900))
        .sketch("Stays", &sized(500));
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"];
        let mut command = std::process::Command::new("git");
        command
            .current_dir(project.root())
            .args(identity)
            .args(args);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let build = |args: &[&str]| {
        let common = ["build", "-b", "solo", "Grows", "Stays", "New"];
        project.fbuild(common.iter().chain(args))
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["add", "Grows", "Stays"]);
    git(&["commit", "--quiet", "--message=first"]);
    project.write("New/New.ino", sized(1));
    project.write("Grows/Grows.ino", sized(942));
    git(&["add", "Grows"]);
    let before = git(&["status", "--porcelain"]);
    let deltas = [
        "--compare-ref=main",
        "--report-compile-sketches=deltas",
        "--report-compile-sketches-warnings",
    ];
    let run = build(&deltas).ok().says("Grows  flash 900 → 942 B (+42)");
    assert!(!run.stderr.contains("Stays  flash"), "{}", run.transcript());
    fs_err::remove_dir_all(project.path(".fbuild")).unwrap();
    let report: serde_json::Value =
        serde_json::from_str(&project.read("deltas/fake-avr-solo.json")).unwrap();
    let sketches = report["boards"][0]["sketches"].as_array().unwrap();
    let flash = |at: usize| &sketches[at]["sizes"][0];
    assert_eq!(flash(0)["delta"]["absolute"], 42);
    assert_eq!(flash(1)["previous"]["absolute"], 500);
    assert_eq!(flash(2).get("previous"), None, "{report}");
    assert_eq!(sketches[0]["warnings"]["delta"]["absolute"], 0);
    fs_err::remove_dir_all(project.path("deltas")).unwrap();
    assert_eq!(git(&["status", "--porcelain"]), before);
    assert_eq!(git(&["worktree", "list"]).lines().count(), 1);

    build(&["--compare-ref=none"])
        .expect_code(2)
        .says("--compare-ref none");
    // What does not build there is not compared, and no failure of this run.
    git(&["commit", "--quiet", "--message=second"]);
    project.write("Grows/Grows.ino", "// fake: fail no\n");
    git(&["commit", "--quiet", "--all", "--message=broken"]);
    project.write("Grows/Grows.ino", sized(942));
    build(&["--compare-ref=HEAD"])
        .ok()
        .says("1 of 2 sketches did not build at HEAD");
}

#[test]
fn the_reports_of_parts_make_the_report_of_the_whole() {
    let names = ["A", "B", "C", "D", "E"];
    let mut project = project().sketches(names, PLAIN);
    project = project.sketch("Bad", "// fake: fail no\n");
    let build = |args: &[&str]| {
        let common = ["build", "-b", "solo,duet", "--no-cache"];
        let sketches = ["A", "B", "Bad", "C", "D", "E"];
        project.fbuild(common.iter().chain(args).chain(&sketches))
    };
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    build(&["--report", "whole.json"]).expect_code(1);
    let whole = read(&project.read("whole.json"));
    for kind in ["hash", "slice"] {
        let parts: Vec<String> = (1..=2)
            .map(|part| {
                let report = format!("{kind}-{part}.json");
                build(&[
                    "--partition",
                    &format!("{kind}:{part}/2"),
                    "--report",
                    &report,
                ]);
                report
            })
            .collect();
        let run = project.fbuild(
            ["merge-reports"]
                .into_iter()
                .chain(parts.iter().map(String::as_str)),
        );
        let run = run
            .expect_code(1)
            .says("2 reports: 10 of 12 built, 2 failed");
        let merged = read(&run.stdout);
        for field in ["counts", "verdict", "boards"] {
            assert_eq!(merged[field], whole[field], "{kind} {field}");
        }
        let rows = |report: &serde_json::Value| -> Vec<String> {
            let sketches = report["sketches"].as_array().unwrap().iter();
            let row = sketches.map(|one| {
                format!(
                    "{} {} {} {}",
                    one["board"], one["name"], one["outcome"], one["flash"]
                )
            });
            row.collect()
        };
        assert_eq!(rows(&merged), rows(&whole), "{kind}");
        project
            .fbuild(["merge-reports", &parts[0], &parts[0]])
            .expect_code(2)
            .says("is in more than one report");
    }
    // A part without sketches is no success unless that is allowed.
    let none = ["--partition", "slice:9/9"];
    build(&none).expect_code(4).says("--partition");
    build(&[&none[..], &["--allow-empty"]].concat()).ok();
}

/// How a run ends that is to account for its sketches.
#[derive(Debug, Clone, Copy)]
enum Ending {
    Done,
    Interrupted,
    Error,
}

fn junit_has_the_same_numbers(xml: &str, count: impl Fn(&str) -> u64) {
    let number = |name: &str| -> u64 {
        let (_, rest) = xml.split_once(&format!("{name}=\"")).unwrap();
        rest.split_once('"').unwrap().0.parse().unwrap()
    };
    assert_eq!(xml.matches("<testcase ").count() as u64, count("requested"));
    assert_eq!(number("tests"), count("requested"));
    assert_eq!(number("failures"), count("failed"));
    assert_eq!(number("errors"), count("blocked") + count("cancelled"));
    assert_eq!(number("skipped"), count("skipped") + count("not_run"));
}

#[test]
fn every_format_accounts_for_every_sketch() {
    for ending in [Ending::Done, Ending::Interrupted, Ending::Error] {
        let slow = "// fake: hold gate\nvoid setup() {}\nvoid loop() {}\n";
        let other = match ending {
            Ending::Interrupted => slow,
            _ => PLAIN,
        };
        let project = project()
            .sketches(["A", "B"], PLAIN)
            .sketch("Bad", "// fake: fail no\n")
            .sketch(
                "Left",
                "// @filter: (board is none)\nvoid setup() {}\nvoid loop() {}\n",
            )
            .sketch("Other", other);
        let summary = project.path("summary.md");
        let formats = [
            "--report-junit=r.xml",
            "--report-compile-sketches=cs",
            "--message-format=lines",
            "--jobs=1",
        ];
        let mut command = project
            .compile(["A", "B", "Bad", "Left", "Other"])
            .args(formats)
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_STEP_SUMMARY", &summary);
        if matches!(ending, Ending::Error) {
            command = command.args(["--build-property", "compiler.path=/nowhere/"]);
        }
        let run = match ending {
            Ending::Interrupted => {
                let running = command.spawn();
                project.wait_until_held("gate");
                running.signal(nix::sys::signal::Signal::SIGTERM);
                running.wait()
            }
            _ => command.run(),
        };
        let expect = match ending {
            Ending::Done => 1,
            Ending::Interrupted => 130,
            Ending::Error => 2,
        };
        assert_eq!(run.code(), Some(expect), "{}", run.transcript());
        let report = run.report();
        let count = |name: &str| report["counts"][name].as_u64().unwrap();
        let parts = [
            "built",
            "failed",
            "blocked",
            "skipped",
            "not_run",
            "cancelled",
        ];
        assert_eq!(parts.map(count).iter().sum::<u64>(), 5, "{ending:?}");
        assert_eq!(count("requested"), 5);
        assert_eq!(report["sketches"].as_array().unwrap().len(), 5);
        // One line, one test case and one row of the summary per sketch, with the same numbers.
        let lines = run.stdout.lines().filter(|line| line.starts_with("  ["));
        assert_eq!(lines.count(), 5, "{}", run.transcript());
        junit_has_the_same_numbers(&project.read("r.xml"), count);
        let sketches: Value = serde_json::from_str(&project.read("cs/fake-avr-solo.json")).unwrap();
        let compiled = sketches["boards"][0]["sketches"].as_array().unwrap();
        assert_eq!(compiled.len() as u64, 5 - count("skipped"));
        let succeeded = compiled
            .iter()
            .filter(|one| one["compilation_success"] == true);
        assert_eq!(succeeded.count() as u64, count("built"));
        let markdown = fs_err::read_to_string(&summary).unwrap();
        let [built, failed, skipped] = ["built", "failed", "skipped"].map(count);
        let tally = format!("5 requested: {built} built, {failed} failed, {skipped} skipped");
        assert!(markdown.contains(&tally), "{markdown}");
    }
}
