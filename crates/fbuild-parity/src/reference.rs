//! The reference tool of this machine, and what it makes of one sketch.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Command;

use crate::case::{Built, Case, Core, NotBuilt, Ours};
use crate::{arduino_builder, arduino_cli, explain};
use fbuild_build::toolchain::find_program;
use fbuild_model::error_chain;
use fbuild_process::runner::Runner;

/// Which tool it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// arduino-cli.
    ArduinoCli,
    /// arduino-builder, its predecessor.
    ArduinoBuilder,
}

/// A reference tool.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Which it is.
    pub kind: Kind,
    /// The program.
    pub program: Utf8PathBuf,
    /// What it says about itself.
    pub version: String,
}

/// Why there is no reference.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// None is installed.
    #[error("find a reference tool: neither arduino-cli nor arduino-builder is in PATH")]
    None,
    /// The named one is not there.
    #[error("find the reference tool `{0}`")]
    NotFound(Utf8PathBuf),
    /// It cannot be run.
    #[error("ask `{program}` for its version: {problem}")]
    Version {
        /// The program.
        program: Utf8PathBuf,
        /// What went wrong.
        problem: String,
    },
}

impl Reference {
    /// Finds the reference: the program that is named, else arduino-cli, else arduino-builder in `PATH`.
    ///
    /// # Errors
    /// If there is none, or it does not run.
    pub fn find(named: Option<&Utf8Path>, runner: &Runner) -> Result<Self, ReferenceError> {
        let program = match named {
            Some(named) => find_program(named.as_str())
                .ok_or_else(|| ReferenceError::NotFound(named.to_owned()))?,
            None => ["arduino-cli", "arduino-builder"]
                .into_iter()
                .find_map(find_program)
                .ok_or(ReferenceError::None)?,
        };
        let builder = program
            .file_name()
            .is_some_and(|name| name.contains("builder"));
        let (kind, question) = if builder {
            (Kind::ArduinoBuilder, "-version")
        } else {
            (Kind::ArduinoCli, "version")
        };
        let problem = |problem: String| ReferenceError::Version {
            program: program.clone(),
            problem,
        };
        let command = Command {
            program: program.to_string(),
            args: vec![question.to_owned()],
            cwd: None,
        };
        let output = runner
            .run(&command)
            .map_err(|error| problem(error_chain(&error)))?;
        if let Some(failure) = output.failure() {
            return Err(problem(failure));
        }
        let version = output
            .text()
            .lines()
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        Ok(Self {
            kind,
            program,
            version,
        })
    }
}

/// A core that is made by whoever needs it first.
type OnceCore = Arc<OnceLock<Result<Core, String>>>;

/// A reference at work. What belongs to a board is made once.
#[derive(Debug)]
pub struct Session<'a> {
    reference: &'a Reference,
    root: Utf8PathBuf,
    cores: Mutex<HashMap<String, OnceCore>>,
}

impl<'a> Session<'a> {
    /// Starts work in `root`, which exists and is empty.
    pub fn new(reference: &'a Reference, root: Utf8PathBuf) -> Self {
        Self {
            reference,
            root,
            cores: Mutex::default(),
        }
    }

    /// Builds one sketch.
    ///
    /// # Errors
    /// If the tool fails, or its rules make the result incomparable.
    pub fn build(&self, case: &Case<'_>, ours: Ours<'_>) -> Result<Built, NotBuilt> {
        match self.reference.kind {
            Kind::ArduinoCli => arduino_cli::build(&self.reference.program, case, &self.root),
            Kind::ArduinoBuilder => {
                explain::other_rules(ours)?;
                let core = self.core(case)?;
                arduino_builder::build(
                    &self.reference.program,
                    case,
                    ours,
                    &core,
                    &self.cache_dir(case),
                )
            }
        }
    }

    /// Returns why the images of a sketch differ, if that is known.
    pub fn explained(&self, case: &Case<'_>, ours: Ours<'_>, theirs: &Built) -> Option<String> {
        match self.reference.kind {
            Kind::ArduinoCli => None,
            Kind::ArduinoBuilder => {
                let core = self.core(case).ok()?;
                explain::prototypes(case, ours, theirs, &core)
            }
        }
    }

    fn cache_dir(&self, case: &Case<'_>) -> Utf8PathBuf {
        self.root
            .join("cores")
            .join(case.fqbn.replace([':', ',', '='], "-"))
    }

    /// Returns the board's core as the reference compiled it, archived anew.
    fn core(&self, case: &Case<'_>) -> Result<Core, NotBuilt> {
        let slot = Arc::clone(
            self.cores
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(case.fqbn.to_owned())
                .or_default(),
        );
        let core = slot.get_or_init(|| {
            arduino_builder::core(&self.reference.program, case, &self.cache_dir(case))
        });
        core.clone()
            .map_err(|reason| NotBuilt::Failed(format!("core: {reason}")))
    }
}
