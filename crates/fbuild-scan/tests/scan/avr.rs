//! The real compiler as the oracle: a [`Preprocess`] that runs `avr-g++ -E`.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::SourceTree;
use fbuild_cpp::{Closure, Scan};
use fbuild_scan::depfile::Depfile;
use fbuild_scan::library::missing::missing_header;
use fbuild_scan::preprocess::Preprocess;
use fbuild_testkit::{need, needs};

/// Where Debian puts its AVR platform.
pub(crate) const PLATFORM: &str = "/usr/share/arduino/hardware/arduino/avr";

/// Finds `avr-g++`, which the test needs.
pub(crate) fn find() -> Option<Utf8PathBuf> {
    needs!("avr-g++");
    ["/usr/bin/avr-g++", "/usr/local/bin/avr-g++"]
        .into_iter()
        .map(Utf8PathBuf::from)
        .find(|path| path.exists())
}

/// The core's and the variant's directory of the uno, which the test needs.
pub(crate) fn uno() -> Option<Vec<Utf8PathBuf>> {
    needs!(need::AVR);
    let dirs = ["cores/arduino", "variants/standard"].map(|dir| Utf8Path::new(PLATFORM).join(dir));
    Some(dirs.into())
}

/// Runs the compiler for every question and counts them.
pub(crate) struct Compiler {
    program: Utf8PathBuf,
    tree: SourceTree,
    runs: AtomicUsize,
}

impl Compiler {
    pub(crate) fn new(program: Utf8PathBuf) -> Self {
        Self {
            program,
            tree: SourceTree::new(),
            runs: AtomicUsize::new(0),
        }
    }

    pub(crate) fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }
}

impl Preprocess for Compiler {
    fn scan(&self, source: &Utf8Path, include_dirs: &[Utf8PathBuf]) -> Scan {
        self.runs.fetch_add(1, Ordering::Relaxed);
        let scratch = tempfile::NamedTempFile::new().unwrap();
        let output = Command::new(&self.program)
            .args([
                "-c",
                "-Os",
                "-std=gnu++11",
                "-fpermissive",
                "-fno-exceptions",
                "-fno-threadsafe-statics",
                "-flto",
                "-w",
                "-x",
                "c++",
            ])
            .args([
                "-E",
                "-CC",
                "-mmcu=atmega328p",
                "-DF_CPU=16000000L",
                "-DARDUINO=10607",
                "-DARDUINO_AVR_UNO",
                "-DARDUINO_ARCH_AVR",
            ])
            .args([
                "-DDECIMAL_DIG=__DECIMAL_DIG__",
                "-MD",
                "-MT",
                "x",
                "-o",
                "/dev/null",
                "-MF",
            ])
            .arg(scratch.path())
            .args(include_dirs.iter().map(|dir| format!("-I{dir}")))
            .arg(source)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            return match missing_header(&text) {
                Some(header) => Scan::Missing {
                    header,
                    output: Some(text),
                },
                None => Scan::Failed { output: text },
            };
        }
        let depfile = Depfile::parse(&fs_err::read(scratch.path()).unwrap()).unwrap();
        let files: Vec<Arc<_>> = depfile
            .dependencies
            .iter()
            .filter_map(|path| self.tree.read(path).unwrap())
            .collect();
        let used_dirs = include_dirs
            .iter()
            .filter(|dir| files.iter().any(|file| file.path().starts_with(dir)))
            .cloned()
            .collect();
        Scan::Complete(Closure {
            files,
            used_dirs,
            ..Closure::default()
        })
    }
}
