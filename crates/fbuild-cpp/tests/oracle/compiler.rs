//! The real compiler, asked what the preprocessor under test should answer.

use std::collections::HashSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::{Dialect, Language, Unsupported, system_dirs_from_v};
use fbuild_testkit::needs;

pub(crate) const PLATFORM: &str = "/usr/share/arduino/hardware/arduino/avr";
pub(crate) const EXAMPLES: &str = "/usr/share/doc/arduino/examples";

const FLAGS: &[&str] = &[
    "-g",
    "-Os",
    "-w",
    "-mmcu=atmega328p",
    "-DF_CPU=16000000L",
    "-DARDUINO=10607",
    "-DARDUINO_AVR_UNO",
    "-DARDUINO_ARCH_AVR",
    "-DDECIMAL_DIG=__DECIMAL_DIG__",
];

/// avr-gcc in one language, with the flags of the platform.
pub(crate) struct Compiler {
    program: &'static str,
    flags: Vec<&'static str>,
    pub(crate) dialect: Dialect,
}

/// What `-M` came to.
pub(crate) enum Read {
    /// The files, each once, in the order of their first reading.
    Files(Vec<String>),
    /// Standard error of a run that failed.
    Failed(String),
}

impl Compiler {
    /// `None`, said aloud, if there is no compiler or no platform.
    pub(crate) fn new(language: Language) -> Option<Self> {
        let (program, own): (_, &[&str]) = match language {
            Language::C => ("avr-gcc", &["-x", "c", "-std=gnu11"]),
            Language::Cxx => (
                "avr-g++",
                &[
                    "-x",
                    "c++",
                    "-std=gnu++11",
                    "-fpermissive",
                    "-fno-exceptions",
                ],
            ),
            Language::Asm => ("avr-gcc", &["-x", "assembler-with-cpp"]),
        };
        needs!(PLATFORM);
        Self::of(
            program,
            own.iter().chain(FLAGS).copied().collect(),
            language,
        )
    }

    /// The compiler `program` with `flags`; `None`, said aloud, if it is not installed.
    pub(crate) fn of(
        program: &'static str,
        flags: Vec<&'static str>,
        language: Language,
    ) -> Option<Self> {
        needs!(program);
        let run = |last: &[&str]| {
            Command::new(program)
                .args(&flags)
                .args(last)
                .stdin(Stdio::null())
                .output()
        };
        let macros = run(&["-dM", "-E", "-"]).unwrap();
        let verbose = run(&["-v", "-E", "-"]).unwrap();
        let dirs = system_dirs_from_v(&String::from_utf8(verbose.stderr).unwrap());
        assert!(!dirs.is_empty());
        let dialect =
            Dialect::new(&String::from_utf8(macros.stdout).unwrap(), dirs, language).unwrap();
        Some(Self {
            program,
            flags,
            dialect,
        })
    }

    /// Calls `preprocess` until it has all answers of the compiler that it asks for.
    pub(crate) fn answering<T>(
        &self,
        preprocess: impl Fn(&Dialect) -> Result<T, Unsupported>,
    ) -> Result<T, Unsupported> {
        loop {
            let unsupported = match preprocess(&self.dialect) {
                Err(unsupported) if !unsupported.questions.is_empty() => unsupported,
                result => return result,
            };
            let mut child = Command::new(self.program)
                .args(&self.flags)
                .args(["-E", "-P", "-"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let questions = unsupported.questions.join("\n") + "\n";
            let mut input = child.stdin.take().unwrap();
            input.write_all(questions.as_bytes()).unwrap();
            drop(input);
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{questions}");
            let answers = String::from_utf8(output.stdout).unwrap();
            let questions = unsupported.questions.iter().map(String::as_str);
            self.dialect.learn(questions.zip(answers.lines()));
        }
    }

    fn command(&self, source: &Utf8Path, dirs: &[Utf8PathBuf], how: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.args(&self.flags).args(how);
        for dir in dirs {
            command.arg(format!("-I{dir}"));
        }
        command.arg(source).stdin(Stdio::null());
        command
    }

    /// Asks which files a source reads.
    pub(crate) fn files(&self, source: &Utf8Path, dirs: &[Utf8PathBuf]) -> Read {
        let output = self.command(source, dirs, &["-M"]).output().unwrap();
        if !output.status.success() {
            return Read::Failed(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, list) = text.split_once(": ").unwrap();
        let mut seen = HashSet::new();
        let list = list.replace("\\\n", " ").replace("\\ ", "\0");
        let files = list
            .split_whitespace()
            .map(|file| file.replace('\0', " "))
            .filter(|file| seen.insert(file.clone()));
        Read::Files(files.collect())
    }

    /// Asks what a source expands to.
    pub(crate) fn expand(&self, source: &Utf8Path, dirs: &[Utf8PathBuf]) -> Result<String, String> {
        let output = self.command(source, dirs, &["-E", "-CC"]).output().unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }
}

/// Calls `check` for all items on two threads and returns the complaints.
pub(crate) fn in_parallel<T: Sync>(
    items: &[T],
    check: impl Fn(&T) -> Option<String> + Sync,
) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let complaints = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(complaint) = check(item) {
                        complaints.lock().unwrap().push(complaint);
                    }
                }
            });
        }
    });
    complaints.into_inner().unwrap()
}
