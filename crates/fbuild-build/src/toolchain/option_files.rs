//! Files that a command reads because an option names them: linker scripts, option files, specs, and libraries looked for in directories.
//!
//! No scan and no depfile tells of them, so their content belongs to the identity of the compiler that is told to read them. It does not know
//! sources and objects, which are inputs of their own.

use camino::{Utf8Path, Utf8PathBuf};

use crate::toolchain::files::SearchDirs;
use fbuild_model::input;

/// Options that include a header before the source.
const FORCED: [&str; 2] = ["-include", "-imacros"];

/// Options whose value is a file that the linker writes.
const WRITTEN: [&str; 3] = ["-Map", "--dependency-file", "--out-implib"];

/// Largest depth of option files that name option files; gcc ends in an error where they name themselves.
const DEEPEST: usize = 20;

/// Returns the arguments with the words of option files (`@file`) behind the arguments that name them; the files may name others.
pub fn expanded(args: &[String]) -> Vec<String> {
    let mut all = Vec::with_capacity(args.len());
    expand(args, DEEPEST, &mut all);
    all
}

/// Returns the arguments with the words of option files in place of the arguments that name them; what cannot be read stays.
pub fn inlined(args: &[String]) -> Vec<String> {
    args.iter()
        .flat_map(|arg| words_of(arg).unwrap_or_else(|| vec![arg.clone()]))
        .collect()
}

/// Returns the words of the option file that an argument names; `None` if it names none that can be read.
pub fn words_of(arg: &str) -> Option<Vec<String>> {
    let text = input::read_text(arg.strip_prefix('@')?.into()).ok()?;
    let mut words = Vec::new();
    expand(&file_words(&text), DEEPEST, &mut words);
    words.retain(|word| !word.starts_with('@'));
    Some(words)
}

fn expand(args: &[String], depth: usize, all: &mut Vec<String>) {
    for arg in args {
        all.push(arg.clone());
        let file = arg.strip_prefix('@').filter(|_| depth > 0);
        // One that cannot be read is an ordinary argument to gcc, and names nothing.
        if let Some(text) = file.and_then(|file| input::read_text(file.into()).ok()) {
            expand(&file_words(&text), depth - 1, all);
        }
    }
}

/// Splits an option file as gcc does: at white space, where quotes and backslashes keep words together.
fn file_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            _ if quote == Some(c) => quote = None,
            '\'' | '"' if quote.is_none() => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            _ if quote.is_none() && c.is_ascii_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Returns the options in `args` that change where the compiler looks for its own files, or for which device.
pub fn search_options(args: &[String]) -> Vec<String> {
    let mut options = Vec::new();
    let mut words = args.iter();
    while let Some(word) = words.next() {
        if word.starts_with("-m") || word.starts_with("-B") || word.starts_with("--sysroot=") {
            options.push(word.clone());
            if word == "-B" {
                options.extend(words.next().cloned());
            }
        }
    }
    options
}

/// Returns the files that exist under names which options in `args` give, in the order of the options; `args` are expanded, and `dirs` is
/// where the compiler looks for files of its own.
pub fn named(args: &[String], dirs: Option<&SearchDirs>) -> Vec<Utf8PathBuf> {
    let library_dirs = library_dirs(args);
    let words = words(args);
    let own = |name: &str| dirs.and_then(|dirs| dirs.library(name));
    let mut files = Vec::new();
    let mut add = |path: Utf8PathBuf| {
        let exists = path.is_file();
        if exists && !files.contains(&path) {
            files.push(path);
        }
        exists
    };
    for word in &words {
        if let Some(file) = word.strip_prefix('@') {
            add(file.into());
        }
    }
    for option in ["--version-script=", "--dynamic-list="] {
        let files = words.iter().filter_map(|word| word.strip_prefix(option));
        for file in files {
            add(file.into());
        }
    }
    for specs in specs(&words) {
        // gcc looks among its own files first.
        if let Some(path) = own(specs) {
            add(path);
        }
        add(specs.into());
    }
    for option in ["--script=", "-T"] {
        for script in values(&words, option).filter(|value| !value.starts_with("text=")) {
            // ld looks for a script in the current directory first, then where it looks for libraries.
            add(script.into());
            for dir in &library_dirs {
                add(dir.join(script));
            }
            if let Some(path) = own(script) {
                add(path);
            }
        }
    }
    for library in values(&words, "-l") {
        let name = match library.strip_prefix(':') {
            Some(name) => name.to_owned(),
            None => format!("lib{library}.a"),
        };
        let given = library_dirs
            .iter()
            .filter(|dir| add(dir.join(&name)))
            .count();
        if given == 0
            && let Some(path) = own(&name)
        {
            add(path);
        }
    }
    files
}

/// Returns the directories in which options let the linker look for scripts and libraries.
pub fn library_dirs(args: &[String]) -> Vec<Utf8PathBuf> {
    values(&words(args), "-L").map(Utf8PathBuf::from).collect()
}

/// Returns whether options include headers before the source.
pub fn includes(args: &[String]) -> bool {
    args.iter()
        .any(|arg| FORCED.iter().any(|option| arg.starts_with(option)))
}

/// Returns a header that an option includes and that the compiler finds in a directory of system headers: it is in no depfile, nor is what it
/// includes. `None` if there is no such header.
pub fn unseen_include(args: &[String]) -> Option<String> {
    let args = expanded(args);
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let dirs: Vec<&str> = ["-iquote", "-I"]
        .iter()
        .flat_map(|option| values(&words, option))
        .collect();
    let is_seen = |header: &str| {
        let own = Utf8Path::new(header);
        own.is_file()
            || dirs
                .iter()
                .any(|dir| Utf8Path::new(dir).join(own).is_file())
    };
    let mut headers = FORCED.iter().flat_map(|option| values(&words, option));
    headers.find(|header| !is_seen(header)).map(str::to_owned)
}

/// Returns the values of `-specs=FILE`, `--specs=FILE`, `-specs FILE` and `--specs FILE`.
fn specs<'a>(words: &'a [&'a str]) -> impl Iterator<Item = &'a str> + 'a {
    words.iter().enumerate().filter_map(|(index, word)| {
        let rest = word.strip_prefix('-')?;
        let rest = rest
            .strip_prefix('-')
            .unwrap_or(rest)
            .strip_prefix("specs")?;
        match rest.strip_prefix('=') {
            Some(file) => Some(file),
            None if rest.is_empty() => words.get(index + 1).copied(),
            None => None,
        }
    })
}

/// Returns the existing files that `args` name by absolute paths, also behind `@`, `=` or `,`: scripts, and objects and libraries that come with
/// a platform. For commands whose inputs of the build are not there yet.
pub fn positional(args: &[String]) -> impl Iterator<Item = &Utf8Path> {
    let words = args
        .iter()
        .filter(|arg| !WRITTEN.iter().any(|option| arg.contains(option)));
    let paths = words.flat_map(|arg| arg.split(['@', '=', ',']));
    paths
        .map(Utf8Path::new)
        .filter(|path| path.is_absolute() && path.is_file())
}

/// Splits what is handed on to the linker (`-Wl,-T,script.ld`, `-Xlinker -T`) into words of its own.
fn words(args: &[String]) -> Vec<&str> {
    let mut words = Vec::new();
    for arg in args {
        match arg.strip_prefix("-Wl,") {
            Some(handed_on) => words.extend(handed_on.split(',')),
            None if arg == "-Xlinker" => {}
            None => words.push(arg.as_str()),
        }
    }
    words
}

/// Returns the values of an option that stands before its value or is joined with it.
fn values<'a>(words: &'a [&'a str], option: &'a str) -> impl Iterator<Item = &'a str> + 'a {
    words.iter().enumerate().filter_map(move |(index, word)| {
        let rest = word.strip_prefix(option)?;
        if rest.is_empty() {
            words.get(index + 1).copied()
        } else {
            Some(rest)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_however_options_name_them() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        for name in ["script.ld", "libx.a", "other.a", "build.opt", "nano.specs"] {
            fs_err::write(dir.join(name), name).unwrap();
        }
        let check = |args: &[&str], expect: &[&str]| {
            let args: Vec<String> = args
                .iter()
                .map(|arg| arg.replace("DIR", dir.as_str()))
                .collect();
            let expect: Vec<_> = expect.iter().map(|name| dir.join(name)).collect();
            assert_eq!(named(&expanded(&args), None), expect, "{args:?}");
        };
        check(&["-TDIR/script.ld"], &["script.ld"]);
        check(&["-T", "DIR/script.ld"], &["script.ld"]);
        check(&["-Wl,-T,DIR/script.ld"], &["script.ld"]);
        check(&["-Wl,--script=DIR/script.ld"], &["script.ld"]);
        check(
            &["-Xlinker", "-T", "-Xlinker", "DIR/script.ld"],
            &["script.ld"],
        );
        check(&["-LDIR", "-Tscript.ld", "-lx"], &["script.ld", "libx.a"]);
        check(&["-L", "DIR", "-l", ":other.a", "-lm"], &["other.a"]);
        check(
            &["@DIR/build.opt", "--specs=DIR/nano.specs"],
            &["build.opt", "nano.specs"],
        );
        // Sections' addresses, what is not there, and inputs.
        check(&["-Ttext=0x7e00", "-lnone", "-T", "none.ld", "@none"], &[]);
        check(
            &["DIR/libx.a", "-o", "DIR/script.ld", "-mmcu=atmega328p"],
            &[],
        );
        let library = dir.join("libx.a");
        for form in [
            "LIB",
            "--add-section=.x=LIB",
            "-Wl,--just-symbols=LIB",
            "@LIB",
        ] {
            let form = form.replace("LIB", library.as_str());
            let args = [form, "libx.a".to_owned(), "/none.o".to_owned()];
            assert_eq!(positional(&args).collect::<Vec<_>>(), [library.as_path()]);
        }
        let map = [format!("-Wl,-Map,{library}")];
        assert_eq!(positional(&map).count(), 0);
    }

    #[test]
    fn an_included_header_is_unseen_where_no_depfile_names_it() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        fs_err::write(dir.join("x.h"), "").unwrap();
        let unseen = |line: &str| {
            let line = line.replace("DIR", dir.as_str());
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            unseen_include(&args)
        };
        for seen in [
            "-Os",
            "-include DIR/x.h",
            "-IDIR -include x.h",
            "-I DIR -imacros x.h",
        ] {
            assert_eq!(unseen(seen), None, "{seen}");
        }
        for line in ["-isystem DIR -include x.h", "-include x.h"] {
            assert_eq!(unseen(line).as_deref(), Some("x.h"), "{line}");
        }
    }

    #[test]
    fn option_files_name_option_files() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        let outer = format!("-Os '-DA=\"x y\"' -DB=\\\"b\\\"\n@{dir}/inner @{dir}/none");
        fs_err::write(dir.join("outer"), outer).unwrap();
        fs_err::write(
            dir.join("inner"),
            format!("-mmcu=avr5 -specs {dir}/x.specs"),
        )
        .unwrap();
        fs_err::write(dir.join("x.specs"), "").unwrap();
        let args = expanded(&[format!("@{dir}/outer"), "-c".to_owned()]);
        let expect = [
            "@DIR/outer",
            "-Os",
            "-DA=\"x y\"",
            "-DB=\"b\"",
            "@DIR/inner",
            "-mmcu=avr5",
            "-specs",
            "DIR/x.specs",
            "@DIR/none",
            "-c",
        ];
        assert_eq!(args, expect.map(|word| word.replace("DIR", dir.as_str())));
        let files = ["outer", "inner", "x.specs"].map(|name| dir.join(name));
        assert_eq!(named(&args, None), files);
        assert_eq!(search_options(&args), ["-mmcu=avr5"]);

        fs_err::write(dir.join("own"), format!("@{dir}/own")).unwrap();
        assert_eq!(expanded(&[format!("@{dir}/own")]).len(), DEEPEST + 1);
    }

    #[test]
    fn every_form_of_an_option_names_its_file() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        for name in ["nano.specs", "libprintf_flt.a", "given/libm.a", "libm.a"] {
            fs_err::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
            fs_err::write(dir.join(name), name).unwrap();
        }
        let dirs = SearchDirs::parse(&format!("programs: =/none/\nlibraries: ={dir}/\n"));
        let check = |line: &str, expect: &str| {
            let line = line.replace("DIR", dir.as_str());
            let args: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(named(&args, dirs.as_ref()), [dir.join(expect)], "{line}");
        };
        for line in [
            "-specs=nano.specs",
            "--specs=nano.specs",
            "-specs nano.specs",
            "--specs nano.specs",
        ] {
            check(line, "nano.specs");
        }
        check("-lprintf_flt", "libprintf_flt.a");
        check("-lm", "libm.a");
        check("-LDIR/given -lm", "given/libm.a");
        assert_eq!(
            search_options(&["-B", "/x", "-B/y", "-Os"].map(str::to_owned)),
            ["-B", "/x", "-B/y"]
        );
    }
}
