//! Ordering of the version texts that platforms and tools carry.
//!
//! Most are semantic versions, some lack parts (`1.8`) or are anything at all; those still get an order, so that "the highest installed
//! version" always has an answer.

use std::cmp::Ordering;

/// Compares two version texts: as semantic versions (missing parts count as 0) if both are, else by number and text runs.
///
/// A semantic version beats any other text, and any text beats an empty one.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    match (parse(a), parse(b)) {
        (Some(a), Some(b)) => a.cmp_precedence(&b).then_with(|| a.cmp(&b)),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => natural(a).cmp(&natural(b)),
    }
}

/// Reads a semantic version with one to three numbers.
fn parse(text: &str) -> Option<semver::Version> {
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let padding = match numbers.split('.').count() {
        1 => ".0.0",
        2 => ".0",
        _ => "",
    };
    semver::Version::parse(&format!("{numbers}{padding}{rest}")).ok()
}

/// Splits a text into runs of digits (compared as numbers) and runs of others (compared as text).
fn natural(text: &str) -> Vec<(u64, &str)> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest
            .find(|c: char| c.is_ascii_digit() != digits)
            .unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        runs.push(if digits {
            (run.parse().unwrap_or(u64::MAX), "")
        } else {
            (0, run)
        });
        rest = tail;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_an_order() {
        let ascending = [
            "",
            "nightly",
            "v1.9",
            "v1.10",
            "1.6.2-rc1",
            "1.6.2",
            "1.6.10",
            "1.8",
            "1.8.1",
            "7.3.0-atmel3.6.1-arduino5",
            "7.3.0-atmel3.6.1-arduino7",
            "7.3.0",
            "10",
        ];
        for (at, low) in ascending.iter().enumerate() {
            assert_eq!(compare(low, low), Ordering::Equal, "{low}");
            for high in &ascending[at + 1..] {
                assert_eq!(compare(low, high), Ordering::Less, "{low} < {high}");
                assert_eq!(compare(high, low), Ordering::Greater, "{high} > {low}");
            }
        }
    }

    #[test]
    fn missing_parts_count_as_zero() {
        assert_eq!(compare("1.8", "1.8.0"), Ordering::Equal);
        assert_eq!(
            compare("99999999999999999999999", "1"),
            Ordering::Less,
            "not a version, but no panic"
        );
    }
}
