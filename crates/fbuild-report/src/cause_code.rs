//! Stable codes for what makes a sketch fail, read from the failure's phase and from what the tool printed.
//!
//! A code and its fields are a promise to programs ([`crate::schema::run::Code`]); the message for people is not.

use std::sync::LazyLock;

use fbuild_model::diagnostic::{Severity, root_cause};
use fbuild_model::outcome::{Failure, Phase};
use regex::Regex;

use crate::schema::run::Code;

/// Patterns over the output of a linker.
struct Linker {
    undefined: Regex,
    multiple: Regex,
    overflowed: Regex,
    no_room: Regex,
}

static LINKER: LazyLock<Linker> = LazyLock::new(|| {
    let pattern = |text| Regex::new(text).expect("the pattern is a constant and tests compile it");
    Linker {
        undefined: pattern(r"undefined (?:reference to|symbol:?) [`']?([^`'\n]+)"),
        multiple: pattern(r"multiple definition of [`']([^'\n]+)'"),
        overflowed: pattern(r"region [`']?([^`'\n]+)'? overflowed by ([0-9]+) bytes"),
        no_room: pattern(r"section [`']?([^`'\n ]+)'? (?:will not fit in|is not within) region"),
    }
});

/// Returns the code of a failure.
pub fn code(failure: &Failure) -> Code {
    // The runner names the option whose limit a process reached.
    if failure.message.contains("timeout)") {
        return Code::Timeout;
    }
    if failure.message.contains("killed by signal") || crashed(failure) {
        return Code::ToolCrashed;
    }
    match failure.phase {
        Phase::Load => Code::SketchUnreadable,
        Phase::Hook => Code::HookFailed,
        Phase::Scan | Phase::Compile => match missing_header(failure) {
            Some(header) => Code::MissingHeader { header },
            None => Code::CompileError,
        },
        Phase::Link => link(&failure.output),
        Phase::Size => Code::TooLarge,
        Phase::Archive | Phase::Objcopy => Code::ToolFailed,
    }
}

fn crashed(failure: &Failure) -> bool {
    failure.output.contains("internal compiler error")
}

/// Returns the header that the first error says is missing.
fn missing_header(failure: &Failure) -> Option<String> {
    let first = root_cause(&failure.diagnostics)?;
    let missing = first.message.strip_suffix(": No such file or directory")?;
    (first.severity == Severity::Fatal && !missing.contains(' ')).then(|| missing.to_owned())
}

fn link(output: &str) -> Code {
    let linker = &*LINKER;
    let one = |pattern: &Regex| pattern.captures(output).map(|found| found[1].to_owned());
    if let Some(found) = linker.overflowed.captures(output) {
        return Code::Overflow {
            section: one(&linker.no_room).unwrap_or_else(|| found[1].to_owned()),
            bytes: found[2].parse().ok(),
        };
    }
    if let Some(section) = one(&linker.no_room) {
        return Code::Overflow {
            section,
            bytes: None,
        };
    }
    match (one(&linker.undefined), one(&linker.multiple)) {
        (Some(symbol), _) => Code::UndefinedSymbol { symbol },
        (None, Some(symbol)) => Code::MultipleDefinition { symbol },
        (None, None) => Code::LinkError,
    }
}

#[cfg(test)]
mod tests {
    use fbuild_model::diagnostic::parse_gcc;

    use super::*;

    fn check(phase: Phase, output: &str, expect: Code) {
        let failure = Failure {
            phase,
            message: "exit status 1".to_owned(),
            output: output.to_owned(),
            diagnostics: parse_gcc(output),
        };
        assert_eq!(code(&failure), expect, "{output}");
    }

    #[test]
    fn compilers_say_what_is_missing() {
        check(
            Phase::Scan,
            "a.ino:1:10: fatal error: Servo.h: No such file or directory\n #include <Servo.h>\ncompilation terminated.\n",
            Code::MissingHeader {
                header: "Servo.h".into(),
            },
        );
        check(
            Phase::Compile,
            "a.ino:1:1: error: expected ';'\n",
            Code::CompileError,
        );
        check(
            Phase::Compile,
            "a.ino:1:1: internal compiler error: Segmentation fault\n",
            Code::ToolCrashed,
        );
    }

    #[test]
    fn linkers_name_symbols_and_sections() {
        let symbol = |text: &str| text.to_owned();
        check(
            Phase::Link,
            "a.o: In function `main':\nmain.cpp:43: undefined reference to `setup'\n",
            Code::UndefinedSymbol {
                symbol: symbol("setup"),
            },
        );
        check(
            Phase::Link,
            "b.o: In function `f(int)':\nb.cpp:1: multiple definition of `f(int)'\n",
            Code::MultipleDefinition {
                symbol: symbol("f(int)"),
            },
        );
        check(
            Phase::Link,
            "ld: a.elf section `.text' will not fit in region `text'\nld: region `text' overflowed by 123 bytes\n",
            Code::Overflow {
                section: symbol(".text"),
                bytes: Some(123),
            },
        );
        check(
            Phase::Link,
            "ld: address 0x801158 of a.elf section `.bss' is not within region `data'\n",
            Code::Overflow {
                section: symbol(".bss"),
                bytes: None,
            },
        );
        check(
            Phase::Link,
            "collect2: error: ld returned 1\n",
            Code::LinkError,
        );
    }

    #[test]
    fn phases_without_a_compiler_have_codes_of_their_own() {
        check(Phase::Hook, "", Code::HookFailed);
        check(Phase::Load, "", Code::SketchUnreadable);
        check(Phase::Size, "", Code::TooLarge);
        let killed = Failure::new(Phase::Compile, "killed by signal 11");
        assert_eq!(code(&killed), Code::ToolCrashed);
        let slow = Failure::new(
            Phase::Compile,
            "`avr-g++` was killed after 600 s (--timeout)",
        );
        assert_eq!(code(&slow), Code::Timeout);
    }
}
