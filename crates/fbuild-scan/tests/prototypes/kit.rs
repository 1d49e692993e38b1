//! Merges, preprocesses and inserts the way a build does, and reads the inserted block back.

use std::io::Write;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_scan::prototypes::insert_prototypes;
use fbuild_scan::prototypes::tagger::{TagKind, tags};
use fbuild_testkit::needs;

/// The path of the main file of every sketch here.
pub(crate) const MAIN: &str = "/s/s.ino";

/// What `insert_prototypes` inserted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The line of the main file before which the block stands; 0 is before the first `#line`.
    pub(crate) before: i64,
    /// Number of each prototype's `#line`, its file, its text.
    pub(crate) prototypes: Vec<(u32, String, String)>,
    /// The `#line` behind the block.
    pub(crate) back: Option<(u32, String)>,
}

impl Block {
    /// The prototypes' texts only.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.prototypes
            .iter()
            .map(|(_, _, text)| text.as_str())
            .collect()
    }
}

/// The merged text of `files`, main file first (semantics 4.1).
pub(crate) fn merge(files: &[(&str, &str)]) -> String {
    let mut merged = String::new();
    let includes_arduino = files[0].1.lines().any(|line| {
        let line = line.trim_start();
        line.starts_with('#') && line.contains("include") && line.contains("Arduino.h")
    });
    if !includes_arduino {
        merged.push_str("#include <Arduino.h>\n");
    }
    for (path, text) in files {
        merged.push_str(&format!("#line 1 \"{path}\"\n{text}\n"));
    }
    merged
}

/// Pretends that there is nothing to preprocess: line markers instead of `#line`, a header with a function of its own.
pub(crate) fn unpreprocessed(merged: &str) -> String {
    let mut text =
        String::from("# 1 \"<command-line>\"\n# 1 \"/core/Arduino.h\" 1\nvoid of_the_core() { }\n");
    for line in merged.lines() {
        if let Some(rest) = line.strip_prefix("#line ") {
            text.push_str(&format!("# {rest}\n"));
        } else if !line.contains("<Arduino.h>") {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// What avr-g++ makes of `merged` with an Arduino.h of three lines; `None` without avr-g++.
pub(crate) fn preprocessed(merged: &str) -> Option<String> {
    needs!("avr-g++");
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(
        directory.path().join("Arduino.h"),
        "#define F(x) x\n#define ISR(vector) extern \"C\" void vector(void) __attribute__((signal)); void vector(void)\n\
         extern \"C\" { void setup(void); void loop(void); }\n",
    )
    .expect("Arduino.h is written");
    let mut child = Command::new("avr-g++")
        .args(["-E", "-CC", "-w", "-x", "c++", "-std=gnu++11", "-I"])
        .arg(directory.path())
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("avr-g++ starts");
    let mut input = child.stdin.take().expect("a pipe");
    input
        .write_all(merged.as_bytes())
        .expect("avr-g++ reads its input");
    drop(input);
    let output = child.wait_with_output().expect("avr-g++ ends");
    assert!(
        output.status.success(),
        "{merged}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

/// The block that the files get, `None` if there is none. The tagger is compared with arduino-ctags on the way.
pub(crate) fn block_of(files: &[(&str, &str)], preprocessed: &str) -> Option<Block> {
    let merged = merge(files);
    let paths: Vec<Utf8PathBuf> = files
        .iter()
        .map(|(path, _)| Utf8PathBuf::from(*path))
        .collect();
    compare_with_ctags(&own_lines(preprocessed, &paths));
    let text = insert_prototypes(&merged, preprocessed, &paths);
    if text == merged {
        return None;
    }
    let before: Vec<&str> = merged.split('\n').collect();
    let after: Vec<&str> = text.split('\n').collect();
    let added = after.len() - before.len();
    let is_directive = |row: usize| after[row].starts_with("#line ");
    let row = (0..=before.len())
        .filter(|row| is_directive(*row) && !is_directive(row + 1))
        .find(|row| before[..*row] == after[..*row] && before[*row..] == after[row + added..])
        .expect("nothing but one block is added");
    let main_row = before
        .iter()
        .position(|row| row.starts_with("#line 1 "))
        .expect("a main file")
        + 1;
    let mut block = Block {
        before: row as i64 - main_row as i64 + 1,
        prototypes: Vec::new(),
        back: None,
    };
    for line in &after[row..row + added] {
        if let Some(rest) = line.strip_prefix("#line ") {
            let (number, file) = rest.split_once(' ').expect("a number and a file");
            assert_eq!(block.back, None, "two directives in a row");
            block.back = Some((
                number.parse().expect("a number"),
                file.trim_matches('"').to_owned(),
            ));
        } else {
            let (number, file) = block
                .back
                .take()
                .expect("a directive before each prototype");
            block.prototypes.push((number, file, (*line).to_owned()));
        }
    }
    Some(block)
}

/// The prototypes' texts of a sketch of one file that needs no preprocessing.
pub(crate) fn texts(source: &str) -> Vec<String> {
    block(source).map_or_else(Vec::new, |block| {
        block
            .prototypes
            .into_iter()
            .map(|(_, _, text)| text)
            .collect()
    })
}

/// The block of a sketch of one file that needs no preprocessing.
pub(crate) fn block(source: &str) -> Option<Block> {
    let files = [(MAIN, source)];
    block_of(&files, &unpreprocessed(&merge(&files)))
}

/// The block of a sketch of one file that goes through avr-g++; the outer `None` means that avr-g++ is missing.
pub(crate) fn compiled_block(source: &str) -> Option<Option<Block>> {
    let files = [(MAIN, source)];
    Some(block_of(&files, &preprocessed(&merge(&files))?))
}

/// The lines of `preprocessed` that come from one of `files`, without markers.
pub(crate) fn own_lines(preprocessed: &str, files: &[Utf8PathBuf]) -> String {
    let mut own = false;
    let mut text = String::new();
    for line in preprocessed.lines() {
        if let Some((_, rest)) = line
            .strip_prefix("# ")
            .and_then(|rest| rest.split_once(" \""))
        {
            own = rest
                .split_once('"')
                .is_some_and(|(file, _)| files.iter().any(|own| own == file));
        } else if own {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// A function or prototype as both taggers see it: name, kind, line, signature, return type without blanks, member.
pub(crate) type Seen = (String, &'static str, usize, String, String, bool);

/// What our tagger sees in a text without line markers.
pub(crate) fn seen_by_us(text: &str) -> Vec<Seen> {
    tags(text)
        .into_iter()
        .map(|tag| {
            let kind = match tag.kind {
                TagKind::Function => "function",
                TagKind::Prototype => "prototype",
                TagKind::Variable => "variable",
                TagKind::Struct => "struct",
            };
            (
                tag.name,
                kind,
                tag.line + 1,
                tag.signature,
                tag.return_type.replace(' ', ""),
                tag.scope.is_some(),
            )
        })
        .collect()
}

/// What arduino-ctags sees in each of `texts`; `None`, said aloud, if it is not installed.
pub(crate) fn seen_by_ctags(texts: &[String]) -> Option<Vec<Vec<Seen>>> {
    needs!("arduino-ctags");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut command = Command::new("arduino-ctags");
    command.args([
        "-u",
        "--language-force=c++",
        "-f",
        "-",
        "--c++-kinds=svpf",
        "--fields=KSTtzns",
        "--line-directives",
    ]);
    for (index, text) in texts.iter().enumerate() {
        let path = directory.path().join(format!("{index}.cpp"));
        std::fs::write(&path, text).expect("the text is written");
        command.arg(path);
    }
    let output = command.output().expect("arduino-ctags starts");
    let mut seen = vec![Vec::new(); texts.len()];
    for row in output.stdout.split(|byte| *byte == b'\n') {
        // ctags writes bytes; the tagger's stand-ins for literals are Latin-1.
        let row: String = row.iter().map(|byte| char::from(*byte)).collect();
        let Some((name, rest)) = row.split_once('\t') else {
            continue;
        };
        let (path, _) = rest.split_once('\t').expect("a file");
        let index: usize = Utf8Path::new(path)
            .file_stem()
            .and_then(|stem| stem.parse().ok())
            .expect("our file");
        let fields = &row[row.rfind(";\"\t").expect("a pattern") + 3..];
        let field = |name: &str| {
            fields
                .split('\t')
                .find_map(|field| field.strip_prefix(name)?.strip_prefix(':'))
                .unwrap_or_default()
        };
        let kind = match field("kind") {
            "function" => "function",
            "prototype" => "prototype",
            "variable" => "variable",
            "struct" => "struct",
            other => panic!("unknown kind {other}"),
        };
        let member = ["class", "struct", "union", "enum", "namespace"]
            .iter()
            .any(|scope| !field(scope).is_empty());
        seen[index].push((
            name.to_owned(),
            kind,
            field("line").parse().expect("a line"),
            field("signature").to_owned(),
            field("returntype").replace(' ', ""),
            member,
        ));
    }
    Some(seen)
}

/// Fails if arduino-ctags sees another thing in `text` than we do.
pub(crate) fn compare_with_ctags(text: &str) {
    if let Some(mut theirs) = seen_by_ctags(&[text.to_owned()]) {
        assert_eq!(
            seen_by_us(text),
            theirs.remove(0),
            "ours, ctags' in\n{text}"
        );
    }
}
