//! `--partition`: which of the sketches one of several jobs builds. What a sketch is, the module does not know but for its name.

use std::str::FromStr;

use fbuild_model::Digest;

/// One part of the sketches. The parts of one kind and number have each sketch once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    kind: Kind,
    /// From 1 to `of`.
    part: u64,
    of: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// By name, so that a sketch stays in its part when others come or go.
    Hash,
    /// Every n-th sketch, so that parts are equally large.
    Slice,
}

impl Partition {
    /// Returns whether the sketch with this name, which is at this place among all, belongs to the part.
    pub fn has(self, place: usize, name: &str) -> bool {
        let number = match self.kind {
            Kind::Slice => place as u64,
            Kind::Hash => {
                let digest = Digest::of(name.as_bytes()).short();
                u64::from_str_radix(digest.get(..8).unwrap_or_default(), 16).unwrap_or(0)
            }
        };
        number % self.of == self.part - 1
    }
}

impl FromStr for Partition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = || {
            let (kind, numbers) = text.split_once(':')?;
            let kind = match kind {
                "hash" => Kind::Hash,
                "slice" => Kind::Slice,
                _ => return None,
            };
            let (part, of) = numbers.split_once('/')?;
            let (part, of) = (part.parse().ok()?, of.parse().ok()?);
            (1..=of).contains(&part).then_some(Self { kind, part, of })
        };
        parts().ok_or_else(|| "`hash:K/N` or `slice:K/N` is needed, with K from 1 to N".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sketch_is_in_one_part() {
        for kind in ["hash", "slice"] {
            let parts: Vec<Partition> = (1..=3)
                .map(|part| format!("{kind}:{part}/3").parse().unwrap())
                .collect();
            let mut sizes = [0; 3];
            for place in 0..90 {
                let name = format!("examples/Sketch{place}");
                let own: Vec<usize> = (0..3).filter(|at| parts[*at].has(place, &name)).collect();
                assert_eq!(own.len(), 1, "{kind} {name}");
                sizes[own[0]] += 1;
            }
            assert!(sizes.iter().all(|size| *size > 15), "{kind} {sizes:?}");
        }
    }

    #[test]
    fn only_parts_that_exist_are_read() {
        for text in [
            "hash:0/2",
            "hash:3/2",
            "count:1/2",
            "hash:1",
            "1/2",
            "hash:a/2",
            "slice:1/0",
        ] {
            assert!(text.parse::<Partition>().is_err(), "{text}");
        }
    }
}
