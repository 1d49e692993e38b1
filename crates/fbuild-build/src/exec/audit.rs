//! Makes random cached results of a run again and compares them with what the cache gave.
//!
//! The commands run in the private directory that the action would have had, and nothing of it is published. Results may contain paths (debug
//! information), so an action is only made again if its commands, its directory and the files it reads have the paths that they had when
//! the cached result was made; the cache keeps a digest of them with each result. This module does not know stages or sketches.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroUsize;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::Cache;
use fbuild_model::event::{Audit, AuditDifference};
use fbuild_model::{Cost, Digest, DigestWriter, Event, Fingerprint, error_chain};
use fbuild_process::lock::lock;
use object::{Object, ObjectKind, ObjectSection, ObjectSymbol, SectionFlags, SymbolKind};
use rayon::prelude::*;

use crate::action::{Action, Done, NotDone, Reads};
use crate::exec::{Executor, depfiles, outputs, run_dir};
use crate::plan::link_steps::SIZE_OUTPUT;

/// The results that a run took from the cache, each once.
#[derive(Debug, Default)]
pub(super) struct Hits(Mutex<BTreeMap<Fingerprint, (Action, Done)>>);

impl Hits {
    /// Notes a result for the audit.
    pub(super) fn note(&self, action: &Action, done: &Done) {
        let hit = || (action.clone(), done.clone());
        lock(&self.0).entry(action.fingerprint).or_insert_with(hit);
    }
}

/// Returns a digest of the paths that the result of an action which runs in `work` may contain.
pub(super) fn paths(action: &Action, work: &Utf8Path) -> Digest {
    let mut writer = DigestWriter::new("paths of a result");
    writer.field(work.as_str());
    for step in action.steps_in(work) {
        writer.field(&step.command.program);
        for argument in &step.command.args {
            writer.field(argument);
        }
    }
    if let Reads::Closure(closure) = &action.reads {
        for file in &closure.files {
            writer.field(file.path().as_str());
        }
    }
    writer.finish()
}

/// Returns what changes when an audit finds a wrong result: build records of earlier runs are not used afterwards, because the firmware that
/// they describe may contain it.
pub(crate) fn epoch(cache: &Cache) -> Digest {
    Digest::of(&cache.recall(epoch_key()).unwrap_or_default())
}

fn epoch_key() -> Digest {
    DigestWriter::new("audit epoch").finish()
}

impl Executor<'_> {
    /// Makes `wanted` of the results that were taken from the cache again, chosen at random, and removes those that differ from the cache.
    /// `prepare` returns whether everything is in place that an action needs beside its inputs.
    pub fn audit(&self, wanted: NonZeroUsize, prepare: impl Fn(&Action) -> bool) -> Audit {
        let hits = self.hits.as_ref().map(|hits| lock(&hits.0).clone());
        let hits = hits.unwrap_or_default();
        let order = RandomState::new();
        let mut chosen: Vec<&(Action, Done)> = hits.values().collect();
        chosen.sort_by_cached_key(|(action, _)| order.hash_one(action.fingerprint.digest()));
        let mut comparable = chosen
            .into_iter()
            .filter(|(action, _)| self.is_comparable(action) && prepare(action));
        let chosen: Vec<_> = comparable.by_ref().take(wanted.get()).collect();
        let compared: Vec<Vec<AuditDifference>> = chosen
            .par_iter()
            .filter_map(|(action, done)| self.compare(action, done))
            .collect();
        let audit = Audit {
            hits: hits.len(),
            rebuilt: compared.len(),
            differences: compared.into_iter().flatten().collect(),
        };
        if audit.rebuilt < wanted.get().min(audit.hits) {
            self.warn(format!(
                "--audit {wanted}: only {} of {} cached results could be compared; precompiled headers and results that were made in another directory cannot",
                audit.rebuilt, audit.hits
            ));
        }
        let _ = self.events.send(Event::Audited(audit.clone()));
        audit
    }

    /// Returns whether the cached result of an action was made with the paths of this run.
    fn is_comparable(&self, action: &Action) -> bool {
        let noted = self.results.paths(action.fingerprint);
        let work = self.results.run_dir.usual_work(action.fingerprint);
        work.zip(noted)
            .is_some_and(|(work, noted)| noted == paths(action, &work).to_string())
    }

    /// Makes a result again and lists the differences; `None` if it could not be made, which is no difference.
    fn compare(&self, action: &Action, done: &Done) -> Option<Vec<AuditDifference>> {
        if !self.stop.may_start() {
            return None;
        }
        let skip = |problem: String| {
            let label = &action.label;
            self.warn(format!(
                "--audit: `{label}` could not be compared: {problem}"
            ));
        };
        let made = self.results.run_dir.work(action.fingerprint);
        let private = made.map_err(|error| skip(error_chain(&error))).ok()?;
        let work = run_dir::utf8(&private)
            .map_err(|error| skip(error_chain(&error)))
            .ok()?;
        let differences = match self.run_steps_in(action, work, None, &mut Cost::default()) {
            Err(NotDone::Stopped) => return None,
            Err(NotDone::Failed(failed)) if !failed.by_command => {
                skip(failed.failure.message);
                return None;
            }
            // A command that fails now did not make the cached result.
            Err(NotDone::Failed(_)) => differences(action, self.cached(done), BTreeMap::new()),
            Ok(_) => {
                let read = depfiles::dependencies(work, action);
                if let Err(problem) = outputs::may_keep(action, work, &read) {
                    skip(problem);
                    return None;
                }
                let made = outputs::outputs(action, work).map_err(skip).ok()?;
                differences(action, self.cached(done), made.into_iter().collect())
            }
        };
        if !differences.is_empty() {
            self.cache.evict(action.fingerprint);
            let word = format!("{:x}", RandomState::new().hash_one(&action.label));
            self.cache.remember(epoch_key(), word.as_bytes());
        }
        Some(differences)
    }

    fn cached(&self, done: &Done) -> BTreeMap<String, Utf8PathBuf> {
        let outputs = done.outputs.iter();
        outputs
            .map(|output| (output.name.clone(), self.blob(output.digest)))
            .collect()
    }
}

/// Lists the outputs that differ, by name and file.
fn differences(
    action: &Action,
    cached: BTreeMap<String, Utf8PathBuf>,
    rebuilt: BTreeMap<String, Utf8PathBuf>,
) -> Vec<AuditDifference> {
    let names: BTreeSet<&String> = cached.keys().chain(rebuilt.keys()).collect();
    let read = |files: &BTreeMap<String, Utf8PathBuf>, name: &str| {
        files.get(name).and_then(|path| std::fs::read(path).ok())
    };
    // A linker's map is no part of the firmware and contains the random names of temporary files.
    let names = names.into_iter().filter(|name| !name.ends_with(".map"));
    let different = names.filter_map(|name| {
        let (cached, rebuilt) = (read(&cached, name), read(&rebuilt, name));
        let is_same = match (&cached, &rebuilt) {
            (Some(cached), Some(rebuilt)) if *name == SIZE_OUTPUT => {
                without_debug_sizes(cached) == without_debug_sizes(rebuilt)
            }
            (Some(cached), Some(rebuilt)) => is_same(cached, rebuilt),
            _ => false,
        };
        (!is_same).then(|| AuditDifference {
            label: action.label.clone(),
            output: name.clone(),
            cached: cached.map(|bytes| Digest::of(&bytes)),
            rebuilt: rebuilt.map(|bytes| Digest::of(&bytes)),
        })
    });
    different.collect()
}

/// Returns whether two outputs are the same: byte for byte, or as archives of the same members, or as objects or programs without what names
/// temporary files at random: the assembler puts such names into objects, and link-time optimisation into programs.
fn is_same(cached: &[u8], rebuilt: &[u8]) -> bool {
    if cached == rebuilt {
        return true;
    }
    if let (Some(cached), Some(rebuilt)) = (without_times(cached), without_times(rebuilt)) {
        return cached == rebuilt;
    }
    matches!((content(cached), content(rebuilt)), (Some(cached), Some(rebuilt)) if cached == rebuilt)
}

/// Returns what the size tool printed without the lines about debug information, whose length depends on the names of temporary files.
fn without_debug_sizes(bytes: &[u8]) -> Vec<&[u8]> {
    let describes = [&b".debug"[..], b".stab", b"Total"];
    let lines = bytes.split(|&byte| byte == b'\n');
    lines
        .filter(|line| !describes.iter().any(|start| line.starts_with(start)))
        .collect()
}

/// Returns an archive with blanks in place of its members' times, owners and modes; `None` if it is none.
fn without_times(bytes: &[u8]) -> Option<Vec<u8>> {
    const MAGIC: &[u8] = b"!<arch>\n";
    const HEADER: usize = 60;
    let mut archive = bytes.to_vec();
    let mut at = bytes.starts_with(MAGIC).then_some(MAGIC.len())?;
    while at < archive.len() {
        let header = archive.get_mut(at..at + HEADER)?;
        header[16..48].fill(b' ');
        let size = std::str::from_utf8(&header[48..58]).ok()?;
        let size: usize = size.trim().parse().ok()?;
        at = at.checked_add(HEADER)?.checked_add(size)?;
        // Members begin at even positions.
        at += at % 2;
    }
    Some(archive)
}

/// What reaches firmware of an object or a program.
#[derive(Debug, PartialEq)]
struct Content {
    entry: u64,
    /// Name, address, length and bytes.
    sections: Vec<(String, u64, u64, Vec<u8>)>,
    /// Name, value and length; of objects only.
    symbols: Vec<(String, u64, u64)>,
}

/// Returns what reaches firmware: of a program the sections that are loaded; of an object all but debug information, and the symbols.
/// `None` if it is neither.
fn content(bytes: &[u8]) -> Option<Content> {
    let file = object::File::parse(bytes).ok()?;
    let is_object = match file.kind() {
        ObjectKind::Relocatable => true,
        ObjectKind::Executable | ObjectKind::Dynamic => false,
        _ => return None,
    };
    let is_loaded = |flags: SectionFlags| match flags {
        SectionFlags::Elf { sh_flags } => sh_flags & u64::from(object::elf::SHF_ALLOC) != 0,
        _ => true,
    };
    let mut sections = Vec::new();
    for section in file.sections() {
        let name = section.name().ok()?;
        let describes = [
            ".debug",
            ".rela.debug",
            ".rel.debug",
            ".stab",
            ".symtab",
            ".strtab",
        ];
        let is_wanted = match is_object {
            true => !describes.iter().any(|start| name.starts_with(start)),
            false => is_loaded(section.flags()),
        };
        if is_wanted {
            let data = section.data().ok()?.to_vec();
            sections.push((name.to_owned(), section.address(), section.size(), data));
        }
    }
    let mut symbols = Vec::new();
    for symbol in file
        .symbols()
        .filter(|symbol| is_object && symbol.kind() != SymbolKind::File)
    {
        symbols.push((
            symbol.name().ok()?.to_owned(),
            symbol.address(),
            symbol.size(),
        ));
    }
    let entry = file.entry();
    Some(Content {
        entry,
        sections,
        symbols,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(time: &str, member: &str) -> Vec<u8> {
        let header = format!(
            "{:<16}{time:<12}{:<6}{:<6}{:<8}{:<10}`\n",
            "a.o/",
            0,
            0,
            644,
            member.len()
        );
        format!("!<arch>\n{header}{member}").into_bytes()
    }

    #[test]
    fn archives_are_compared_without_times() {
        assert!(is_same(&archive("1", "abc"), &archive("2", "abc")));
        assert!(!is_same(&archive("1", "abc"), &archive("1", "abd")));
        assert!(!is_same(&archive("1", "abc"), b"!<arch>\nshort"));
        assert!(!is_same(b"a", b"b"));
    }
}
