//! What a user may change about a board's build.

use std::fmt;
use std::str::FromStr;

use fbuild_model::Properties;
use fbuild_model::properties::ParseError;

use crate::error::BoardError;

/// How many warnings the compiler is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WarningLevel {
    /// None; what the reference does unless asked.
    #[default]
    None,
    /// The compiler's own choice.
    Default,
    /// Usually `-Wall`.
    More,
    /// Usually `-Wall -Wextra`.
    All,
}

impl WarningLevel {
    /// Every level, fewest warnings first.
    pub const ALL: [Self; 4] = [Self::None, Self::Default, Self::More, Self::All];

    /// Returns the level's name, also the last part of `compiler.warning_flags.LEVEL`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Default => "default",
            Self::More => "more",
            Self::All => "all",
        }
    }
}

impl fmt::Display for WarningLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for WarningLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let level = Self::ALL.into_iter().find(|level| level.name() == text);
        level.ok_or_else(|| format!("`{text}` is not one of none, default, more, all"))
    }
}

/// The time that `{extra.time.*}` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuildTime {
    /// Seconds since 1970, UTC.
    pub utc: i64,
    /// Standard offset of the local time zone from UTC, in seconds, east positive.
    pub zone: i64,
    /// What daylight saving adds to it at this time, in seconds.
    pub dst: i64,
}

impl BuildTime {
    /// The time now, in UTC.
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let utc = since.map_or(0, |since| {
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
        });
        Self {
            utc,
            zone: 0,
            dst: 0,
        }
    }
}

/// What a user may change about a board's build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// `--build-property key=value`, in the order given.
    pub build_properties: Vec<String>,
    /// `--warnings`.
    pub warnings: WarningLevel,
    /// `--optimize-for-debug`.
    pub optimize_for_debug: bool,
    /// The time of the build; the time at which the board is resolved if `None`.
    pub time: Option<BuildTime>,
}

impl BuildOptions {
    /// Reads the build properties.
    pub(crate) fn overrides(&self) -> Result<Properties, BoardError> {
        let mut overrides = Properties::new();
        for line in &self.build_properties {
            let invalid = |_: ParseError| BoardError::BuildProperty(line.clone());
            overrides
                .set_line(line, fbuild_model::properties::HOST_OS)
                .map_err(invalid)?;
        }
        Ok(overrides)
    }
}
