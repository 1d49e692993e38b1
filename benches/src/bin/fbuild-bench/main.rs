//! `fbuild-bench`: measures fbuild, the floor and a loop over arduino-builder on many sketches, interleaved in one go.
//!
//! It writes `benchmark.tsv`, `benchmark.md`, `benchmark.svg` and `sketches.txt`, anew after every case, so that a run that is cut short has
//! something to show. It knows fbuild by its command line and its report alone.

mod cases;
mod fbuild;
mod floor;
mod machine;
mod measure;
mod options;
mod plot;
mod row;
mod table;
mod targets;
mod workload;

use anyhow::{Context, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use clap::Parser;

use options::Options;
use row::Row;

fn main() -> Result<()> {
    let options = Options::parse();
    fs_err::create_dir_all(&options.out)?;
    let program = program(&options)?;
    let machine = machine::Machine::look(&program);
    if let Some(warning) = machine.warning() {
        eprintln!("warning: {warning}");
    }
    let mut scratch = tempfile::Builder::new().prefix("fbuild-bench-").tempdir()?;
    let dir = Utf8PathBuf::try_from(scratch.path().to_owned())?;
    let result = measure(&options, &machine, program, &dir);
    if result.is_err() {
        scratch.disable_cleanup(true);
        eprintln!("the working directory {dir} is left for a look at its logs");
    }
    result
}

/// Runs all rounds and prints the tables.
fn measure(
    options: &Options,
    machine: &machine::Machine,
    program: Utf8PathBuf,
    scratch: &Utf8Path,
) -> Result<()> {
    let bench = cases::Bench::prepare(options, program, scratch)?;
    fs_err::write(
        options.out.join("sketches.txt"),
        bench.sketches().join("\n") + "\n",
    )?;
    let mut rows = Vec::new();
    bench.measure(&mut rows, &|rows| {
        write(options, &page(options, machine, rows), rows)
    })?;
    println!("{}", page(options, machine, &rows));
    Ok(())
}

/// Finds the program under test.
fn program(options: &Options) -> Result<Utf8PathBuf> {
    let program = match &options.fbuild {
        Some(path) => path
            .canonicalize_utf8()
            .with_context(|| format!("find {path}"))?,
        None => Utf8PathBuf::try_from(std::env::current_exe()?)?.with_file_name("fbuild"),
    };
    ensure!(
        program.is_file(),
        "{program} does not exist: build it, or name it with --fbuild"
    );
    Ok(program)
}

/// Writes the Markdown page: how it was measured, the targets, all cases, the phases.
fn page(options: &Options, machine: &machine::Machine, rows: &[Row]) -> String {
    let command: Vec<String> = std::env::args().skip(1).collect();
    format!(
        "Command: `fbuild-bench {}`\n\n{}\n## Targets\n\n{}\n## Cases\n\n{}\n{}\n## Phases\n\n{}",
        command.join(" "),
        machine.markdown(),
        targets::markdown(rows, workload::name(options)),
        table::cases(rows),
        table::LEGEND,
        table::phases(rows),
    )
}

/// Writes the results so far.
fn write(options: &Options, page: &str, rows: &[Row]) -> Result<()> {
    fs_err::write(options.out.join("benchmark.tsv"), table::tsv(rows))?;
    fs_err::write(options.out.join("benchmark.md"), page)?;
    let line = |name, colour, case| plot::Line {
        name,
        colour,
        points: row::points(rows, case),
    };
    let lines = [
        line("loop (extrapolated)", "#b5651d", row::LOOP_WHOLE),
        line("ninja floor -j2", "#555", row::FLOOR),
        line("fbuild cold 2/2", "#1f6feb", row::COLD),
    ];
    let title = format!(
        "{} on {}: time to build the examples",
        workload::name(options),
        options.board
    );
    fs_err::write(
        options.out.join("benchmark.svg"),
        plot::svg(&title, "sketches", "seconds", &lines),
    )?;
    Ok(())
}
