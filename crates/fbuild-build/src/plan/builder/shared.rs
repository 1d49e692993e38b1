//! What sketches share, in the plan in the making: core, variant and libraries, each action and archive once.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::Digest;
use fbuild_model::outcome::{Failure, Stage};
use fbuild_platform::SketchRecipes;
use fbuild_scan::library::{Layout, Library};
use fbuild_scan::sources::{self, Depth};
use rayon::prelude::*;

use super::{PlanBuilder, Scope, failure};
use crate::action::path_map::PathMap;
use crate::action::{Action, WORK};
use crate::plan::board::Board;
use crate::plan::recipes::archive_commands;
use crate::plan::tally::Tally;
use crate::plan::unit::{CompilePlanner, Unit};
use crate::plan::{ActionId, ArchiveId, ArchivePlan, Linkage, Member};
use fbuild_model::error_chain;

/// Core and variant of a scope.
pub(super) struct Framework {
    pub(super) core: ArchiveId,
    pub(super) variant: Option<ArchiveId>,
}

/// A set of sources that are compiled alike.
struct Batch<'b> {
    /// What their labels begin with.
    label: &'b str,
    sources: Vec<Utf8PathBuf>,
    /// The directory to which their names are relative.
    base: &'b Utf8Path,
    dirs: &'b [Utf8PathBuf],
    private_dir: Option<&'b Utf8Path>,
    path_map: Arc<PathMap>,
}

impl PlanBuilder<'_> {
    /// Adds core and variant (specification 2.2): the core's archive, and one of the variant's objects if it has any.
    pub(super) fn framework(
        &mut self,
        board: &Board<'_>,
        recipes: &SketchRecipes,
        dir: &Utf8Path,
    ) -> Result<Framework, Failure> {
        let batch = |label, base| -> Result<Batch<'_>, Failure> {
            let sources = sources::link_order(base, Depth::Recursive)
                .map_err(|error| failure(error_chain(&error)))?;
            Ok(Batch {
                label,
                sources,
                base,
                dirs: &board.base_dirs,
                private_dir: None,
                path_map: Arc::new(board.path_map.clone()),
            })
        };
        let core = self.compiled(board, recipes, &batch("core", board.spec.core_dir())?)?;
        let core = self.archive(
            board,
            recipes,
            &Place::new(dir, "core", "core", "core"),
            core,
            Linkage::Referenced,
        )?;
        let variant = match board.spec.variant_dir().filter(|dir| dir.is_dir()) {
            None => Vec::new(),
            Some(variant) => self.compiled(board, recipes, &batch("variant", variant)?)?,
        };
        let variant = match variant {
            objects if objects.is_empty() => None,
            objects => Some(self.archive(
                board,
                recipes,
                &Place::new(dir, "variant", "variant", "core"),
                objects,
                Linkage::Whole,
            )?),
        };
        Ok(Framework { core, variant })
    }

    /// Adds a library as it is compiled with this include path; `None` if it has no sources.
    pub(super) fn library(
        &mut self,
        board: &Board<'_>,
        library: &Arc<Library>,
        dirs: &[Utf8PathBuf],
        scope: &mut Scope,
        tally: &mut Tally,
    ) -> Result<Option<ArchiveId>, Failure> {
        let key = (library.dir.clone(), dirs.to_vec());
        let archive = match scope.by_path.get(&key) {
            Some(known) => known.clone(),
            None => {
                let made = self.library_archive(board, library, dirs, scope);
                scope.by_path.insert(key, made.clone());
                made
            }
        }?;
        let planned = &self.plan.archives[archive.index()];
        tally.add(&library.dir, &library.name, Some(&planned.path));
        let empty = planned.members.is_empty();
        Ok((!empty).then_some(archive))
    }

    fn library_archive(
        &mut self,
        board: &Board<'_>,
        library: &Arc<Library>,
        dirs: &[Utf8PathBuf],
        scope: &mut Scope,
    ) -> Result<ArchiveId, Failure> {
        let mut path_map = board.path_map.clone();
        name_libraries(
            &mut path_map,
            board
                .libraries
                .all()
                .filter(|other| dirs.contains(&other.include_dir())),
        );
        let name = library.folder_name();
        let label = format!("libraries/{name}");
        let batch = Batch {
            label: &label,
            sources: library
                .linked_sources()
                .map_err(|error| failure(error_chain(&error)))?
                .concat(),
            base: &library.dir,
            dirs,
            private_dir: library.private_include_dir(),
            path_map: Arc::new(path_map),
        };
        let mut objects = self.compiled(board, &scope.recipes, &batch)?;
        if library.layout == Layout::Recursive {
            for (object, _) in &mut objects {
                // Its sources' paths are relative to `src` (specification 2.3.7).
                *object = object
                    .strip_prefix("src")
                    .map_or_else(|_| object.clone(), Utf8Path::to_owned);
            }
        }
        let members: Vec<ActionId> = objects.iter().map(|(_, id)| *id).collect();
        if let Some(&known) = scope
            .by_members
            .get(&(library.dir.clone(), members.clone()))
        {
            return Ok(known);
        }
        let variants = scope
            .by_members
            .keys()
            .filter(|(dir, _)| dir.file_name() == Some(name))
            .count();
        // Further variants are in the directory of the first one, since any name beside it can be that of another library.
        let folder = if variants == 0 {
            label
        } else {
            format!("{label}/{}", variants + 1)
        };
        let linkage = if library.dot_a_linkage && library.layout == Layout::Recursive {
            Linkage::Referenced
        } else {
            Linkage::Whole
        };
        let place = Place {
            blame: format!("library {}", library.name),
            ..Place::new(&scope.dir, &folder, name, &format!("libraries/{name}"))
        };
        let id = self.archive(board, &scope.recipes, &place, objects, linkage)?;
        scope.by_members.insert((library.dir.clone(), members), id);
        Ok(id)
    }

    /// Adds the compile actions of sources; gives each object its path relative to the batch's base.
    fn compiled(
        &mut self,
        board: &Board<'_>,
        recipes: &SketchRecipes,
        batch: &Batch<'_>,
    ) -> Result<Vec<(Utf8PathBuf, ActionId)>, Failure> {
        let planner = CompilePlanner {
            tools: self.tools,
            recipes,
            path_map: &batch.path_map,
            tie: board.tie.as_deref(),
        };
        let compile = |source: &Utf8PathBuf| -> Result<(Utf8PathBuf, Action), Failure> {
            let relative = source.strip_prefix(batch.base).unwrap_or(source);
            let unit = Unit {
                source,
                dirs: batch.dirs,
                private_dir: batch.private_dir,
                stage: Stage::Shared,
                board: &board.fqbn,
                label: &format!("{}/{relative}", batch.label),
                generated: &[],
            };
            Ok((
                Utf8PathBuf::from(format!("{relative}.o")),
                planner.compile(unit, board.preprocessor(source))?,
            ))
        };
        let objects: Vec<_> = batch.sources.par_iter().map(compile).collect();
        // In order, so that of several failures the first one is told, and not the quickest; and none is shared unless all can be.
        let objects: Vec<_> = objects.into_iter().collect::<Result<_, _>>()?;
        let shared = objects
            .into_iter()
            .map(|(object, action)| (object, self.share(action)));
        Ok(shared.collect())
    }

    /// Adds a shared action unless an equal one is there.
    fn share(&mut self, action: Action) -> ActionId {
        let id = ActionId::new(self.plan.shared.len());
        match self.actions.entry(action.fingerprint) {
            Entry::Occupied(known) if action.is_known_by_content() => *known.get(),
            Entry::Occupied(_) => {
                self.plan.shared.push(action);
                id
            }
            Entry::Vacant(free) => {
                free.insert(id);
                self.plan.shared.push(action);
                id
            }
        }
    }

    fn archive(
        &mut self,
        board: &Board<'_>,
        recipes: &SketchRecipes,
        place: &Place,
        objects: Vec<(Utf8PathBuf, ActionId)>,
        linkage: Linkage,
    ) -> Result<ArchiveId, Failure> {
        let members = members(&place.objects, objects, linkage);
        let file = Utf8PathBuf::from(format!("{WORK}/{}.a", place.name));
        let paths: Vec<Utf8PathBuf> = members
            .iter()
            .map(|member| format!("{WORK}/members/{}", member.name).into())
            .collect();
        let commands = archive_commands(recipes, &file, &paths)
            .map_err(|error| failure(error_chain(&error)))?;
        let tool = match commands.first() {
            Some(command) => self
                .tools
                .program_with_files(&command.program, &command.args)
                .map_err(|error| failure(error_chain(&error)))?,
            None => Digest::of(b""),
        };
        self.plan.archives.push(ArchivePlan {
            label: place.folder.clone(),
            subject: format!("{} {}/{}.a", board.fqbn, place.folder, place.name),
            blame: place.blame.clone(),
            path: place
                .dir
                .join(&place.folder)
                .join(format!("{}.a", place.name)),
            members,
            commands,
            tool,
            linkage,
        });
        Ok(ArchiveId::new(self.plan.archives.len() - 1))
    }
}

/// Where an archive is: `DIR/FOLDER/NAME.a`.
struct Place {
    /// What its failure blocks a sketch by.
    blame: String,
    dir: Utf8PathBuf,
    folder: String,
    name: String,
    /// Where its objects are, below the build directory (specification 2.3.7).
    objects: Utf8PathBuf,
}

impl Place {
    fn new(dir: &Utf8Path, folder: &str, name: &str, objects: &str) -> Self {
        Self {
            blame: "core".to_owned(),
            dir: dir.to_owned(),
            folder: folder.to_owned(),
            name: name.to_owned(),
            objects: objects.into(),
        }
    }
}

pub(super) fn name_libraries<'l>(
    path_map: &mut PathMap,
    libraries: impl IntoIterator<Item = &'l Arc<Library>>,
) {
    for library in libraries {
        path_map.add(
            library.dir.clone(),
            format!("library:{}", library.folder_name()),
        );
    }
}

/// Names the members of an archive whose objects stand in `folder` of the build directory.
///
/// `ar r` replaces a member of equal base name. Where the archive takes part in a link as Arduino would make it, so it does here: the last
/// one survives, in the place of the first (specification 3.4). Where the archive stands for objects, all of them are kept under names that
/// differ.
fn members(
    folder: &Utf8Path,
    objects: Vec<(Utf8PathBuf, ActionId)>,
    linkage: Linkage,
) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::with_capacity(objects.len());
    for (path, action) in objects {
        let base = path.file_name().unwrap_or("object.o").to_owned();
        let object = folder.join(path);
        let taken = members.iter().position(|member| member.name == base);
        let name = match (taken, linkage) {
            (None, _) => base,
            (Some(at), Linkage::Referenced) => {
                (members[at].object, members[at].action) = (object, action);
                continue;
            }
            (Some(_), Linkage::Whole) => format!("{}-{base}", members.len()),
        };
        members.push(Member {
            name,
            object,
            action,
        });
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_4_members_of_equal_name() {
        let objects = |names: &[&str]| {
            names
                .iter()
                .enumerate()
                .map(|(index, name)| (Utf8PathBuf::from(name), ActionId::new(index)))
                .collect()
        };
        let check = |linkage, expect: &[(&str, &str, usize)]| {
            let members = members(
                "core".into(),
                objects(&["b.o", "sub/x.c.o", "x.c.o"]),
                linkage,
            );
            let expect: Vec<Member> = expect
                .iter()
                .map(|(name, object, action)| Member {
                    name: (*name).to_owned(),
                    object: format!("core/{object}").into(),
                    action: ActionId::new(*action),
                })
                .collect();
            assert_eq!(members, expect);
        };
        check(
            Linkage::Referenced,
            &[("b.o", "b.o", 0), ("x.c.o", "x.c.o", 2)],
        );
        check(
            Linkage::Whole,
            &[
                ("b.o", "b.o", 0),
                ("x.c.o", "sub/x.c.o", 1),
                ("2-x.c.o", "x.c.o", 2),
            ],
        );
    }
}
