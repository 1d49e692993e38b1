//! The question for what the compiler predefines, made of a compile command.
//!
//! Commands that ask for the same become the same question, because each costs a process: the discovery recipe and the compile recipe of a
//! platform differ in little. The module does not know the answer.

use camino::Utf8Path;
use fbuild_model::Command;

/// Turns the command that compiles `source` into `object` into the question for its predefined macros (standard output) and search
/// directories (standard error).
pub fn question(command: &Command, source: &str, object: &str) -> Command {
    let mut language = match Utf8Path::new(source).extension() {
        Some("c") => "c",
        Some("S") => "assembler-with-cpp",
        _ => "c++",
    };
    let mut rest: Vec<String> = Vec::with_capacity(command.args.len());
    let mut args = command.args.iter().map(String::as_str);
    let mut is_source_seen = false;
    while let Some(arg) = args.next() {
        if arg == source {
            is_source_seen = true;
            rest.push("/dev/null".to_owned());
        } else if arg == object {
            rest.push("-".to_owned());
        } else if arg.starts_with("-X") {
            // What follows is not for the driver.
            rest.extend([arg].into_iter().chain(args.next()).map(str::to_owned));
        } else if let Some(glued) = arg.strip_prefix("-x") {
            // The last choice before the file counts.
            let chosen = if glued.is_empty() {
                args.next()
            } else {
                Some(glued)
            };
            language = chosen.filter(|_| !is_source_seen).unwrap_or(language);
        } else if !matches!(arg, "-c" | "-MMD" | "-MD" | "-E" | "-CC" | "-w") {
            rest.push(arg.to_owned());
        }
    }
    let first = ["-x", language, "-E", "-dM", "-v"].map(str::to_owned);
    Command {
        program: command.program.clone(),
        args: first.into_iter().chain(rest).collect(),
        cwd: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str, source: &str) -> String {
        let command = Command {
            program: "g++".to_owned(),
            args: line.split(' ').map(str::to_owned).collect(),
            cwd: Some("/elsewhere".into()),
        };
        let question = question(&command, source, "x.o");
        assert_eq!(question.cwd, None);
        question.args.join(" ")
    }

    #[test]
    fn the_file_is_replaced_and_its_name_tells_the_language() {
        for (source, language) in [
            ("x.c", "c"),
            ("x.cpp", "c++"),
            ("x.ino", "c++"),
            ("x.S", "assembler-with-cpp"),
        ] {
            assert_eq!(
                asked(&format!("-c -Os -MMD -DA=1 {source} -o x.o"), source),
                format!("-x {language} -E -dM -v -Os -DA=1 /dev/null -o -")
            );
        }
    }

    #[test]
    fn the_recipe_chooses_the_language_up_to_the_file() {
        for (line, expect) in [
            ("-x c++ x.c", "-x c++ -E -dM -v /dev/null"),
            ("-xc++ x.c", "-x c++ -E -dM -v /dev/null"),
            ("-x c++ -Os -x c x.c", "-x c -E -dM -v -Os /dev/null"),
            ("x.c -x c++", "-x c -E -dM -v /dev/null"),
            (
                "-Xassembler -x x.c",
                "-x c -E -dM -v -Xassembler -x /dev/null",
            ),
            ("x.c -x", "-x c -E -dM -v /dev/null"),
            ("x.c -Xlinker", "-x c -E -dM -v /dev/null -Xlinker"),
        ] {
            assert_eq!(asked(line, "x.c"), expect, "{line}");
        }
    }

    #[test]
    fn discovery_and_compilation_ask_the_same() {
        let compile = asked("-c -g -Os -Wall -MMD -mmcu=avr5 x.cpp -o x.o", "x.cpp");
        let discover = asked(
            "-c -g -Os -Wall -MMD -w -x c++ -E -CC -mmcu=avr5 x.cpp -o x.o",
            "x.cpp",
        );
        assert_eq!(compile, discover);
    }
}
