//! What must be known of the tools: what they are by content, and what the compiler predefines.
//!
//! A tool's answers are kept in the cache under its content and the question, so that a run in which nothing changed asks nothing; what
//! fails is asked again in the next run, because what was lacking (a device's files, memory) may be there by then. The module knows gcc's
//! way of answering; a compiler that does not answer so is known by its program file alone, and its translation units are preprocessed by
//! itself.

mod dialects;
mod files;
pub(crate) mod linker_files;
pub(crate) mod option_files;
pub(crate) mod pch_probe;
pub mod programs;
mod question;

use std::collections::{BTreeSet, HashMap};
use std::env;
use std::sync::{Arc, Mutex};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, StatMemo};
use fbuild_cpp::Language;
use fbuild_model::{Command, Cost, Digest, DigestWriter};
use serde::{Deserialize, Serialize};

pub use self::dialects::CompilerDialect;
use self::files::SearchDirs;
pub use self::programs::find_program;
use crate::toolchain::question::question;
use fbuild_model::error_chain;
use fbuild_process::lock::lock;
use fbuild_process::runner::{RunError, Runner};

/// Environment variables that reach what gcc and binutils read or write.
const ENVIRONMENT: [&str; 10] = [
    "COMPILER_PATH",
    "CPATH",
    "CPLUS_INCLUDE_PATH",
    "C_INCLUDE_PATH",
    "GCC_COMPARE_DEBUG",
    "GCC_EXEC_PREFIX",
    "GNUTARGET",
    "LDEMULATION",
    "LIBRARY_PATH",
    "SOURCE_DATE_EPOCH",
];

/// A tool that is not there or cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// No such program.
    #[error("find the program `{program}` (is the toolchain installed? `fbuild doctor` tells)")]
    NotFound {
        /// The program as the recipe names it.
        program: String,
    },
    /// It could not be read.
    #[error("read the program `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It could not be started.
    #[error("ask the compiler")]
    Ask(#[from] RunError),
    /// Its answer is not understood.
    #[error("understand the answer of `{command}`: {problem}")]
    Answer {
        /// The question.
        command: String,
        /// What is wrong with the answer.
        problem: String,
    },
}

/// What a tool answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Answer {
    success: bool,
    stdout: String,
    stderr: String,
}

/// A compiler with what belongs to it.
#[derive(Debug, Clone)]
struct Identity {
    /// All of it by content.
    digest: Digest,
    /// Where it looks for files; `None` if it does not answer like gcc.
    dirs: Option<Arc<SearchDirs>>,
}

/// The tools of a run.
#[derive(Debug)]
pub struct Toolchain<'a> {
    cache: &'a Cache,
    runner: &'a Runner,
    memo: StatMemo<'a>,
    identities: Mutex<HashMap<String, Identity>>,
    dialects: Mutex<HashMap<String, Arc<CompilerDialect>>>,
    failures: Mutex<HashMap<Digest, Answer>>,
    cost: Mutex<Cost>,
    /// The program in front of each compile, with its arguments; empty: none.
    launcher: Vec<String>,
    /// Programs that are not there, where that is no error.
    lacking: Option<Mutex<BTreeSet<String>>>,
}

impl<'a> Toolchain<'a> {
    /// Makes an empty collection; tools are looked at when they are needed.
    pub fn new(cache: &'a Cache, runner: &'a Runner) -> Self {
        Self {
            cache,
            runner,
            memo: StatMemo::new(cache),
            identities: Mutex::default(),
            dialects: Mutex::default(),
            failures: Mutex::default(),
            cost: Mutex::default(),
            launcher: Vec::new(),
            lacking: None,
        }
    }

    /// Sets the program that is put in front of each compile (`ccache`), with its arguments.
    pub fn launched_by(self, launcher: &[String]) -> Self {
        Self {
            launcher: launcher.to_vec(),
            ..self
        }
    }

    /// Returns what surrounds a compile and reaches its result, as name and value: the variables of [`Self::environment`], and the launcher with
    /// its content.
    pub fn surroundings(&self) -> Vec<(&'static str, String)> {
        let mut all = Self::environment();
        if let Some(program) = self.launcher.first() {
            // One that is not there fails when it is started.
            let content = self.program(program).map(|digest| digest.to_string());
            let words = self.launcher.join("\0");
            all.push((
                "compiler launcher",
                format!("{words}\0{}", content.unwrap_or_default()),
            ));
        }
        all
    }

    /// Makes a collection for a plan that is only looked at: a program that is not there is noted, and has no content.
    pub fn for_preview(cache: &'a Cache, runner: &'a Runner) -> Self {
        Self {
            lacking: Some(Mutex::default()),
            ..Self::new(cache, runner)
        }
    }

    /// Returns the programs that were asked for and are not there; empty unless made by [`Self::for_preview`].
    pub fn lacking(&self) -> Vec<String> {
        self.lacking
            .as_ref()
            .map(|lacking| lock(lacking).iter().cloned().collect())
            .unwrap_or_default()
    }

    /// Returns whether it was made by [`Self::for_preview`].
    pub fn is_for_preview(&self) -> bool {
        self.lacking.is_some()
    }

    /// Returns the store that keeps the tools' answers.
    pub fn cache(&self) -> &'a Cache {
        self.cache
    }

    /// Returns what starts the tools.
    pub fn runner(&self) -> &'a Runner {
        self.runner
    }

    /// Returns what the processes started so far cost.
    pub fn cost(&self) -> Cost {
        *lock(&self.cost)
    }

    /// Returns the environment variables that reach results, as name and value, sorted by name. Of directories to search for headers only
    /// those count that are there, as for gcc; which are not is told behind the value.
    pub fn environment() -> Vec<(&'static str, String)> {
        let value = |name: &'static str| -> Option<(&'static str, String)> {
            let mut value = env::var(name).ok()?;
            if name.ends_with("PATH") {
                let dirs = value.split(':').map(Utf8Path::new);
                let absent: String = dirs
                    .filter(|dir| !dir.is_dir())
                    .map(|dir| format!(" ({dir} absent)"))
                    .collect();
                value.push_str(&absent);
            }
            Some((name, value))
        };
        ENVIRONMENT.iter().filter_map(|&name| value(name)).collect()
    }

    /// Returns the digest of a program's file.
    ///
    /// # Errors
    /// If there is no such program.
    pub fn program(&self, program: &str) -> Result<Digest, ToolError> {
        let Some(path) = find_program(program) else {
            let Some(lacking) = &self.lacking else {
                return Err(ToolError::NotFound {
                    program: program.to_owned(),
                });
            };
            lock(lacking).insert(program.to_owned());
            return Ok(Digest::of(b""));
        };
        self.memo
            .digest(&path)
            .map_err(|source| ToolError::Read { path, source })
    }

    /// Returns the digest of a compiler with everything it starts, what it links by itself for the device that `args` choose, and the files
    /// that options in `args` name.
    ///
    /// # Errors
    /// If the program, or a file that is named, cannot be found or read.
    pub fn compiler(&self, program: &str, args: &[String]) -> Result<Digest, ToolError> {
        let args = option_files::expanded(args);
        let identity = self.identity(program, &args)?;
        let named = option_files::named(&args, identity.dirs.as_deref());
        if named.is_empty() {
            return Ok(identity.digest);
        }
        let mut writer = DigestWriter::new("compiler with files");
        writer.digest(identity.digest);
        for path in named {
            let digest = self
                .memo
                .digest(&path)
                .map_err(|source| ToolError::Read { path, source })?;
            writer.digest(digest);
        }
        Ok(writer.finish())
    }

    /// Returns the digest of a program that is no compiler with the files that `args` name by absolute paths and the environment.
    ///
    /// # Errors
    /// If there is no such program.
    pub fn program_with_files(&self, program: &str, args: &[String]) -> Result<Digest, ToolError> {
        let mut writer = DigestWriter::new("program with files");
        writer.digest(self.program(program)?);
        add_environment(&mut writer);
        self.add_positional(&mut writer, &option_files::expanded(args));
        Ok(writer.finish())
    }

    /// Returns the digest of a linker: as [`Self::compiler`], with the files that `args` name by absolute paths, those that such files name, and
    /// the environment.
    ///
    /// # Errors
    /// As [`Self::compiler`].
    pub fn linker(&self, program: &str, args: &[String]) -> Result<Digest, ToolError> {
        let mut writer = DigestWriter::new("linker with files");
        writer.digest(self.compiler(program, args)?);
        add_environment(&mut writer);
        let args = option_files::expanded(args);
        self.add_positional(&mut writer, &args);
        let identity = self.identity(program, &args)?;
        let mut files = option_files::named(&args, identity.dirs.as_deref());
        files.extend(option_files::positional(&args).map(Utf8Path::to_owned));
        for path in linker_files::named_by(&files, &option_files::library_dirs(&args)) {
            if let Ok(digest) = self.memo.digest(&path) {
                writer.field(path.as_str()).digest(digest);
            }
        }
        Ok(writer.finish())
    }

    fn add_positional(&self, writer: &mut DigestWriter, args: &[String]) {
        for path in option_files::positional(args) {
            // What cannot be read fails when it is used, with a message of the tool's own.
            if let Ok(digest) = self.memo.digest(path) {
                writer.digest(digest);
            }
        }
    }

    /// Identifies a compiler; `args` are expanded.
    fn identity(&self, program: &str, args: &[String]) -> Result<Identity, ToolError> {
        let machine = option_files::search_options(args);
        let key = format!("{program} {}", machine.join(" "));
        if let Some(known) = lock(&self.identities).get(&key) {
            return Ok(known.clone());
        }
        let mut writer = DigestWriter::new("compiler");
        writer.digest(self.program(program)?);
        let dirs = self.search_dirs(program, &machine)?;
        let files = dirs.iter().flat_map(|dirs| {
            let mut files = dirs.toolchain_files(&machine);
            files.extend(dirs.specs_and_scripts());
            files
        });
        for path in files {
            if let Ok(digest) = self.memo.digest(&path) {
                writer
                    .field(path.file_name().unwrap_or_default())
                    .digest(digest);
            }
        }
        let identity = Identity {
            digest: writer.finish(),
            dirs: dirs.map(Arc::new),
        };
        lock(&self.identities).insert(key, identity.clone());
        Ok(identity)
    }

    /// Asks a compiler where it looks for files; `None` where the program does not answer like gcc.
    fn search_dirs(
        &self,
        program: &str,
        machine: &[String],
    ) -> Result<Option<SearchDirs>, ToolError> {
        let mut args = machine.to_vec();
        args.push(files::QUESTION.to_owned());
        let answer = self.ask(&Command {
            program: program.to_owned(),
            args,
            cwd: None,
        })?;
        Ok(answer
            .success
            .then(|| SearchDirs::parse(&answer.stdout))
            .flatten())
    }

    /// Returns what the compiler predefines and where it looks for system headers, with the arguments of `command`.
    ///
    /// `command` compiles the file named `source`, which is replaced by an empty one, into `object`.
    ///
    /// # Errors
    /// If the compiler cannot be run or does not answer like gcc.
    pub fn dialect(
        &self,
        command: &Command,
        source: &str,
        object: &str,
        language: Language,
    ) -> Result<Arc<CompilerDialect>, ToolError> {
        // The content of an option file is part of the question, and where it is, is not.
        let command = Command {
            args: option_files::inlined(&command.args),
            ..command.clone()
        };
        let question = question(&command, source, object);
        let key = question.to_shell();
        if let Some(known) = lock(&self.dialects).get(&key) {
            return Ok(Arc::clone(known));
        }
        // The driver hands it to its preprocessor, which knows the device from a file: they are what answers.
        let args = option_files::expanded(&command.args);
        let who = self.identity(&command.program, &args)?.digest;
        // The content of a header that an option includes is part of the answer, and not of the key.
        let answer = match option_files::includes(&args) {
            true => self.run_question(&question)?,
            false => self.ask_as(who, &question)?,
        };
        let wrong = |problem: String| ToolError::Answer {
            command: key.clone(),
            problem,
        };
        if !answer.success {
            return Err(wrong(answer.stderr));
        }
        let kept_by = self.answer_key(who, &question);
        let dialect = CompilerDialect::new(question, kept_by, &answer, language)
            .map_err(|error| wrong(error_chain(&error)))?;
        self.recall_answers(&dialect);
        let dialect = Arc::new(dialect);
        lock(&self.dialects).insert(key, Arc::clone(&dialect));
        Ok(dialect)
    }

    /// Returns the first line of `program --version`; `None` if it does not answer.
    pub fn version(&self, program: &str) -> Option<String> {
        let args = vec!["--version".to_owned()];
        let answer = self
            .ask(&Command {
                program: program.to_owned(),
                args,
                cwd: None,
            })
            .ok()?;
        answer
            .success
            .then(|| answer.stdout.lines().next().unwrap_or_default().to_owned())
    }

    /// Returns what `-dumpversion` says (`5.4.0`); `None` if it does not answer.
    pub fn dump_version(&self, program: &str) -> Option<String> {
        let args = vec!["-dumpversion".to_owned()];
        let answer = self
            .ask(&Command {
                program: program.to_owned(),
                args,
                cwd: None,
            })
            .ok()?;
        answer.success.then(|| answer.stdout.trim().to_owned())
    }

    /// Runs a question, or recalls the answer that this very program once gave to it, or with which it failed in this run.
    fn ask(&self, command: &Command) -> Result<Answer, ToolError> {
        self.ask_as(self.program(&command.program)?, command)
    }

    /// As [`Self::ask`] where the answer is that of `who`, which is more than the program's own file.
    fn ask_as(&self, who: Digest, command: &Command) -> Result<Answer, ToolError> {
        if self.lacking().contains(&command.program) {
            return Ok(Answer {
                success: false,
                stdout: String::new(),
                stderr: format!("`{}` is not installed", command.program),
            });
        }
        let key = self.answer_key(who, command);
        if let Some(answer) = self
            .cache
            .recall(key)
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        {
            return Ok(answer);
        }
        if let Some(answer) = lock(&self.failures).get(&key) {
            return Ok(answer.clone());
        }
        let answer = self.run_question(command)?;
        if !answer.success {
            lock(&self.failures).insert(key, answer.clone());
        } else if let Ok(bytes) = serde_json::to_vec(&answer) {
            self.cache.remember(key, &bytes);
        }
        Ok(answer)
    }

    /// Returns under which key the answer of `who` to `command` is kept.
    fn answer_key(&self, who: Digest, command: &Command) -> Digest {
        let mut key = DigestWriter::new("tool answer 4");
        key.digest(who);
        // gcc looks for its parts beside itself, so a copy of it elsewhere, or another target of a link, answers differently.
        if let Some(path) = find_program(&command.program) {
            key.field(path.as_str());
            if let Ok(real) = path.canonicalize_utf8() {
                key.field(real.as_str());
            }
        }
        command.argv().for_each(|arg| {
            key.field(arg);
        });
        for (name, value) in Self::environment() {
            key.field(name).field(value);
        }
        key.finish()
    }

    fn run_question(&self, command: &Command) -> Result<Answer, ToolError> {
        let output = self.runner.run(command)?;
        *lock(&self.cost) = self.cost().plus(output.cost);
        Ok(Answer {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

fn add_environment(writer: &mut DigestWriter) {
    for (name, value) in Toolchain::environment() {
        writer.field(name).field(value);
    }
}
