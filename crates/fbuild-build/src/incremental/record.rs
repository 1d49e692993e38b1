//! What became of a sketch in an earlier run, so that a run in which nothing changed need not plan it.
//!
//! A sketch is up to date if its own files, everything that planning asked the disk ([`Trail`]), the tools and the board's description are
//! those of the record, and the files that it left behind are in place with the same content. Content decides, not time stamps; only
//! programs and archives are recognised by [`StatMemo`]. What is not up to date is planned, which is never wrong.

use std::collections::HashMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cache::{Cache, StatMemo};
use fbuild_model::outcome::{Firmware, UsedLibrary};
use fbuild_model::{Command, Diagnostic, Digest, DigestWriter, Fingerprint, Sizes};
use fbuild_scan::find::Requested;
use fbuild_scan::sketch::Sketch;
use fbuild_scan::tree::SourceTree;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::action::WORK;
use crate::exec::place;
use crate::incremental::scan_cache::Scans;
use crate::incremental::snapshot::Trail;
use crate::plan::board::Board;
use crate::plan::tally::Tally;
use crate::stage::link::conversions;
use crate::toolchain::Toolchain;

/// A sketch that was built in an earlier run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The trail of the run that planned it.
    pub trail: Digest,
    /// A digest over the sketch's own files.
    pub own: Digest,
    /// The files it left behind, the log among them, with their content.
    pub files: Vec<(Utf8PathBuf, Digest)>,
    /// The firmware's files, in the order in which they were made.
    pub artifacts: Vec<Utf8PathBuf>,
    /// Its sizes.
    pub sizes: Option<Sizes>,
    /// Its log.
    pub log: Option<Utf8PathBuf>,
    /// Warnings of its own translation units and of its link.
    pub warnings: Vec<Diagnostic>,
    /// The libraries it uses, in link order.
    pub libraries: Vec<UsedLibrary>,
    /// Where their archives stand.
    pub archives: Vec<Utf8PathBuf>,
    /// Its own results in the cache.
    pub used: Vec<Fingerprint>,
}

/// Where the record of a sketch is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordKey {
    key: Digest,
    own: Digest,
}

impl RecordKey {
    /// Makes the key of a sketch that is built in `out_dir`; `base` is what all records of its board have in common, and the sketch's own
    /// files are read from `files`. `None` if one cannot be read.
    pub fn new(
        base: Digest,
        sketch: &Sketch,
        files: &SourceTree,
        out_dir: &Utf8Path,
    ) -> Option<Self> {
        let mut key = DigestWriter::new("record 1");
        key.digest(base).field(sketch.dir.as_str());
        key.field(sketch.project_name()).field(out_dir.as_str());
        let mut own = DigestWriter::new("sketch");
        let copied = sketch.additional.iter().map(|file| file.path.as_path());
        for path in sketch.texts().chain(copied) {
            let file = files.read(path).ok()??;
            own.field(path.as_str()).digest(file.digest());
        }
        Some(Self {
            key: key.finish(),
            own: own.finish(),
        })
    }

    /// Returns the digest over the sketch's own files.
    pub fn own(&self) -> Digest {
        self.own
    }
}

impl Record {
    /// Returns what it built.
    pub fn firmware(&self) -> Firmware {
        Firmware {
            artifacts: self.artifacts.clone(),
            sizes: self.sizes,
        }
    }

    /// Counts the sketch as a user of its libraries.
    pub fn count_libraries(&self, tally: &mut Tally) {
        for library in &self.libraries {
            let name = library.dir.file_name().unwrap_or(&library.name);
            let archive = self
                .archives
                .iter()
                .find(|archive| archive.file_stem() == Some(name));
            tally.add(
                &library.dir,
                &library.name,
                archive.map(|path| path.as_path()),
            );
        }
    }

    fn is_in_place(&self) -> bool {
        self.files
            .iter()
            .all(|(path, known)| place::holds(path, *known))
    }
}

/// The records of earlier runs.
#[derive(Debug)]
pub struct Records<'a> {
    cache: &'a Cache,
    tree: &'a SourceTree,
    /// Trails that hold, by digest.
    trails: HashMap<Digest, Option<Arc<Trail>>>,
}

impl<'a> Records<'a> {
    /// Opens the records in `cache`; what is found out about files on the way is put into `tree`.
    pub fn new(cache: &'a Cache, tree: &'a SourceTree) -> Self {
        Self {
            cache,
            tree,
            trails: HashMap::new(),
        }
    }

    /// Returns the trails that were found to hold, sorted by digest.
    pub fn into_trails(self) -> Vec<(Digest, Arc<Trail>)> {
        let mut trails: Vec<_> = self
            .trails
            .into_iter()
            .filter_map(|(digest, trail)| Some((digest, trail?)))
            .collect();
        trails.sort_by_key(|(digest, _)| *digest);
        trails
    }

    /// Returns for each sketch, built in the directory at its place of `out_dirs`, its record if it is up to date. If not all are, the board's
    /// preprocessors learn what earlier runs knew about the sources that sketches share.
    ///
    /// Runs in the current rayon pool.
    pub(crate) fn up_to_date(
        &mut self,
        base: Digest,
        board: &Board<'_>,
        sketches: &[Requested],
        out_dirs: &[Utf8PathBuf],
    ) -> Vec<Option<Record>> {
        let recorded: Vec<Option<(Record, RecordKey)>> = sketches
            .par_iter()
            .zip(out_dirs)
            .map(|(requested, out_dir)| self.find(base, requested.sketch.as_ref().ok()?, out_dir))
            .collect();
        let mut trails: Vec<Digest> = recorded
            .iter()
            .flatten()
            .map(|(record, _)| record.trail)
            .collect();
        trails.sort();
        trails.dedup();
        for &digest in &trails {
            if !self.trails.contains_key(&digest) {
                let trail = self.trail(digest);
                self.trails.insert(digest, trail);
            }
        }
        let up_to_date: Vec<Option<Record>> = recorded
            .into_par_iter()
            .map(|found| {
                let (record, key) = found?;
                let holds = matches!(self.trails.get(&record.trail), Some(Some(_)));
                (record.own == key.own && holds && record.is_in_place()).then_some(record)
            })
            .collect();
        if up_to_date.iter().any(Option::is_none) {
            trails
                .into_iter()
                .for_each(|digest| self.teach(digest, base, board));
        }
        up_to_date
    }

    /// Finds the record of a sketch, which may be one of other files of the sketch.
    fn find(
        &self,
        base: Digest,
        sketch: &Sketch,
        out_dir: &Utf8Path,
    ) -> Option<(Record, RecordKey)> {
        let key = RecordKey::new(base, sketch, &SourceTree::new(), out_dir)?;
        let bytes = self.cache.recall(key.key)?;
        Some((serde_json::from_slice(&bytes).ok()?, key))
    }

    /// Returns a trail if it still holds.
    fn trail(&self, digest: Digest) -> Option<Arc<Trail>> {
        let bytes = self.cache.recall(trail_key(digest))?;
        let trail: Trail = serde_json::from_slice(&bytes).ok()?;
        trail
            .holds(self.tree, StatMemo::new(self.cache))
            .then(|| Arc::new(trail))
    }

    /// Lets a board's preprocessors know the scans that belong to a trail, if it holds.
    fn teach(&self, digest: Digest, base: Digest, board: &Board<'_>) {
        if !matches!(self.trails.get(&digest), Some(Some(_))) {
            return;
        }
        let scans = self.cache.recall(scans_key(digest));
        let scans: Option<Scans> = scans.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if let Some(scans) = scans {
            scans.teach(base, board, self.tree);
        }
    }
}

/// Keeps a trail and the scans that belong to it unless one of `earlier` covers it; returns by which digest it is found.
pub(crate) fn keep_trail(
    cache: &Cache,
    trail: &Trail,
    scans: &Scans,
    earlier: &[(Digest, Arc<Trail>)],
) -> Option<Digest> {
    if let Some((known, _)) = earlier.iter().find(|(_, known)| known.covers(trail)) {
        return Some(*known);
    }
    let bytes = serde_json::to_vec(trail).ok()?;
    let digest = Digest::of(&bytes);
    cache.remember(trail_key(digest), &bytes);
    if let Ok(bytes) = serde_json::to_vec(scans) {
        cache.remember(scans_key(digest), &bytes);
    }
    Some(digest)
}

/// Keeps what became of a sketch.
pub fn keep(cache: &Cache, key: RecordKey, record: &Record) {
    if let Ok(bytes) = serde_json::to_vec(record) {
        cache.remember(key.key, &bytes);
    }
}

fn trail_key(digest: Digest) -> Digest {
    DigestWriter::new("trail 1").digest(digest).finish()
}

fn scans_key(trail: Digest) -> Digest {
    DigestWriter::new("scans 1").digest(trail).finish()
}

/// Digests what all sketches of a board depend on beside files that are scanned: this program, the board's description and commands, the
/// tools, the libraries there are, the environment. `None` where a record would not tell all: where hooks run, a command is tied to one
/// sketch, or a tool is not there.
pub(crate) fn base(board: &Board<'_>, tools: &Toolchain<'_>) -> Option<Digest> {
    let properties = board.spec.properties(false);
    let hooks = |(key, value): &(String, String)| {
        key.starts_with("recipe.hooks.") && key.ends_with(".pattern") && !value.is_empty()
    };
    if board.unscanned || board.tied_to.is_some() || properties.iter().any(hooks) {
        return None;
    }
    let mut writer = DigestWriter::new("board");
    let program = std::env::current_exe().ok()?;
    writer.digest(tools.program(program.to_str()?).ok()?);
    writer.field(&board.fqbn).field(board.dir.as_str());
    for (key, value) in &properties {
        // The time is an input only where a command says it, and then the commands differ.
        if !key.starts_with("extra.time.") {
            writer.field(key).field(value);
        }
    }
    for (command, is_compiler) in commands(board)? {
        let text = command.to_shell();
        if text.contains(SKETCH_DIR) {
            // It may read a file of the sketch's folder that is no part of the sketch.
            return None;
        }
        writer.field(text);
        writer.digest(if is_compiler {
            tools.linker(&command.program, &command.args).ok()?
        } else {
            tools
                .program_with_files(&command.program, &command.args)
                .ok()?
        });
    }
    for (name, value) in Toolchain::environment() {
        writer.field(name).field(value);
    }
    for dir in &board.base_dirs {
        writer.field(dir.as_str());
    }
    for library in board.index.libraries() {
        writer.digest(library.digest());
    }
    if let Some(bootloader) = board.spec.bootloader_file() {
        let bytes = std::fs::read(bootloader).unwrap_or_default();
        writer.digest(Digest::of(&bytes));
    }
    Some(writer.finish())
}

/// Stands for a sketch's folder where a board's commands are looked at.
const SKETCH_DIR: &str = "/fbuild.sketch";

/// Returns one command of each kind that a build of a sketch runs, and whether it is one of the compiler.
fn commands(board: &Board<'_>) -> Option<Vec<(Command, bool)>> {
    let recipes = board.recipes_for("sketch.ino", SKETCH_DIR.as_ref(), WORK.as_ref());
    let object = Utf8Path::new("/fbuild.object");
    let mut commands = Vec::new();
    for source in ["/x.c", "/x.cpp", "/x.S"] {
        // A platform without a recipe for a language may have no source of that language.
        commands.extend(recipes.compile(&[], source.as_ref(), object));
    }
    commands.extend(recipes.preprocess(&[], "/x.cpp".as_ref(), object, None));
    commands.extend(recipes.link(&[object.as_str()], "/core.a".as_ref()).ok()?);
    let mut others = vec![recipes.archive("/x.a".as_ref(), object).ok()?];
    others.extend(conversions(&recipes).ok()?);
    let compiler = commands.into_iter().map(|command| (command, true));
    let others = others.into_iter().map(|command| (command, false));
    Some(compiler.chain(others).collect())
}
