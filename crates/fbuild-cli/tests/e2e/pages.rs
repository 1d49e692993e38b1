//! Statements of the pages in `docs/` that are not tested elsewhere.

use camino::Utf8Path;
use fbuild_testkit::need::AVR;
use fbuild_testkit::project::PLAIN;
use fbuild_testkit::{Project, needs};
use regex::Regex;

fn page(name: &str) -> String {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    fs_err::read_to_string(root.join("../../docs").join(name)).unwrap()
}

#[test]
fn the_filters_of_the_page_do_what_it_says() {
    needs!(AVR);
    let text = page("filters.md");
    let row = Regex::new(r"(?m)^\| `(// @filter[^`]*)` \| (yes|no) \|$").unwrap();
    let mut project = Project::new(env!("CARGO_BIN_EXE_fbuild"));
    let mut expected = Vec::new();
    for (index, found) in row.captures_iter(&text).enumerate() {
        let name = format!("a/F{index}");
        project = project.sketch(&name, &format!("{}\n{PLAIN}", &found[1]));
        let outcome = if &found[2] == "yes" {
            "built"
        } else {
            "skipped"
        };
        expected.push((name, outcome.to_owned()));
    }
    assert!(expected.len() > 5, "the table is found");
    let files = [
        (".uno.test.skip", "", "skipped"),
        (".uno.test.only", "", "built"),
        (".mega.test.only", "", "skipped"),
        (".none.test.only", "", "skipped"),
        (".skip.txt", "mega\nuno\n", "skipped"),
        (".skip.txt", "mega\n", "built"),
    ];
    for (index, (file, content, outcome)) in files.into_iter().enumerate() {
        assert!(text.contains(&file.replace("uno", "BOARD")) || file.contains("mega"));
        let name = format!("a/M{index}");
        project = project
            .sketch(&name, PLAIN)
            .file(&format!("{name}/{file}"), content);
        expected.push((name, outcome.to_owned()));
    }
    let run = project.compile_for("uno", ["a"]).run().ok();
    let mut outcomes = run.outcomes();
    outcomes.sort();
    expected.sort();
    assert_eq!(outcomes, expected);
    let all = project
        .compile_for("uno", ["a"])
        .args(["--ignore-filters"])
        .run()
        .ok();
    assert!(all.outcomes().iter().all(|(_, outcome)| outcome == "built"));
}

#[test]
fn options_of_the_pages_exist() {
    let reference = page("cli.md");
    let option = Regex::new(r"(?:^|[ `])(--[a-z][a-z-]+)").unwrap();
    // Options of other programs.
    let foreign = ["--release", "--input-dir", "--fqbn", "--port"];
    for name in [
        "ci.md",
        "filters.md",
        "output.md",
        "troubleshooting.md",
        "configuration.md",
    ] {
        for found in option.captures_iter(&page(name)) {
            let option = &found[1];
            assert!(
                reference.contains(&format!("`{option}")) || foreign.contains(&option),
                "{name}: {option}"
            );
        }
    }
}

#[test]
fn the_workflow_of_the_readme_runs_fbuild_as_it_is() {
    let readme = page("../README.md");
    let (_, workflow) = readme.split_once("```yaml\n").unwrap();
    let (workflow, _) = workflow.split_once("```").unwrap();
    let project = crate::project().sketch("examples/A", PLAIN);
    let commands: Vec<&str> = workflow
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- run: fbuild "))
        .collect();
    assert_eq!(commands.len(), 2, "{workflow}");
    for command in commands {
        // The scripted platform has other boards.
        let command = command.replace("uno,leonardo,mega", "solo,duet");
        project.fbuild(command.split(' ')).ok();
    }
    let report: serde_json::Value = serde_json::from_str(&project.read("report.json")).unwrap();
    let sketches = report["sketches"].as_array().unwrap();
    assert_eq!(sketches.len(), 2);
    assert!(sketches.iter().all(|sketch| sketch["outcome"] == "built"));
}
