//! `fbuild share`: the man pages and completion scripts that packages install, below `share/`.

use camino::Utf8Path;
use clap::CommandFactory;

use super::completions;
use crate::args::Cli;
use crate::error::CliError;
use crate::exit::Exit;

/// Where packages install the script of each shell.
const SCRIPTS: [(&str, &str); 3] = [
    ("bash", "share/bash-completion/completions/fbuild"),
    ("zsh", "share/zsh/site-functions/_fbuild"),
    ("fish", "share/fish/vendor_completions.d/fbuild.fish"),
];

/// Writes all files below `dir`.
///
/// # Errors
/// A file that cannot be written.
pub fn run(dir: &Utf8Path) -> Result<Exit, CliError> {
    for (shell, path) in SCRIPTS {
        let file = dir.join(path);
        if let Some(parent) = file.parent() {
            fs_err::create_dir_all(parent)?;
        }
        fs_err::write(&file, completions::script(shell)?)?;
    }
    let pages = dir.join("share/man/man1");
    fs_err::create_dir_all(&pages)?;
    clap_mangen::generate_to(Cli::command(), &pages)?;
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use camino::Utf8PathBuf;

    use super::*;

    fn files(root: &Utf8Path) -> BTreeMap<Utf8PathBuf, String> {
        let mut dirs = vec![root.to_owned()];
        let mut files = BTreeMap::new();
        while let Some(dir) = dirs.pop() {
            for entry in dir.read_dir_utf8().into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    dirs.push(path.to_owned());
                } else {
                    let text = fs_err::read_to_string(path).unwrap();
                    files.insert(path.strip_prefix(root).unwrap().to_owned(), text);
                }
            }
        }
        files
    }

    #[test]
    fn the_files_that_the_wheel_installs_are_current() {
        let made = tempfile::tempdir().unwrap();
        let made = Utf8Path::from_path(made.path()).unwrap().to_owned();
        run(&made).unwrap();
        let kept =
            Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/fbuild.data/data");
        let (made, kept) = (files(&made), files(&kept));
        assert!(made.len() > 10, "{:?}", made.keys());
        assert_eq!(
            made.keys().collect::<Vec<_>>(),
            kept.keys().collect::<Vec<_>>()
        );
        for (path, text) in &made {
            assert!(
                kept[path] == *text,
                "{path} is out of date: run `fbuild share packaging/fbuild.data/data`"
            );
        }
    }
}
