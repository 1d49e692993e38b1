//! How values of options are read.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use fbuild_platform::WarningLevel;

/// The number of workers of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// Exactly this many.
    Exactly(usize),
    /// As many as cores and free memory are enough for.
    Auto,
}

pub(super) fn warning_level() -> impl TypedValueParser<Value = WarningLevel> {
    PossibleValuesParser::new(WarningLevel::ALL.map(WarningLevel::name))
        .try_map(|name| name.parse::<WarningLevel>())
}

fn parse_jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("at least 1 worker is needed".to_owned()),
        Ok(jobs) if jobs <= 1024 => Ok(jobs),
        _ => Err("a number from 1 to 1024 is needed".to_owned()),
    }
}

pub(super) fn parse_jobs_or_auto(text: &str) -> Result<Jobs, String> {
    if text == "auto" {
        Ok(Jobs::Auto)
    } else {
        parse_jobs(text).map(Jobs::Exactly)
    }
}

/// 0 means "as many as there are cores", as in arduino-cli.
pub(super) fn parse_all_jobs(text: &str) -> Result<Jobs, String> {
    if text == "0" {
        Ok(Jobs::Auto)
    } else {
        parse_jobs_or_auto(text)
    }
}

pub(super) fn parse_count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| "a number of at least 1 is needed".to_owned())
}

/// At most a year, so that no sum of times overflows.
pub(super) fn parse_seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= 31_536_000.0 => {
            Ok(Duration::from_secs_f64(seconds))
        }
        _ => Err("a number of seconds greater than 0 is needed".to_owned()),
    }
}

/// A compiler with less than 16 MB cannot start, so a smaller number is a forgotten unit.
pub(super) fn parse_memory(text: &str) -> Result<u64, String> {
    match fbuild_cache::parse_size(text) {
        Ok(size) if size >= 16 << 20 => Ok(size),
        Ok(_) => Err("at least 16M is needed".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn parse_cache_size(text: &str) -> Result<u64, String> {
    fbuild_cache::parse_size(text).map_err(|error| error.to_string())
}

pub(super) fn parse_glob(text: &str) -> Result<globset::Glob, String> {
    globset::GlobBuilder::new(text)
        .literal_separator(true)
        .build()
        .map_err(|error| error.to_string())
}

/// Reads the name of a published schema.
pub(super) fn schema_names() -> clap::builder::PossibleValuesParser {
    fbuild_report::schema::PUBLISHED
        .map(|(name, _)| name)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_workers_are_at_least_one() {
        for (text, expect) in [
            ("1", Some(1)),
            ("16", Some(16)),
            ("0", None),
            ("-1", None),
            ("x", None),
            ("99999", None),
        ] {
            assert_eq!(parse_jobs(text).ok(), expect, "{text}");
        }
        assert_eq!(parse_jobs_or_auto("auto"), Ok(Jobs::Auto));
        assert_eq!(parse_jobs_or_auto("3"), Ok(Jobs::Exactly(3)));
        assert!(parse_jobs_or_auto("Auto").is_err());
        assert_eq!(parse_all_jobs("0"), Ok(Jobs::Auto));
    }

    #[test]
    fn limits_are_positive() {
        for (text, expect) in [
            ("600", Some(600_000)),
            ("0.5", Some(500)),
            ("0", None),
            ("-1", None),
            ("nan", None),
            ("inf", None),
            ("1e300", None),
        ] {
            let millis = parse_seconds(text).ok().map(|time| time.as_millis());
            assert_eq!(millis, expect, "{text}");
        }
        assert_eq!(parse_memory("4G"), Ok(4 << 30));
        assert!(parse_memory("4").is_err() && parse_memory("much").is_err());
        assert!(parse_count("0").is_err() && parse_count("2").is_ok());
    }
}
