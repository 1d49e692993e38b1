//! What the numbers were measured on, and whether the machine was quiet. It knows nothing of the cases.

use std::fmt::Write as _;
use std::process::Command;

use camino::Utf8Path;

/// Programs whose versions are worth saying.
const TOOLS: [(&str, &str); 3] = [
    ("avr-gcc", "--version"),
    ("ninja", "--version"),
    ("arduino-builder", "-version"),
];

/// The machine as it was at the start.
#[derive(Debug)]
pub struct Machine {
    cores: usize,
    load: f64,
    lines: Vec<(&'static str, String)>,
}

impl Machine {
    /// Looks at processor, memory, system, load and tools. What cannot be found out is left out.
    pub fn look(program: &Utf8Path) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let load = read("/proc/loadavg")
            .split(' ')
            .next()
            .and_then(|load| load.parse().ok())
            .unwrap_or(0.0);
        let memory = field(&read("/proc/meminfo"), "MemTotal")
            .and_then(|text| text.split(' ').next()?.parse::<f64>().ok())
            .map(|kilobytes| format!(", {:.0} GB of memory", kilobytes / 1e6));
        let model = field(&read("/proc/cpuinfo"), "model name").unwrap_or_default();
        let system = field_of(&read("/etc/os-release"), "PRETTY_NAME", '=')
            .map(|name| name.replace('"', ""));
        let kernel = read("/proc/sys/kernel/osrelease").trim().to_owned();
        let tools = TOOLS
            .into_iter()
            .filter_map(|(tool, argument)| first_line(tool, argument))
            .collect::<Vec<_>>()
            .join("; ");
        let lines = vec![
            (
                "Machine",
                format!("{cores} cores, {model}{}", memory.unwrap_or_default()),
            ),
            (
                "System",
                format!("{}, Linux {kernel}", system.unwrap_or_default()),
            ),
            ("Tools", tools),
            (
                "fbuild",
                first_line(program.as_str(), "--version").unwrap_or_default(),
            ),
            (
                "Date",
                first_line("date", "--iso-8601=minutes").unwrap_or_default(),
            ),
            ("Load average at the start", format!("{load:.2}")),
        ];
        Self { cores, load, lines }
    }

    /// Says so if other work ran at the start: wall times then mean little.
    pub fn warning(&self) -> Option<String> {
        (self.load > 0.5 * self.cores as f64).then(|| {
            format!(
                "the load average was {:.2} on {} cores at the start: other work was running, wall times are not to be trusted",
                self.load, self.cores
            )
        })
    }

    /// Writes all of it as a list.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.lines {
            let _ = writeln!(text, "- {name}: {value}");
        }
        if let Some(warning) = self.warning() {
            let _ = writeln!(text, "\n**Warning:** {warning}.");
        }
        text
    }
}

fn read(path: &str) -> String {
    fs_err::read_to_string(path).unwrap_or_default()
}

/// Returns the value of the first line `name : value`.
fn field(text: &str, name: &str) -> Option<String> {
    field_of(text, name, ':')
}

fn field_of(text: &str, name: &str, separator: char) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(separator))
        .find(|(found, _)| found.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
}

/// Returns the first line that a program prints, with the program's name if the line lacks it.
fn first_line(program: &str, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next()?.trim();
    let is_number = line.starts_with(|first: char| first.is_ascii_digit()) && program != "date";
    Some(if is_number {
        format!("{program} {line}")
    } else {
        line.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_machine_is_told_of() {
        let machine = |load| Machine {
            cores: 2,
            load,
            lines: vec![("Machine", "2 cores".to_owned())],
        };
        assert_eq!(machine(0.9).warning(), None);
        assert_eq!(machine(0.9).markdown(), "- Machine: 2 cores\n");
        assert!(
            machine(1.1)
                .markdown()
                .contains("**Warning:** the load average was 1.10 on 2 cores")
        );
    }

    #[test]
    fn fields_are_found_by_name() {
        assert_eq!(
            field("a : 1\nmodel name\t: X y\n", "model name").as_deref(),
            Some("X y")
        );
        assert_eq!(
            field_of("NAME=\"d\"\n", "NAME", '=').as_deref(),
            Some("\"d\"")
        );
        assert_eq!(field("a : 1", "b"), None);
    }

    #[test]
    fn what_is_missing_is_left_out() {
        assert_eq!(first_line("/nowhere/tool", "-v"), None);
        assert_eq!(first_line("echo", "1.2").as_deref(), Some("echo 1.2"));
    }
}
