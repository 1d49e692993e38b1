//! The scripted tools do what tests rely on.

#![expect(clippy::unwrap_used, reason = "a test stops at any surprise")]

use std::process::{Command, Output};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_testkit::calls::{Calls, Role};
use fbuild_testkit::platform;

struct Bench {
    _guard: tempfile::TempDir,
    dir: Utf8PathBuf,
}

impl Bench {
    fn new() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8PathBuf::from_path_buf(guard.path().to_owned()).unwrap();
        platform::install(&dir);
        Self { _guard: guard, dir }
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs_err::write(self.dir.join(name), text).unwrap();
        self.dir.join(name).into_string()
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).into_string()
    }

    fn read(&self, name: &str) -> String {
        fs_err::read_to_string(self.dir.join(name)).unwrap()
    }

    fn command(&self, tool: &str, args: &[&str]) -> Command {
        let mut command = Command::new(self.dir.join("fake/avr/bin").join(tool));
        command.args(args).env("FAKE_TOOL_DIR", &self.dir);
        command
    }

    fn run(&self, tool: &str, args: &[&str]) -> Output {
        self.command(tool, args).output().unwrap()
    }

    fn ok(&self, tool: &str, args: &[&str]) -> String {
        let output = self.run(tool, args);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn complaint(&self, tool: &str, args: &[&str]) -> String {
        let output = self.run(tool, args);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    }

    fn compile(&self, name: &str) -> String {
        let object = self.path(&format!("{name}.o"));
        self.ok("fake-g++", &["-c", "-MMD", &self.path(name), "-o", &object]);
        object
    }
}

#[test]
fn a_compile_writes_an_object_and_a_depfile() {
    let bench = Bench::new();
    bench.write("a.h", "#pragma once\n");
    let source = bench.write("a b.cpp", "#include \"a.h\"\n#include \"a.h\"\nint x;\n");
    bench.compile("a b.cpp");
    let object = bench.read("a b.cpp.o");
    assert!(object.starts_with("object a b.cpp "), "{object}");
    let escape = |path: &str| path.replace(' ', "\\ ");
    let expect = format!(
        "{}: {} \\\n {}\n",
        escape(&bench.path("a b.cpp.o")),
        escape(&source),
        bench.path("a.h")
    );
    assert_eq!(bench.read("a b.cpp.d"), expect);
}

#[test]
fn objects_depend_on_text_and_options_and_not_on_paths() {
    let bench = Bench::new();
    fs_err::create_dir(bench.dir.join("sub")).unwrap();
    bench.write("a.cpp", "int x;\n");
    bench.write("sub/a.cpp", "int x;\n");
    bench.compile("a.cpp");
    bench.compile("sub/a.cpp");
    assert_eq!(bench.read("a.cpp.o"), bench.read("sub/a.cpp.o"));
    bench.write("a.cpp", "int y;\n");
    bench.compile("a.cpp");
    assert_ne!(bench.read("a.cpp.o"), bench.read("sub/a.cpp.o"));
    bench.ok(
        "fake-g++",
        &[
            "-c",
            "-DX",
            &bench.path("sub/a.cpp"),
            "-o",
            &bench.path("x.o"),
        ],
    );
    assert_ne!(bench.read("x.o"), bench.read("sub/a.cpp.o"));
}

#[test]
fn a_missing_header_gives_gccs_message() {
    let bench = Bench::new();
    let source = bench.write("x.cpp", "#include <Foo.h>\n");
    for mode in ["-c", "-E"] {
        let text = bench.complaint("fake-g++", &[mode, &source, "-o", "/dev/null"]);
        assert!(
            text.starts_with(&format!(
                "{source}:1:10: fatal error: Foo.h: No such file or directory\n #include <Foo.h>\n"
            )),
            "{text}"
        );
    }
}

#[test]
fn line_directives_move_the_place() {
    let bench = Bench::new();
    let source = bench.write(
        "x.cpp",
        "#include \"y.h\"\n#line 7 \"/w/S.ino\"\n// fake: fail no good\n#include <Foo.h>\n",
    );
    bench.write("y.h", "\n");
    assert_eq!(
        bench
            .complaint("fake-g++", &["-c", &source, "-o", "/dev/null"])
            .lines()
            .next(),
        Some("/w/S.ino:8:10: fatal error: Foo.h: No such file or directory")
    );
    bench.write("x.cpp", "#line 7 \"/w/S.ino\"\n// fake: fail no good\n");
    assert_eq!(
        bench.complaint("fake-g++", &["-c", &source, "-o", "/dev/null"]),
        "/w/S.ino:7:1: error: no good\n"
    );
}

#[test]
fn conditions_choose_what_is_included() {
    let bench = Bench::new();
    bench.write("yes.h", "#define FOUND 3\n");
    let check = |condition: &str, expect: bool| {
        let text = format!(
            "#include \"yes.h\"\n#if {condition}\nint taken;\n#elif 1\nint other;\n#else\nint never;\n#endif\n"
        );
        let source = bench.write("x.cpp", &text);
        let out = bench.path("x.ii");
        bench.ok("fake-g++", &["-E", "-DNUMBER=5", &source, "-o", &out]);
        let text = bench.read("x.ii");
        assert_eq!(
            (text.contains("taken"), text.contains("other")),
            (expect, !expect),
            "{condition}"
        );
        assert!(!text.contains("never"), "{condition}");
    };
    check("defined(NUMBER) && NUMBER >= 5", true);
    check("!defined(NUMBER) || NUMBER < 5", false);
    check("FOUND == 3", true);
    check("__has_include(\"yes.h\")", true);
    check("__has_include(<no.h>)", false);
    check("defined ABSENT", false);
}

#[test]
fn archives_replace_members_of_the_same_name_and_links_keep_order() {
    let bench = Bench::new();
    for name in ["a.cpp", "b.cpp", "c.cpp"] {
        bench.write(name, &format!("int {};\n", &name[..1]));
        bench.compile(name);
    }
    let (archive, elf) = (bench.path("x.a"), bench.path("x.elf"));
    bench.ok(
        "fake-ar",
        &[
            "rcs",
            &archive,
            &bench.path("a.cpp.o"),
            &bench.path("b.cpp.o"),
        ],
    );
    bench.write("a.cpp", "int other;\n");
    bench.compile("a.cpp");
    bench.ok("fake-ar", &["rcs", &archive, &bench.path("a.cpp.o")]);
    bench.ok(
        "fake-gcc",
        &[
            &bench.path("c.cpp.o"),
            "-Wl,--start-group",
            &archive,
            "-lm",
            "-o",
            &elf,
        ],
    );
    let expect = ["c.cpp.o", "a.cpp.o", "b.cpp.o"]
        .map(|name| bench.read(name))
        .concat();
    assert_eq!(bench.read("x.elf"), format!("program\n{expect}"));
    bench.ok("fake-objcopy", &["-O", "ihex", &elf, &bench.path("x.hex")]);
    assert!(
        bench.read("x.hex").starts_with(":10000000")
            && bench.read("x.hex").ends_with(":00000001FF\n")
    );
    assert!(bench.ok("fake-size", &["-A", &elf]).contains("\n.text  "));
}

#[test]
fn something_that_is_no_object_is_not_linked() {
    let bench = Bench::new();
    let junk = bench.write("junk.o", "junk");
    assert!(
        bench
            .complaint("fake-gcc", &[&junk, "-o", "/dev/null"])
            .contains("file not recognized")
    );
    assert!(
        bench
            .complaint("fake-ar", &["rcs", &junk, &junk])
            .contains("file format not recognized")
    );
}

#[test]
fn requests_for_the_link_reach_it_through_objects_and_archives() {
    let bench = Bench::new();
    bench.write(
        "a.cpp",
        "// fake: link-fail undefined reference\n// fake: size 900 80\n",
    );
    let object = bench.compile("a.cpp");
    let archive = bench.path("x.a");
    bench.ok("fake-ar", &["rcs", &archive, &object]);
    assert_eq!(
        bench.complaint("fake-gcc", &[&archive, "-o", "/dev/null"]),
        "fake-ld:1: error: undefined reference\n"
    );
    bench.write("a.cpp", "// fake: size 900 80\n");
    let elf = bench.path("x.elf");
    bench.ok("fake-gcc", &[&bench.compile("a.cpp"), "-o", &elf]);
    assert!(
        bench
            .ok("fake-size", &["-A", &elf])
            .contains(".text  900  0\n.data  0  8388864\n.bss  80")
    );
}

#[test]
fn callers_of_a_barrier_meet() {
    let bench = Bench::new();
    let children: Vec<_> = ["a.cpp", "b.cpp", "c.cpp"]
        .map(|name| {
            let source = bench.write(name, "// fake: barrier 3 meeting\n");
            bench
                .command("fake-g++", &["-c", &source, "-o", "/dev/null"])
                .spawn()
                .unwrap()
        })
        .into_iter()
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let calls = Calls::read(&bench.dir);
    assert_eq!(Calls::most_at_once(&calls.of(Role::Compile)), 3);
    assert_eq!(calls.compiles_of("a.cpp"), 1);
}

#[test]
fn only_the_mute_compiler_answers_no_question() {
    let bench = Bench::new();
    assert_eq!(bench.ok("fake-g++", &["-dumpversion"]), "5.4.0\n");
    assert_eq!(bench.ok("fake-g++", &["-print-prog-name=cc1"]), "cc1\n");
    assert!(
        bench
            .ok(
                "fake-g++",
                &["-x", "c++", "-E", "-dM", "-DX=2", "/dev/null"]
            )
            .contains("#define X 2\n")
    );
    for question in ["-dumpversion", "-print-prog-name=cc1", "--version", "-dM"] {
        bench.complaint("fake-mute-g++", &[question]);
    }
    assert_eq!(
        Calls::read(Utf8Path::new(&bench.dir)).of(Role::Query).len(),
        7
    );
}
