//! The README: its transcript runs, and its two commands for newcomers exist.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_testkit::need::AVR;
use fbuild_testkit::{Project, needs};
use regex::Regex;

fn root() -> Utf8PathBuf {
    let crate_dir = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_dir.ancestors().nth(2).unwrap().to_owned()
}

fn readme() -> String {
    fs_err::read_to_string(root().join("README.md")).unwrap()
}

/// Commands of the transcript that need a network, a device or minutes, and what a test has in their place.
const REPLACED: [(&str, &str); 5] = [
    ("git clone https://github.com/FastLED/fbuild", "true"),
    ("cd fbuild", "true"),
    (
        "sudo apt-get install gcc-avr avr-libc arduino-core-avr",
        "true",
    ),
    ("cargo build --release -p fbuild-cli", "true"),
    ("export PATH=$PWD/target/release:$PATH", "true"),
];

/// Replaces what differs between machines: times, the home directory, its name, and the digest of the sketch's path.
fn redacted(text: &str, home: &Utf8Path) -> String {
    let text = text.replace(home.as_str(), "~");
    let text = Regex::new(r"\d+\.\d+s").unwrap().replace_all(&text, "T");
    let digest = Regex::new(r"Beacon-[0-9a-f]{8}/uno/\w+/Beacon").unwrap();
    digest
        .replace_all(&text, "Beacon-DIGEST/uno/HOME/Beacon")
        .into_owned()
}

#[test]
fn the_transcript_of_the_readme_builds_firmware_of_a_sketch_of_ones_own() {
    needs!(AVR, "script");
    let readme = readme();
    let (_, after) = readme
        .split_once("<!-- transcript -->\n```console\n")
        .unwrap();
    let (transcript, _) = after.split_once("\n```").unwrap();
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild"));
    let mut script = String::from("set -e\n");
    let mut expected = String::new();
    let mut replaced = 0;
    for row in transcript.lines() {
        match row.strip_prefix("$ ") {
            // It needs a board that is connected.
            Some(command) if command.starts_with("arduino-cli upload") => break,
            Some(command) => match REPLACED.iter().find(|(known, _)| *known == command) {
                Some((_, instead)) => {
                    replaced += 1;
                    script.push_str(&format!("{instead}\n"));
                }
                None => script.push_str(&format!("{command}\n")),
            },
            None => expected.push_str(&format!("{row}\n")),
        }
    }
    assert_eq!(replaced, REPLACED.len(), "{transcript}");
    project.write("script.sh", script);
    let bin = Utf8Path::new(env!("CARGO_BIN_EXE_fbuild"))
        .parent()
        .unwrap();
    let terminal = "script -qefc 'stty cols 120 rows 30; bash script.sh' /dev/null";
    let run = project
        .command::<&str>([])
        .under("sh", ["-c", terminal])
        .env("PATH", format!("{bin}:{}", std::env::var("PATH").unwrap()))
        .env("NO_COLOR", "1")
        .env("CI", "1")
        .env("TERM", "xterm")
        .run()
        .ok();
    let printed = run.stdout.replace("\r\n", "\n");
    assert_eq!(
        redacted(&printed, &project.home()),
        redacted(&expected, &project.home())
    );
    let (_, dir) = printed.trim_end().rsplit_once("firmware in ").unwrap();
    let dir = dir.replace('~', project.home().as_str());
    let hex = Utf8Path::new(&dir).join("Beacon.ino.hex");
    assert!(fs_err::metadata(&hex).unwrap().len() > 1000);
    let (_, uploaded) = transcript.split_once("--input-dir ").unwrap();
    assert!(
        expected.contains(&format!("firmware in {uploaded}\n")),
        "the upload takes the firmware of this build"
    );
}

#[test]
fn the_commands_for_newcomers_exist() {
    let readme = readme();
    for script in ["scripts/demo.sh", "scripts/test.sh"] {
        assert!(readme.contains(&format!("\n    {script} ")), "{script}");
        assert!(root().join(script).is_file(), "{script}");
    }
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    let mut pages: Vec<Utf8PathBuf> = vec!["README.md".into(), "CONTRIBUTING.md".into()];
    for entry in root().join("docs").read_dir_utf8().unwrap() {
        let name = entry.unwrap().file_name().to_owned();
        if name.ends_with(".md") {
            pages.push(Utf8Path::new("docs").join(name));
        }
    }
    let link = Regex::new(r#"\]\(([^)#:]+)(#[^)]*)?\)|(?:src|srcset)="([^":]+)""#).unwrap();
    for page in pages {
        let text = fs_err::read_to_string(root().join(&page)).unwrap();
        for found in link.captures_iter(&text) {
            let target = found.get(1).or(found.get(3)).unwrap().as_str();
            let path = root().join(page.parent().unwrap()).join(target);
            assert!(path.exists(), "{page}: {target}");
        }
    }
}
