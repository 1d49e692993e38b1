//! Answers what a translation unit reads: by the scanner in this process, else by the compiler.
//!
//! One [`Preprocessor`] serves one language of one board. Where the scanner meets something that it does not know, the compiler is asked for
//! that file and the fact is noted for the report.

use std::sync::{Arc, Mutex};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp as cpp;
use fbuild_cpp::{Closure, Scan, SourceTree, Unsupported};
use fbuild_model::{Command, Cost};
use fbuild_scan::depfile::Depfile;
use fbuild_scan::library::memo::ScanMemo;
use fbuild_scan::library::missing::missing_header;
use fbuild_scan::preprocess::Preprocess;

use fbuild_model::error_chain;
use fbuild_process::lock::lock;

use crate::toolchain::{CompilerDialect, Toolchain};

/// Makes the command that preprocesses a source: source, include directories, where the text goes, where the depfile goes.
pub type MakeCommand =
    dyn Fn(&Utf8Path, &[Utf8PathBuf], &str, &Utf8Path) -> Result<Command, String> + Send + Sync;

/// What the preprocessors of a run share.
#[derive(Debug, Clone, Copy)]
pub struct ScanServices<'a> {
    /// The files.
    pub tree: &'a SourceTree,
    /// Asks the compiler, and offers a place for its output.
    pub tools: &'a Toolchain<'a>,
    /// Where it is noted that the compiler had to be asked, and what that cost.
    pub fallbacks: &'a Fallbacks,
}

/// Files for which the compiler had to be asked.
#[derive(Debug, Default)]
pub struct Fallbacks(Mutex<(Vec<String>, Cost)>);

impl Fallbacks {
    fn note(&self, text: String) {
        lock(&self.0).0.push(text);
    }

    fn add(&self, cost: Cost) {
        let sum = &mut lock(&self.0).1;
        *sum = sum.plus(cost);
    }

    /// Returns the notes, sorted and each once, and what the compiler cost.
    pub fn take(&self) -> (Vec<String>, Cost) {
        let (mut notes, cost) = std::mem::take(&mut *lock(&self.0));
        notes.sort();
        notes.dedup();
        (notes, cost)
    }
}

/// Preprocesses one language of one board.
pub struct Preprocessor<'a> {
    services: ScanServices<'a>,
    /// What the compiler predefines; the reason if it did not say.
    dialect: Result<Arc<CompilerDialect>, String>,
    command: Box<MakeCommand>,
    memo: ScanMemo,
}

impl std::fmt::Debug for Preprocessor<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Preprocessor")
            .field("dialect", &self.dialect.is_ok())
            .finish_non_exhaustive()
    }
}

impl<'a> Preprocessor<'a> {
    /// Makes a preprocessor; `command` must preprocess as the dialect's compile command does.
    pub fn new(
        services: ScanServices<'a>,
        dialect: Result<Arc<CompilerDialect>, String>,
        command: Box<MakeCommand>,
    ) -> Self {
        Self {
            services,
            dialect,
            command,
            memo: ScanMemo::new(),
        }
    }

    /// Returns whether the compiler answers like gcc.
    pub fn is_gcc(&self) -> bool {
        self.dialect.is_ok()
    }

    /// Returns whether both are of the same compiler with the same flags.
    pub fn is_of_same_dialect(&self, other: &Self) -> bool {
        matches!((&self.dialect, &other.dialect), (Ok(one), Ok(other)) if Arc::ptr_eq(one, other))
    }

    /// Returns whether the compiler is known to predefine the macro `name`.
    pub fn predefines(&self, name: &str) -> bool {
        let compiler = self.dialect.as_ref();
        compiler.is_ok_and(|compiler| compiler.dialect.predefines(name))
    }

    /// Returns what is known about sources of this language.
    pub fn memo(&self) -> &ScanMemo {
        &self.memo
    }

    /// ScanCache a source, or recalls the answer.
    pub fn scanned(
        &self,
        source: &Utf8Path,
        dirs: &[Utf8PathBuf],
        private_dir: Option<&Utf8Path>,
    ) -> Arc<Scan> {
        self.memo.scan_in(self, source, dirs, private_dir)
    }

    /// Returns the preprocessed text of a merged sketch, as prototype generation needs it (specification 4.2.1).
    ///
    /// # Errors
    /// What the compiler printed if preprocessing fails, which fails the build.
    pub fn expanded(
        &self,
        source: &Utf8Path,
        dirs: &[Utf8PathBuf],
        keep: &[Utf8PathBuf],
    ) -> Result<String, String> {
        let expanded = self.in_process(|compiler| {
            let tree = self.services.tree;
            cpp::expand(tree, &compiler.dialect, source, dirs, keep)
        });
        if let Some(text) = expanded {
            return Ok(text);
        }
        self.note_unknown_dialect();
        let scratch = self
            .services
            .tools
            .cache()
            .scratch()
            .map_err(|error| error_chain(&error))?;
        let target = scratch.path().join("expanded");
        let output = self.compile(
            source,
            dirs,
            target.as_str(),
            &scratch.path().join("expanded.d"),
        )?;
        output.map_err(|output| output.unwrap_or_default())?;
        let bytes = fs_err::read(&target).map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Returns what the compiler prints when it preprocesses `source`; `None` if it succeeds.
    pub fn complaint(&self, source: &Utf8Path, dirs: &[Utf8PathBuf]) -> Option<String> {
        match self.ask(source, dirs) {
            Scan::Complete(_) => None,
            Scan::Missing { output, .. } => output,
            Scan::Failed { output } => Some(output),
        }
    }

    /// Preprocesses in this process, and asks the compiler what it has where that is needed; `None`, with a note, if that does not suffice.
    fn in_process<T>(
        &self,
        preprocess: impl Fn(&CompilerDialect) -> Result<T, Unsupported>,
    ) -> Option<T> {
        let compiler = self.dialect.as_ref().ok()?;
        loop {
            let unsupported = match preprocess(compiler) {
                Ok(result) => return Some(result),
                Err(unsupported) => unsupported,
            };
            // Each round knows one answer more than the one before.
            match self.services.tools.answer(compiler, &unsupported.questions) {
                Ok(true) => {}
                Ok(false) => {
                    self.services.fallbacks.note(unsupported.to_string());
                    return None;
                }
                Err(problem) => {
                    self.services
                        .fallbacks
                        .note(format!("{unsupported}: {problem}"));
                    return None;
                }
            }
        }
    }

    /// Notes that the scanner cannot stand in for the compiler in this language, which matters only once a file of it is read.
    fn note_unknown_dialect(&self) {
        if let Err(reason) = &self.dialect {
            let text = format!("all files of one language: {reason}");
            self.services.fallbacks.note(text);
        }
    }

    fn ask(&self, source: &Utf8Path, dirs: &[Utf8PathBuf]) -> Scan {
        self.note_unknown_dialect();
        let failed = |output: String| Scan::Failed { output };
        let scratch = match self.services.tools.cache().scratch() {
            Ok(scratch) => scratch,
            Err(error) => return failed(error_chain(&error)),
        };
        let deps = scratch.path().join("unit.d");
        match self.compile(source, dirs, "/dev/null", &deps) {
            Err(problem) => failed(problem),
            Ok(Err(printed)) => {
                let output = printed.unwrap_or_default();
                match missing_header(&output) {
                    Some(header) => Scan::Missing {
                        header,
                        output: Some(output),
                    },
                    None => failed(output),
                }
            }
            Ok(Ok(())) => match self.closure(source, dirs, &deps) {
                Ok(closure) => Scan::Complete(closure),
                Err(problem) => failed(problem),
            },
        }
    }

    /// Runs the compiler. The inner error is what it printed when it failed.
    fn compile(
        &self,
        source: &Utf8Path,
        dirs: &[Utf8PathBuf],
        target: &str,
        deps: &Utf8Path,
    ) -> Result<Result<(), Option<String>>, String> {
        let command = (self.command)(source, dirs, target, deps)?;
        let output = self
            .services
            .tools
            .runner()
            .run(&command)
            .map_err(|error| error_chain(&error))?;
        self.services.fallbacks.add(output.cost);
        Ok(if output.status.success() {
            Ok(())
        } else {
            Err(Some(output.text()))
        })
    }

    /// Makes a closure from the compiler's depfile. What it cannot tell is assumed: the bytes depend on paths, and on the time if a file
    /// mentions it.
    fn closure(
        &self,
        source: &Utf8Path,
        dirs: &[Utf8PathBuf],
        deps: &Utf8Path,
    ) -> Result<Closure, String> {
        let bytes = fs_err::read(deps).map_err(|error| error.to_string())?;
        let parsed = Depfile::parse(&bytes).map_err(|error| error.to_string())?;
        let mut closure = Closure {
            uses_path: true,
            ..Closure::default()
        };
        let others = parsed
            .dependencies
            .iter()
            .map(Utf8PathBuf::as_path)
            .filter(|path| *path != source);
        for path in std::iter::once(source).chain(others) {
            let file = self
                .services
                .tree
                .read(path)
                .map_err(|error| error.to_string())?;
            closure
                .files
                .push(file.ok_or_else(|| format!("the compiler read `{path}`, which is gone"))?);
        }
        closure.used_dirs = dirs.to_vec();
        let mentions = |file: &[u8]| {
            ["__DATE__", "__TIME__", "__TIMESTAMP__"]
                .iter()
                .any(|word| contains(file, word.as_bytes()))
        };
        closure.uses_time = closure.files.iter().any(|file| mentions(&file.bytes()));
        Ok(closure)
    }
}

impl Preprocess for Preprocessor<'_> {
    fn answers_at_once(&self) -> bool {
        self.dialect.is_ok()
    }

    fn scan(&self, source: &Utf8Path, include_dirs: &[Utf8PathBuf]) -> Scan {
        let scanned = self.in_process(|compiler| {
            let tree = self.services.tree;
            cpp::scan(tree, &compiler.dialect, source, include_dirs)
        });
        scanned.unwrap_or_else(|| self.ask(source, include_dirs))
    }
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}
