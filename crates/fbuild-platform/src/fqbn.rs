//! Fully qualified board names: `vendor:architecture:board[:option=value,…]`.

use std::fmt;
use std::str::FromStr;

/// A board, named completely, with the menu choices the user made.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fqbn {
    /// The vendor, also called packager: `arduino`.
    pub vendor: String,
    /// The architecture: `avr`.
    pub architecture: String,
    /// The board's id in `boards.txt`: `uno`.
    pub board: String,
    /// Menu options and chosen values, in the order given; defaults are not listed.
    pub options: Vec<(String, String)>,
}

/// A text that is not a board name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FqbnError {
    /// Neither `board`, `board:options`, `vendor:arch:board` nor `vendor:arch:board:options`.
    #[error(
        "invalid board name `{0}`: expected `board` or `vendor:architecture:board`, then `:option=value,…` if wanted"
    )]
    Shape(String),
    /// The board part is empty.
    #[error("invalid board name `{0}`: the board is empty")]
    EmptyBoard(String),
    /// A part has a character that no name may have.
    #[error(
        "invalid board name `{text}`: `{part}` has characters other than letters, digits, `_`, `.` and `-`"
    )]
    Character {
        /// The whole name.
        text: String,
        /// The part that is wrong.
        part: String,
    },
    /// An option is not `name=value` with a non-empty name.
    #[error("invalid board name `{text}`: `{option}` is not `option=value`")]
    Option {
        /// The whole name.
        text: String,
        /// The option that is wrong.
        option: String,
    },
}

/// What a user may write for a board: an [`Fqbn`], or one without vendor and architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BoardName {
    /// Vendor and architecture, if given.
    pub(crate) platform: Option<(String, String)>,
    /// The board's id.
    pub(crate) board: String,
    /// The options given.
    pub(crate) options: Vec<(String, String)>,
}

impl BoardName {
    /// Reads what a user wrote.
    pub(crate) fn parse(text: &str) -> Result<Self, FqbnError> {
        let parts: Vec<&str> = text.trim().split(':').collect();
        let (platform, board, options) = match parts[..] {
            [board] => (None, board, None),
            [board, options] if options.contains('=') => (None, board, Some(options)),
            [vendor, architecture, board] => (Some((vendor, architecture)), board, None),
            [vendor, architecture, board, options] => {
                (Some((vendor, architecture)), board, Some(options))
            }
            _ => return Err(FqbnError::Shape(text.to_owned())),
        };
        if board.is_empty() {
            return Err(FqbnError::EmptyBoard(text.to_owned()));
        }
        let named = |part: &str| match part.chars().all(is_name_char) {
            true => Ok(part.to_owned()),
            false => Err(FqbnError::Character {
                text: text.to_owned(),
                part: part.to_owned(),
            }),
        };
        Ok(Self {
            platform: match platform {
                Some((vendor, architecture)) => Some((named(vendor)?, named(architecture)?)),
                None => None,
            },
            board: named(board)?,
            options: options
                .map(|list| read_options(text, list))
                .transpose()?
                .unwrap_or_default(),
        })
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

/// Reads `option=value,…`; of an option given twice the last value counts, in the last place.
fn read_options(text: &str, list: &str) -> Result<Vec<(String, String)>, FqbnError> {
    let mut options: Vec<(String, String)> = Vec::new();
    for pair in list.split(',') {
        let malformed = || FqbnError::Option {
            text: text.to_owned(),
            option: pair.trim().to_owned(),
        };
        let (name, value) = pair.trim().split_once('=').ok_or_else(malformed)?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            return Err(malformed());
        }
        let allowed =
            name.chars().all(is_name_char) && value.chars().all(|c| is_name_char(c) || c == '=');
        if !allowed {
            return Err(FqbnError::Character {
                text: text.to_owned(),
                part: pair.trim().to_owned(),
            });
        }
        options.retain(|(known, _)| known != name);
        options.push((name.to_owned(), value.to_owned()));
    }
    Ok(options)
}

impl Fqbn {
    /// Returns the name without options: `arduino:avr:nano`.
    pub fn base(&self) -> String {
        format!("{}:{}:{}", self.vendor, self.architecture, self.board)
    }
}

impl FromStr for Fqbn {
    type Err = FqbnError;

    fn from_str(text: &str) -> Result<Self, FqbnError> {
        let BoardName {
            platform,
            board,
            options,
        } = BoardName::parse(text)?;
        let (vendor, architecture) = platform.ok_or_else(|| FqbnError::Shape(text.to_owned()))?;
        Ok(Self {
            vendor,
            architecture,
            board,
            options,
        })
    }
}

impl fmt::Display for Fqbn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.vendor, self.architecture, self.board)?;
        for (at, (name, value)) in self.options.iter().enumerate() {
            write!(f, "{}{name}={value}", if at == 0 { ':' } else { ',' })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_4_1_complete_names() {
        let cases = [
            ("arduino:avr:uno", "arduino:avr:uno"),
            (
                " arduino:avr:nano:cpu=atmega328old ",
                "arduino:avr:nano:cpu=atmega328old",
            ),
            ("a:b:c:x=1, y = 2 ,z=", "a:b:c:x=1,y=2,z="),
            ("a:b:c:x=1,y=2,x=3", "a:b:c:y=2,x=3"),
            ("a:b:c:opt=-O2=x", "a:b:c:opt=-O2=x"),
            ("my-vendor:stm32.f_1:b.0", "my-vendor:stm32.f_1:b.0"),
            (":avr:uno", ":avr:uno"),
        ];
        for (text, expect) in cases {
            let fqbn: Fqbn = text.parse().unwrap();
            assert_eq!(fqbn.to_string(), expect);
            assert_eq!(fqbn.to_string().parse(), Ok(fqbn));
        }
    }

    #[test]
    fn s1_4_1_what_is_no_board_name() {
        let cases = [
            ("", "the board is empty"),
            ("a:b:", "the board is empty"),
            ("a:b", "expected `board`"),
            ("a:b:c:d=1:e", "expected `board`"),
            ("a:b:c d", "`c d` has characters"),
            ("a:b:ü", "`ü` has characters"),
            ("a:b:c=1", "`c=1` has characters"),
            ("a:b:c:", "`` is not `option=value`"),
            ("a:b:c:cpu", "`cpu` is not `option=value`"),
            ("a:b:c:=1", "`=1` is not `option=value`"),
            ("a:b:c:x=1,", "`` is not `option=value`"),
            ("a:b:c:x=1 2", "`x=1 2` has characters"),
        ];
        for (text, expect) in cases {
            let error = BoardName::parse(text).unwrap_err().to_string();
            assert!(error.contains(expect), "{text}: {error}");
        }
    }

    #[test]
    fn short_names_leave_vendor_and_architecture_open() {
        let name = BoardName::parse("nano:cpu=atmega328old").unwrap();
        assert_eq!((name.platform, name.board.as_str()), (None, "nano"));
        assert_eq!(
            name.options,
            [("cpu".to_owned(), "atmega328old".to_owned())]
        );
        assert_eq!(BoardName::parse("uno").unwrap().options, []);
        assert!("uno".parse::<Fqbn>().is_err());
    }
}
