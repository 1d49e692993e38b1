//! The plan in the making: each action and archive is added once.
//!
//! Two sketches share a library's archive only if every object of it has the same fingerprint for both, whatever the library is called.

mod shared;

use std::collections::HashMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::outcome::{Failure, Phase, Stage};
use fbuild_model::{Digest, DigestWriter, Fingerprint};
use fbuild_platform::{HookPoint, RecipeError, SketchRecipes};
use fbuild_scan::library::Library;
use fbuild_scan::library::precompiled;
use fbuild_scan::sketch::Sketch;
use fbuild_scan::sketch::find::Requested;

use self::shared::{Framework, name_libraries};
use crate::action::path_map::PathMap;
use crate::action::{Bootloader, WORK};
use crate::plan::board::Board;
use crate::plan::error::PlanError;
use crate::plan::hooks::{self, Hooks};
use crate::plan::layout;
use crate::plan::prepared::{Prepared, PreparedSketch};
use crate::plan::recipes::{conversions, project_name};
use crate::plan::tally::Tally;
use crate::plan::unit::{CompilePlanner, Unit};
use crate::plan::{
    ActionId, ArchiveId, Binaries, BuildPlan, Export, SketchEntry, SketchPlan, SketchUnit,
    SketchWork,
};
use crate::request::Request;
use crate::toolchain::Toolchain;
use fbuild_model::error_chain;

/// The plan in the making.
pub(crate) struct PlanBuilder<'a> {
    tools: &'a Toolchain<'a>,
    plan: BuildPlan,
    actions: HashMap<Fingerprint, ActionId>,
}

/// Lengths of a plan's lists, to which they can be cut back.
#[derive(Debug, Clone, Copy)]
struct Mark {
    actions: usize,
    archives: usize,
}

/// Sketches that share what is built for them: those of one board, or a single one where the platform's recipes refer to the sketch.
struct Scope {
    recipes: SketchRecipes,
    dir: Utf8PathBuf,
    framework: Framework,
    /// Archives by library folder and include path.
    by_path: HashMap<(Utf8PathBuf, Vec<Utf8PathBuf>), Result<ArchiveId, Failure>>,
    /// Archives by library folder and members.
    by_members: HashMap<(Utf8PathBuf, Vec<ActionId>), ArchiveId>,
}

impl<'a> PlanBuilder<'a> {
    pub(crate) fn new(tools: &'a Toolchain<'a>) -> Self {
        Self {
            tools,
            plan: BuildPlan::default(),
            actions: HashMap::new(),
        }
    }

    pub(crate) fn warn(&mut self, warnings: impl Iterator<Item = String>) {
        self.plan.warnings.extend(warnings);
    }

    pub(crate) fn plan(&mut self) -> &mut BuildPlan {
        &mut self.plan
    }

    pub(crate) fn finish(self) -> BuildPlan {
        self.plan
    }

    /// Adds a board's sketches and returns the position of the first.
    pub(crate) fn board<'b>(
        &mut self,
        board: &Board<'b>,
        request: &Request,
        out_dirs: Vec<Utf8PathBuf>,
        prepared: Vec<Prepared<'b>>,
    ) -> Result<usize, PlanError> {
        let first = self.plan.sketches.len();
        let mut scope: Option<Scope> = None;
        let mut tally = Tally::default();
        for ((requested, out_dir), prepared) in request.sketches.iter().zip(out_dirs).zip(prepared)
        {
            let work = match (prepared, &requested.sketch) {
                (Prepared::NotRequested, _) => continue,
                (Prepared::Skipped(rule), _) => SketchWork::Skip(rule),
                (Prepared::UpToDate(record, warning), _) => {
                    self.warn(warning.into_iter());
                    tally.add_record(&record);
                    SketchWork::UpToDate(record)
                }
                (Prepared::Unprepared(unprepared), _) => SketchWork::Fail {
                    failure: unprepared.failure,
                    remarks: unprepared.remarks,
                },
                (Prepared::Ready(..), Err(error)) => SketchWork::Fail {
                    failure: failure(error_chain(error)),
                    remarks: Vec::new(),
                },
                (Prepared::Ready(prepare_sketch, warning), Ok(sketch)) => {
                    self.warn(warning.into_iter());
                    let remarks = prepare_sketch.remarks.clone();
                    let own = prepare_sketch.board.clone();
                    let board = own.as_deref().unwrap_or(board);
                    let before = self.mark();
                    let counted = tally.clone();
                    let planned = match &mut scope {
                        Some(scope) if board.tie.is_none() => Ok(scope),
                        _ => match self.scope(board, sketch, &out_dir) {
                            Ok(made) => Ok(scope.insert(made)),
                            // What all sketches of the board share cannot be planned.
                            Err(failure) if board.tie.is_none() => {
                                return Err(PlanError::Platform {
                                    board: board.fqbn.clone(),
                                    problem: failure.message,
                                });
                            }
                            Err(failure) => Err(failure),
                        },
                    };
                    let framework = self.mark();
                    let planned = planned.and_then(|scope| {
                        self.sketch(
                            board,
                            request,
                            requested,
                            sketch,
                            &out_dir,
                            *prepare_sketch,
                            scope,
                            &mut tally,
                        )
                    });
                    match planned {
                        Ok(plan) => SketchWork::Build(Box::new(plan)),
                        Err(failure) => {
                            tally = counted;
                            if board.tie.is_some() {
                                scope = None;
                                self.roll_back(before, None);
                            } else {
                                self.roll_back(framework, scope.as_mut());
                            }
                            SketchWork::Fail { failure, remarks }
                        }
                    }
                }
            };
            let entry = SketchEntry {
                board: board.fqbn.clone(),
                name: requested.label.clone(),
                dir: requested.dir.clone(),
                out_dir,
                work,
            };
            self.plan.sketches.push(entry);
        }
        self.plan.libraries.extend(tally.finish(&board.fqbn));
        Ok(first)
    }

    /// Returns how many shared actions and archives there are.
    fn mark(&self) -> Mark {
        Mark {
            actions: self.plan.shared.len(),
            archives: self.plan.archives.len(),
        }
    }

    /// Takes back what was added since `mark` for a sketch that cannot be planned: nobody else uses it yet.
    fn roll_back(&mut self, mark: Mark, scope: Option<&mut Scope>) {
        self.plan.shared.truncate(mark.actions);
        self.plan.archives.truncate(mark.archives);
        self.actions.retain(|_, id| id.index() < mark.actions);
        if let Some(scope) = scope {
            let stays = |id: &ArchiveId| id.index() < mark.archives;
            scope
                .by_path
                .retain(|_, archive| archive.as_ref().map_or(true, stays));
            scope.by_members.retain(|_, id| stays(id));
        }
    }

    fn scope(
        &mut self,
        board: &Board<'_>,
        sketch: &Sketch,
        out_dir: &Utf8Path,
    ) -> Result<Scope, Failure> {
        let (recipes, dir) = match board.tie {
            Some(_) => (
                board.recipes_for(sketch.project_name(), &sketch.dir, out_dir),
                out_dir.to_owned(),
            ),
            None => (board.recipes.clone(), board.dir.clone()),
        };
        let framework = self.framework(board, &recipes, &dir)?;
        Ok(Scope {
            recipes,
            dir,
            framework,
            by_path: HashMap::new(),
            by_members: HashMap::new(),
        })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "each is one thing, and there is one caller"
    )]
    fn sketch(
        &mut self,
        board: &Board<'_>,
        request: &Request,
        requested: &Requested,
        sketch: &Sketch,
        out_dir: &Utf8Path,
        prepare_sketch: PreparedSketch<'_>,
        scope: &mut Scope,
        tally: &mut Tally,
    ) -> Result<SketchPlan, Failure> {
        let PreparedSketch {
            discovery,
            generated,
            remarks,
            record,
            units,
            ..
        } = prepare_sketch;
        let path_map = Arc::new(path_map(board, sketch, out_dir, &discovery.libraries));
        let recipes = board.recipes_for(sketch.project_name(), &sketch.dir, out_dir);
        let planner = CompilePlanner {
            tools: self.tools,
            recipes: &recipes,
            path_map: &path_map,
            tie: board.tie.as_deref(),
        };
        let units = units
            .into_iter()
            .map(|unit| {
                let source = out_dir.join("sketch").join(&unit);
                let of = Unit {
                    source: &source,
                    dirs: &discovery.include_dirs,
                    private_dir: None,
                    stage: Stage::Sketch,
                    board: &board.fqbn,
                    label: &format!("{}/{unit}", requested.label),
                    generated: &generated,
                };
                Ok(SketchUnit {
                    object: format!("sketch/{unit}.o").into(),
                    action: planner.compile(of, board.preprocessor(&source))?,
                    pch: None,
                })
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        let mut archives = Vec::new();
        let mut binaries = Binaries::default();
        for library in &discovery.libraries {
            if !self.binaries(board, library, &mut binaries)? {
                let dirs = &discovery.include_dirs;
                archives.extend(self.library(board, library, dirs, scope, tally)?);
            }
        }
        archives.extend(scope.framework.variant);
        let link = board.recipes_for(sketch.project_name(), &sketch.dir, Utf8Path::new(WORK));
        let link = match binaries.ldflags.as_str() {
            "" => link,
            flags => link.with_libraries_ldflags(flags).unwrap_or(link),
        };
        let expanded = |error: RecipeError| failure(error_chain(&error));
        Ok(SketchPlan {
            linker: self.linker(&link)?,
            project: project_name(&link).unwrap_or_else(|| sketch.project_name().to_owned()),
            units,
            archives,
            core: scope.framework.core,
            binaries,
            libraries: discovery.libraries.iter().map(|one| one.used()).collect(),
            remarks,
            hooks: Hooks::of(&recipes).map_err(expanded)?,
            in_place: hooks::build_in_place(&recipes)
                .map_err(expanded)?
                .then(|| out_dir.to_owned()),
            export: request
                .export_binaries
                .then(|| export(board, sketch, &recipes))
                .transpose()
                .map_err(expanded)?,
            bootloader: board.spec.bootloader_file().map(|file| Bootloader {
                file,
                largest_bin: board.spec.largest_merged_bin(),
            }),
            recipes: link,
            path_map,
            record: record.filter(|_| !request.export_binaries),
        })
    }

    /// Returns the digest of the tools that link and convert.
    fn linker(&self, recipes: &SketchRecipes) -> Result<Digest, Failure> {
        let commands = recipes
            .link::<&str>(&[], &Utf8Path::new(WORK).join("core/core.a"))
            .map_err(|error| failure(error_chain(&error)))?;
        let mut writer = DigestWriter::new("linker");
        for command in &commands {
            writer.digest(
                self.tools
                    .linker(&command.program, &command.args)
                    .map_err(|error| failure(error_chain(&error)))?,
            );
        }
        // A recipe that cannot be used fails where it is used.
        for command in conversions(recipes).unwrap_or_default() {
            // A platform's script that is not there fails when it is run, with a message of its own.
            if let Ok(digest) = self
                .tools
                .program_with_files(&command.program, &command.args)
            {
                writer.digest(digest);
            }
        }
        Ok(writer.finish())
    }

    /// Adds the binaries that come with a library; returns whether they replace its sources (specification 2.3.6).
    fn binaries(
        &self,
        board: &Board<'_>,
        library: &Library,
        binaries: &mut Binaries,
    ) -> Result<bool, Failure> {
        if board.spec.raw("compiler.libraries.ldflags").is_none() {
            return Ok(false);
        }
        let found = precompiled::binaries(library, &board.spec.precompiled_dirs())
            .map_err(|error| failure(error_chain(&error)))?;
        let Some(found) = found else { return Ok(false) };
        for file in &found.files {
            let bytes = fs_err::read(file).map_err(|error| failure(error.to_string()))?;
            binaries.files.push((
                format!(
                    "{}/{}",
                    library.folder_name(),
                    file.file_name().unwrap_or_default()
                ),
                Digest::of(&bytes),
            ));
        }
        binaries.ldflags.push_str(&found.ldflags);
        binaries.objects.extend(found.objects);
        Ok(found.replace_sources)
    }
}

fn path_map(
    board: &Board<'_>,
    sketch: &Sketch,
    out_dir: &Utf8Path,
    libraries: &[Arc<Library>],
) -> PathMap {
    let mut map = board.path_map.clone();
    map.add(sketch.dir.clone(), "sketch");
    map.add(out_dir, "out");
    name_libraries(&mut map, libraries);
    map
}

fn export(
    board: &Board<'_>,
    sketch: &Sketch,
    recipes: &SketchRecipes,
) -> Result<Export, RecipeError> {
    Ok(Export {
        dir: sketch.dir.join(layout::export_dir(board.spec.fqbn())),
        before: recipes.hooks(HookPoint::SavehexPresavehex)?,
        after: recipes.hooks(HookPoint::SavehexPostsavehex)?,
    })
}

fn failure(message: String) -> Failure {
    Failure::new(Phase::Compile, message)
}
