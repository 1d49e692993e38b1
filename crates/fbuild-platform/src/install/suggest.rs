//! "Did you mean": the nearest known name to a mistyped one.

/// Similarity from which a name is worth suggesting; below it a hint misleads more than it helps.
const THRESHOLD: f64 = 0.7;

/// What one wrong, missing, additional or swapped letter is worth; the other measure is unkind to those in short words.
const ONE_SLIP: f64 = 0.9;

/// Returns the candidate nearest to `word`, upper and lower case apart; `None` if none is near.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let lower = candidate.to_lowercase();
        let slip = word.chars().count() > 2 && strsim::osa_distance(&word, &lower) == 1;
        let score = strsim::jaro_winkler(&word, &lower).max(if slip { ONE_SLIP } else { 0.0 });
        if score >= THRESHOLD && best.is_none_or(|(top, _)| score > top) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested() {
        let boards = ["uno", "unomini", "mega", "megaADK", "leonardo", "nano"];
        let cases = [
            ("unoo", Some("uno")),
            ("UNO", Some("uno")),
            ("nuo", Some("uno")),
            ("leonrado", Some("leonardo")),
            ("megaadk", Some("megaADK")),
            ("esp32", None),
            ("", None),
        ];
        for (word, expect) in cases {
            assert_eq!(nearest(word, boards), expect, "{word}");
        }
    }
}
