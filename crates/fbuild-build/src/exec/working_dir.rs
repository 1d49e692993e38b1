//! What a command finds in its private working directory.
//!
//! Recipes may name files relative to the directory in which fbuild was started (`-Iinclude` in a build property). Such a name is made visible in the
//! working directory by a link to what it stands for, so that the command, what it reads and `__FILE__` stay as they are, while everything that a
//! command writes beside its outputs (`-save-temps`) stays in its own directory.

use std::collections::BTreeSet;

use camino::{Utf8Component, Utf8Path};
use fbuild_model::Command;

/// Options that are directly followed by a path, the longest first.
const PREFIXES: [&str; 12] = [
    "-iwithprefixbefore",
    "-iwithprefix",
    "-idirafter",
    "-imacros",
    "-include",
    "-isystem",
    "-iquote",
    "-specs",
    "-I",
    "-L",
    "-B",
    "-T",
];

/// Lists the first parts of the relative paths in a command that are there in `current`; `None` if one leads out of `current`, so that it cannot be
/// made visible elsewhere.
pub(super) fn local_names(command: &Command, current: &Utf8Path) -> Option<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for word in command.args.iter().flat_map(|argument| argument.split(',')) {
        let word = word.trim_start_matches('@');
        let stripped = PREFIXES
            .iter()
            .find_map(|prefix| word.strip_prefix(prefix))
            .unwrap_or(word)
            .trim_start_matches('=');
        if stripped.is_empty() || stripped.starts_with('-') {
            continue;
        }
        let path = Utf8Path::new(stripped);
        let mut parts = path
            .components()
            .filter(|part| *part != Utf8Component::CurDir);
        match parts.next() {
            Some(Utf8Component::Normal(first)) => {
                if parts.any(|part| part == Utf8Component::ParentDir) && current.join(path).exists()
                {
                    return None;
                }
                if current.join(first).exists() {
                    names.insert(first.to_owned());
                }
            }
            Some(Utf8Component::ParentDir) if current.join(path).exists() => return None,
            _ => {}
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_names_that_are_there_are_found() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        fs_err::create_dir_all(dir.join("in/sub")).unwrap();
        fs_err::create_dir(dir.join("include")).unwrap();
        fs_err::write(dir.join("x.ld"), "").unwrap();
        fs_err::write(dir.join("flags"), "").unwrap();
        let found = |args: &[&str]| {
            let args = args.iter().map(|&argument| argument.to_owned());
            let command =
                Command::from_argv(std::iter::once("gcc".to_owned()).chain(args)).unwrap();
            local_names(&command, dir).map(|names| names.into_iter().collect::<Vec<_>>().join(" "))
        };
        for (args, expect) in [
            (&["-Iinclude", "-c", "/abs/x.cpp"][..], Some("include")),
            (&["-I./in/sub", "-isystem", "include"], Some("in include")),
            (&["-Wl,-T,x.ld", "@flags", "-Tx.ld"], Some("flags x.ld")),
            (&["-Imissing", "-Os", "-o", "/w/x.o"], Some("")),
            (&["-I.."], None),
            (&["-Iin/../include"], None),
        ] {
            assert_eq!(found(args).as_deref(), expect, "{args:?}");
        }
    }
}
