//! What a test needs of the machine.
//!
//! A test that cannot run must be visible. [`needs!`](crate::needs) writes a `SKIPPED` line past the test harness, which would hide it, and
//! returns from the test; with `FBUILD_TEST_REQUIRE_ALL=1`, as in CI, it fails the test.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// The AVR toolchain and Debian's AVR platform.
pub const AVR: [&str; 4] = [
    "avr-gcc",
    "avr-g++",
    "avr-ar",
    "/usr/share/arduino/hardware/arduino/avr/boards.txt",
];

/// The reference for firmware, and what it needs.
pub const ARDUINO_BUILDER: [&str; 2] = ["/usr/bin/arduino-builder", "/usr/bin/arduino-ctags"];

/// Tracing of system calls, installed and permitted.
pub const STRACE: Runs = Runs("strace", &["-o", "/dev/null", "true"]);

/// The right to mount file systems.
pub const MOUNT: Runs = Runs(
    "sh",
    &[
        "-c",
        "d=$(mktemp -d) && mount -t tmpfs -o size=64k none \"$d\" && umount \"$d\"; s=$?; rmdir \"$d\"; exit $s",
    ],
);

/// Something that a machine may lack.
pub trait Need {
    /// Returns what is missing, in words; empty if nothing is.
    fn missing(&self) -> Vec<String>;
}

/// A program by its name, or a file or directory by its path.
impl Need for str {
    fn missing(&self) -> Vec<String> {
        let is_there = if self.contains('/') {
            Path::new(self).exists()
        } else {
            let path = std::env::var_os("PATH").unwrap_or_default();
            std::env::split_paths(&path).any(|dir| dir.join(self).is_file())
        };
        if is_there {
            Vec::new()
        } else {
            vec![format!("`{self}` is not installed")]
        }
    }
}

impl<N: Need, const COUNT: usize> Need for [N; COUNT] {
    fn missing(&self) -> Vec<String> {
        self.iter().flat_map(Need::missing).collect()
    }
}

impl<N: Need + ?Sized> Need for &N {
    fn missing(&self) -> Vec<String> {
        (**self).missing()
    }
}

/// A program with arguments that has to exit with 0.
#[derive(Debug, Clone, Copy)]
pub struct Runs<'a>(pub &'a str, pub &'a [&'a str]);

impl Need for Runs<'_> {
    fn missing(&self) -> Vec<String> {
        let Self(program, args) = self;
        let status = Command::new(program)
            .args(*args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match status {
            Ok(status) if status.success() => Vec::new(),
            Ok(status) => vec![format!("`{program}` does not work here: {status}")],
            Err(error) => vec![format!("`{program}`: {error}")],
        }
    }
}

/// A condition, and what is missing where it does not hold.
#[derive(Debug, Clone, Copy)]
pub struct That<'a>(pub bool, pub &'a str);

impl Need for That<'_> {
    fn missing(&self) -> Vec<String> {
        let Self(holds, words) = self;
        if *holds {
            Vec::new()
        } else {
            vec![(*words).to_owned()]
        }
    }
}

/// Returns whether nothing is missing; writes a line otherwise. For [`needs!`](crate::needs).
///
/// # Panics
/// If something is missing and `FBUILD_TEST_REQUIRE_ALL` is `1`.
#[track_caller]
pub fn is_met(needs: &[&dyn Need]) -> bool {
    let missing: Vec<String> = needs.iter().flat_map(|need| need.missing()).collect();
    if missing.is_empty() {
        return true;
    }
    let missing = missing.join(", ");
    assert!(
        std::env::var_os("FBUILD_TEST_REQUIRE_ALL").is_none_or(|value| value != "1"),
        "{missing}, and FBUILD_TEST_REQUIRE_ALL=1 requires everything"
    );
    skipped(&missing);
    false
}

/// Returns the value of an environment variable that turns a test on, for tests on data that is on no CI machine; says so if it is unset.
pub fn opted_in(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        skipped(&format!("${variable} is not set, which is optional"));
    }
    value
}

/// Returns whether something is there that no CI machine has to have; says so if not, and never fails.
pub fn optional(need: &dyn Need) -> bool {
    let missing = need.missing();
    if !missing.is_empty() {
        skipped(&format!("{}, which is optional", missing.join(", ")));
    }
    missing.is_empty()
}

/// Writes why the current test is skipped where the test harness does not capture it.
fn skipped(why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Nothing is left to do if standard error is closed.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// Returns from the test, visibly, unless everything that it needs is there.
///
/// Takes names of programs, paths of files and directories, and anything else that implements [`Need`](crate::need::Need). In a function
/// with a result, `Default::default()` is returned (`None`, for one).
///
/// ```
/// # use fbuild_testkit::{needs, need};
/// fn a_test() {
///     needs!("sh", "/etc");
///     needs!(need::AVR, need::STRACE);
/// }
/// ```
#[macro_export]
macro_rules! needs {
    ($($need:expr),+ $(,)?) => {
        if !$crate::need::is_met(&[$(&$need as &dyn $crate::need::Need),+]) {
            return Default::default();
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_missing() {
        assert!("sh".missing().is_empty());
        assert!(["/etc", "/"].missing().is_empty());
        assert!(Runs("true", &[]).missing().is_empty());
        assert!(That(true, "x").missing().is_empty());
    }

    #[test]
    fn what_is_not_there_is_named() {
        assert_eq!(
            ["sh", "no-such-program"].missing(),
            ["`no-such-program` is not installed"]
        );
        assert_eq!(
            "/no/such/file".missing(),
            ["`/no/such/file` is not installed"]
        );
        assert_eq!(Runs("false", &[]).missing().len(), 1);
        assert_eq!(Runs("no-such-program", &[]).missing().len(), 1);
        assert_eq!(That(false, "words").missing(), ["words"]);
    }
}
