//! The compilation database of a run: one `compile_commands.json` for all boards and sketches (specification 7.6).
//!
//! Beside the sources that are compiled it lists the `.ino` files that people edit, with flags under which an editor understands them.

use std::collections::{HashMap, HashSet};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::merged::Merged;
use crate::action::{Action, WORK};
use crate::plan::{BuildPlan, SketchEntry, SketchWork};

/// How the name of a header with the prototypes of a sketch ends, after the name of its generated source.
pub(crate) const PROTOTYPES: &str = ".prototypes.h";

/// A compilation database.
#[derive(Debug, Default)]
pub struct Database {
    entries: Vec<Entry>,
    known: HashSet<(String, String)>,
    /// Headers with prototypes that its commands include, by path.
    pub headers: Vec<(Utf8PathBuf, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    directory: String,
    arguments: Vec<String>,
    file: String,
}

impl Database {
    /// Makes the database of a plan: an entry per file and board. It depends on the plan alone, so it is complete also when something fails
    /// to compile. A sketch that could not be planned keeps its entries of `previous`, the text of an earlier database.
    pub fn new(plan: &BuildPlan, previous: Option<&str>) -> Self {
        let mut database = Self::default();
        let object_dirs = object_dirs(plan);
        for (index, action) in plan.shared.iter().enumerate() {
            let dir = object_dirs.get(&index).copied();
            database.add(action, dir.unwrap_or(Utf8Path::new(WORK)));
        }
        for entry in &plan.sketches {
            if let SketchWork::Build(sketch) = &entry.work {
                let dir = entry.out_dir.join("sketch");
                for unit in &sketch.units {
                    database.add_edited(&unit.action, entry, &dir);
                    database.add(&unit.action, &dir);
                }
            }
        }
        database.keep(plan, previous.unwrap_or_default());
        database.add_unplanned(plan);
        database
    }

    /// Adds the main files of sketches that could not be planned and have no entry yet, with the flags of the core: an editor then says what
    /// is missing.
    fn add_unplanned(&mut self, plan: &BuildPlan) {
        let failed = plan.sketches.iter();
        for entry in failed.filter(|entry| matches!(entry.work, SketchWork::Fail { .. })) {
            let name = entry.dir.file_name().unwrap_or_default();
            let main = entry.dir.join(format!("{name}.ino"));
            let is_alike = |action: &&Action| {
                action.board() == entry.board && action.source.extension() == Some("cpp")
            };
            let dir = entry.out_dir.join("sketch");
            // A command names the directories that its source needs; the sketch may need all.
            let dirs = |action: &&Action| {
                let command = action.steps.first().map(|step| &step.command);
                let words = command.into_iter().flat_map(|command| &command.args);
                words.filter(|word| word.starts_with("-I")).count()
            };
            let alike = plan.shared.iter().filter(is_alike);
            let Some(action) = alike.max_by_key(dirs).filter(|_| main.is_file()) else {
                continue;
            };
            let object = format!("{name}.ino.cpp.o");
            let arguments = arguments(action, &dir).into_iter().flatten();
            let arguments = arguments.flat_map(|argument| match argument {
                _ if argument == action.source.as_str() => {
                    let words = ["-x", "c++", "-include", "Arduino.h", main.as_str()];
                    words.map(str::to_owned).to_vec()
                }
                _ if argument.starts_with(dir.as_str()) => vec![dir.join(&object).into_string()],
                _ => vec![argument],
            });
            let arguments = arguments.collect();
            self.push(&entry.board, main.as_str(), arguments);
        }
    }

    /// Returns the text of the file.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(&self.entries).unwrap_or_default() + "\n"
    }

    fn add(&mut self, action: &Action, object_dir: &Utf8Path) {
        if let Some(arguments) = arguments(action, object_dir) {
            self.push(action.board(), action.source.as_str(), arguments);
        }
    }

    /// Adds the files of which a generated source is made. Each is read after `Arduino.h`, prototypes and the files before it.
    fn add_edited(&mut self, action: &Action, sketch: &SketchEntry, object_dir: &Utf8Path) {
        let mut generated = action.generated.iter();
        let Some(source) = generated.find(|file| file.path() == action.source) else {
            return;
        };
        let Some(arguments) = arguments(action, object_dir) else {
            return;
        };
        let bytes = source.bytes();
        let text = String::from_utf8_lossy(&bytes);
        let merged = Merged::read(&text);
        let mut includes = vec!["Arduino.h".to_owned()];
        if let Some(text) = merged.header(&sketch.dir) {
            let stem = action.source.file_stem().unwrap_or_default();
            // Not beside the generated source: a run without a database would remove it there.
            let path = sketch.out_dir.join(format!("{stem}{PROTOTYPES}"));
            includes.push(path.to_string());
            self.headers.push((path, text));
        }
        for file in &merged.files {
            let replaced = arguments.iter().flat_map(|argument| {
                if argument != action.source.as_str() {
                    return vec![argument.clone()];
                }
                let mut words = vec!["-x".to_owned(), "c++".to_owned()];
                for include in &includes {
                    words.extend(["-include".to_owned(), include.clone()]);
                }
                words.push(file.clone());
                words
            });
            let replaced = replaced.collect();
            self.push(action.board(), file, replaced);
            includes.push(file.clone());
        }
    }

    fn keep(&mut self, plan: &BuildPlan, previous: &str) {
        let failed = plan.sketches.iter();
        let failed: Vec<&SketchEntry> = failed
            .filter(|entry| matches!(entry.work, SketchWork::Fail { .. }))
            .collect();
        let previous: Vec<Entry> = serde_json::from_str(previous).unwrap_or_default();
        for old in previous {
            let object = old.arguments.iter().skip_while(|word| *word != "-o").nth(1);
            let owner = object.and_then(|object| {
                let mut failed = failed.iter();
                failed.find(|entry| Utf8Path::new(object).starts_with(&entry.out_dir))
            });
            if let Some(owner) = owner {
                self.push(&owner.board, &old.file, old.arguments);
            }
        }
    }

    fn push(&mut self, board: &str, file: &str, arguments: Vec<String>) {
        if self.known.insert((board.to_owned(), file.to_owned())) {
            let directory = std::env::current_dir().unwrap_or_default();
            self.entries.push(Entry {
                directory: directory.to_string_lossy().into_owned(),
                arguments,
                file: file.to_owned(),
            });
        }
    }
}

/// Returns the directory of the archive that each shared action belongs to.
fn object_dirs(plan: &BuildPlan) -> HashMap<usize, &Utf8Path> {
    let members = plan.archives.iter().flat_map(|archive| {
        let dir = archive.path.parent().unwrap_or(&archive.path);
        let members = archive.members.iter();
        members.map(move |member| (member.action.index(), dir))
    });
    members.collect()
}

/// Returns the command as it is in logs, without the option that fbuild adds and that only GCC knows.
fn arguments(action: &Action, object_dir: &Utf8Path) -> Option<Vec<String>> {
    let command = &action.steps.first()?.command;
    let words = command.argv().filter(|word| {
        let ours = ["-flto-compression-level=", "-frandom-seed="];
        !ours.iter().any(|ours| word.starts_with(ours))
    });
    Some(
        words
            .map(|word| word.replace(WORK, object_dir.as_str()))
            .collect(),
    )
}
