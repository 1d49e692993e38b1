//! `compile_commands.json` as clangd understands it.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use camino::Utf8Path;
use fbuild_testkit::need::AVR;
use fbuild_testkit::{Project, needs};
use serde_json::{Value, json};

use crate::project;

/// A language server on standard input and output.
struct Clangd {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Clangd {
    fn start(database_dir: &Utf8Path) -> Self {
        let mut process = Command::new("clangd")
            .args(["--background-index=false", "--log=error"])
            .arg(format!("--compile-commands-dir={database_dir}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (
            process.stdin.take().unwrap(),
            process.stdout.take().unwrap(),
        );
        let mut server = Self {
            process,
            input,
            output: BufReader::new(output),
        };
        server.ask("initialize", json!({ "capabilities": {} }));
        server.send(json!({ "method": "initialized", "params": {} }));
        server
    }

    fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(
                self.output.read_line(&mut line).unwrap() > 0,
                "clangd ended"
            );
            match line.trim().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.send(json!({ "id": 1, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == 1 {
                return message["result"].clone();
            }
        }
    }

    /// Opens a file and returns the messages about it.
    fn open(&mut self, file: &Utf8Path) -> Vec<String> {
        let text = fs_err::read_to_string(file).unwrap();
        let uri = format!("file://{file}");
        // Editors call `.ino` files C++.
        let document = json!({ "uri": uri, "languageId": "cpp", "version": 1, "text": text });
        self.send(json!({
            "method": "textDocument/didOpen",
            "params": { "textDocument": document },
        }));
        loop {
            let message = self.receive();
            if message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == uri
            {
                let list = message["params"]["diagnostics"].as_array().unwrap().clone();
                return list.iter().map(|one| one["message"].to_string()).collect();
            }
        }
    }

    /// Returns the file in which the word is defined that occurs first in `file`.
    fn definition(&mut self, file: &Utf8Path, word: &str) -> String {
        let text = fs_err::read_to_string(file).unwrap();
        let mut lines = text.lines().enumerate();
        let (line, character) = lines
            .find_map(|(line, row)| Some((line, row.find(word)?)))
            .unwrap();
        let found = self.ask(
            "textDocument/definition",
            json!({
                "textDocument": { "uri": format!("file://{file}") },
                "position": { "line": line, "character": character },
            }),
        );
        found[0]["uri"].as_str().unwrap_or_default().to_owned()
    }
}

impl Drop for Clangd {
    fn drop(&mut self) {
        // It ends by itself if this fails, because its input is closed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn clangd_finds_no_false_errors_and_follows_definitions() {
    needs!(AVR, "clangd");
    let project = Project::new(env!("CARGO_BIN_EXE_fbuild"))
        .file(
            "Lamp/Lamp.ino",
            "#include <Dimmer.h>\nDimmer dimmer(9);\nvoid setup() { begin(); }\nvoid loop() { step(dimmer); fade(3); }\nvoid step(Dimmer &one) { one.set(half()); }\nint half() { return 128; }\n",
        )
        .file(
            "Lamp/Tab.ino",
            "void begin() { pinMode(LED_BUILTIN, OUTPUT); dimmer.set(0); }\nvoid fade(byte by) { analogWrite(9, by); }\n",
        )
        .library(
            "Dimmer",
            &[
                (
                    "src/Dimmer.h",
                    "#pragma once\n#include <Arduino.h>\nclass Dimmer {\npublic:\n  explicit Dimmer(uint8_t pin) : pin(pin) {}\n  void set(int level);\nprivate:\n  uint8_t pin;\n};\n",
                ),
                (
                    "src/Dimmer.cpp",
                    "#include \"Dimmer.h\"\nvoid Dimmer::set(int level) { analogWrite(pin, level); }\n",
                ),
            ],
        );
    let args = ["build", "-b", "uno", "--libraries", "libraries", "Lamp"];
    let database = ["--compile-commands", "compile_commands.json"];
    project.command(args).args(database).run().ok();

    let [main, tab, source] = [
        "Lamp/Lamp.ino",
        "Lamp/Tab.ino",
        "libraries/Dimmer/src/Dimmer.cpp",
    ]
    .map(|path| project.path(path));
    let mut clangd = Clangd::start(project.root());
    for file in [&main, &tab, &source] {
        assert_eq!(clangd.open(file), [""; 0], "{file}");
    }
    for (file, word, expect) in [
        (&main, "Dimmer dimmer", "libraries/Dimmer/src/Dimmer.h"),
        (&main, "half()", "Lamp/Lamp.ino"),
        (&tab, "pinMode", "cores/arduino/Arduino.h"),
        (&source, "analogWrite", "cores/arduino/Arduino.h"),
    ] {
        let found = clangd.definition(file, word);
        assert!(found.ends_with(expect), "{word} in {file}: {found}");
    }
}

/// The entries of a database: file and arguments.
fn entries(project: &Project) -> Vec<(String, Vec<String>)> {
    let database: Vec<Value> = serde_json::from_str(&project.read("db.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entry = |entry: &Value| {
        let arguments = entry["arguments"].as_array().unwrap().iter().map(text);
        (text(&entry["file"]), arguments.collect())
    };
    database.iter().map(entry).collect()
}

#[test]
fn the_database_has_one_entry_per_file_and_board_also_after_errors() {
    let sketch = "#include <X.h>\nvoid setup() { later(); }\nvoid loop() {}\nvoid later() {}\n";
    let project = project()
        .simple_library("X", "")
        .sketch("A", sketch)
        .sketch(
            "B",
            "// fake: fail expected ';'\nvoid setup() {}\nvoid loop() {}\n",
        );
    let build = || {
        let args = ["--libraries", "libraries", "--compile-commands", "db.json"];
        project
            .compile_for("solo,duet", ["A", "B"])
            .args(args)
            .run()
    };
    build().expect_code(1);
    let first = entries(&project);
    let of = |name: &str, entries: &[(String, Vec<String>)]| {
        entries
            .iter()
            .filter(|(file, _)| file.ends_with(name))
            .count()
    };
    for name in ["A/A.ino", "B/B.ino", "A.ino.cpp", "X.cpp", "main.cpp"] {
        assert_eq!(of(name, &first), 2, "{name}");
    }
    let (_, edited) = first
        .iter()
        .find(|(file, _)| file.ends_with("A/A.ino"))
        .unwrap();
    let words = edited.join(" ");
    assert!(
        words.contains("-x c++ -include Arduino.h -include "),
        "{words}"
    );
    assert!(!words.contains("/fbuild.work"), "{words}");
    let object = edited
        .iter()
        .skip_while(|word| *word != "-o")
        .nth(1)
        .unwrap();
    assert!(Utf8Path::new(object).parent().unwrap().is_dir(), "{object}");

    // A run without a database leaves what an earlier one refers to.
    let header = edited.iter().find(|word| word.ends_with(".prototypes.h"));
    project.write("A/A.ino", format!("{sketch}\n"));
    let args = ["--libraries", "libraries"];
    project
        .compile_for("solo,duet", ["A"])
        .args(args)
        .run()
        .ok();
    assert!(Utf8Path::new(header.unwrap()).is_file());

    // Nor does a build that fails remove it.
    project.write("A/A.ino", format!("// fake: fail no\n{sketch}"));
    build().expect_code(1);
    assert!(Utf8Path::new(header.unwrap()).is_file());

    // A sketch that cannot be planned keeps what is known of it.
    project.write("A/A.ino", sketch.replace("X.h", "Missing.h"));
    build().expect_code(1);
    assert_eq!(of("A/A.ino", &entries(&project)), 2);

    // One of which nothing is known is read with the flags of the core.
    fs_err::remove_file(project.path("db.json")).unwrap();
    build().expect_code(1);
    assert_eq!(of("A/A.ino", &entries(&project)), 2);
}
