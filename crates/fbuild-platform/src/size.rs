//! Reading and judging the size of a firmware.

use std::fmt::Write as _;

use fbuild_model::{Sizes, Usage};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::board::BoardSpec;

/// Where people are sent whose sketch is too big.
const HELP: &str = "https://support.arduino.cc/hc/en-us/articles/360013825179";

/// Share of the dynamic memory, in percent, above which a warning is given unless the platform says another.
const WARN_DATA_PERCENT: u64 = 75;

/// Why a firmware cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SizeError {
    /// A property that has to be a whole number is none.
    #[error("`{key}` is not a whole number: `{value}`")]
    Number {
        /// The property.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// `recipe.size.regex` is not set.
    #[error("the platform does not define `recipe.size.regex`")]
    MissingRegex,
    /// A regular expression cannot be used.
    #[error("`{key}` is not a regular expression: {problem}")]
    Regex {
        /// The property.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The output of `recipe.advanced_size.pattern` is not the JSON it has to be.
    #[error("`recipe.advanced_size.pattern` printed invalid JSON: {0}")]
    Json(String),
    /// The output has a severity that does not exist.
    #[error("`recipe.advanced_size.pattern` printed an unknown severity: `{0}`")]
    Severity(String),
}

/// How a board's firmware is measured and what it may fill.
#[derive(Debug, Clone)]
pub struct SizeRules {
    maximum: Option<u64>,
    maximum_data: Option<u64>,
    warn_data_percent: u64,
    text: Option<Regex>,
    data: Option<Regex>,
}

/// What a size check says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Lines for the log.
    pub lines: Vec<String>,
    /// What is critical but no failure.
    pub warnings: Vec<String>,
    /// Why the build fails; `None` if it does not.
    pub failure: Option<String>,
}

impl SizeRules {
    /// Reads a board's rules; `None` if its platform has no recipe to measure with.
    ///
    /// # Errors
    /// If a size is not a number or a regular expression is invalid.
    pub fn of(spec: &BoardSpec) -> Result<Option<Self>, SizeError> {
        let has = |key| spec.raw(key).is_some_and(|recipe| !recipe.is_empty());
        if !has("recipe.size.pattern") && !has("recipe.advanced_size.pattern") {
            return Ok(None);
        }
        let set = |key: &'static str| spec.get(key).filter(|value| !value.is_empty());
        let number = |key: &'static str| match set(key) {
            None => Ok(None),
            Some(value) => value
                .parse()
                .map(Some)
                .map_err(|_| SizeError::Number { key, value }),
        };
        let regex = |key: &'static str| match set(key) {
            None => Ok(None),
            Some(value) => RegexBuilder::new(&value)
                .multi_line(true)
                .build()
                .map(Some)
                .map_err(|error| {
                    let problem = error.to_string();
                    SizeError::Regex {
                        key,
                        problem: problem.lines().last().unwrap_or_default().to_owned(),
                    }
                }),
        };
        let maximum = number("upload.maximum_size")?;
        // Without a maximum nothing is checked, so nothing else has to be right either.
        let (maximum_data, warn) = match maximum {
            Some(_) => (
                number("upload.maximum_data_size")?,
                number("build.warn_data_percentage")?,
            ),
            None => (None, None),
        };
        Ok(Some(Self {
            maximum,
            maximum_data: maximum_data.filter(|maximum| *maximum > 0),
            warn_data_percent: warn.unwrap_or(WARN_DATA_PERCENT),
            text: regex("recipe.size.regex")?,
            data: regex("recipe.size.regex.data")?,
        }))
    }

    /// Returns how many bytes the program may have; without it nothing is checked.
    pub fn maximum(&self) -> Option<u64> {
        self.maximum
    }

    /// Returns how many bytes global variables may have.
    pub fn maximum_data(&self) -> Option<u64> {
        self.maximum_data
    }

    /// Reads the sizes from the output of `recipe.size.pattern`.
    pub fn measure(&self, stdout: &str) -> Result<Sizes, SizeError> {
        let text = self.text.as_ref().ok_or(SizeError::MissingRegex)?;
        Ok(Sizes {
            flash: Usage {
                used: sum(text, stdout),
                maximum: self.maximum,
            },
            ram: self.data.as_ref().map(|data| Usage {
                used: sum(data, stdout),
                maximum: self.maximum_data,
            }),
        })
    }

    /// Judges sizes; says nothing for boards without a maximum (6.1).
    pub fn check(&self, sizes: &Sizes) -> Verdict {
        let mut verdict = Verdict::default();
        let Some(maximum) = self.maximum else {
            return verdict;
        };
        let used = sizes.flash.used;
        verdict.lines.push(format!(
            "Sketch uses {used} bytes ({}%) of program storage space. Maximum is {maximum} bytes.",
            percent(used, maximum)
        ));
        let data = sizes.ram.map(|ram| ram.used);
        if let Some(data) = data {
            let mut line = format!("Global variables use {data} bytes");
            if let Some(maximum) = self.maximum_data {
                // Infallible: writing to a string.
                let left = i128::from(maximum) - i128::from(data);
                let share = percent(data, maximum);
                let _ = write!(
                    line,
                    " ({share}%) of dynamic memory, leaving {left} bytes for local variables."
                );
                let _ = write!(line, " Maximum is {maximum} bytes.");
            } else {
                line.push_str(" of dynamic memory.");
            }
            verdict.lines.push(line);
        }
        if used > maximum {
            verdict.lines.push(format!(
                "Sketch too big; see {HELP} for tips on reducing it."
            ));
            verdict.failure = Some("text section exceeds available space in board".to_owned());
            return verdict;
        }
        let (Some(data), Some(maximum)) = (data, self.maximum_data) else {
            return verdict;
        };
        if data > maximum {
            verdict.lines.push(format!(
                "Not enough memory; see {HELP} for tips on reducing your footprint."
            ));
            verdict.failure = Some("data section exceeds available space in board".to_owned());
        } else if u128::from(data) > u128::from(maximum) * u128::from(self.warn_data_percent) / 100
        {
            verdict
                .warnings
                .push("Low memory available, stability problems may occur.".to_owned());
        }
        verdict
    }
}

/// Returns the share in whole percent, cut off.
fn percent(used: u64, maximum: u64) -> u64 {
    let share = (u128::from(used) * 100)
        .checked_div(u128::from(maximum))
        .unwrap_or(0);
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// Adds up every group of every match that is a whole number, the match itself included.
fn sum(regex: &Regex, stdout: &str) -> u64 {
    let groups = regex.captures_iter(stdout).flat_map(|captures| {
        let groups: Vec<&str> = captures
            .iter()
            .flatten()
            .map(|group| group.as_str())
            .collect();
        groups
    });
    let total = groups
        .filter_map(|group| group.parse::<i64>().ok())
        .fold(0i64, i64::saturating_add);
    u64::try_from(total).unwrap_or(0)
}

/// What `recipe.advanced_size.pattern` prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvancedSize {
    /// The verdict: its line is the output, as a warning if the output says so; the failure is the output's `error`.
    pub verdict: Verdict,
    /// The memories, in the output's order.
    pub sections: Vec<Section>,
}

/// One memory in an advanced size.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Section {
    /// Its name: `text`, `data`, `psram`.
    pub name: String,
    /// Bytes used.
    #[serde(default)]
    pub size: u64,
    /// Bytes there are; 0 if that is not known.
    #[serde(default)]
    pub max_size: u64,
}

#[derive(Deserialize)]
struct Printed {
    #[serde(default)]
    output: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    sections: Option<Vec<Section>>,
    #[serde(default)]
    error: String,
}

impl AdvancedSize {
    /// Reads the recipe's output.
    pub fn parse(stdout: &str) -> Result<Self, SizeError> {
        let printed: Printed =
            serde_json::from_str(stdout).map_err(|error| SizeError::Json(error.to_string()))?;
        let Printed {
            output,
            severity,
            sections,
            error,
        } = printed;
        let mut verdict = Verdict::default();
        let to = match severity.as_str() {
            "info" => &mut verdict.lines,
            // What the platform calls an error is shown as loudly as a warning; only its `error` fails the build.
            "warning" | "error" => &mut verdict.warnings,
            _ => return Err(SizeError::Severity(severity)),
        };
        if !output.is_empty() {
            to.push(output);
        }
        verdict.failure = (!error.is_empty()).then_some(error);
        Ok(Self {
            verdict,
            sections: sections.unwrap_or_default(),
        })
    }

    /// Returns the sections `text` and `data` as the firmware's sizes; `None` without a `text`.
    pub fn sizes(&self) -> Option<Sizes> {
        let find = |name: &str| {
            let section = self.sections.iter().find(|section| section.name == name)?;
            Some(Usage {
                used: section.size,
                maximum: (section.max_size > 0).then_some(section.max_size),
            })
        };
        Some(Sizes {
            flash: find("text")?,
            ram: find("data"),
        })
    }
}
