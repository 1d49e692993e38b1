//! The files that belong to a compiler without being named on its command line: the programs it starts and what it links by itself.
//!
//! gcc tells in one answer which directories it walks for both, with the device's own ones (`avr5/`) among them, so each name is looked up
//! here instead of by a process of its own. Only the answer is worth remembering: what is in the directories is looked at in every run. The
//! module does not know how the question is put, nor what is done with the files.

use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};

use crate::toolchain::programs::find_program;

/// The question whose answer [`SearchDirs::parse`] reads.
pub const QUESTION: &str = "-print-search-dirs";

/// Programs that gcc starts itself.
const PROGRAMS: [&str; 8] = [
    "cc1",
    "cc1plus",
    "as",
    "collect2",
    "ld",
    "lto1",
    "lto-wrapper",
    "g++-mapper-server",
];

/// What gcc hands to the linker; it stands among the programs, though nobody executes it.
const PLUGIN: &str = "liblto_plugin.so";

/// Files that gcc links by itself.
const FILES: [&str; 4] = ["libgcc.a", "libc.a", "libm.a", "libstdc++.a"];

/// Where a compiler looks for what it needs, in its order.
///
/// The texts are prefixes of paths and no directories: `-B/opt/avr/bin/new-` makes gcc try `/opt/avr/bin/new-as`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchDirs {
    programs: Vec<String>,
    libraries: Vec<String>,
}

impl SearchDirs {
    /// Reads the answer to [`QUESTION`]; `None` if it is not one that gcc gives.
    ///
    /// The labels may be in any language, so the two lists are told by their order. Compilers that give none but these lines (clang) are
    /// read as well.
    pub fn parse(answer: &str) -> Option<Self> {
        // A label holds no slash, which tells it from a directory with an equals sign.
        let mut lists = answer.lines().filter_map(|line| {
            let (label, list) = line.split_once('=')?;
            (label.ends_with(' ') && !label.contains('/')).then_some(list)
        });
        Some(Self {
            programs: split(lists.next()?),
            libraries: split(lists.next()?),
        })
    }

    /// Lists what belongs to the compiler with the arguments `machine` that choose the device: every file that is there now, by the path at
    /// which gcc finds it.
    pub fn toolchain_files(&self, machine: &[String]) -> Vec<Utf8PathBuf> {
        let device = machine.iter().find_map(|arg| arg.strip_prefix("-mmcu="));
        let programs = existing(&self.programs);
        let libraries = existing(&self.libraries);
        let mut paths = Vec::new();
        // gcc starts by its bare name what it does not find in its own directories.
        let executable = |path: &Utf8Path| is_file(path, 0o111);
        paths.extend(
            PROGRAMS.iter().filter_map(|name| {
                first(&programs, name, executable).or_else(|| find_program(name))
            }),
        );
        let readable = |path: &Utf8Path| is_file(path, 0);
        paths.extend(first(&programs, PLUGIN, readable));
        let specific = device.into_iter().flat_map(|mcu| {
            [
                format!("crt{mcu}.o"),
                format!("lib{mcu}.a"),
                format!("device-specs/specs-{mcu}"),
            ]
        });
        paths.extend(
            FILES
                .iter()
                .map(|&name| name.to_owned())
                .chain(specific)
                .filter_map(|name| first(&libraries, &name, readable)),
        );
        paths
    }
}

/// What gcc and ld read beside programs and libraries: specs and the linker's scripts.
impl SearchDirs {
    /// Returns the file `name` where gcc looks for libraries and other files of its own; `None` if it has none.
    pub fn library(&self, name: &str) -> Option<Utf8PathBuf> {
        first(&existing(&self.libraries), name, |path| is_file(path, 0))
    }

    /// Lists the specs that change what the driver does, and the scripts that its linker can take for the device's architecture.
    ///
    /// gcc reads a file `specs` in any of its directories (`-B` among them) and the specs of the architecture. ld has compiled in the script
    /// of one architecture only; the others are files of `ldscripts`, beside the libraries or beside ld.
    pub fn specs_and_scripts(&self) -> Vec<Utf8PathBuf> {
        let programs = existing(&self.programs);
        let libraries = existing(&self.libraries);
        let readable = |path: &Utf8Path| is_file(path, 0);
        let mut paths: Vec<Utf8PathBuf> = [&programs, &libraries]
            .into_iter()
            .filter_map(|prefixes| first(prefixes, "specs", readable))
            .collect();
        let architectures: Vec<&str> = self.architectures().collect();
        let specs = architectures
            .iter()
            .map(|name| format!("device-specs/specs-{name}"));
        paths.extend(specs.filter_map(|name| first(&libraries, &name, readable)));
        let executable = |path: &Utf8Path| is_file(path, 0o111);
        let ld = first(&programs, "ld", executable).or_else(|| find_program("ld"));
        let beside_ld = ld.iter().filter_map(|ld| ld.parent());
        let beside_ld =
            beside_ld.flat_map(|dir| [dir.join("ldscripts"), dir.join("../lib/ldscripts")]);
        let dirs = libraries
            .iter()
            .map(|prefix| Utf8PathBuf::from(format!("{prefix}ldscripts")));
        for dir in dirs.chain(beside_ld) {
            let entries = dir.read_dir_utf8().into_iter().flatten().flatten();
            let mut scripts: Vec<Utf8PathBuf> = entries
                .filter(|entry| {
                    let name = entry.file_name().split('.').next().unwrap_or_default();
                    architectures.is_empty() || architectures.contains(&name)
                })
                .map(|entry| entry.path().to_owned())
                .collect();
            scripts.sort();
            paths.extend(scripts);
        }
        paths
    }

    /// Returns the names of the folders that gcc has for the chosen architecture (`avr5`), if it chose one.
    fn architectures(&self) -> impl Iterator<Item = &str> {
        // The architecture's folder comes before the one it is in.
        let parent = |prefix: &str| {
            let path = prefix.trim_end_matches('/');
            path.rfind('/').map(|at| path[..=at].to_owned())
        };
        let mut seen = HashSet::new();
        self.libraries
            .iter()
            .filter(move |prefix| parent(prefix).is_some_and(|dir| self.libraries.contains(&dir)))
            .filter_map(|prefix| prefix.trim_end_matches('/').rsplit('/').next())
            .filter(move |name| seen.insert(*name))
    }
}

/// Splits a list as gcc prints it; gcc repeats some entries, the first of which decides.
fn split(list: &str) -> Vec<String> {
    let mut prefixes: Vec<String> = Vec::new();
    for piece in list.split(':').filter(|piece| !piece.is_empty()) {
        match prefixes.last_mut() {
            // A directory's name may hold the separator: an entry ends in a slash, or the next one begins with one.
            Some(last) if !last.ends_with('/') && !piece.starts_with('/') => {
                last.push(':');
                last.push_str(piece);
            }
            _ => prefixes.push(piece.to_owned()),
        }
    }
    let mut seen = HashSet::new();
    prefixes.retain(|prefix| seen.insert(prefix.clone()));
    prefixes
}

/// Leaves out directories that are not there, in which nothing need be looked for. Like gcc, takes a prefix that names a directory for one.
fn existing(prefixes: &[String]) -> Vec<String> {
    let present = |prefix: &String| {
        let is_dir = Utf8Path::new(prefix).is_dir();
        match (prefix.ends_with('/'), is_dir) {
            (true, true) | (false, false) => Some(prefix.clone()),
            (false, true) => Some(format!("{prefix}/")),
            (true, false) => None,
        }
    };
    prefixes.iter().filter_map(present).collect()
}

fn first(prefixes: &[String], name: &str, fits: impl Fn(&Utf8Path) -> bool) -> Option<Utf8PathBuf> {
    prefixes
        .iter()
        .map(|prefix| Utf8PathBuf::from(format!("{prefix}{name}")))
        .find(|path| fits(path))
}

/// Tells whether there is a regular file, links followed, with one of the permissions in `mode`; 0 asks for none.
fn is_file(path: &Utf8Path, mode: u32) -> bool {
    path.metadata().is_ok_and(|metadata| {
        metadata.is_file() && (mode == 0 || metadata.permissions().mode() & mode != 0)
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn parse(answer: &str) -> Option<(Vec<String>, Vec<String>)> {
        SearchDirs::parse(answer).map(|dirs| (dirs.programs, dirs.libraries))
    }

    #[test]
    fn lists_are_told_by_their_order() {
        for answer in [
            "install: /t/gcc/\nprograms: =/t/x/:/t/y/\nlibraries: =/t/z/\n",
            "programs: =/t/x/:/t/y/\nlibraries: =/t/z/\n",
            "Einbau: /t=/gcc/\nWerkzeuge : =/t/x/:/t/y/\nB\u{fc}cher\u{a0}: =/t/z/\nmore: =/no/\n",
        ] {
            let (programs, libraries) = parse(answer).unwrap();
            assert_eq!(programs, ["/t/x/", "/t/y/"], "{answer}");
            assert_eq!(libraries, ["/t/z/"], "{answer}");
        }
    }

    #[test]
    fn other_answers_are_none() {
        for answer in [
            "",
            "5.4.0\n",
            "-print-search-dirs",
            "programs: =/t/x/\n",
            "install: /t/a =/b/\ninstall: /t/c =/d/\n",
            "=/t/\n=/t/\n",
        ] {
            assert_eq!(parse(answer), None, "{answer}");
        }
    }

    #[test]
    fn lists_split_as_gcc_joins_them() {
        for (list, expect) in [
            ("", &[][..]),
            (":", &[]),
            ("/a/", &["/a/"]),
            ("/a/:/b/:/a/:/c/:/b/", &["/a/", "/b/", "/c/"]),
            // Prefixes: absolute, and relative to the current directory.
            ("/a/new-:/b/", &["/a/new-", "/b/"]),
            ("rel/:/b/", &["rel/", "/b/"]),
            ("/b/:rel/:/c/", &["/b/", "rel/", "/c/"]),
            // A directory with the separator in its name.
            (
                "/my:tools/a/:/my:tools/b/",
                &["/my:tools/a/", "/my:tools/b/"],
            ),
            // As clang prints directories.
            ("/a:/b", &["/a", "/b"]),
        ] {
            assert_eq!(split(list), expect, "{list}");
        }
    }

    /// A folder with files, of which names that end in `*` are executable.
    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new(files: &[&str]) -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            files.iter().for_each(|file| tree.add(file));
            tree
        }

        fn root(&self) -> &Utf8Path {
            Utf8Path::from_path(self.0.path()).unwrap()
        }

        fn add(&self, file: &str) {
            let path = self.root().join(file.trim_end_matches('*'));
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(&path, file).unwrap();
            let mode = if file.ends_with('*') { 0o755 } else { 0o644 };
            fs_err::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    }

    #[test]
    fn the_first_that_fits_is_taken_in_every_look_anew() {
        let tree = Tree::new(&[
            "a/lto1",
            "b/lto1*",
            "b/cc1/is-a-folder",
            "c/cc1*",
            "c/new-lto-wrapper*",
            "b/liblto_plugin.so",
            "l/libc.a",
            "l/crtzz8.o",
            "l/device-specs/specs-zz8",
            "l/libyy9.a",
        ]);
        let root = tree.root();
        let dirs = SearchDirs::parse(&format!(
            "programs: ={root}/none/:{root}/a:{root}/b/:{root}/c/:{root}/c/new-\nlibraries: ={root}/k/:{root}/l/\n"
        ))
        .unwrap();
        let found = |machine: &str| -> Vec<String> {
            // What the host's PATH has of the rest does not matter here.
            dirs.toolchain_files(&[machine.to_owned()])
                .iter()
                .filter_map(|path| Some(path.strip_prefix(root).ok()?.to_string()))
                .collect()
        };
        let programs = ["c/cc1", "b/lto1", "c/new-lto-wrapper", "b/liblto_plugin.so"];
        assert_eq!(found("-mshort"), [&programs[..], &["l/libc.a"]].concat());
        let device = ["l/libc.a", "l/crtzz8.o", "l/device-specs/specs-zz8"];
        assert_eq!(found("-mmcu=zz8"), [&programs[..], &device].concat());
        tree.add("k/libc.a");
        assert_eq!(
            found("-mshort"),
            [&programs[..], &["k/libc.a"]].concat(),
            "a file that appears in an earlier directory, which was not there"
        );
    }

    /// Asks the compiler itself; `None` if it is not installed.
    fn ask(program: &str, args: &[&str], question: &str) -> Option<String> {
        let output = Command::new(program)
            .args(args)
            .arg(question)
            .env("LC_ALL", "C")
            .output()
            .ok()?;
        assert!(output.status.success(), "{program} {args:?} {question}");
        Some(String::from_utf8(output.stdout).unwrap())
    }

    /// Checks the lookup of every name against the compiler's own.
    fn check(program: &str, args: &[&str]) {
        fbuild_testkit::needs!(program);
        let answer = ask(program, args, QUESTION).unwrap();
        let machine: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let found = SearchDirs::parse(&answer)
            .unwrap()
            .toolchain_files(&machine);
        let device = args.iter().find_map(|arg| arg.strip_prefix("-mmcu="));
        let specific = device.into_iter().flat_map(|mcu| {
            [
                format!("crt{mcu}.o"),
                format!("lib{mcu}.a"),
                format!("device-specs/specs-{mcu}"),
            ]
        });
        let files = [PLUGIN]
            .iter()
            .chain(&FILES)
            .map(|&name| name.to_owned())
            .chain(specific)
            .map(|name| (format!("-print-file-name={name}"), false));
        let programs = PROGRAMS
            .iter()
            .map(|name| (format!("-print-prog-name={name}"), true));
        let expect: Vec<Utf8PathBuf> = programs
            .chain(files)
            .filter_map(|(question, is_program)| {
                let told = ask(program, args, &question).unwrap();
                let told = told.trim();
                // The bare name stands for what is not found.
                let is_found = question.split_once('=').unwrap().1 != told;
                match (is_found, is_program) {
                    (true, _) => Some(Utf8PathBuf::from(told)),
                    (false, true) => find_program(told),
                    (false, false) => None,
                }
            })
            .collect();
        let canonical = |paths: &[Utf8PathBuf]| -> Vec<Utf8PathBuf> {
            paths
                .iter()
                .map(|path| path.canonicalize_utf8().unwrap())
                .collect()
        };
        assert_eq!(canonical(&found), canonical(&expect), "{program} {args:?}");
        assert!(found.len() >= 5, "{program} {args:?}: {found:?}");
    }

    #[test]
    fn every_file_is_found_where_avr_gcc_finds_it() {
        for program in ["avr-gcc", "avr-g++"] {
            for machine in [
                &[][..],
                &["-mmcu=atmega328p"],
                &["-mmcu=atmega2560"],
                &["-mmcu=attiny85"],
                &["-mmcu=atmega32u4"],
                // An architecture, and folders below that of the architecture.
                &["-mmcu=avr5"],
                &["-mmcu=avr25", "-msp8"],
                &["-mmcu=avrxmega3", "-mshort-calls"],
            ] {
                check(program, machine);
            }
        }
    }

    #[test]
    fn every_file_is_found_where_the_hosts_gcc_finds_it() {
        check("gcc", &[]);
        check("g++", &["-m32"]);
    }

    #[test]
    fn prefixes_are_walked_as_gcc_walks_them() {
        let tree = Tree::new(&[
            "dir/as",
            "dir/ld*",
            "dir/libm.a",
            "dir/avr5/libc.a",
            "dir/avr/5.4.0/libgcc.a",
            "dir/device-specs/specs-atmega328p",
            "pre-as*",
            "pre-libm.a",
            "pre-liblto_plugin.so",
        ]);
        // avr-gcc reads this file before it answers.
        let specs = ask(
            "avr-gcc",
            &[],
            "-print-file-name=device-specs/specs-atmega328p",
        );
        if let Some(specs) = specs.filter(|specs| specs.starts_with('/')) {
            let copy = tree.root().join("dir/device-specs/specs-atmega328p");
            fs_err::copy(specs.trim(), copy).unwrap();
        }
        let dir = format!("-B{}/dir", tree.root());
        let slash = format!("{dir}/");
        let prefix = format!("-B{}/pre-", tree.root());
        for prefixes in [
            &[&dir][..],
            &[&slash],
            &[&prefix],
            &[&prefix, &dir],
            &[&dir, &prefix],
        ] {
            let mut args: Vec<&str> = prefixes.iter().map(|prefix| prefix.as_str()).collect();
            args.push("-mmcu=atmega328p");
            check("avr-gcc", &args);
        }
    }

    /// Returns the regular files that a command and its children opened, without devices, temporary files and the host's libraries.
    fn opened(command: &[&str], work: &Utf8Path) -> Vec<Utf8PathBuf> {
        let log = work.join("strace.log");
        let mut args = vec![
            "-f",
            "-qq",
            "-e",
            "trace=open,openat,execve",
            "-o",
            log.as_str(),
        ];
        args.extend(command);
        let status = Command::new("strace")
            .args(&args)
            .current_dir(work)
            .status()
            .unwrap();
        assert!(status.success(), "{command:?}");
        let log = fs_err::read_to_string(log).unwrap();
        let mut files: Vec<Utf8PathBuf> = log
            .lines()
            .filter(|line| !line.contains(" = -1 "))
            .filter_map(|line| Some(Utf8PathBuf::from(line.split('"').nth(1)?)))
            .filter(|path| path.is_absolute() && path.is_file() && !path.starts_with(work))
            .filter_map(|path| path.canonicalize_utf8().ok())
            .filter(|path| {
                !["/etc", "/dev", "/proc", "/tmp", "/sys"]
                    .iter()
                    .any(|dir| path.starts_with(dir))
            })
            .filter(|path| {
                !(path.as_str().contains("/lib/x86_64-linux-gnu/")
                    || path.starts_with("/usr/lib/locale"))
            })
            .collect();
        files.sort();
        files.dedup();
        files
    }

    #[test]
    fn a_link_opens_no_file_that_is_not_known() {
        fbuild_testkit::needs!("avr-gcc", "strace");
        let tree = Tree::new(&[]);
        let work = tree.root().canonicalize_utf8().unwrap();
        fs_err::write(
            work.join("x.c"),
            "#include <math.h>\nvolatile double x;int main(){x=sin(x);return 0;}",
        )
        .unwrap();
        for mcu in ["-mmcu=atmega328p", "-mmcu=attiny85", "-mmcu=atmega2560"] {
            let args: Vec<String> = [
                mcu,
                "-Os",
                "-flto",
                "-Wl,-u,vfprintf",
                "-lprintf_flt",
                "-lm",
            ]
            .map(str::to_owned)
            .into();
            let answer = ask("avr-gcc", &[mcu], QUESTION).unwrap();
            let dirs = SearchDirs::parse(&answer).unwrap();
            let mut known = dirs.toolchain_files(&args);
            known.extend(dirs.specs_and_scripts());
            known.extend(crate::toolchain::option_files::named(&args, Some(&dirs)));
            known.push(find_program("avr-gcc").unwrap());
            let known: HashSet<Utf8PathBuf> = known
                .iter()
                .map(|path| path.canonicalize_utf8().unwrap())
                .collect();
            let command = |last: &[&'static str]| -> Vec<String> {
                let words = ["avr-gcc"].into_iter().map(str::to_owned);
                words
                    .chain(args[..3].iter().cloned())
                    .chain(last.iter().map(|&word| word.to_owned()))
                    .chain(args[3..].iter().cloned())
                    .collect()
            };
            for last in [
                &["-x", "c", "-c", "x.c", "-o", "x.o"][..],
                &["x.o", "-o", "x.elf"],
            ] {
                let line = command(last);
                let line: Vec<&str> = line.iter().map(String::as_str).collect();
                let mut unknown = opened(&line, &work);
                // Headers are found by the scan.
                unknown.retain(|path| !known.contains(path) && path.extension() != Some("h"));
                assert_eq!(unknown, Vec::<Utf8PathBuf>::new(), "{line:?}");
            }
        }
    }
}
