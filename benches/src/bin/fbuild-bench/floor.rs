//! The floor: the plain commands of a plan, without precompiled preambles and without a cache, as a `build.ninja`.
//!
//! The commands come from `fbuild compile-many --dry-run --pch off`, whose output is read here: a line `# label` begins a group. It does not know
//! what the commands mean beyond the directory each works in, which is written as `$WORK` or `/fbuild.work`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Result, bail, ensure};
use camino::Utf8Path;

/// A generated build file.
#[derive(Debug, PartialEq, Eq)]
pub struct Floor {
    /// The text of `build.ninja`.
    pub ninja: String,
    /// Number of commands in it.
    pub commands: usize,
    /// Number of those that sketches share: core, variant, libraries.
    pub shared: usize,
    /// Number of sketches that it links.
    pub links: usize,
}

/// Makes the build file from the printed plan; outputs go to `core`, `libraries` and `sketches` in `tree`.
///
/// # Errors
/// If a group has no place in the tree, or two commands write one file.
pub fn generate(plan: &str, tree: &Utf8Path) -> Result<Floor> {
    let groups = groups(plan);
    let sketches: Vec<&str> = groups
        .iter()
        .filter_map(|(label, _)| Some(label.rsplit_once(" for ")?.0))
        .collect();
    ensure!(!sketches.is_empty(), "the plan links no sketch");
    let mut ninja = String::from("rule run\n  command = $line\n  description = $out\n\n");
    let (mut outputs, mut commands, mut shared) = (BTreeSet::<String>::new(), 0, 0);
    for (label, lines) in &groups {
        let Some(place) = Place::of(label, &sketches, tree) else {
            bail!("`{label}` belongs to no part of the plan")
        };
        let lines: Vec<String> = lines
            .iter()
            .map(|line| place.localise(line, tree, &outputs))
            .collect();
        let Some(first) = lines.first() else { continue };
        let Some(output) = output(first) else {
            bail!("the first command of `{label}` has no output")
        };
        ensure!(
            outputs.insert(output.to_owned()),
            "two commands write {output}"
        );
        let inputs: Vec<&str> = first
            .split(' ')
            .filter(|word| is_product(word) && *word != output && word.starts_with(tree.as_str()))
            .collect();
        let _ = writeln!(
            ninja,
            "build {}: run {}",
            escape(output),
            inputs
                .iter()
                .map(|input| escape(input))
                .collect::<Vec<_>>()
                .join(" ")
        );
        let _ = writeln!(
            ninja,
            "  line = {}\n",
            lines.join(" && ").replace('$', "$$")
        );
        commands += lines.len();
        if place.is_shared {
            shared += lines.len();
        }
    }
    Ok(Floor {
        ninja,
        commands,
        shared,
        links: sketches.len(),
    })
}

/// Splits the printed plan into labels and commands.
fn groups(plan: &str) -> Vec<(&str, Vec<&str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in plan.lines().filter(|line| !line.trim().is_empty()) {
        match (line.strip_prefix("# "), groups.last_mut()) {
            (Some(label), _) => groups.push((label, Vec::new())),
            (None, Some(group)) => group.1.push(line),
            (None, None) => {}
        }
    }
    groups
}

/// Where a group's `$WORK` lies in the tree.
struct Place {
    /// The directory that stands for `$WORK`.
    work: String,
    /// Whether sketches share what is made there.
    is_shared: bool,
}

impl Place {
    /// Finds the place of a group by its label.
    fn of(label: &str, sketches: &[&str], tree: &Utf8Path) -> Option<Self> {
        let place = |is_shared: bool, work: String| Some(Self { work, is_shared });
        if let Some((sketch, _)) = label.rsplit_once(" for ") {
            return place(false, format!("{tree}/sketches/{sketch}"));
        }
        if let Some(sketch) = sketches.iter().find(|sketch| {
            label
                .strip_prefix(**sketch)
                .is_some_and(|rest| rest.starts_with('/'))
        }) {
            return place(false, format!("{tree}/sketches/{sketch}/sketch"));
        }
        let mut parts = label.split('/');
        match (parts.next()?, parts.next()) {
            ("libraries", Some(name)) => {
                // A library's objects stand as its sources do, without `src`; its archive names them by their base names.
                let folders: Vec<&str> = parts.collect();
                let folders = folders.split_last().map_or(&[][..], |(_, folders)| folders);
                let folders = folders.strip_prefix(&["src"]).unwrap_or(folders);
                let mut work = format!("{tree}/libraries/{name}");
                folders.iter().for_each(|folder| {
                    let _ = write!(work, "/{folder}");
                });
                place(true, work)
            }
            (first @ ("core" | "variant"), _) => place(true, format!("{tree}/{first}")),
            _ => None,
        }
    }

    /// Replaces the directories of a command by those of the tree.
    ///
    /// A member of an archive is one of `outputs`, somewhere below the archive's directory.
    fn localise(&self, line: &str, tree: &Utf8Path, outputs: &BTreeSet<String>) -> String {
        let line = line.replace("/fbuild.work", "$WORK");
        let words = line.split(' ').map(|word| {
            let member = word.strip_prefix("$WORK/members/");
            let made = member.and_then(|name| {
                outputs.iter().find(|output| {
                    let below = output.strip_prefix(self.work.as_str());
                    below.is_some_and(|below| below.starts_with('/'))
                        && output.rsplit('/').next() == Some(name)
                })
            });
            made.map_or(word, String::as_str)
        });
        words
            .collect::<Vec<_>>()
            .join(" ")
            .replace("$WORK/core/", &format!("{tree}/core/"))
            .replace("$WORK/variant/", &format!("{tree}/variant/"))
            .replace("$WORK/libraries/", &format!("{tree}/libraries/"))
            .replace("$WORK", &self.work)
    }
}

/// Returns what a command writes: the word after `-o`, or else the archive.
fn output(command: &str) -> Option<&str> {
    let words: Vec<&str> = command.split(' ').collect();
    let named = words
        .iter()
        .position(|word| *word == "-o")
        .and_then(|at| words.get(at + 1));
    named
        .or_else(|| words.iter().find(|word| word.ends_with(".a")))
        .copied()
}

/// Returns whether a word is a file that another command of the plan may have written.
fn is_product(word: &str) -> bool {
    word.ends_with(".o") || word.ends_with(".a")
}

/// Escapes a path of a build line.
fn escape(path: &str) -> String {
    path.replace('$', "$$").replace(':', "$:")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = "# core/a.c\ncc -c /c/a.c -o $WORK/a.c.o\n# libraries/L/src/in/l.cpp\ncc -c /l/l.cpp -o $WORK/l.cpp.o\n\
        # ex/Blink/Blink.ino.cpp\ncc -c /o/Blink.ino.cpp -o $WORK/Blink.ino.cpp.o\n# core\nar rcs /fbuild.work/core.a /fbuild.work/members/a.c.o\n\
        # libraries/L\nar rcs $WORK/L.a $WORK/members/l.cpp.o\n\
        # ex/Blink for v:a:b\ncc -o $WORK/Blink.elf $WORK/sketch/Blink.ino.cpp.o $WORK/libraries/L/in/l.cpp.o $WORK/core/core.a -L$WORK\nsize $WORK/Blink.elf\n";

    #[test]
    fn every_group_becomes_an_edge_in_its_own_directory() {
        let floor = generate(PLAN, Utf8Path::new("/t")).unwrap();
        assert_eq!((floor.commands, floor.shared, floor.links), (7, 4, 1));
        for edge in [
            "build /t/core/a.c.o: run \n  line = cc -c /c/a.c -o /t/core/a.c.o\n",
            "build /t/libraries/L/in/l.cpp.o: run \n",
            "build /t/libraries/L/L.a: run /t/libraries/L/in/l.cpp.o\n",
            "build /t/sketches/ex/Blink/sketch/Blink.ino.cpp.o: run \n",
            "build /t/core/core.a: run /t/core/a.c.o\n  line = ar rcs /t/core/core.a /t/core/a.c.o\n",
            "build /t/sketches/ex/Blink/Blink.elf: run /t/sketches/ex/Blink/sketch/Blink.ino.cpp.o /t/libraries/L/in/l.cpp.o /t/core/core.a\n",
            "-L/t/sketches/ex/Blink && size /t/sketches/ex/Blink/Blink.elf\n",
        ] {
            assert!(floor.ninja.contains(edge), "{edge} in {}", floor.ninja);
        }
    }

    #[test]
    fn what_cannot_be_placed_is_an_error() {
        for (plan, said) in [
            ("", "links no sketch"),
            ("# ex/B for v:a:b\nsize x\n", "has no output"),
            ("# hooks before ex/B for v:a:b\ntrue\n", "has no output"),
            (
                "# odd\ncc -o $WORK/x.o\n# ex/B for v:a:b\ncc -o $WORK/B.elf\n",
                "belongs to no part",
            ),
            (
                "# core/x/a.c\ncc -o $WORK/a.c.o\n# core/y/a.c\ncc -o $WORK/a.c.o\n# ex/B for v:a:b\ncc -o $WORK/B.elf\n",
                "two commands write",
            ),
        ] {
            let error = generate(plan, Utf8Path::new("/t")).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
