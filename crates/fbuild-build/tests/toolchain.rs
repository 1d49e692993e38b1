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
    let bench = Bench::new(GCC);
    bench.write("gcc/libgcc.a", "one");
    let first = bench.identity(&bench.run());
    assert_eq!(bench.identity(&bench.run()), first);

    let mut seen = vec![first];
    let mut change = |what: &str, name: &str, text: &str| {
        bench.write(name, text);
        let identity = bench.identity(&bench.run());
        assert!(!seen.contains(&identity), "{what}");
        seen.push(identity);
    };
    change("a file that is changed", "gcc/libgcc.a", "other");
    change("one that hides it", "gcc/zz/libgcc.a", "device's");
    change("one that was lacking", "gcc/crtzz8.o", "start");
    change("below a folder", "gcc/device-specs/specs-zz8", "specs");
    change("the plugin", "gcc/liblto_plugin.so", "plugin");
    bench.write("gcc/unknown.a", "not asked for");
    assert_eq!(bench.identity(&bench.run()), seen[5]);
    fs_err::remove_file(bench.path("gcc/liblto_plugin.so")).unwrap();
    assert_eq!(bench.identity(&bench.run()), seen[4]);
    assert_eq!(bench.asked(), ["-mmcu=zz8 -print-search-dirs"]);
}

#[test]
fn a_failure_is_asked_again_once_in_the_next_run() {
    let bench = Bench::new(&format!(
        "test -e $ROOT/gcc/device-specs/specs-zz8 || exit 1\n{GCC}"
    ));
    let tools = bench.run();
    let lacking = bench.identity(&tools);
    assert_eq!(bench.identity(&tools), lacking);
    assert_eq!(bench.asked().len(), 1, "within a run");
    assert_eq!(bench.identity(&bench.run()), lacking);
    assert_eq!(bench.asked().len(), 2, "in a second run");
    bench.write("gcc/device-specs/specs-zz8", "specs");
    let complete = bench.identity(&bench.run());
    assert_ne!(complete, lacking);
    assert_eq!(bench.identity(&bench.run()), complete);
    assert_eq!(bench.asked().len(), 3, "after the device came");
}

#[test]
fn a_compiler_that_fails_is_asked_once_for_what_it_predefines() {
    let bench = Bench::new("echo no >&2; exit 1");
    let tools = bench.run();
    for _ in 0..3 {
        let command = Command {
            program: bench.path("cc").into_string(),
            args: ["-c", "x.cpp", "-o", "x.o"].map(str::to_owned).to_vec(),
            cwd: None,
        };
        let problem = tools
            .dialect(&command, "x.cpp", "x.o", Language::Cxx)
            .unwrap_err();
        assert!(problem.to_string().ends_with(": no\n"), "{problem}");
    }
    assert_eq!(
        bench.asked(),
        ["-print-search-dirs", "-x c++ -E -dM -v /dev/null -o -"]
    );
}

#[test]
fn what_a_compiler_predefines_is_asked_again_when_a_file_of_the_device_changed() {
    let bench = Bench::new(&format!(
        "case \"$*\" in *-dM*) echo \"#define __DEVICE__ 8\" ;; *) {GCC} ;; esac"
    ));
    let ask = || {
        let command = Command {
            program: bench.path("cc").into_string(),
            args: ["-mmcu=zz8", "-c", "x.cpp", "-o", "x.o"]
                .map(str::to_owned)
                .to_vec(),
            cwd: None,
        };
        let tools = bench.run();
        tools
            .dialect(&command, "x.cpp", "x.o", Language::Cxx)
            .unwrap();
        bench
            .asked()
            .iter()
            .filter(|asked| asked.contains("-dM"))
            .count()
    };
    assert_eq!((ask(), ask()), (1, 1));
    bench.write("gcc/device-specs/specs-zz8", "specs");
    assert_eq!((ask(), ask()), (2, 2));
}

#[test]
fn a_compiler_that_answers_something_else_is_its_program_alone() {
    for script in ["echo 5.4.0", "exit 1", "kill $$"] {
        let bench = Bench::new(script);
        let before = bench.identity(&bench.run());
        bench.write("gcc/libgcc.a", "one");
        assert_eq!(bench.identity(&bench.run()), before, "{script}");
        let text = fs_err::read_to_string(bench.path("cc")).unwrap();
        install(&bench.path(""), &format!("{text}# changed\n"));
        assert_ne!(bench.identity(&bench.run()), before, "{script}");
    }
}

#[test]
fn a_compiler_is_known_by_where_it_is_found_too() {
    let guard = tempfile::tempdir().unwrap();
    let root = Utf8Path::from_path(guard.path()).unwrap();
    // As gcc does, it looks for its files beside itself; the two programs are the same to the byte.
    let script = "#!/bin/sh\nD=$(cd \"$(dirname \"$0\")\" && pwd -P)\necho \"programs: =$D/\"\necho \"libraries: =$D/\"\n";
    for (dir, object) in [("t1", "one"), ("t2", "two"), ("t3", "one")] {
        fs_err::create_dir(root.join(dir)).unwrap();
        install(&root.join(dir), script);
        fs_err::write(root.join(dir).join("crtzz8.o"), object).unwrap();
    }
    let cache = Cache::open(&root.join("cache")).unwrap();
    let runner = Runner::new(Stop::new(), RunnerOptions::default()).unwrap();
    let link = root.join("cur");
    let identity = |target: &str| {
        let _ = fs_err::remove_file(&link);
        fs_err::os::unix::fs::symlink(target, &link).unwrap();
        let args = ["-mmcu=zz8".to_owned()];
        let tools = Toolchain::new(&cache, &runner);
        tools.compiler(link.join("cc").as_str(), &args).unwrap()
    };
    let first = identity("t1");
    assert_ne!(identity("t2"), first, "the link has another target");
    assert_eq!(identity("t3"), first, "the same files at another place");
    assert_eq!(identity("t1"), first);
}
