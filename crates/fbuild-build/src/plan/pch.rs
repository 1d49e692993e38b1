//! Precompiled preambles: what many sketches begin with is compiled once.
//!
//! A sketch's generated source begins with includes, and most sketches of a library agree on the first of them. Such a *preamble* is
//! precompiled in stage 1; the sketch is then compiled from a text in which those includes are replaced by the one of the preamble. The
//! object differs in its debug information only, the firmware not at all (design section 7).
//!
//! gcc accepts a precompiled header although a header behind it has changed, so a preamble is found by the content of everything it reads
//! and never by its own digest. What gcc does not accept, it replaces silently by the header itself, which is always beside it;
//! the depfile shows it, and the report counts it.

use std::collections::HashMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp::{Closure, Scan};
use fbuild_cpp::{SourceFile, SourceTree};
use fbuild_model::fingerprint::PartKind;
use fbuild_model::outcome::{Phase, Stage};
use fbuild_model::{Digest, DigestWriter, Parts};

use super::prefix as text;
use crate::action::inputs::Inputs;
use crate::action::{Action, Outputs, Reads, Step, WORK};
use crate::plan::board::Board;
use crate::plan::prefix::{Prefix, prefix};
use crate::plan::{BuildPlan, PchId, PchPlan, SketchPlan, SketchWork, WithPch};
use crate::request::PchMode;
use crate::toolchain::Toolchain;
use crate::toolchain::pch_probe::{Debug, Usable, known, probe};

/// Number of sketches from which on making a preamble pays.
pub(crate) const ENOUGH: usize = 5;

/// Number of lists of headers that are remembered for a board.
const REMEMBERED: usize = 16;

/// Finds the preambles of one board.
pub(crate) struct PchPass<'a, 'b> {
    board: &'a Board<'b>,
    mode: PchMode,
    tools: &'a Toolchain<'a>,
    tree: &'a SourceTree,
}

/// A sketch that can use a preamble.
struct Candidate {
    /// Its position in the plan.
    index: usize,
    /// The files behind its first includes, each once; a header of the system by name.
    headers: Vec<String>,
    prefix: Prefix,
    dirs: Vec<Utf8PathBuf>,
}

impl<'a, 'b> PchPass<'a, 'b> {
    pub(crate) fn new(
        board: &'a Board<'b>,
        mode: PchMode,
        tools: &'a Toolchain<'a>,
        tree: &'a SourceTree,
    ) -> Self {
        Self {
            board,
            mode,
            tools,
            tree,
        }
    }

    /// Adds preambles for the sketches from position `first` on.
    pub(crate) fn add(&self, plan: &mut BuildPlan, first: usize) {
        // Without a way to share commands between sketches there is nothing to gain.
        if self.mode == PchMode::Off || self.board.tie.is_some() || self.is_large_avr() {
            return;
        }
        let mut candidates: Vec<Candidate> = (first..plan.sketches.len())
            .filter_map(|index| self.candidate(plan, index))
            .collect();
        let enough = if self.mode == PchMode::On { 1 } else { ENOUGH };
        let mut usable = None;
        let earlier = self.recall();
        let mut chosen = Vec::new();
        while let Some(headers) = self.best(&candidates, enough, &earlier) {
            let (users, others): (Vec<_>, Vec<_>) = candidates
                .into_iter()
                .partition(|candidate| candidate.headers.starts_with(&headers));
            candidates = others;
            let usable = *usable.get_or_insert_with(|| {
                self.leaving_sections(probe(&self.board.recipes, self.tools))
            });
            let Some(usable) = usable else { return };
            self.pch(plan, &headers, &users, usable);
            chosen.push(headers);
        }
        self.remember(&earlier, chosen);
        let known = || self.leaving_sections(known(&self.board.recipes, self.tools));
        if let Some(usable) = usable.unwrap_or_else(known) {
            (first..plan.sketches.len()).for_each(|index| take_earlier(plan, index, usable.debug));
        }
    }

    /// Returns whether this is an AVR whose program memory is larger than a pointer reaches: the linker makes stubs for calls there.
    ///
    /// It orders them by numbers that count the sections of all objects, and other debug information means other sections: the firmware
    /// would do the same but not be the same (`docs/parity.md`).
    fn is_large_avr(&self) -> bool {
        self.board.cxx().predefines("__AVR__") && self.is_large()
    }

    /// Refuses a way to use precompiled headers that changes debug information, where a linker may make stubs: others do so only for calls
    /// between memories that are far apart, but by the same numbers.
    fn leaving_sections(&self, usable: Option<Usable>) -> Option<Usable> {
        usable.filter(|usable| usable.debug == Debug::AsIs || !self.is_large())
    }

    fn is_large(&self) -> bool {
        let flash = self
            .board
            .spec
            .get("upload.maximum_size")
            .and_then(|size| size.trim().parse::<u64>().ok());
        flash.is_none_or(|flash| flash > 128 << 10)
    }

    fn candidate(&self, plan: &BuildPlan, index: usize) -> Option<Candidate> {
        let SketchWork::Build(sketch) = &plan.sketches[index].work else {
            return None;
        };
        let unit = main_unit(sketch)?;
        let Reads::Closure(closure) = &unit.reads else {
            return None;
        };
        let source = unit.generated.first()?;
        let prefix = prefix(std::str::from_utf8(&source.bytes()).ok()?)?;
        let dir = source.path().parent()?;
        let mut headers = Vec::new();
        let mut taken = 0;
        for include in &prefix.includes {
            // A header of the sketch's own is its own affair.
            if include.quoted
                && unit
                    .generated
                    .iter()
                    .any(|file| file.path() == dir.join(&include.header))
            {
                break;
            }
            let header = resolved(&include.header, closure);
            if !headers.contains(&header) {
                headers.push(header);
            } else if !is_read_once(&header, closure) {
                break;
            }
            taken += 1;
        }
        let prefix = Prefix {
            includes: prefix.includes[..taken].to_vec(),
        };
        (taken > 0).then(|| Candidate {
            index,
            headers,
            prefix,
            dirs: closure.used_dirs.clone(),
        })
    }

    /// Returns the lists of headers that were chosen in earlier runs. Where most sketches are up to date, the others are too few to show what
    /// is worth precompiling, and what was precompiled is there.
    fn recall(&self) -> Vec<Vec<String>> {
        let known = self.tools.cache().recall(self.memory());
        known
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Remembers the lists that were chosen, the latest first.
    fn remember(&self, earlier: &[Vec<String>], chosen: Vec<Vec<String>>) {
        if chosen.iter().all(|headers| earlier.contains(headers)) {
            return;
        }
        let mut all = chosen;
        for headers in earlier {
            if !all.contains(headers) {
                all.push(headers.clone());
            }
        }
        all.truncate(REMEMBERED);
        if let Ok(bytes) = serde_json::to_vec(&all) {
            self.tools.cache().remember(self.memory(), &bytes);
        }
    }

    fn memory(&self) -> Digest {
        let mut writer = DigestWriter::new("preambles of a board");
        writer
            .field(&self.board.fqbn)
            .field(self.board.dir.as_str());
        writer.finish()
    }

    /// Returns the list of first headers whose precompilation saves most: what it holds, times the sketches that share it.
    fn best(
        &self,
        candidates: &[Candidate],
        enough: usize,
        earlier: &[Vec<String>],
    ) -> Option<Vec<String>> {
        let mut users: HashMap<&[String], (usize, &Candidate)> = HashMap::new();
        for candidate in candidates {
            for length in 1..=candidate.headers.len() {
                users
                    .entry(&candidate.headers[..length])
                    .or_insert((0, candidate))
                    .0 += 1;
            }
        }
        let mut lists: Vec<_> = users
            .into_iter()
            .filter(|(headers, (users, _))| {
                *users >= enough || earlier.iter().any(|known| known == headers)
            })
            .collect();
        lists.sort_by_key(|(headers, _)| *headers);
        let gain = |(headers, (users, candidate)): &(&[String], (usize, &Candidate))| {
            let (_, closure) = self.header(headers, &candidate.dirs)?;
            let bytes: usize = closure.files.iter().map(|file| file.length()).sum();
            Some((bytes * users, headers.len()))
        };
        lists
            .into_iter()
            .filter_map(|list| Some((gain(&list)?, list.0)))
            .max_by_key(|(gain, _)| *gain)
            .map(|(_, headers)| headers.to_vec())
    }

    /// Returns the preamble's header, in the tree, and what it reads with these include directories.
    fn header(
        &self,
        headers: &[String],
        dirs: &[Utf8PathBuf],
    ) -> Option<(Arc<SourceFile>, Closure)> {
        let text: String = headers
            .iter()
            .map(|header| text::include_line(header))
            .collect();
        let name = Digest::of(text.as_bytes()).short();
        let path = self
            .board
            .dir
            .join("preambles")
            .join(name)
            .join("preamble.h");
        let file = match self.tree.read(&path) {
            Ok(Some(known)) if *known.bytes() == text.as_bytes() => known,
            _ => self.tree.insert(&path, text.into_bytes()),
        };
        match &*self.board.cxx().scanned(&path, dirs, None) {
            Scan::Complete(closure) if !closure.uses_time => Some((file, closure.clone())),
            _ => None,
        }
    }

    /// Adds one preamble and the actions of the sketches that use it.
    fn pch(&self, plan: &mut BuildPlan, headers: &[String], users: &[Candidate], usable: Usable) {
        let Some((header, closure)) = users
            .first()
            .and_then(|user| self.header(headers, &user.dirs))
        else {
            return;
        };
        let same = |user: &&Candidate| {
            let own = self.header(headers, &user.dirs);
            own.is_some_and(|(_, own)| {
                own.files
                    .iter()
                    .map(|file| file.path())
                    .eq(closure.files.iter().map(|file| file.path()))
            })
        };
        let Some(action) = self.action(&header, &closure, usable) else {
            return;
        };
        let id = PchId::new(plan.pchs.len());
        let mut using = Vec::new();
        for user in users.iter().filter(same) {
            let SketchWork::Build(sketch) = &mut plan.sketches[user.index].work else {
                continue;
            };
            let length = taken(&user.prefix, headers, sketch);
            if let Some(with) = self.with(sketch, user, length, &header, usable) {
                let Some(unit) = sketch.units.iter_mut().find(|unit| is_main(&unit.action)) else {
                    continue;
                };
                unit.pch = Some(WithPch {
                    id: Some(id),
                    action: with,
                });
                using.push(user.index);
            }
        }
        plan.pchs.push(PchPlan {
            action,
            header: header.path().to_owned(),
            needed_by: using,
            always: self.mode == PchMode::On,
        });
    }

    /// Returns the action that precompiles the header.
    fn action(
        &self,
        header: &Arc<SourceFile>,
        closure: &Closure,
        usable: Usable,
    ) -> Option<Action> {
        let source = Utf8Path::new("/fbuild.preamble.cpp");
        let object = Utf8PathBuf::from(format!("{WORK}/preamble.h.gch"));
        let mut command = self
            .board
            .recipes
            .compile(&closure.used_dirs, source, &object)
            .ok()?;
        let at = command.args.iter().position(|arg| arg == source.as_str())?;
        command.args.splice(
            at..=at,
            ["-x", "c++-header", header.path().as_str()].map(str::to_owned),
        );
        usable.debug.apply(&mut command.args);
        let plain = self.board.recipes.compile(&[], source, &object).ok()?;
        let mut parts = Parts::default();
        parts.add(
            PartKind::Tool,
            "compiler",
            self.tools.compiler(&command.program, &command.args).ok()?,
        );
        plain
            .args
            .iter()
            .for_each(|arg| parts.argument(self.board.path_map.text(arg)));
        parts.argument(usable.debug.name());
        for (name, value) in self.tools.surroundings() {
            parts.add(PartKind::Environment, name, Digest::of(value.as_bytes()));
        }
        // A precompiled header knows its files by path, and gcc looks at them again under it.
        let mut paths = DigestWriter::new("paths");
        for file in &closure.files {
            parts.add(
                PartKind::Header,
                self.board.path_map.path(file.path()),
                file.digest(),
            );
            paths.field(file.path().as_str());
        }
        parts.add(PartKind::Source, "paths", paths.finish());
        Some(Action {
            stage: Stage::Shared,
            label: format!(
                "preambles/{}",
                header
                    .path()
                    .parent()
                    .and_then(Utf8Path::file_name)
                    .unwrap_or_default()
            ),
            subject: format!("{} {}", self.board.fqbn, header.path()),
            source: header.path().to_owned(),
            steps: vec![Step::new(Phase::Compile, command)],
            generated: vec![Arc::clone(header)],
            links: Vec::new(),
            folders: Vec::new(),
            outputs: Outputs::Files(vec!["preamble.h.gch".to_owned()]),
            fingerprint: parts.fingerprint(),
            inputs: Inputs::Listed(parts),
            reads: Reads::Closure(Arc::new(closure.clone())),
            pch: None,
            in_place: None,
            path_map: Arc::new(self.board.path_map.clone()),
        })
    }

    /// Returns the compile action of a sketch's main unit with the first `length` includes taken from the preamble.
    fn with(
        &self,
        sketch: &SketchPlan,
        user: &Candidate,
        length: usize,
        header: &Arc<SourceFile>,
        usable: Usable,
    ) -> Option<Action> {
        let plain = main_unit(sketch)?;
        let Reads::Closure(closure) = &plain.reads else {
            return None;
        };
        let source = plain.generated.first()?;
        let replaced = user.prefix.replace(
            std::str::from_utf8(&source.bytes()).ok()?,
            length,
            header.path(),
        )?;
        let path = source.path().with_extension("preamble.cpp");
        let variant = self.tree.insert(&path, replaced.into_bytes());
        let mut action = plain.clone();
        let command = &mut action.steps.first_mut()?.command;
        let at = command
            .args
            .iter()
            .position(|arg| arg == source.path().as_str())?;
        command.args[at] = path.to_string();
        usable.debug.apply(&mut command.args);
        depends_on_pch(&mut action, usable.debug);
        action
            .generated
            .extend([Arc::clone(&variant), Arc::clone(header)]);
        let mut reads = Closure::clone(closure);
        reads.files.extend([variant, Arc::clone(header)]);
        action.reads = Reads::Closure(Arc::new(reads));
        action.pch = Some(header.path().to_owned());
        Some(action)
    }
}

/// Lets a sketch without a preamble take the result that was made with one in an earlier run.
fn take_earlier(plan: &mut BuildPlan, index: usize, debug: Debug) {
    let SketchWork::Build(sketch) = &mut plan.sketches[index].work else {
        return;
    };
    for unit in sketch
        .units
        .iter_mut()
        .filter(|unit| unit.pch.is_none() && is_main(&unit.action))
    {
        let mut action = unit.action.clone();
        depends_on_pch(&mut action, debug);
        unit.pch = Some(WithPch { id: None, action });
    }
}

/// Returns how many of the prefix's includes the preamble covers: up to the last one that brings in one of its headers, and repeats after it.
fn taken(prefix: &Prefix, headers: &[String], sketch: &SketchPlan) -> usize {
    let Some(Reads::Closure(closure)) = main_unit(sketch).map(|unit| &unit.reads) else {
        return 0;
    };
    prefix
        .includes
        .iter()
        .take_while(|include| headers.contains(&resolved(&include.header, closure)))
        .count()
}

fn main_unit(sketch: &SketchPlan) -> Option<&Action> {
    sketch
        .units
        .iter()
        .map(|unit| &unit.action)
        .find(|action| is_main(action))
}

fn is_main(action: &Action) -> bool {
    action
        .generated
        .first()
        .is_some_and(|main| main.path() == action.source)
}

/// Returns the file that an include stands for; a header of the system, which is in no include directory, by name.
fn resolved(header: &str, closure: &Closure) -> String {
    let mut paths = closure.used_dirs.iter().map(|dir| dir.join(header));
    paths
        .find(|path| closure.files.iter().any(|file| file.path() == path))
        .map_or_else(|| format!("<{header}>"), Utf8PathBuf::into_string)
}

fn is_read_once(header: &str, closure: &Closure) -> bool {
    closure
        .files
        .iter()
        .any(|file| file.path() == header && file.is_guarded())
}

fn depends_on_pch(action: &mut Action, debug: Debug) {
    match &mut action.inputs {
        Inputs::Compile(compile) => compile.pch = Some(debug.name()),
        Inputs::Listed(parts) => parts.argument(debug.name()),
    }
    action.fingerprint = action.inputs.fingerprint(&action.path_map);
}
