//! Ways out of failures that newcomers meet.

use fbuild_model::Failure;
use fbuild_model::outcome::Phase;
use fbuild_scan::missing::missing_header;

/// Returns what a user can do about a failure, if it is one of the common ones.
pub fn hint(failure: &Failure) -> Option<String> {
    let says = |text: &str| failure.output.contains(text);
    match failure.phase {
        Phase::Scan => missing_header(&failure.output).map(|header| {
            format!("`{header}` is in no library; name a library with --library DIR, or a folder of libraries with --libraries DIR")
        }),
        Phase::Link if says("is not within region") || says("will not fit in region") || says("overflowed by") => {
            Some("the sketch needs more memory than the board has".to_owned())
        }
        Phase::Link if says("undefined reference to `setup'") || says("undefined reference to `loop'") => {
            Some("a sketch needs the functions `setup()` and `loop()`".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(phase: Phase, output: &str) -> Failure {
        Failure {
            phase,
            message: String::new(),
            output: output.to_owned(),
            diagnostics: Vec::new(),
        }
    }

    #[test]
    fn common_failures_have_a_way_out() {
        for (phase, output, expect) in [
            (
                Phase::Scan,
                "a.ino:1:10: fatal error: Servo.h: No such file or directory\n",
                Some("`Servo.h` is in no library"),
            ),
            (Phase::Scan, "a.ino:1:2: error: #error no\n", None),
            (Phase::Compile, "a.ino:1:1: error: expected ';'\n", None),
            (
                Phase::Link,
                "ld: address 0x801158 of X section `.bss' is not within region `data'\n",
                Some("more memory"),
            ),
            (
                Phase::Link,
                "ld: X section `.text' will not fit in region `text'\n",
                Some("more memory"),
            ),
            (
                Phase::Link,
                "main.cpp:43: undefined reference to `setup'\n",
                Some("`setup()` and `loop()`"),
            ),
            (
                Phase::Link,
                "x.ino:2: undefined reference to `nowhere()'\n",
                None,
            ),
        ] {
            let hint = hint(&failure(phase, output));
            assert_eq!(hint.is_some(), expect.is_some(), "{output}: {hint:?}");
            assert!(
                hint.unwrap_or_default()
                    .contains(expect.unwrap_or_default()),
                "{output}"
            );
        }
    }
}
