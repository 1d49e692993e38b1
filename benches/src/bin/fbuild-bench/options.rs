//! The command line: what is measured, how often, and where the results go.

use camino::Utf8PathBuf;
use clap::{Parser, ValueEnum};

/// Measure fbuild, the same commands under ninja, and a loop over arduino-builder, in one go.
///
/// Without --library the repository's own examples and Debian's are built.
#[derive(Debug, Parser)]
#[command(name = "fbuild-bench", version)]
pub struct Options {
    /// A checkout of a library with examples, or a folder of sketches; it is copied, never changed
    #[arg(long, value_name = "DIR")]
    pub library: Option<Utf8PathBuf>,
    /// Board
    #[arg(long, default_value = "uno")]
    pub board: String,
    /// Also build what the sketches' own rules leave out; those that fail are left out instead
    #[arg(long)]
    pub ignore_filters: bool,
    /// Number of sketches, evenly taken from those that build, or `all`
    #[arg(long, value_name = "N|all", default_value = "all")]
    pub sketches: Count,
    /// Sketches to measure, one a line, as an earlier run wrote them to `sketches.txt`; saves the build that finds them
    #[arg(long, value_name = "FILE")]
    pub list: Option<Utf8PathBuf>,
    /// The program under test [default: `fbuild` beside this program]
    #[arg(long, value_name = "PATH")]
    pub fbuild: Option<Utf8PathBuf>,
    /// Cases to measure
    #[arg(long, value_enum, value_name = "CASE,…", value_delimiter = ',', default_values_t = Case::value_variants().to_vec(), hide_default_value = true)]
    pub cases: Vec<Case>,
    /// Rounds of the cases that take a second
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub runs: usize,
    /// Rounds of the cases that compile everything
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub heavy_runs: usize,
    /// Numbers of sketches of the plot, besides the whole
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        default_value = "8,16,32"
    )]
    pub points: Vec<usize>,
    /// Sketches in the loop over arduino-builder, from which the whole is extrapolated
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub sample: usize,
    /// Further arguments for arduino-builder (repeatable)
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true, default_values_t = DEBIAN.map(str::to_owned))]
    pub loop_argument: Vec<String>,
    /// Directory for the results
    #[arg(long, value_name = "DIR", default_value = "bench-results")]
    pub out: Utf8PathBuf,
}

/// Where Debian has the platform and the tools, and what its core needs with its compiler.
const DEBIAN: [&str; 5] = [
    "-hardware=/usr/share/arduino/hardware",
    "-tools=/usr/share/arduino/hardware/tools/avr",
    "-ide-version=10607",
    "-prefs=build.extra_flags=-DDECIMAL_DIG=__DECIMAL_DIG__",
    "-warnings=none",
];

/// Something to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// Discovery and planning alone, cold
    Plan,
    /// The floor and a cold run with fewer sketches
    Points,
    /// The plain commands under ninja: all, then those of the sketches alone
    Floor,
    /// From nothing, two workers in each stage
    Cold,
    /// From nothing, one worker in stage 1 and two in stage 2
    Cold12,
    /// From nothing, two workers in stage 1 and four in stage 2
    Cold24,
    /// Every sketch changed, stage 1 warm
    Every,
    /// arduino-builder, one sketch after another
    Loop,
    /// Nothing changed
    Nothing,
    /// A header with a new time stamp and the same content
    Header,
    /// A checkout at another path with new time stamps, an empty output directory, and the warm cache
    Elsewhere,
    /// One sketch changed
    One,
}

impl Case {
    /// Returns whether the case compiles everything, so that it is repeated less often.
    pub fn is_heavy(self) -> bool {
        !matches!(
            self,
            Self::Plan | Self::Nothing | Self::Header | Self::Elsewhere | Self::One
        )
    }
}

/// A number, or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// As many as there are.
    All,
    /// At most so many.
    AtMost(usize),
}

impl std::str::FromStr for Count {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(count) if count > 0 => Ok(Self::AtMost(count)),
            _ if text == "all" => Ok(Self::All),
            _ => Err("neither a number above 0 nor `all`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_chosen_by_name_and_all_by_default() {
        let parse = |args: &[&str]| {
            Options::try_parse_from([&["fbuild-bench"], args].concat()).map(|options| options.cases)
        };
        assert_eq!(
            parse(&["--cases", "floor,cold,cold12"]).unwrap(),
            [Case::Floor, Case::Cold, Case::Cold12]
        );
        assert_eq!(parse(&[]).unwrap(), Case::value_variants());
        assert!(parse(&["--cases", "colder"]).is_err());
    }

    #[test]
    fn a_count_is_a_number_or_all() {
        assert_eq!("all".parse(), Ok(Count::All));
        assert_eq!("12".parse(), Ok(Count::AtMost(12)));
        assert!("0".parse::<Count>().is_err() && "some".parse::<Count>().is_err());
    }
}
