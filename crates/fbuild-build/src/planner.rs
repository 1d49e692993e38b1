//! From a request to a plan.
//!
//! Sketches are drafted in parallel; then one pass puts together what they share, in the order of the request, so that the plan does not
//! depend on which draft was ready first.

use std::collections::HashMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::event::SharedLibrary;
use fbuild_model::outcome::{Failure, Phase, Stage};
use fbuild_model::{Command, Digest, Fingerprint};
use fbuild_platform::{BoardSpec, RecipeError, SketchRecipes};
use fbuild_scan::find::Requested;
use fbuild_scan::index::Root;
use fbuild_scan::library::{Layout, Library, LibraryError};
use fbuild_scan::sources::{self, Depth};
use fbuild_scan::tree::SourceTree;
use rayon::prelude::*;

use crate::action::{Action, WORK};
use crate::board::Board;
use crate::draft::{Draft, Undrafted, draft};
use crate::execute::chain;
use crate::layout;
use crate::plan::{ActionId, ArchiveId, ArchivePlan, BuildPlan, Linkage, SketchEntry, SketchPlan, SketchUnit, SketchWork};
use crate::preamble::Preambles;
use crate::preprocessor::{Fallbacks, Means};
use crate::request::Request;
use crate::roots::Roots;
use crate::runner::Runner;
use crate::skip;
use crate::stop::Stop;
use crate::toolchain::{ToolError, Toolchain};
use crate::unit::{Unit, Workbench};

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A tool is not there.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A library that was named is none.
    #[error(transparent)]
    Library(LibraryError),
    /// A platform cannot be used.
    #[error("use the platform of `{board}`: {problem}")]
    Platform {
        /// The board's FQBN.
        board: String,
        /// What is wrong.
        problem: String,
    },
    /// A folder of a platform cannot be listed.
    #[error("list the sources of the core")]
    Walk(#[from] fbuild_scan::WalkError),
}

/// Makes the plan; `boards` are the request's with quirks cured. Drafting uses the current rayon pool.
///
/// # Errors
/// If a tool is missing or a platform cannot be used: nothing could be built.
pub fn plan(request: &Request, boards: &[BoardSpec], tools: &Toolchain<'_>, tree: &SourceTree, runner: &Runner, stop: &Stop) -> Result<BuildPlan, PlanError> {
    let fallbacks = Fallbacks::default();
    let means = Means { tree, runner, cache: tools.cache(), fallbacks: &fallbacks };
    let fqbns: Vec<String> = request.boards.iter().map(|board| board.fqbn().to_string()).collect();
    let dirs: Vec<Utf8PathBuf> = request.sketches.iter().map(|sketch| sketch.dir.clone()).collect();
    let names = layout::sketch_names(&dirs, &request.cwd);
    let places = layout::sketch_dirs(&names, &dirs);
    let mut assembly = Assembly::new(tools);
    for (spec, board_dir) in boards.iter().zip(layout::board_dirs(&fqbns)) {
        let board = Board::new(spec, request.output_dir.join(board_dir), &request.libraries, tools, means)?;
        assembly.plan.warnings.extend(spec.warnings().iter().cloned());
        assembly.plan.warnings.extend(board.index.warnings().iter().cloned());
        let drafts: Vec<Prepared> = request
            .sketches
            .par_iter()
            .zip(&places)
            .map(|(requested, place)| if stop.may_start() { prepare(request, requested, &board, tree, &board.dir.join(place)) } else { Prepared::stopped() })
            .collect();
        assembly.board(&board, request, &places, drafts)?;
    }
    let mut plan = assembly.plan;
    let (notes, cost) = fallbacks.take();
    plan.fallbacks = notes;
    plan.cost = tools.cost().plus(cost);
    Ok(plan)
}

/// What became of one sketch so far.
enum Prepared {
    Drafted(Draft),
    Undrafted(Undrafted),
    Skipped(fbuild_model::outcome::SkipRule, Vec<String>),
}

impl Prepared {
    fn stopped() -> Self {
        Self::Undrafted(Undrafted::new(Phase::Scan, "interrupted".to_owned()))
    }
}

fn prepare(request: &Request, requested: &Requested, board: &Board<'_>, tree: &SourceTree, out_dir: &Utf8Path) -> Prepared {
    let sketch = match &requested.sketch {
        Ok(sketch) => sketch,
        Err(error) => return Prepared::Undrafted(Undrafted::new(Phase::Load, chain(error))),
    };
    let mut warnings = Vec::new();
    if !request.ignore_filters {
        match skip::decide(sketch, board.spec, request.library_under_test.as_deref()) {
            skip::Ruling::Build(notes) => warnings = notes,
            skip::Ruling::Skip(rule, notes) => return Prepared::Skipped(rule, notes),
        }
    }
    match draft(sketch, board, tree, out_dir) {
        Ok(mut draft) => {
            draft.warnings = warnings;
            Prepared::Drafted(draft)
        }
        Err(undrafted) => Prepared::Undrafted(undrafted),
    }
}

/// The plan in the making: what is shared is added once.
struct Assembly<'a> {
    tools: &'a Toolchain<'a>,
    plan: BuildPlan,
    actions: HashMap<Fingerprint, ActionId>,
}

/// What one board's sketches share.
#[derive(Default)]
struct BoardShares {
    /// Archives by library folder and include path.
    by_path: HashMap<(Utf8PathBuf, Vec<Utf8PathBuf>), Result<ArchiveId, Failure>>,
    /// Archives by library folder and members.
    by_members: HashMap<(Utf8PathBuf, Vec<ActionId>), ArchiveId>,
    /// Per library: its variants and how many sketches use it.
    libraries: Vec<(Arc<Library>, Vec<ArchiveId>, usize)>,
}

impl<'a> Assembly<'a> {
    fn new(tools: &'a Toolchain<'a>) -> Self {
        Self { tools, plan: BuildPlan::default(), actions: HashMap::new() }
    }

    fn board(&mut self, board: &Board<'_>, request: &Request, places: &[Utf8PathBuf], drafts: Vec<Prepared>) -> Result<(), PlanError> {
        let platform = |failure: Failure| PlanError::Platform { board: board.fqbn.clone(), problem: failure.message };
        let needed = drafts.iter().any(|draft| matches!(draft, Prepared::Drafted(_)));
        let framework = if needed { Some(self.framework(board).map_err(platform)?) } else { None };
        let mut shares = BoardShares::default();
        let first = self.plan.sketches.len();
        for ((requested, place), prepared) in request.sketches.iter().zip(places).zip(drafts) {
            let out_dir = board.dir.join(place);
            let work = match (prepared, &framework) {
                (Prepared::Drafted(draft), Some(framework)) => {
                    self.plan.warnings.extend(draft.warnings.iter().cloned());
                    self.sketch(board, requested, &out_dir, draft, framework, &mut shares)
                }
                (Prepared::Undrafted(undrafted), _) => SketchWork::Fail { failure: undrafted.failure, remarks: undrafted.remarks },
                (Prepared::Skipped(rule, notes), _) => {
                    self.plan.warnings.extend(notes);
                    SketchWork::Skip(rule)
                }
                (Prepared::Drafted(_), None) => unreachable!("a draft needs the framework"),
            };
            let entry = SketchEntry { board: board.fqbn.clone(), name: requested.label.clone(), dir: requested.dir.clone(), out_dir, work };
            self.plan.sketches.push(entry);
        }
        Preambles::new(board, request.pch, self.tools).add(&mut self.plan, first);
        self.plan.libraries.extend(shares.libraries.iter().map(|(library, variants, sketches)| SharedLibrary {
            board: board.fqbn.clone(),
            name: library.name.clone(),
            variants: variants.len(),
            sketches: *sketches,
        }));
        Ok(())
    }

    fn workbench<'b>(&self, board: &'b Board<'_>, recipes: &'b SketchRecipes, roots: &'b Arc<Roots>) -> Workbench<'b>
    where
        'a: 'b,
    {
        Workbench { tools: self.tools, recipes, roots, tied_to: board.tied_to.as_deref() }
    }

    /// Adds core and variant (specification 2.2): the core's archive, and one of the variant's objects if it has any.
    fn framework(&mut self, board: &Board<'_>) -> Result<Framework, Failure> {
        let roots = Arc::new(board.roots.clone());
        let listed = |dir: &Utf8Path| sources::link_order(dir, Depth::Recursive).map_err(|error| plain_failure(chain(&error)));
        let core = self.compiled(board, &roots, "core", &[("core", listed(board.spec.core_dir())?)], board.spec.core_dir(), &board.base_dirs, None)?;
        let core = self.archive(board, "core", "core", "core/core.a", core, Linkage::Referenced)?;
        let variant = match board.spec.variant_dir() {
            Some(dir) if dir.is_dir() => {
                let objects = self.compiled(board, &roots, "variant", &[("variant", listed(dir)?)], dir, &board.base_dirs, None)?;
                if objects.is_empty() { None } else { Some(self.archive(board, "core/variant", "core", "core/variant.a", objects, Linkage::Whole)?) }
            }
            _ => None,
        };
        Ok(Framework { core, variant })
    }

    fn sketch(&mut self, board: &Board<'_>, requested: &Requested, out_dir: &Utf8Path, draft: Draft, framework: &Framework, shares: &mut BoardShares) -> SketchWork {
        let remarks = draft.remarks.clone();
        match self.sketch_plan(board, requested, out_dir, draft, framework, shares) {
            Ok(plan) => SketchWork::Build(Box::new(plan)),
            Err(failure) => SketchWork::Fail { failure, remarks },
        }
    }

    fn sketch_plan(
        &mut self,
        board: &Board<'_>,
        requested: &Requested,
        out_dir: &Utf8Path,
        draft: Draft,
        framework: &Framework,
        shares: &mut BoardShares,
    ) -> Result<SketchPlan, Failure> {
        let Ok(sketch) = &requested.sketch else { return Err(plain_failure("the sketch is not loaded".to_owned())) };
        let Draft { discovery, generated, remarks, .. } = draft;
        let mut roots = board.roots.clone();
        roots.add(sketch.dir.clone(), "sketch");
        roots.add(out_dir, "out");
        for library in &discovery.libraries {
            roots.add(library.dir.clone(), format!("library:{}", library.folder_name()));
        }
        let roots = Arc::new(roots);
        let recipes = board.recipes_for(sketch.project_name(), &sketch.dir, out_dir);
        let bench = self.workbench(board, &recipes, &roots);
        let units = sketch.root_units().into_iter().chain(sketch.src_units());
        let units = units
            .map(|unit| {
                let source = out_dir.join("sketch").join(&unit);
                let action = bench.compile(
                    Unit {
                        source: &source,
                        dirs: &discovery.include_dirs,
                        private_dir: None,
                        stage: Stage::Sketch,
                        board: &board.fqbn,
                        label: &format!("{}/{unit}", requested.label),
                        generated: &generated,
                    },
                    board.preprocessor(&source),
                )?;
                Ok(SketchUnit { object: format!("sketch/{unit}.o").into(), action, preamble: None })
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        let mut archives = Vec::new();
        for library in &discovery.libraries {
            archives.extend(self.library(board, library, &discovery.include_dirs, shares)?);
        }
        archives.extend(framework.variant);
        let link_recipes = board.recipes_for(sketch.project_name(), &sketch.dir, Utf8Path::new(WORK));
        Ok(SketchPlan {
            linker: self.linker(&link_recipes)?,
            recipes: link_recipes,
            project: sketch.project_name().to_owned(),
            units,
            archives,
            core: framework.core,
            binaries: Vec::new(),
            libraries: discovery.libraries.iter().map(|library| library.used()).collect(),
            remarks,
            roots,
        })
    }

    /// Returns the digest of the tools that link and convert.
    fn linker(&self, recipes: &SketchRecipes) -> Result<Digest, Failure> {
        let fail = |error: &dyn std::error::Error| plain_failure(chain(error));
        let commands = recipes.link::<&str>(&[], &Utf8Path::new(WORK).join("core/core.a")).map_err(|error| fail(&error))?;
        let mut writer = fbuild_model::DigestWriter::new("linker");
        for command in &commands {
            writer.digest(self.tools.compiler(&command.program, &command.args).map_err(|error| fail(&error))?);
        }
        Ok(writer.finish())
    }

    /// Adds a library as it is compiled with this include path; `None` if it has no sources.
    fn library(&mut self, board: &Board<'_>, library: &Arc<Library>, dirs: &[Utf8PathBuf], shares: &mut BoardShares) -> Result<Option<ArchiveId>, Failure> {
        let key = (library.dir.clone(), dirs.to_vec());
        let known = shares.by_path.get(&key).cloned();
        let archive = match known {
            Some(known) => known,
            None => {
                let made = self.library_archive(board, library, dirs, shares);
                shares.by_path.insert(key, made.clone());
                made
            }
        }?;
        let at = shares.libraries.iter().position(|(known, ..)| Arc::ptr_eq(known, library));
        let entry = match at {
            Some(at) => &mut shares.libraries[at],
            None => {
                shares.libraries.push((Arc::clone(library), Vec::new(), 0));
                shares.libraries.last_mut().expect("one was just pushed")
            }
        };
        entry.2 += 1;
        if !entry.1.contains(&archive) {
            entry.1.push(archive);
        }
        let empty = self.plan.archives[archive.index()].members.is_empty();
        Ok((!empty).then_some(archive))
    }

    fn library_archive(&mut self, board: &Board<'_>, library: &Arc<Library>, dirs: &[Utf8PathBuf], shares: &mut BoardShares) -> Result<ArchiveId, Failure> {
        let mut roots = board.roots.clone();
        for other in board.index.libraries().iter().filter(|other| dirs.contains(&other.include_dir())) {
            roots.add(other.dir.clone(), format!("library:{}", other.folder_name()));
        }
        let roots = Arc::new(roots);
        let sets = library.linked_sources().map_err(|error| plain_failure(chain(&error)))?;
        let name = library.folder_name().to_owned();
        let sets: Vec<(&str, Vec<Utf8PathBuf>)> = sets.into_iter().map(|set| (name.as_str(), set)).collect();
        let label = format!("libraries/{name}");
        let objects = self.compiled(board, &roots, &label, &sets, &library.dir, dirs, library.private_include_dir())?;
        let members: Vec<ActionId> = objects.iter().map(|(_, id)| *id).collect();
        if let Some(&known) = shares.by_members.get(&(library.dir.clone(), members.clone())) {
            return Ok(known);
        }
        let variants = shares.by_members.keys().filter(|(dir, _)| dir.file_name() == Some(&name)).count();
        let folder = if variants == 0 { label } else { format!("{label}-{}", variants + 1) };
        let linkage = if library.dot_a_linkage && library.layout == Layout::Recursive { Linkage::Referenced } else { Linkage::Whole };
        let path = format!("{folder}/{name}.a");
        let id = self.archive(board, &folder, &format!("library {}", library.name), &path, objects, linkage)?;
        shares.by_members.insert((library.dir.clone(), members), id);
        Ok(id)
    }

    /// Adds the compile actions of sources; gives each object its path relative to `base`.
    #[expect(clippy::too_many_arguments, reason = "each is one thing, and the two callers read well")]
    fn compiled(
        &mut self,
        board: &Board<'_>,
        roots: &Arc<Roots>,
        label: &str,
        sets: &[(&str, Vec<Utf8PathBuf>)],
        base: &Utf8Path,
        dirs: &[Utf8PathBuf],
        private_dir: Option<&Utf8Path>,
    ) -> Result<Vec<(Utf8PathBuf, ActionId)>, Failure> {
        let bench = self.workbench(board, &board.recipes, roots);
        let mut objects = Vec::new();
        for source in sets.iter().flat_map(|(_, sources)| sources) {
            let relative = source.strip_prefix(base).unwrap_or(source);
            let unit = Unit {
                source,
                dirs,
                private_dir,
                stage: Stage::Shared,
                board: &board.fqbn,
                label: &format!("{label}/{relative}"),
                generated: &[],
            };
            let action = bench.compile(unit, board.preprocessor(source))?;
            objects.push((Utf8PathBuf::from(format!("{relative}.o")), action));
        }
        Ok(objects.into_iter().map(|(object, action)| (object, self.share(action))).collect())
    }

    /// Adds a shared action unless an equal one is there.
    fn share(&mut self, action: Action) -> ActionId {
        let id = ActionId::new(self.plan.shared.len());
        match self.actions.entry(action.fingerprint) {
            std::collections::hash_map::Entry::Occupied(known) => *known.get(),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(id);
                self.plan.shared.push(action);
                id
            }
        }
    }

    fn archive(
        &mut self,
        board: &Board<'_>,
        label: &str,
        blame: &str,
        path: &str,
        objects: Vec<(Utf8PathBuf, ActionId)>,
        linkage: Linkage,
    ) -> Result<ArchiveId, Failure> {
        let members = member_names(objects, linkage);
        let fail = |error: &dyn std::error::Error| plain_failure(chain(error));
        let file = Utf8PathBuf::from(format!("{WORK}/{}", Utf8Path::new(path).file_name().unwrap_or("objects.a")));
        let paths: Vec<Utf8PathBuf> = members.iter().map(|(name, _)| format!("{WORK}/members/{name}").into()).collect();
        let commands = archive_commands(&board.recipes, &file, &paths).map_err(|error| fail(&error))?;
        let tool = match commands.first() {
            Some(command) => self.tools.program(&command.program).map_err(|error| fail(&error))?,
            None => Digest::of(b""),
        };
        self.plan.archives.push(ArchivePlan {
            label: label.to_owned(),
            subject: format!("{} {path}", board.fqbn),
            blame: blame.to_owned(),
            path: board.dir.join(path),
            members,
            commands,
            tool,
            linkage,
        });
        Ok(ArchiveId::new(self.plan.archives.len() - 1))
    }
}

struct Framework {
    core: ArchiveId,
    variant: Option<ArchiveId>,
}

/// Names the members of an archive.
///
/// `ar r` replaces a member of equal base name. Where the archive takes part in a link as Arduino would make it, so it does here: the last
/// one survives, in the place of the first (specification 3.4). Where the archive stands for objects, all of them are kept under names that differ.
fn member_names(objects: Vec<(Utf8PathBuf, ActionId)>, linkage: Linkage) -> Vec<(String, ActionId)> {
    let mut members: Vec<(String, ActionId)> = Vec::with_capacity(objects.len());
    for (object, id) in objects {
        let base = object.file_name().unwrap_or("object.o");
        let taken = members.iter_mut().find(|(name, _)| name == base);
        match (taken, linkage) {
            (None, _) => members.push((base.to_owned(), id)),
            (Some(member), Linkage::Referenced) => member.1 = id,
            (Some(_), Linkage::Whole) => members.push((object.as_str().replace('/', "-"), id)),
        }
    }
    members
}

/// Returns the commands that make an archive of objects.
///
/// The recipe is for one object per run. `ar r` with several does the same at once, and does not rewrite a growing archive for each of them.
fn archive_commands(recipes: &SketchRecipes, archive: &Utf8Path, objects: &[Utf8PathBuf]) -> Result<Vec<Command>, RecipeError> {
    let one = "/fbuild.object";
    let mut command = recipes.archive(archive, Utf8Path::new(one))?;
    let Some(at) = command.args.iter().position(|argument| argument == one) else {
        return objects.iter().map(|object| recipes.archive(archive, object)).collect();
    };
    command.args.splice(at..=at, objects.iter().map(|object| object.to_string()));
    Ok(vec![command])
}

fn plain_failure(message: String) -> Failure {
    Failure { phase: Phase::Compile, message, output: String::new(), diagnostics: Vec::new() }
}

/// Returns the library roots in the order in which they are searched.
pub fn library_roots(single: &[Utf8PathBuf], folders: &[Utf8PathBuf]) -> Vec<Root> {
    let single = single.iter().map(Root::library);
    let folders = folders.iter().map(|dir| Root::folder(dir, fbuild_scan::library::Location::User));
    single.chain(folders).collect()
}
