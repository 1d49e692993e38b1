//! A directory with everything a run needs.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::calls::Calls;
use crate::platform;
use crate::run::{Invocation, Run};

/// The text of a sketch that every scripted or real board builds.
pub const PLAIN: &str = "void setup() { delay(1); }\nvoid loop() {}\n";

/// A temporary directory with a home, a cache, sketches, libraries and a platform.
///
/// It is removed when dropped, unless `$FBUILD_TESTKIT_KEEP` is set.
#[derive(Debug)]
pub struct Project {
    program: Utf8PathBuf,
    root: Utf8PathBuf,
    _guard: Option<tempfile::TempDir>,
}

impl Project {
    /// Makes an empty project for the program at `program` (`env!("CARGO_BIN_EXE_fbuild")`).
    ///
    /// # Panics
    /// If the directory cannot be made, like all functions here: a test has nothing better to do.
    pub fn new(program: &str) -> Self {
        Self::named(program, "work")
    }

    /// Makes an empty project whose directory ends in `name`.
    pub fn named(program: &str, name: &str) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("fbuild-test-")
            .tempdir()
            .expect("make a temporary directory");
        let (base, guard) = if std::env::var_os("FBUILD_TESTKIT_KEEP").is_some() {
            (dir.keep(), None)
        } else {
            (dir.path().to_owned(), Some(dir))
        };
        let base =
            Utf8PathBuf::from_path_buf(base).expect("the temporary directory's path is UTF-8");
        // The program shows paths without symbolic links.
        let base = base
            .canonicalize_utf8()
            .expect("the directory was just made");
        let root = base.join(name);
        let project = Self {
            program: Utf8PathBuf::from(program),
            root,
            _guard: guard,
        };
        for dir in [
            project.root(),
            &project.home(),
            &project.tool_dir(),
            &project.libraries(),
        ] {
            fs_err::create_dir_all(dir).expect("make a directory");
        }
        project
    }

    /// Adds the platform `fake:avr` (see [`crate::platform`]).
    #[must_use]
    pub fn fake_platform(self) -> Self {
        platform::install(&self.hardware());
        self
    }

    /// Adds the sketch `path/NAME.ino`, where NAME is the last part of `path`.
    #[must_use]
    pub fn sketch(self, path: &str, text: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.file(&format!("{path}/{name}.ino"), text)
    }

    /// Adds several sketches of the same text, `{name}` in it replaced by each one's name.
    #[must_use]
    pub fn sketches<'a>(self, paths: impl IntoIterator<Item = &'a str>, text: &str) -> Self {
        paths.into_iter().fold(self, |project, path| {
            project.sketch(path, &text.replace("{name}", path))
        })
    }

    /// Adds or replaces a file, relative to the root.
    #[must_use]
    pub fn file(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Adds a library below [`Self::libraries`]; a missing `library.properties` is made up.
    #[must_use]
    pub fn library(self, name: &str, files: &[(&str, &str)]) -> Self {
        let dir = format!("libraries/{name}");
        if !files.iter().any(|(path, _)| *path == "library.properties") {
            self.write(
                &format!("{dir}/library.properties"),
                format!("name={name}\nversion=1.2.3\narchitectures=*\n"),
            );
        }
        files
            .iter()
            .for_each(|(path, text)| self.write(&format!("{dir}/{path}"), text));
        self
    }

    /// Adds a library with one header and one source, of which the source does what `script` asks for.
    #[must_use]
    pub fn simple_library(self, name: &str, script: &str) -> Self {
        let header = format!("#pragma once\nint {name}_value();\n");
        let source =
            format!("#include \"{name}.h\"\n{script}\nint {name}_value() {{ return 1; }}\n");
        let (header_path, source_path) = (format!("src/{name}.h"), format!("src/{name}.cpp"));
        self.library(name, &[(&header_path, &header), (&source_path, &source)])
    }

    /// Writes a file, relative to the root, replacing it if it is there.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs_err::create_dir_all(path.parent().expect("the path has a parent"))
            .expect("make a directory");
        fs_err::write(path, text).expect("write a file");
    }

    /// Reads a file, relative to the root.
    pub fn read(&self, path: impl AsRef<Utf8Path>) -> String {
        String::from_utf8_lossy(&self.read_bytes(path)).into_owned()
    }

    /// Reads a file, relative to the root.
    pub fn read_bytes(&self, path: impl AsRef<Utf8Path>) -> Vec<u8> {
        fs_err::read(self.root.join(path)).expect("read a file")
    }

    /// Returns the current directory of all runs.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Returns a path in the project.
    pub fn path(&self, path: &str) -> Utf8PathBuf {
        self.root.join(path)
    }

    /// Returns the directory of libraries.
    pub fn libraries(&self) -> Utf8PathBuf {
        self.root.join("libraries")
    }

    /// Returns the directory in which the platform stands, outside the root so that it is not taken for part of the sketches.
    pub fn hardware(&self) -> Utf8PathBuf {
        self.beside("hardware")
    }

    /// Returns the directory of the platform `fake:avr`.
    pub fn platform(&self) -> Utf8PathBuf {
        self.hardware().join("fake/avr")
    }

    /// Returns the home directory of all runs.
    pub fn home(&self) -> Utf8PathBuf {
        self.beside("home")
    }

    /// Returns the cache directory of all runs.
    pub fn cache(&self) -> Utf8PathBuf {
        self.beside("cache")
    }

    /// Returns the directory in which the scripted tools note their calls.
    pub fn tool_dir(&self) -> Utf8PathBuf {
        self.beside("calls")
    }

    /// Returns where `compile_many` has the report written.
    pub fn report_path(&self) -> Utf8PathBuf {
        self.beside("report.json")
    }

    fn beside(&self, name: &str) -> Utf8PathBuf {
        self.root
            .parent()
            .expect("the root has a parent")
            .join(name)
    }

    /// Starts a command line.
    pub fn command<A: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Invocation {
        Invocation::new(&self.program, self).args(args)
    }

    /// Runs a command line to its end.
    pub fn fbuild<A: AsRef<std::ffi::OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Run {
        self.command(args).run()
    }

    /// Runs `compile-many` with [`Self::compile`]'s arguments to its end.
    pub fn compile_many<A: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Run {
        self.compile(args).run()
    }

    /// Starts `compile-many` for board `solo` with the project's libraries, writing a report.
    pub fn compile<A: AsRef<std::ffi::OsStr>>(
        &self,
        args: impl IntoIterator<Item = A>,
    ) -> Invocation {
        self.compile_for("solo", args)
    }

    /// Starts `compile-many` for a board with the project's libraries, writing a report.
    pub fn compile_for<A: AsRef<std::ffi::OsStr>>(
        &self,
        board: &str,
        args: impl IntoIterator<Item = A>,
    ) -> Invocation {
        // A report of an earlier run must not be taken for this one's.
        let _ = std::fs::remove_file(self.report_path());
        let (libraries, report) = (self.libraries(), self.report_path());
        let fixed = [
            "compile-many",
            "--board",
            board,
            "--libraries",
            libraries.as_str(),
            "--report",
            report.as_str(),
        ];
        self.command(fixed).args(args)
    }

    /// Returns the calls of scripted tools so far.
    pub fn calls(&self) -> Calls {
        Calls::read(&self.tool_dir())
    }

    /// Forgets all calls, gates and barriers.
    pub fn forget_calls(&self) {
        fs_err::remove_dir_all(self.tool_dir()).expect("remove the calls");
        fs_err::create_dir_all(self.tool_dir()).expect("make a directory");
    }

    /// Waits until a call is held at the gate `name` (`// fake: hold NAME`).
    pub fn wait_until_held(&self, name: &str) {
        let path = self.tool_dir().join(format!("held-{name}"));
        crate::run::wait_for(|| path.exists(), Duration::from_secs(20))
            .unwrap_or_else(|_| panic!("nothing came to the gate `{name}`"));
    }

    /// Lets all calls pass the gate `name`.
    pub fn open_gate(&self, name: &str) {
        fs_err::write(self.tool_dir().join(format!("gate-{name}")), "").expect("open the gate");
    }
}
