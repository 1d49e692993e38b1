//! Numbers as people read them: counts with their noun, durations, sizes.

use std::time::Duration;

use fbuild_model::size::human_bytes;

/// Returns `1 sketch`, `2 sketches`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Returns a duration: `0.31s`, `75.2s`.
pub fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 10.0 {
        format!("{seconds:.2}s")
    } else {
        format!("{seconds:.1}s")
    }
}

/// Returns a size beyond that of a sketch: `1.25GB`.
pub fn bytes(bytes: u64) -> String {
    let in_units =
        |shift: u32, unit: &str| format!("{:.2}{unit}", bytes as f64 / (1u64 << shift) as f64);
    match bytes {
        0..0x10_0000 => human_bytes(bytes),
        0x10_0000..0x4000_0000 => in_units(20, "MB"),
        _ => in_units(30, "GB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_in_the_unit_that_fits() {
        for (number, expect) in [
            (0, "0 bytes"),
            (1536, "1.50KB"),
            ((1 << 20) - 1, "1024.00KB"),
            (1 << 20, "1.00MB"),
            (12 << 20, "12.00MB"),
            (5 << 30, "5.00GB"),
        ] {
            assert_eq!(bytes(number), expect);
        }
    }
}
