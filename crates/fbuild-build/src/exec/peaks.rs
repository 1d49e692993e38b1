//! The largest resident set of a child process per board, kept for later runs, which bound their number of workers by it.

use fbuild_cache::Cache;
use fbuild_model::{Digest, DigestWriter};

/// Returns the largest resident set of a child in earlier builds for any of `boards`, in bytes.
pub fn measured_peak(cache: &Cache, boards: &[String]) -> Option<u64> {
    boards
        .iter()
        .filter_map(|board| recorded(cache, board))
        .max()
}

/// Records the largest resident set of a child of this run, for the runs to come. A smaller one brings the recorded one down slowly: a run may
/// compile little, and what was once large may be gone for good.
pub(crate) fn record(cache: &Cache, board: &str, peak: u64) {
    let before = recorded(cache, board);
    let next = match before {
        Some(before) if peak < before => before - (before - peak) / 16,
        _ => peak,
    };
    if before != Some(next) {
        cache.remember(key(board), next.to_string().as_bytes());
    }
}

fn recorded(cache: &Cache, board: &str) -> Option<u64> {
    let bytes = cache.recall(key(board))?;
    std::str::from_utf8(&bytes).ok()?.parse().ok()
}

fn key(board: &str) -> Digest {
    let mut writer = DigestWriter::new("peak memory of children");
    writer.field(board);
    writer.finish()
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    const MB: u64 = 1 << 20;

    #[test]
    fn the_largest_child_of_each_board_is_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(Utf8Path::from_path(dir.path()).unwrap()).unwrap();
        let boards = ["a:b:c".to_owned(), "a:b:d".to_owned()];
        assert_eq!(measured_peak(&cache, &boards), None);
        record(&cache, "a:b:c", 170 * MB);
        record(&cache, "a:b:c", 90 * MB);
        assert_eq!(measured_peak(&cache, &boards), Some(165 * MB));
        record(&cache, "a:b:c", 170 * MB);
        record(&cache, "a:b:d", 180 * MB);
        assert_eq!(measured_peak(&cache, &boards), Some(180 * MB));
        assert_eq!(measured_peak(&cache, &boards[..1]), Some(170 * MB));
        (0..100).for_each(|_| record(&cache, "a:b:c", 10 * MB));
        let peak = measured_peak(&cache, &boards[..1]).unwrap();
        assert!(peak < 11 * MB, "{peak}");
    }
}
