//! From one source to its compile action.
//!
//! The command that runs gets only those include directories in which something was found: leaving out the others changes nothing, and it
//! makes the commands of two sketches for one library source the same. The fingerprint is made from the command without include
//! directories and from the files that were read, so it depends neither on where a checkout stands nor on libraries that play no part.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::Scan;
use fbuild_cpp::SourceFile;
use fbuild_model::fingerprint::PartKind;
use fbuild_model::outcome::{Failure, Phase, Stage};
use fbuild_model::{Command, Digest, DigestWriter, Fingerprint, Parts};
use fbuild_platform::SketchRecipes;

use crate::action::inputs::{Compile, Inputs};
use crate::action::path_map::PathMap;
use crate::action::{Action, Outputs, Reads, Step, WORK};
use crate::plan::preprocessor::Preprocessor;
use crate::plan::tie::{OptionFiles, Tie};
use crate::toolchain::Toolchain;
use crate::toolchain::option_files::unseen_include;
use fbuild_model::error_chain;

/// Changes when our own code makes other input for the compiler from the same sketch.
const SCANNER_VERSION: &str = "1";

/// One source and how it is to be compiled.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'a> {
    /// The source, as its path is given to the compiler.
    pub source: &'a Utf8Path,
    /// The include directories in order.
    pub dirs: &'a [Utf8PathBuf],
    /// One more at the end, for the library's own files.
    pub private_dir: Option<&'a Utf8Path>,
    /// The stage that compiles it.
    pub stage: Stage,
    /// The board.
    pub board: &'a str,
    /// Name for people: `core/main.cpp`.
    pub label: &'a str,
    /// Generated files that it may read.
    pub generated: &'a [Arc<SourceFile>],
}

/// What is needed to make compile actions.
#[derive(Debug, Clone, Copy)]
pub struct CompilePlanner<'a> {
    /// The tools.
    pub tools: &'a Toolchain<'a>,
    /// The recipes.
    pub recipes: &'a SketchRecipes,
    /// Directories by name.
    pub path_map: &'a Arc<PathMap>,
    /// How the commands of the recipes depend on the sketch, if they do.
    pub tie: Option<&'a Tie>,
}

impl CompilePlanner<'_> {
    /// Makes the compile action of `unit`.
    ///
    /// # Errors
    /// If the platform has no recipe for it or names a compiler that is not there.
    pub fn compile(
        &self,
        unit: Unit<'_>,
        preprocessor: &Preprocessor<'_>,
    ) -> Result<Action, Failure> {
        let fail = |error: &dyn std::error::Error| Failure::new(Phase::Compile, error_chain(error));
        let object_name = format!("{}.o", unit.source.file_name().unwrap_or("object"));
        let object = Utf8PathBuf::from(format!("{WORK}/{object_name}"));
        let scan = preprocessor.scanned(unit.source, unit.dirs, unit.private_dir);
        let plain = |recipes: &SketchRecipes| recipes.compile(&[], unit.source, &object);
        let mut own = plain(self.recipes).map_err(|error| fail(&error))?;
        let (mut recipes, mut tied_to) = (self.recipes, None);
        let mut option_files = OptionFiles::default();
        if let Some(tie) = self.tie {
            let mut neutral = plain(&tie.neutral).map_err(|error| fail(&error))?;
            let files = OptionFiles::of(&own, &neutral);
            let mut inlined = own.clone();
            files.inline(&mut inlined);
            files.inline(&mut neutral);
            match &*scan {
                Scan::Complete(closure) if tie.is_irrelevant(&inlined, &neutral, closure) => {
                    (recipes, own, option_files) = (&tie.neutral, neutral, files);
                }
                _ => tied_to = Some(tie.value),
            }
        }
        let (mut reads, dirs) = reads(&scan, &unit, tied_to);
        if let Some(header) = unseen_include(&own.args) {
            reads = Reads::Unknown {
                because: format!("`-include {header}` is found among the system's headers"),
            };
        }
        let mut command = recipes
            .compile(&dirs, unit.source, &object)
            .map_err(|error| fail(&error))?;
        option_files.inline(&mut command);
        let compiler = self
            .tools
            .compiler(&command.program, &command.args)
            .map_err(|error| fail(&error))?;
        if preprocessor.is_gcc() {
            compress_less(&mut command.args, unit.stage);
            compress_less(&mut own.args, unit.stage);
        }
        let inputs = self.inputs(&own, compiler, &unit, &reads);
        let fingerprint = inputs.fingerprint(self.path_map);
        if preprocessor.is_gcc() {
            name_by_action(&mut command.args, fingerprint, unit.label);
        }
        Ok(Action {
            stage: unit.stage,
            label: unit.label.to_owned(),
            subject: format!("{} {}", unit.board, unit.label),
            source: unit.source.to_owned(),
            steps: vec![Step::new(Phase::Compile, command)],
            generated: unit.generated.to_vec(),
            links: Vec::new(),
            folders: Vec::new(),
            outputs: Outputs::Files(vec![object_name]),
            fingerprint,
            inputs,
            reads,
            pch: None,
            in_place: None,
            path_map: Arc::clone(self.path_map),
        })
    }

    fn inputs(
        &self,
        command: &Command,
        compiler: Digest,
        unit: &Unit<'_>,
        reads: &Reads,
    ) -> Inputs {
        let mut parts = Parts::default();
        parts.add(
            PartKind::Fbuild,
            "scanner",
            Digest::of(SCANNER_VERSION.as_bytes()),
        );
        let program = Utf8Path::new(&command.program)
            .file_name()
            .unwrap_or(&command.program);
        parts.add(PartKind::Tool, program, compiler);
        for (name, value) in self.tools.surroundings() {
            parts.add(PartKind::Environment, name, Digest::of(value.as_bytes()));
        }
        for argument in &command.args {
            parts.argument(self.path_map.text(argument));
        }
        let Reads::Closure(closure) = reads else {
            return Inputs::Listed(parts);
        };
        let own = unit.generated.iter().filter(|_| !closure.uses_path);
        Inputs::Compile(Compile {
            command: parts,
            files: Arc::clone(closure),
            generated: own
                .map(|file| (file.path().to_owned(), self.digest_of_generated(file)))
                .collect(),
            pch: None,
        })
    }

    /// Digests a generated file without the place of the checkout, which stands in the `#line` directives that the merge wrote.
    fn digest_of_generated(&self, file: &SourceFile) -> Digest {
        let bytes = file.bytes();
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return file.digest();
        };
        // In a raw string such a line would be data.
        if text.contains("R\"") {
            return file.digest();
        }
        let mut writer = DigestWriter::new("generated");
        for line in text.split('\n') {
            if line.starts_with("#line ") {
                writer.field(self.path_map.text(line))
            } else {
                writer.field(line)
            };
        }
        writer.finish()
    }
}

/// Makes an object for link-time optimisation the same each time it is compiled: gcc names its sections by a random number unless it is given one.
/// Each action has its own, as the names must differ between the objects of a program. No firmware contains them.
fn name_by_action(args: &mut Vec<String>, action: Fingerprint, label: &str) {
    let has = |start: &str| args.iter().any(|arg| arg.starts_with(start));
    if has("-flto") && !has("-frandom-seed") {
        let mut seed = DigestWriter::new("random seed");
        seed.digest(action.digest()).field(label);
        args.push(format!("-frandom-seed={}", seed.finish().short()));
    }
}

/// Asks for objects whose link-time code is compressed little: not at all where they are shared, because every link of every sketch reads
/// them again (design section 7), and quickly for those of a sketch, which are read once. It does not reach the firmware.
fn compress_less(args: &mut Vec<String>, stage: Stage) {
    if args.iter().any(|arg| arg == "-flto") {
        let level = match stage {
            Stage::Shared => 0,
            Stage::Sketch => 1,
        };
        args.push(format!("-flto-compression-level={level}"));
    }
}

/// Decides what is known about the unit's reads, and which include directories it needs.
fn reads(scan: &Scan, unit: &Unit<'_>, tied_to: Option<&str>) -> (Reads, Vec<Utf8PathBuf>) {
    let all = || {
        unit.dirs
            .iter()
            .cloned()
            .chain(unit.private_dir.map(Utf8Path::to_owned))
            .collect()
    };
    let unknown = |because: String| Reads::Unknown { because };
    match scan {
        Scan::Complete(closure) if closure.uses_time => (
            unknown("it contains the time of the build".to_owned()),
            all(),
        ),
        Scan::Complete(closure) if closure.files.iter().any(|file| file.may_take_in_binaries()) => {
            let because =
                "the assembler reads a file that no depfile names (`.incbin`, `.include`)"
                    .to_owned();
            (unknown(because), closure.used_dirs.clone())
        }
        Scan::Complete(_) if tied_to.is_some() => {
            let because = format!(
                "the platform's compile recipe refers to `{}`",
                tied_to.unwrap_or_default()
            );
            (unknown(because), all())
        }
        Scan::Complete(closure) => {
            let mut closure = closure.clone();
            closure.uses_path |= closure.files.iter().any(|file| file.may_tell_its_path());
            let dirs = closure.used_dirs.clone();
            (Reads::Closure(Arc::new(closure)), dirs)
        }
        Scan::Missing { header, .. } => (unknown(format!("`{header}` was not found")), all()),
        Scan::Failed { output } => (
            unknown(
                output
                    .lines()
                    .next()
                    .unwrap_or("preprocessing failed")
                    .to_owned(),
            ),
            all(),
        ),
    }
}
