//! Sizes as people type them.

/// A text that is not a size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read `{0}` as a size; write a number and K, M, G or T, such as 500M or 2.5G")]
pub struct NotASize(String);

/// Reads a number with an optional unit, in powers of 1024: `2G`, `500 MiB`, `1.5g`, `4096`.
///
/// # Errors
///
/// If it is anything else, or more than 2⁶⁴ bytes.
pub fn parse_size(text: &str) -> Result<u64, NotASize> {
    let error = || NotASize(text.to_owned());
    let trimmed = text.trim();
    let digits = trimmed
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits);
    let shift = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        _ => return Err(error()),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.parse().map_err(|_| error())?;
    let whole = whole.checked_mul(1 << shift).ok_or_else(error)?;
    if fraction.is_empty() {
        return if number.ends_with('.') {
            Err(error())
        } else {
            Ok(whole)
        };
    }
    let fraction: f64 = format!("0.{fraction}").parse().map_err(|_| error())?;
    whole
        .checked_add((fraction * (1u64 << shift) as f64) as u64)
        .ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, expect) in [
            ("0", 0),
            ("4096", 4096),
            ("10b", 10),
            ("2G", 2 << 30),
            (" 500 MiB ", 500 << 20),
            ("1.5g", 3 << 29),
            ("0.5", 0),
            ("1kb", 1024),
            ("3TiB", 3 << 40),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse_size(text), Ok(expect), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "G",
            "-1",
            "1X",
            "1.G",
            ".5G",
            "1.2.3G",
            "20000000T",
            "1e9",
            "١G",
            "1 G B",
            "18446744073709551616",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
        assert_eq!(
            parse_size("lots").unwrap_err().to_string(),
            "read `lots` as a size; write a number and K, M, G or T, such as 500M or 2.5G"
        );
    }
}
