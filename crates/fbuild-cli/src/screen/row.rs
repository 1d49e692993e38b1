//! One row per result: how a sketch ended, in columns.

use std::time::Duration;

use fbuild_model::diagnostic::{Diagnostic, root_cause};
use fbuild_model::outcome::{Failure, Phase, SketchOutcome, SketchResult};
use fbuild_model::{Sizes, Usage};
use fbuild_scan::library::missing::missing_header;

use super::names::Names;
use crate::printer::Tone;
use crate::units::count;

/// A row: the verb and what follows it.
pub type Row = (Tone, &'static str, String);

/// Returns the row of a result; a `narrow` one has the name and the size of the program only, and one for which there is not enough `room`
/// does without the number of warnings, which are shown after the run.
pub fn row(result: &SketchResult, names: &Names, narrow: bool, room: Option<usize>) -> Row {
    let name = name(result, names, narrow);
    match &result.outcome {
        SketchOutcome::Built(firmware) => {
            let mut columns = vec![name];
            columns.extend(firmware.sizes.map(|sizes| sizes_of(sizes, narrow)));
            if !narrow {
                columns.push(how_long(result));
                let short = columns.join("  ");
                columns.extend(warnings(result));
                let long = columns.join("  ");
                let fits = room.is_none_or(|room| console::measure_text_width(&long) <= room);
                return (Tone::Good, "Built", if fits { long } else { short });
            }
            (Tone::Good, "Built", columns.join("  "))
        }
        SketchOutcome::Failed(failure) => {
            let verb = match too_big(failure) {
                Some(_) => "Too big",
                None => "Failed",
            };
            (Tone::Bad, verb, format!("{name}  {}", reason(failure)))
        }
        SketchOutcome::Blocked { by, .. } => (
            Tone::Bad,
            "Blocked",
            format!("{name}  not built: {by} failed"),
        ),
        SketchOutcome::Skipped(rule) => (Tone::Notice, "Skipped", format!("{name}  {}", rule.text)),
        SketchOutcome::NotRun => (Tone::Notice, "Not run", format!("{name}  (--fail-fast)")),
        SketchOutcome::Cancelled => (Tone::Notice, "Stopped", name),
    }
}

/// Returns the row of a sketch that failed for the reason of an earlier one.
pub fn row_like(result: &SketchResult, first: (&str, &str), names: &Names, narrow: bool) -> Row {
    let name = name(result, names, narrow);
    let (sketch, board) = first;
    let like = match sketch == result.sketch {
        true => names.board(board),
        false => names.sketch(sketch),
    };
    let verb = match &result.outcome {
        SketchOutcome::Failed(failure) if too_big(failure).is_some() => "Too big",
        _ => "Failed",
    };
    (Tone::Bad, verb, format!("{name}  as {like}"))
}

fn name(result: &SketchResult, names: &Names, narrow: bool) -> String {
    let (sketch, board) = (names.sketch(&result.sketch), names.board(&result.board));
    match (narrow, names.has_boards()) {
        (false, false) => column(sketch, names.width),
        (false, true) => format!(
            "{}  {}",
            column(sketch, names.width),
            column(board, names.board_width)
        ),
        (true, false) => column(sketch, names.width.min(14)),
        (true, true) => format!(
            "{} {}",
            column(sketch, names.width.min(8)),
            column(board, names.board_width.min(6))
        ),
    }
}

/// Pads or cuts a text to a column.
fn column(text: &str, width: usize) -> String {
    console::pad_str(text, width, console::Alignment::Left, Some("…")).into_owned()
}

fn sizes_of(sizes: Sizes, narrow: bool) -> String {
    let flash = usage(sizes.flash);
    match sizes.ram {
        Some(ram) if !narrow => format!("{flash}  RAM {}", usage(ram)),
        _ => flash,
    }
}

fn usage(usage: Usage) -> String {
    let share = usage.percent().map(|percent| format!("{percent:.1} %"));
    format!("{:>7} {:>6}", bytes(usage.used), share.unwrap_or_default())
}

/// Bytes below 10,000 B, then kB.
fn bytes(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        _ => format!("{:.1} kB", bytes as f64 / 1000.0),
    }
}

fn how_long(result: &SketchResult) -> String {
    if result.cached {
        "cached".to_owned()
    } else {
        format!("{:>6}", short(result.duration))
    }
}

/// Returns a duration in a column: `0.3s`.
pub fn short(duration: Duration) -> String {
    format!("{:.1}s", duration.as_secs_f64())
}

fn warnings(result: &SketchResult) -> Option<String> {
    let number = result.warnings.len();
    (number > 0).then(|| count(number, "warning", "warnings"))
}

/// Returns why a sketch failed, on one line: the place in the sketch and the compiler's words.
pub fn reason(failure: &Failure) -> String {
    if let Some(detail) = too_big(failure) {
        return detail;
    }
    if let Some(header) = missing_header(&failure.output).filter(|_| failure.phase == Phase::Scan) {
        return format!("{header} not found");
    }
    match root_cause(&failure.diagnostics) {
        Some(diagnostic) => format!("{}{}", place(diagnostic), diagnostic.message),
        None => failure.message.clone(),
    }
}

/// Returns by how much a firmware does not fit, if that is why it failed: as measured, or as the linker says it.
pub fn too_big(failure: &Failure) -> Option<String> {
    match failure.phase {
        Phase::Size => {
            let detail = failure.output.lines().next();
            Some(detail.unwrap_or(&failure.message).to_owned())
        }
        Phase::Link => {
            let mut lines = failure.output.lines();
            let needs = lines.find_map(|line| line.strip_prefix("note: needs "));
            let said = overflow(&failure.output)?;
            Some(needs.map_or(said, str::to_owned))
        }
        _ => None,
    }
}

/// Reads which section does not fit and by how much: ``section `.text' will not fit in region `text'``, ``region `text' overflowed by 120 bytes``.
fn overflow(output: &str) -> Option<String> {
    let quoted = |line: &'_ str, after: &str| {
        let (_, rest) = line.split_once(after)?;
        Some(rest.split_once('\'')?.0.to_owned())
    };
    let excess = output.lines().find_map(|line| {
        let (_, by) = line.split_once("overflowed by ")?;
        Some((quoted(line, "region `")?, by.to_owned()))
    });
    let full = output.lines().find_map(|line| {
        let fits =
            !line.contains("is not within region") && !line.contains("will not fit in region");
        let section = quoted(line, "section `").filter(|_| !fits)?;
        Some((section, quoted(line, "region `")?))
    });
    Some(match (excess, full) {
        (Some((region, by)), Some((section, _))) => {
            format!(
                "{} overflowed by {by}: {section} does not fit",
                memory(&region)
            )
        }
        (Some((region, by)), None) => format!("{} overflowed by {by}", memory(&region)),
        (None, Some((section, region))) => {
            format!("{} is full: {section} does not fit", memory(&region))
        }
        (None, None) => return None,
    })
}

/// Names the memory of a linker script's region.
fn memory(region: &str) -> &str {
    match region {
        "data" | "ram" | "RAM" | "dram0_0_seg" => "RAM",
        "text" | "flash" | "FLASH" | "rom" => "flash",
        other => other,
    }
}

/// `3:3 ` in a sketch's own text, else with the file.
fn place(diagnostic: &Diagnostic) -> String {
    let numbers = diagnostic.line.iter().chain(&diagnostic.column);
    let numbers: Vec<String> = numbers.map(u32::to_string).collect();
    let file = camino::Utf8Path::new(&diagnostic.file);
    let own = matches!(file.extension(), Some("ino" | "pde"));
    let file = file.file_name().filter(|_| !own);
    let parts: Vec<&str> = file
        .into_iter()
        .chain(numbers.iter().map(String::as_str))
        .collect();
    match parts.is_empty() {
        true => String::new(),
        false => parts.join(":") + " ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(output: &str) -> Failure {
        Failure {
            output: output.to_owned(),
            ..Failure::new(Phase::Link, "exit status 1")
        }
    }

    #[test]
    fn the_linker_says_what_is_full() {
        for (output, expect) in [
            (
                "ld: address 0x801158 of x.elf section `.bss' is not within region `data'\n",
                Some("RAM is full: .bss does not fit"),
            ),
            (
                "ld: x.elf section `.text' will not fit in region `text'\n",
                Some("flash is full: .text does not fit"),
            ),
            (
                "ld: region `FLASH' overflowed by 120 bytes\n",
                Some("flash overflowed by 120 bytes"),
            ),
            (
                "ld: x.elf section `.text' will not fit in region `text'\nld: region `text' overflowed by 7 bytes\n",
                Some("flash overflowed by 7 bytes: .text does not fit"),
            ),
            ("undefined reference to `setup'\n", None),
        ] {
            assert_eq!(too_big(&link(output)).as_deref(), expect, "{output}");
        }
    }

    #[test]
    fn what_was_measured_goes_before_what_the_linker_says() {
        let output = "ld: address 0x801158 of x.elf section `.bss' is not within region `data'\nnote: needs RAM 5190 of 2048 B (253 %); largest: buf 5000\n";
        let expect = "RAM 5190 of 2048 B (253 %); largest: buf 5000";
        assert_eq!(too_big(&link(output)).as_deref(), Some(expect));
    }

    #[test]
    fn sizes_have_one_unit_system() {
        for (number, expect) in [
            (0, "0 B"),
            (9999, "9999 B"),
            (10_000, "10.0 kB"),
            (1_234_567, "1234.6 kB"),
        ] {
            assert_eq!(bytes(number), expect);
        }
    }
}
