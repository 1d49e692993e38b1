//! Files that a linker reads because another file names them: parts of linker scripts, and members of thin archives.
//!
//! Too many are better than too few: a file that the linker would not take costs a link, one that is missed a stale result. What options name
//! is known to [`super::option_files`].

use std::collections::HashSet;

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_model::input;

/// How a thin archive begins; its members are files of their own.
const THIN: &[u8] = b"!<thin>\n";

/// A longer text is no linker script.
const LARGEST_SCRIPT: usize = 1 << 20;

/// Returns the files that `files` name, and those that these name. `dirs` are where the linker looks for scripts and libraries.
pub fn named_by(files: &[Utf8PathBuf], dirs: &[Utf8PathBuf]) -> Vec<Utf8PathBuf> {
    let mut seen: HashSet<Utf8PathBuf> = files.iter().cloned().collect();
    let mut waiting: Vec<Utf8PathBuf> = files.to_vec();
    let mut found = Vec::new();
    while let Some(file) = waiting.pop() {
        // What cannot be read names nothing, and fails with the linker's own message.
        let Ok(Some((bytes, _))) = input::read(&file) else {
            continue;
        };
        let parent = file.parent().unwrap_or(Utf8Path::new("."));
        let names = match bytes.strip_prefix(THIN) {
            Some(members) => thin_members(members),
            None => script_names(&bytes),
        };
        for name in names {
            let places = std::iter::once(Utf8Path::new(".")).chain([parent]);
            for dir in places.chain(dirs.iter().map(Utf8PathBuf::as_path)) {
                let path = match dir.as_str() {
                    "." => Utf8PathBuf::from(&name),
                    _ => dir.join(&name),
                };
                if path.is_file() && seen.insert(path.clone()) {
                    waiting.push(path.clone());
                    found.push(path);
                }
            }
        }
    }
    found.sort();
    found
}

/// Returns the names of a thin archive's members, relative to its directory.
fn thin_members(archive: &[u8]) -> Vec<String> {
    const HEADER: usize = 60;
    let mut at = 0;
    while let Some(header) = archive.get(at..at + HEADER) {
        let name = String::from_utf8_lossy(&header[..16]).trim_end().to_owned();
        let size = String::from_utf8_lossy(&header[48..58]);
        let size: usize = size.trim().parse().unwrap_or(0);
        let body = at + HEADER;
        // The table of long names comes before all members, and has the name of each.
        if name == "//" {
            let table = archive.get(body..body + size).unwrap_or_default();
            let table = String::from_utf8_lossy(table);
            let names = table.split('\n').map(|name| name.trim_end_matches('/'));
            return names
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect();
        }
        at = body + size + size % 2;
    }
    Vec::new()
}

/// Returns the names in a linker script that can be files: those after `INCLUDE` and in `INPUT`, `GROUP` and `STARTUP`. A library `-lNAME` is
/// the file `libNAME.a`.
fn script_names(bytes: &[u8]) -> Vec<String> {
    let is_text = bytes.len() <= LARGEST_SCRIPT && !bytes.contains(&0);
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|_| is_text) else {
        return Vec::new();
    };
    let mut names = Vec::new();
    let mut words = text
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';' | '"'))
        .filter(|word| !word.is_empty())
        .peekable();
    let mut in_list = false;
    while let Some(word) = words.next() {
        match word {
            "INCLUDE" => names.extend(words.next().map(str::to_owned)),
            "INPUT" | "GROUP" | "STARTUP" => in_list = true,
            "AS_NEEDED" => {}
            // Anything may follow a list; a word that is no file is no harm.
            _ if in_list => names.push(match word.strip_prefix("-l") {
                Some(library) => format!("lib{library}.a"),
                None => word.to_owned(),
            }),
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_name_scripts_and_libraries() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(&path, text).unwrap();
            path
        };
        let outer = write("outer.ld", "SECTIONS { }\nINCLUDE \"inner.ld\"\n");
        write(
            "inner.ld",
            "INCLUDE m/deep.ld\nINCLUDE none.ld\nINCLUDE outer.ld",
        );
        write("lib/m/deep.ld", "GROUP ( AS_NEEDED(-lfoo) libbar.a )");
        write("lib/libfoo.a", "!<arch>\nINPUT(other.a)");
        write("lib/libbar.a", &format!("INPUT({dir}/third.a)"));
        write("third.a", "!<arch>\n\0");
        write("other.a", "");
        let found = named_by(&[outer], &[dir.join("lib")]);
        let expect = [
            "inner.ld",
            "lib/libbar.a",
            "lib/libfoo.a",
            "lib/m/deep.ld",
            "other.a",
            "third.a",
        ];
        let expect = expect.map(|name| dir.join(name));
        // The text after the magic of an ordinary archive is not told apart; that costs nothing but a digest.
        assert!(
            expect
                .iter()
                .all(|path| found.contains(path) || path.ends_with("other.a")),
            "{found:?}"
        );
    }

    #[test]
    fn a_thin_archive_names_its_members() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        fs_err::create_dir(dir.join("sub")).unwrap();
        for name in ["a.o", "sub/a-rather-long-name.o"] {
            fs_err::write(dir.join(name), "not an object").unwrap();
        }
        let made = std::process::Command::new("ar")
            .current_dir(dir)
            .args(["rcT", "thin.a", "a.o", "sub/a-rather-long-name.o"])
            .status();
        assert!(made.unwrap().success());
        let found = named_by(&[dir.join("thin.a")], &[]);
        assert_eq!(
            found,
            [dir.join("a.o"), dir.join("sub/a-rather-long-name.o")]
        );
    }
}
