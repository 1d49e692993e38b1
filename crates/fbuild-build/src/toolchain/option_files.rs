//! Files that a command reads because an option names them: linker scripts, option files, specs, and libraries looked for in directories.
//!
//! No scan and no depfile tells of them, so their content belongs to the identity of the compiler that is told to read them. It does not know
//! sources and objects, which are inputs of their own.

use camino::{Utf8Path, Utf8PathBuf};

/// Returns the files that exist under names which options in `args` give, in the order of the options.
pub fn named(args: &[String]) -> Vec<Utf8PathBuf> {
    let words = words(args);
    let dirs: Vec<&Utf8Path> = values(&words, "-L").map(Utf8Path::new).collect();
    let mut files = Vec::new();
    let mut add = |path: Utf8PathBuf| {
        if path.is_file() && !files.contains(&path) {
            files.push(path);
        }
    };
    for word in &words {
        if let Some(file) = word.strip_prefix('@') {
            add(file.into());
        }
    }
    for option in [
        "-specs=",
        "--specs=",
        "--version-script=",
        "--dynamic-list=",
    ] {
        words
            .iter()
            .filter_map(|word| word.strip_prefix(option))
            .for_each(|file| add(file.into()));
    }
    for option in ["--script=", "-T"] {
        for script in values(&words, option).filter(|value| !value.starts_with("text=")) {
            // ld looks for a script in the current directory first, then where it looks for libraries.
            add(script.into());
            dirs.iter().for_each(|dir| add(dir.join(script)));
        }
    }
    for library in values(&words, "-l") {
        let name = match library.strip_prefix(':') {
            Some(name) => name.to_owned(),
            None => format!("lib{library}.a"),
        };
        dirs.iter().for_each(|dir| add(dir.join(&name)));
    }
    files
}

/// Returns the existing files that `args` name by absolute paths of their own: scripts, and objects and libraries that come with a platform.
/// For commands whose inputs of the build are not there yet.
pub fn positional(args: &[String]) -> impl Iterator<Item = &Utf8Path> {
    let paths = args.iter().map(Utf8Path::new);
    paths.filter(|path| path.is_absolute() && path.is_file())
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
            assert_eq!(named(&args), expect, "{args:?}");
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
        let args = [library.as_str(), "libx.a", "/none.o"].map(str::to_owned);
        assert_eq!(positional(&args).collect::<Vec<_>>(), [library.as_path()]);
    }
}
