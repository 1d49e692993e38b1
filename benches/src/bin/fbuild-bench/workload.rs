//! What is built: a copy of sketches and libraries that the cases may change. It knows nothing of measuring.
//!
//! A tree holds `checkouts/NAME` (libraries with their examples) and `sketches/…`; sketches are named relative to it.

use std::io::Write as _;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};

use crate::options::Options;

/// The repository's examples at the time of building this program; `TickCounter` is a library among them.
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
const OWN_LIBRARY: &str = "TickCounter";
/// Debian's examples, and the libraries of its AVR core, which have examples too.
const DEBIAN: &str = "/usr/share/doc/arduino/examples";
const DEBIAN_LIBRARIES: &str = "/usr/share/arduino/hardware/arduino/avr/libraries";

/// A tree of sketches and libraries.
#[derive(Debug, Clone)]
pub struct Workload {
    root: Utf8PathBuf,
    /// Libraries to be named to the tools, relative to the root.
    libraries: Vec<String>,
}

/// Returns what is built, for people.
pub fn name(options: &Options) -> &str {
    match &options.library {
        Some(dir) => dir.file_name().unwrap_or("library"),
        None => "own and Debian's examples",
    }
}

impl Workload {
    /// Copies what the options name into a new tree.
    ///
    /// # Errors
    /// If there is nothing to copy, or copying fails.
    pub fn copied(options: &Options, root: Utf8PathBuf) -> Result<Self> {
        fs_err::create_dir_all(root.join("checkouts"))?;
        fs_err::create_dir_all(root.join("sketches"))?;
        let mut workload = Self {
            root,
            libraries: Vec::new(),
        };
        match &options.library {
            Some(dir) => workload.take(&dir.canonicalize_utf8()?)?,
            None => workload.take_own_and_debians()?,
        }
        Ok(workload)
    }

    /// Takes a library's checkout, without what no build reads, or a folder of sketches.
    fn take(&mut self, dir: &Utf8Path) -> Result<()> {
        let name = dir
            .file_name()
            .context("the library's folder has no name")?;
        if !dir.join("examples").is_dir() {
            return copy(dir, &self.root.join("sketches").join(name), true);
        }
        let to = format!("checkouts/{name}");
        if dir.join("src").is_dir() && dir.join("library.properties").is_file() {
            fs_err::create_dir_all(self.root.join(&to))?;
            for part in ["src", "examples", "library.properties"] {
                copy(&dir.join(part), &self.root.join(&to).join(part), true)?;
            }
        } else {
            copy(dir, &self.root.join(&to), true)?;
        }
        self.libraries.push(to);
        Ok(())
    }

    fn take_own_and_debians(&mut self) -> Result<()> {
        let own = Utf8Path::new(OWN)
            .canonicalize_utf8()
            .context("the repository's examples are not where they were when this was built")?;
        let sketches = self.root.join("sketches");
        copy(&own, &sketches.join("own"), true)?;
        fs_err::rename(
            sketches.join("own").join(OWN_LIBRARY),
            self.root.join("checkouts").join(OWN_LIBRARY),
        )?;
        self.libraries.push(format!("checkouts/{OWN_LIBRARY}"));
        if !Utf8Path::new(DEBIAN).is_dir() || !Utf8Path::new(DEBIAN_LIBRARIES).is_dir() {
            eprintln!("warning: Debian's examples are not installed; only the own are measured");
            return Ok(());
        }
        copy(Utf8Path::new(DEBIAN), &sketches.join("debian"), true)?;
        for entry in Utf8Path::new(DEBIAN_LIBRARIES).read_dir_utf8()? {
            let entry = entry?;
            let examples = entry.path().join("examples");
            if examples.is_dir() {
                copy(&examples, &sketches.join(entry.file_name()), true)?;
            }
        }
        Ok(())
    }

    /// Copies the tree to another place, with new time stamps as a new checkout has them.
    ///
    /// # Errors
    /// If copying fails.
    pub fn checked_out_at(&self, root: Utf8PathBuf) -> Result<Self> {
        fs_err::create_dir_all(root.parent().context("the root has no parent")?)?;
        copy(&self.root, &root, false)?;
        Ok(Self {
            root,
            libraries: self.libraries.clone(),
        })
    }

    /// Returns the tree's directory.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Returns the libraries to be named to the tools, relative to the root.
    pub fn libraries(&self) -> &[String] {
        &self.libraries
    }

    /// Returns the folder that holds all libraries of the tree.
    pub fn library_folder(&self) -> Utf8PathBuf {
        self.root.join("checkouts")
    }

    /// Returns the main file of a sketch.
    pub fn main_file(&self, sketch: &str) -> Utf8PathBuf {
        let dir = self.root.join(sketch);
        let name = dir.file_name().unwrap_or_default();
        let main = dir.join(format!("{name}.ino"));
        if main.is_file() {
            main
        } else {
            dir.join(format!("{name}.pde"))
        }
    }

    /// Appends something that changes the firmware to a sketch's main file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn edit(&self, sketch: &str) -> Result<()> {
        let main = self.main_file(sketch);
        let number = fs_err::metadata(&main)?.len();
        let mut file = fs_err::OpenOptions::new().append(true).open(&main)?;
        Ok(writeln!(
            file,
            "\n// Changed by the benchmark.\nvolatile unsigned char fbuild_bench_{number} = 1;"
        )?)
    }

    /// Gives a header the present time and leaves its content; returns its path relative to the root, or `None` if there is no library.
    ///
    /// The header is the library's namesake, which about every example includes, or else the first.
    ///
    /// # Errors
    /// If the time cannot be set.
    pub fn touch_header(&self) -> Result<Option<String>> {
        let Some(library) = self.libraries.first().map(|dir| self.root.join(dir)) else {
            return Ok(None);
        };
        let named = format!("{}.h", library.file_name().unwrap_or_default());
        let mut headers: Vec<Utf8PathBuf> = Vec::new();
        for dir in [library.join("src"), library.clone()] {
            if dir.is_dir() {
                for entry in dir.read_dir_utf8()? {
                    headers.push(entry?.into_path());
                }
            }
        }
        headers.retain(|path| path.extension() == Some("h"));
        headers.sort_by_key(|path| (path.file_name() != Some(&named), path.clone()));
        let Some(header) = headers.first() else {
            return Ok(None);
        };
        fs_err::File::options()
            .append(true)
            .open(header)?
            .set_modified(std::time::SystemTime::now())?;
        Ok(header
            .strip_prefix(&self.root)
            .ok()
            .map(ToString::to_string))
    }
}

/// Takes `count` entries at even distances, in order.
pub fn evenly(list: &[String], count: usize) -> Vec<String> {
    let count = count.min(list.len());
    (0..count)
        .filter_map(|at| list.get(at * list.len() / count))
        .cloned()
        .collect()
}

/// Copies a file or a tree; with or without its times.
fn copy(from: &Utf8Path, to: &Utf8Path, times: bool) -> Result<()> {
    let status = Command::new("cp")
        .args([
            if times { "-aL" } else { "-rL" },
            from.as_str(),
            to.as_str(),
        ])
        .status()?;
    ensure!(status.success(), "cannot copy {from} to {to}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn tree(files: &[&str]) -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(dir.path().to_owned()).unwrap();
        for file in files {
            let path = root.join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "int x;\n").unwrap();
        }
        (dir, root)
    }

    fn taken(root: &Utf8Path, name: &str) -> Workload {
        let library = root.join(name);
        let options = Options::parse_from(["fbuild-bench", "--library", library.as_str()]);
        Workload::copied(&options, root.join("copy")).unwrap()
    }

    #[test]
    fn a_checkout_is_taken_without_what_no_build_reads() {
        let (_dir, root) = tree(&[
            "Lib/src/Aaa.h",
            "Lib/src/Lib.h",
            "Lib/library.properties",
            "Lib/examples/One/One.ino",
            "Lib/tests/big.bin",
        ]);
        let workload = taken(&root, "Lib");
        assert_eq!(workload.libraries(), ["checkouts/Lib"]);
        assert!(!workload.root().join("checkouts/Lib/tests").exists());
        assert_eq!(
            workload.touch_header().unwrap().as_deref(),
            Some("checkouts/Lib/src/Lib.h")
        );
    }

    #[test]
    fn a_folder_of_sketches_is_taken_as_it_is() {
        let (_dir, root) = tree(&["some/One/One.ino", "some/Two/Two.pde"]);
        let workload = taken(&root, "some");
        assert_eq!(workload.libraries(), [""; 0]);
        assert_eq!(workload.touch_header().unwrap(), None);
        let main = workload.main_file("sketches/some/Two");
        assert_eq!(main.file_name(), Some("Two.pde"));
        workload.edit("sketches/some/Two").unwrap();
        workload.edit("sketches/some/Two").unwrap();
        let text = fs_err::read_to_string(&main).unwrap();
        assert!(text.starts_with("int x;\n") && text.matches("fbuild_bench_").count() == 2);
        assert!(
            text.contains("fbuild_bench_7 "),
            "two edits declare two names: {text}"
        );
        let other = workload
            .checked_out_at(root.join("elsewhere/copy"))
            .unwrap();
        assert_eq!(
            fs_err::read_to_string(other.main_file("sketches/some/Two")).unwrap(),
            text
        );
    }

    #[test]
    fn entries_are_taken_evenly() {
        let list: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        assert_eq!(evenly(&list, 3), ["0", "3", "6"]);
        assert_eq!(evenly(&list, 99), list);
        assert_eq!(evenly(&list, 0), [""; 0]);
    }
}
