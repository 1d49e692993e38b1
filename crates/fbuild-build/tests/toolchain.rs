//! What is remembered of a tool's answers, with compilers made of a few lines of shell that count how often they are asked.

#![expect(clippy::unwrap_used, reason = "a test stops at any surprise")]

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_build::toolchain::Toolchain;
use fbuild_cache::Cache;
use fbuild_cpp::Language;
use fbuild_model::{Command, Digest};
use fbuild_process::runner::{Runner, RunnerOptions};
use fbuild_process::stop::Stop;

/// Writes the program by another process: one of which this process holds a descriptor for writing, which a child started meanwhile inherits,
/// cannot be executed.
fn install(root: &Utf8Path, text: &str) {
    let script = root.join("cc.sh");
    fs_err::write(&script, text).unwrap();
    let status = std::process::Command::new("install")
        .args(["-m755", script.as_str(), root.join("cc").as_str()])
        .status()
        .unwrap();
    assert!(status.success());
}

struct Bench {
    cache: Cache,
    runner: Runner,
    dir: tempfile::TempDir,
}

impl Bench {
    /// Makes a compiler that runs `script`, in which `$ROOT` is the bench's directory.
    fn new(script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        install(
            root,
            &format!("#!/bin/sh\nROOT={root}\necho \"$*\" >> $ROOT/asked\n{script}\n"),
        );
        Self {
            cache: Cache::open(&root.join("cache")).unwrap(),
            runner: Runner::new(Stop::new(), RunnerOptions::default()).unwrap(),
            dir,
        }
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.dir.path()).unwrap().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    /// A run of its own, as far as the tools are concerned.
    fn run(&self) -> Toolchain<'_> {
        Toolchain::new(&self.cache, &self.runner)
    }

    fn identity(&self, tools: &Toolchain<'_>) -> Digest {
        let args = ["-Os", "-mmcu=zz8"].map(str::to_owned);
        tools.compiler(self.path("cc").as_str(), &args).unwrap()
    }

    fn asked(&self) -> Vec<String> {
        let asked = fs_err::read_to_string(self.path("asked")).unwrap_or_default();
        asked.lines().map(str::to_owned).collect()
    }
}

const GCC: &str = r#"
echo "install: $ROOT/gcc/"
echo "programs: =$ROOT/gcc/:$ROOT/bin/"
echo "libraries: =$ROOT/gcc/zz/:$ROOT/gcc/"
"#;

#[test]
fn one_answer_serves_all_runs_and_every_run_looks_at_the_files() {
    let planner = Bench::new(GCC);
    planner.write("gcc/libgcc.a", "one");
    let first = planner.identity(&planner.run());
    assert_eq!(planner.identity(&planner.run()), first);

    let mut seen = vec![first];
    let mut change = |what: &str, name: &str, text: &str| {
        planner.write(name, text);
        let identity = planner.identity(&planner.run());
        assert!(!seen.contains(&identity), "{what}");
        seen.push(identity);
    };
    change("a file that is changed", "gcc/libgcc.a", "other");
    change("one that hides it", "gcc/zz/libgcc.a", "device's");
    change("one that was lacking", "gcc/crtzz8.o", "start");
    change("below a folder", "gcc/device-specs/specs-zz8", "specs");
    change("the plugin", "gcc/liblto_plugin.so", "plugin");
    planner.write("gcc/unknown.a", "not asked for");
    assert_eq!(planner.identity(&planner.run()), seen[5]);
    fs_err::remove_file(planner.path("gcc/liblto_plugin.so")).unwrap();
    assert_eq!(planner.identity(&planner.run()), seen[4]);
    assert_eq!(planner.asked(), ["-mmcu=zz8 -print-search-dirs"]);
}

#[test]
fn a_failure_is_asked_again_once_in_the_next_run() {
    let planner = Bench::new(&format!(
        "test -e $ROOT/gcc/device-specs/specs-zz8 || exit 1\n{GCC}"
    ));
    let tools = planner.run();
    let lacking = planner.identity(&tools);
    assert_eq!(planner.identity(&tools), lacking);
    assert_eq!(planner.asked().len(), 1, "within a run");
    assert_eq!(planner.identity(&planner.run()), lacking);
    assert_eq!(planner.asked().len(), 2, "in a second run");
    planner.write("gcc/device-specs/specs-zz8", "specs");
    let complete = planner.identity(&planner.run());
    assert_ne!(complete, lacking);
    assert_eq!(planner.identity(&planner.run()), complete);
    assert_eq!(planner.asked().len(), 3, "after the device came");
}

#[test]
fn a_compiler_that_fails_is_asked_once_for_what_it_predefines() {
    let planner = Bench::new("echo no >&2; exit 1");
    let tools = planner.run();
    for _ in 0..3 {
        let command = Command {
            program: planner.path("cc").into_string(),
            args: ["-c", "x.cpp", "-o", "x.o"].map(str::to_owned).to_vec(),
            cwd: None,
        };
        let problem = tools
            .dialect(&command, "x.cpp", "x.o", Language::Cxx)
            .unwrap_err();
        assert!(problem.to_string().ends_with(": no\n"), "{problem}");
    }
    assert_eq!(
        planner.asked(),
        ["-print-search-dirs", "-x c++ -E -dM -v /dev/null -o -"]
    );
}

#[test]
fn what_a_compiler_predefines_is_asked_again_when_a_file_of_the_device_changed() {
    let planner = Bench::new(&format!(
        "case \"$*\" in *-dM*) echo \"#define __DEVICE__ 8\" ;; *) {GCC} ;; esac"
    ));
    let ask = || {
        let command = Command {
            program: planner.path("cc").into_string(),
            args: ["-mmcu=zz8", "-c", "x.cpp", "-o", "x.o"]
                .map(str::to_owned)
                .to_vec(),
            cwd: None,
        };
        let tools = planner.run();
        tools
            .dialect(&command, "x.cpp", "x.o", Language::Cxx)
            .unwrap();
        planner
            .asked()
            .iter()
            .filter(|asked| asked.contains("-dM"))
            .count()
    };
    assert_eq!((ask(), ask()), (1, 1));
    planner.write("gcc/device-specs/specs-zz8", "specs");
    assert_eq!((ask(), ask()), (2, 2));
}

#[test]
fn a_compiler_that_answers_something_else_is_its_program_alone() {
    for script in ["echo 5.4.0", "exit 1", "kill $$"] {
        let planner = Bench::new(script);
        let before = planner.identity(&planner.run());
        planner.write("gcc/libgcc.a", "one");
        assert_eq!(planner.identity(&planner.run()), before, "{script}");
        let text = fs_err::read_to_string(planner.path("cc")).unwrap();
        install(&planner.path(""), &format!("{text}# changed\n"));
        assert_ne!(planner.identity(&planner.run()), before, "{script}");
    }
}
