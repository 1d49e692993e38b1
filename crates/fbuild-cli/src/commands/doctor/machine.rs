//! What the machine offers a build: cores, memory, and whether compilers may run at fixed addresses.

use std::num::NonZeroUsize;

use fbuild_model::Command;
use fbuild_process::runner::{Runner, RunnerOptions};
use fbuild_process::stop::Stop;

use super::page::Page;
use crate::session::Inspection;
use crate::units::{bytes, count};

/// Adds the part about the machine.
pub fn describe(page: &mut Page) {
    page.heading("Machine");
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    page.line(&format!(
        "{}; fbuild {}",
        count(cores, "core", "cores"),
        env!("CARGO_PKG_VERSION")
    ));
    let memory = fs_err::read_to_string("/proc/meminfo").unwrap_or_default();
    if let (Some(total), Some(available)) = (
        kilobytes(&memory, "MemTotal"),
        kilobytes(&memory, "MemAvailable"),
    ) {
        page.line(&format!(
            "{} of memory, {} available",
            bytes(total << 10),
            bytes(available << 10)
        ));
    }
    match Runner::new(Stop::new(), RunnerOptions::default()) {
        Ok(runner) if runner.fix_addresses() => {
            page.line("address randomisation can be switched off for compilers (old ones need that to use precompiled headers)");
        }
        Ok(_) => page.line("address randomisation cannot be switched off here; some old compilers cannot use precompiled headers then"),
        Err(error) => page.bad(&format!("processes cannot be started: {error}")),
    }
}

/// Returns the first line that a program prints when asked with one argument.
pub fn first_line(inspection: &Inspection, program: &str, argument: &str) -> Option<String> {
    let command = Command {
        program: program.to_owned(),
        args: vec![argument.to_owned()],
        cwd: None,
    };
    let output = inspection.session.runner.run(&command).ok()?;
    let text = output.text();
    let line = text.lines().find(|line| !line.trim().is_empty())?;
    Some(line.trim().to_owned())
}

/// Returns a value of `/proc/meminfo`.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let rest = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_by_its_whole_name() {
        let text = "MemTotal:       24690000 kB\nMemAvailable:   21000000 kB\nMemTotalX: 1 kB\n";
        assert_eq!(kilobytes(text, "MemTotal"), Some(24_690_000));
        assert_eq!(kilobytes(text, "MemAvailable"), Some(21_000_000));
        assert_eq!(kilobytes(text, "Mem"), None);
        assert_eq!(kilobytes("", "MemTotal"), None);
    }
}
