//! `fbuild-bench`: measures fbuild, the floor and a loop over arduino-builder on one library's examples, interleaved in one go.
//!
//! It writes `benchmark.tsv`, `benchmark.md` and `benchmark.svg`. It knows fbuild by its command line and its report alone.

mod cases;
mod fbuild;
mod floor;
mod measure;
mod plot;
mod table;

use anyhow::{Context, Result, ensure};
use camino::Utf8PathBuf;
use clap::Parser;

/// Measure fbuild on the examples of a library.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Options {
    /// Checkout of the library; it is copied, never changed
    #[arg(long, value_name = "DIR")]
    library: Utf8PathBuf,
    /// Board
    #[arg(long, default_value = "uno")]
    board: String,
    /// Number of sketches, evenly taken from those that build, or `all`
    #[arg(long, value_name = "N|all", default_value = "all")]
    sketches: String,
    /// The program under test [default: `fbuild` beside this program]
    #[arg(long, value_name = "PATH")]
    fbuild: Option<Utf8PathBuf>,
    /// Rounds; every case runs once in each
    #[arg(long, value_name = "K", default_value_t = 1)]
    runs: usize,
    /// Numbers of sketches of the plot, besides the whole
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_value = "8,16"
    )]
    points: Vec<usize>,
    /// Sketches in the loop over arduino-builder, from which the whole is extrapolated; 0 leaves it out
    #[arg(long, value_name = "N", default_value_t = 5)]
    sample: usize,
    /// Further arguments for arduino-builder (repeatable)
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true, default_values_t = DEBIAN.map(str::to_owned))]
    loop_argument: Vec<String>,
    /// Directory for the results
    #[arg(long, value_name = "DIR", default_value = "bench-results")]
    out: Utf8PathBuf,
}

/// Where Debian has the platform and the tools, and what its core needs with its compiler.
const DEBIAN: [&str; 6] = [
    "-hardware=/usr/share/arduino/hardware",
    "-tools=/usr/share/arduino/hardware/tools/avr",
    "-ide-version=10607",
    "-prefs=build.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__",
    "-warnings=none",
    "-quiet",
];

fn main() -> Result<()> {
    let options = Options::parse();
    fs_err::create_dir_all(&options.out)?;
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
    let scratch = tempfile::Builder::new().prefix("fbuild-bench-").tempdir()?;
    let scratch_dir = Utf8PathBuf::try_from(scratch.path().to_owned())?;
    let bench = cases::Bench::prepare(&options, program, scratch_dir)?;
    let mut rows = Vec::new();
    for round in 1..=options.runs {
        bench.round(round, &mut rows, &|rows| write(&options, rows))?;
    }
    println!("{}", table::markdown(&rows));
    Ok(())
}

/// Writes the results of the rounds so far.
fn write(options: &Options, rows: &[table::Row]) -> Result<()> {
    fs_err::write(options.out.join("benchmark.tsv"), table::tsv(rows))?;
    fs_err::write(options.out.join("benchmark.md"), table::markdown(rows))?;
    let line = |name, colour, case| plot::Line {
        name,
        colour,
        points: table::points(rows, case),
    };
    let lines = [
        line("arduino-builder (loop)", "#b5651d", cases::LOOP_WHOLE),
        line("ninja floor -j2", "#555", cases::FLOOR),
        line("fbuild cold", "#1f6feb", cases::COLD),
        line("fbuild, nothing changed", "#2da44e", cases::WARM),
    ];
    let title = format!(
        "{} on {}: time to build the examples",
        options.library.file_name().unwrap_or("library"),
        options.board
    );
    fs_err::write(
        options.out.join("benchmark.svg"),
        plot::svg(&title, "sketches", "seconds", &lines),
    )?;
    Ok(())
}
