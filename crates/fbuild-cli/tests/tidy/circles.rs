//! Imports between the files of a crate go one way.
//!
//! A file that needs another one which, over any number of steps, needs the first cannot be read, moved or tested alone. A module's own folder is
//! the exception: its files belong together.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::words::{self, Import};
use crate::{is_shipped, sources};

/// A module in a file of its own.
struct Module {
    file: Utf8PathBuf,
    imports: Vec<Import>,
    paths: Vec<Vec<String>>,
    definitions: Vec<String>,
}

/// The modules of one crate by path; the crate itself has the empty one.
#[derive(Default)]
struct Crate(BTreeMap<Vec<String>, Module>);

impl Crate {
    fn add(&mut self, file: &Utf8Path, in_src: &Utf8Path, text: &str) -> Vec<Vec<String>> {
        let mut path: Vec<String> = in_src
            .with_extension("")
            .components()
            .map(|part| part.as_str().to_owned())
            .collect();
        if path.last().is_some_and(|last| last == "mod")
            || path.len() == 1 && ["lib", "main"].contains(&path[0].as_str())
        {
            path.pop();
        }
        let (text, tests) = words::without_tests(words::words(text));
        let (imports, paths) = words::paths(&text);
        let definitions = words::definitions(&text);
        let module = Module {
            file: file.to_owned(),
            imports,
            paths,
            definitions,
        };
        let tests = tests.into_iter().map(|name| [&path[..], &[name]].concat());
        let tests = tests.collect();
        self.0.insert(path, module);
        tests
    }

    /// The absolute path of what a path in module `at` says; `None` if it leaves the crate.
    fn absolute(&self, at: &[String], path: &[String]) -> Option<Vec<String>> {
        let mut base = at.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (base, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    base.pop()?;
                    rest = &rest[1..];
                }
            }
            first => {
                base.push(first.to_owned());
                self.0.get(&base)?;
                base.pop();
            }
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// The module in whose file the item at an absolute path is written; re-exports are followed.
    fn home(&self, path: &[String], depth: usize) -> Option<Vec<String>> {
        let length = (0..=path.len())
            .rev()
            .find(|&length| self.0.contains_key(&path[..length]))?;
        let (at, rest) = path.split_at(length);
        let module = &self.0[at];
        let Some(item) = rest.first() else {
            return Some(at.to_vec());
        };
        if depth == 0 || module.definitions.contains(item) {
            return Some(at.to_vec());
        }
        let named = module.imports.iter().find(|import| import.name == *item);
        if let Some(import) = named {
            let target = self.absolute(at, &import.path)?;
            return self.home(&[&target, &rest[1..]].concat(), depth - 1);
        }
        let globs = module.imports.iter().filter(|import| import.name == "*");
        for import in globs {
            let target = self.absolute(at, &import.path);
            let home = target.and_then(|target| self.home(&[&target, rest].concat(), depth - 1));
            if let Some(home) = home
                && self.0[&home].definitions.contains(item)
            {
                return Some(home);
            }
        }
        Some(at.to_vec())
    }

    /// Which files a file needs, with one path for each.
    fn edges(&self) -> BTreeMap<&Utf8Path, BTreeMap<&Utf8Path, String>> {
        let mut edges: BTreeMap<&Utf8Path, BTreeMap<&Utf8Path, String>> = BTreeMap::new();
        for (at, module) in &self.0 {
            let imports = module.imports.iter().map(|import| &import.path);
            for path in imports.chain(&module.paths) {
                let Some(target) = self.absolute(at, path) else {
                    continue;
                };
                if let Some(home) = self.home(&target, 8)
                    && home != *at
                {
                    let targets = edges.entry(&module.file).or_default();
                    targets.insert(&self.0[&home].file, path.join("::"));
                }
            }
        }
        edges
    }
}

/// Sets of files that all reach each other.
fn circles<'a>(
    edges: &BTreeMap<&'a Utf8Path, BTreeMap<&'a Utf8Path, String>>,
) -> Vec<BTreeSet<&'a Utf8Path>> {
    let reached = |from: &'a Utf8Path| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(file) = next.pop() {
            for &target in edges.get(file).into_iter().flat_map(BTreeMap::keys) {
                if seen.insert(target) {
                    next.push(target);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Utf8Path, BTreeSet<&Utf8Path>> =
        edges.keys().map(|&file| (file, reached(file))).collect();
    let mut found: Vec<BTreeSet<&Utf8Path>> = Vec::new();
    for (&file, targets) in &reached {
        let circle: BTreeSet<&Utf8Path> = targets
            .iter()
            .copied()
            .filter(|target| reached.get(target).is_some_and(|back| back.contains(file)))
            .collect();
        if circle.len() > 1 && !found.contains(&circle) {
            found.push(circle);
        }
    }
    found
}

/// Whether all files are in one module's folder below `src`, with the module's own file (`plan/mod.rs`, or `plan.rs` beside the folder).
fn is_in_one_folder(circle: &BTreeSet<&Utf8Path>) -> bool {
    let in_folder = |folder: &Utf8Path| {
        !folder.ends_with("src")
            && circle
                .iter()
                .all(|file| file.parent() == Some(folder) || file.with_extension("") == folder)
    };
    circle
        .iter()
        .filter_map(|file| file.parent())
        .any(in_folder)
}

#[test]
fn imports_go_one_way() {
    let mut crates: BTreeMap<String, Crate> = BTreeMap::new();
    let mut tests: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for (file, text) in sources().iter().filter(|(path, _)| is_shipped(path)) {
        assert!(
            !text.contains("#[path"),
            "{file}: modules are where they are looked for"
        );
        let name = file.components().nth(1).unwrap().to_string();
        let in_src = file.strip_prefix(Utf8Path::new("crates").join(&name).join("src"));
        let of_tests = crates
            .entry(name.clone())
            .or_default()
            .add(file, in_src.unwrap(), text);
        tests.entry(name).or_default().extend(of_tests);
    }
    let mut faults = Vec::new();
    for (name, mut modules) in crates {
        modules
            .0
            .retain(|path, _| !tests[&name].iter().any(|test| path.starts_with(test)));
        let edges = modules.edges();
        let mut found = circles(&edges);
        found.retain(|circle| !is_in_one_folder(circle));
        for circle in &found {
            faults.push(format!("{name}:"));
            for &file in circle {
                let ties = edges[file].iter().filter(|(to, _)| circle.contains(*to));
                faults.extend(ties.map(|(to, path)| format!("    {file} -> {to}: {path}")));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "break these circles:\n{}",
        faults.join("\n")
    );
}

#[test]
fn a_circle_is_found_and_a_folder_is_not_one() {
    let mut one = Crate::default();
    for (file, text) in [
        ("lib.rs", "pub mod a; mod b; pub mod room; pub use b::B;"),
        ("a.rs", "use crate::B; pub struct A;"),
        (
            "b.rs",
            "pub struct B; fn f() -> crate::room::Way { super::a::A; }",
        ),
        ("room/mod.rs", "mod way; pub use way::*; pub struct Other;"),
        ("room/way.rs", "use super::Other; pub struct Way;"),
    ] {
        one.add(&Utf8Path::new("src").join(file), Utf8Path::new(file), text);
    }
    let edges = one.edges();
    let found = circles(&edges);
    let names: Vec<Vec<&str>> = found
        .iter()
        .map(|circle| circle.iter().map(|file| file.as_str()).collect())
        .collect();
    assert_eq!(
        names,
        [
            vec!["src/a.rs", "src/b.rs"],
            vec!["src/room/mod.rs", "src/room/way.rs"]
        ]
    );
    assert!(!is_in_one_folder(&found[0]) && is_in_one_folder(&found[1]));
}
