//! How much of a board a firmware fills.

use serde::{Deserialize, Serialize};

/// Bytes used of a memory, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Bytes used.
    pub used: u64,
    /// Bytes available, if the board says.
    pub maximum: Option<u64>,
}

impl Usage {
    /// Returns the used share in percent, or `None` without a maximum.
    pub fn percent(&self) -> Option<f64> {
        match self.maximum {
            Some(maximum) if maximum > 0 => Some(self.used as f64 * 100.0 / maximum as f64),
            _ => None,
        }
    }

    /// Returns whether more is used than there is.
    pub fn exceeds(&self) -> bool {
        self.maximum.is_some_and(|maximum| self.used > maximum)
    }
}

/// The sizes of one firmware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Program storage space.
    pub flash: Usage,
    /// Dynamic memory for global variables, if the platform measures it.
    pub ram: Option<Usage>,
}

/// Writes a number of bytes as FastLED's wrapper reads it: `223 bytes` below one kilobyte, else `2.75KB` (formats 1).
pub fn human_bytes(bytes: u64) -> String {
    if bytes < 1024 {
        format!("{bytes} bytes")
    } else {
        format!("{:.2}KB", bytes as f64 / 1024.0)
    }
}

impl Sizes {
    /// Returns the lines `Flash: …` and `RAM:   …` of formats section 1.
    pub fn lines(&self) -> String {
        fn line(label: &str, usage: Usage) -> String {
            match (usage.maximum, usage.percent()) {
                (Some(maximum), Some(percent)) => {
                    format!(
                        "{label}{} / {} ({percent:.1}%)\n",
                        human_bytes(usage.used),
                        human_bytes(maximum)
                    )
                }
                _ => format!("{label}{}\n", human_bytes(usage.used)),
            }
        }
        let ram = self.ram.map(|ram| line("RAM:   ", ram)).unwrap_or_default();
        line("Flash: ", self.flash) + &ram
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(used: u64, maximum: u64) -> Usage {
        Usage {
            used,
            maximum: Some(maximum),
        }
    }

    #[test]
    fn lines_are_those_of_formats_section_1() {
        let sizes = Sizes {
            flash: usage(2816, 32256),
            ram: Some(usage(223, 2048)),
        };
        assert_eq!(
            sizes.lines(),
            "Flash: 2.75KB / 31.50KB (8.7%)\nRAM:   223 bytes / 2.00KB (10.9%)\n"
        );
    }

    #[test]
    fn without_a_maximum_there_is_no_percentage() {
        let sizes = Sizes {
            flash: Usage {
                used: 5,
                maximum: None,
            },
            ram: None,
        };
        assert_eq!(sizes.lines(), "Flash: 5 bytes\n");
        assert_eq!(usage(1, 0).percent(), None);
    }

    #[test]
    fn exactly_full_does_not_exceed() {
        assert!(!usage(2048, 2048).exceeds());
        assert!(usage(2049, 2048).exceeds());
        assert!(
            !Usage {
                used: u64::MAX,
                maximum: None
            }
            .exceeds()
        );
    }
}
