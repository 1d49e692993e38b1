//! Which library a header means (semantics 5.3).
//!
//! Every candidate keeps its score and the reasons for it, so that a user can be shown why a library was not chosen.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::library::index::LibraryIndex;
use crate::library::{Library, Location};

/// How well a library fits the board's architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArchitectureFit {
    /// It lists the architecture.
    Listed,
    /// It is for all architectures.
    Independent,
    /// It is for others.
    Incompatible,
}

/// How well the library's names fit the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameFit {
    /// Name and folder equal the header.
    Both,
    /// Name or folder equals it.
    One,
    /// Equals it with `-main` after it.
    Main,
    /// Equals it with `-master` after it.
    Master,
    /// Begins with it.
    Prefix,
    /// Ends with it.
    Suffix,
    /// Contains it.
    Inside,
    /// None of these.
    Unrelated,
}

/// A library that offers a header, and how it was judged.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The library.
    pub library: Arc<Library>,
    /// The sum of the points; the highest wins.
    pub score: u32,
    /// The part for the architecture.
    pub architecture: ArchitectureFit,
    /// The part for the names.
    pub name: NameFit,
    /// What decided between candidates of the same, highest score: the number of letter pairs shared with the header.
    pub tie: Option<u32>,
}

/// What a header came to.
#[derive(Debug, Clone)]
pub struct Resolution {
    /// The header as included.
    pub header: String,
    /// The library that is used.
    pub chosen: Candidate,
    /// The others, best first.
    pub others: Vec<Candidate>,
}

/// Chooses the library for `header` on a board of the given architecture; `None` if no library offers it.
///
/// Between candidates of equal score the one whose name shares most letter pairs with the header wins, as in arduino-cli; where even that is
/// equal (there the choice is random) the shorter name, then the smaller one, then the first in directory order.
pub fn resolve(index: &LibraryIndex, header: &str, architecture: &str) -> Option<Resolution> {
    let mut candidates: Vec<Candidate> = index
        .candidates(header)
        .map(|library| judge(library, header, architecture))
        .collect();
    let best = candidates.iter().map(|candidate| candidate.score).max()?;
    let tied: Vec<usize> = (0..candidates.len())
        .filter(|&at| candidates[at].score == best)
        .collect();
    let mut chosen = tied[0];
    if tied.len() > 1 {
        let names: Vec<String> = tied
            .iter()
            .map(|&at| simplify(&candidates[at].library.name))
            .collect();
        let wanted = pairs(header);
        for (&at, name) in tied.iter().zip(&names) {
            // Copies under one name count together, which is how the reference adds them up.
            let copies = names.iter().filter(|other| *other == name).count();
            let shared = pairs(name).intersection(&wanted).count() * copies;
            candidates[at].tie = Some(u32::try_from(shared).unwrap_or(u32::MAX));
        }
        let any_shared = tied.iter().any(|&at| candidates[at].tie != Some(0));
        // Of equal keys the first is taken: directory order.
        let best = tied.iter().zip(&names).min_by_key(|&(&at, name)| {
            let candidate = &candidates[at];
            if any_shared {
                (Reverse(candidate.tie), name.len(), name.as_str())
            } else {
                (Reverse(None), 0, candidate.library.name.as_str())
            }
        });
        chosen = best.map_or(chosen, |(&at, _)| at);
    }
    let chosen = candidates.remove(chosen);
    candidates.sort_by_key(|candidate| (Reverse(candidate.score), Reverse(candidate.tie)));
    Some(Resolution {
        header: header.to_owned(),
        chosen,
        others: candidates,
    })
}

fn judge(library: &Arc<Library>, header: &str, architecture: &str) -> Candidate {
    let listed = |wanted: &str| library.architectures.iter().any(|own| own == wanted);
    let fit = match () {
        () if listed(architecture) => ArchitectureFit::Listed,
        () if listed("*") => ArchitectureFit::Independent,
        () => ArchitectureFit::Incompatible,
    };
    let name = name_fit(
        &simplify(stem(header)),
        &simplify(&library.name),
        &simplify(library.folder_name()),
    );
    Candidate {
        library: Arc::clone(library),
        score: fit.points() + name.points() + location_points(library.location),
        architecture: fit,
        name,
        tie: None,
    }
}

fn name_fit(header: &str, name: &str, folder: &str) -> NameFit {
    let either = |test: &dyn Fn(&str) -> bool| test(name) || test(folder);
    match () {
        () if name == header && folder == header => NameFit::Both,
        () if either(&|text| text == header) => NameFit::One,
        () if either(&|text| text.strip_prefix(header) == Some("-main")) => NameFit::Main,
        () if either(&|text| text.strip_prefix(header) == Some("-master")) => NameFit::Master,
        () if either(&|text| text.starts_with(header)) => NameFit::Prefix,
        () if either(&|text| text.ends_with(header)) => NameFit::Suffix,
        () if either(&|text| text.contains(header)) => NameFit::Inside,
        () => NameFit::Unrelated,
    }
}

/// The header without its extension.
fn stem(header: &str) -> &str {
    let base = header.rfind('/').map_or(0, |slash| slash + 1);
    header[base..]
        .rfind('.')
        .map_or(header, |dot| &header[..base + dot])
}

/// The form in which names are compared: every character that is no letter or digit becomes `_` (a `-` or `.` stays unless it is the first),
/// in lower case.
fn simplify(name: &str) -> String {
    name.char_indices()
        .map(|(at, c)| match c {
            c if c.is_ascii_alphanumeric() => c.to_ascii_lowercase(),
            '-' | '.' if at > 0 => c,
            _ => '_',
        })
        .collect()
}

/// The distinct pairs of neighbouring bytes. The last pair is left out, as in the reference's library.
fn pairs(word: &str) -> HashSet<[u8; 2]> {
    let bytes = word.as_bytes();
    let all = bytes.windows(2).map(|pair| [pair[0], pair[1]]);
    all.take(bytes.len().saturating_sub(2)).collect()
}

impl ArchitectureFit {
    fn points(self) -> u32 {
        match self {
            Self::Listed => 1010,
            Self::Independent => 1000,
            Self::Incompatible => 0,
        }
    }
}

impl NameFit {
    fn points(self) -> u32 {
        match self {
            Self::Both => 700,
            Self::One => 600,
            Self::Main => 500,
            Self::Master => 400,
            Self::Prefix => 300,
            Self::Suffix => 200,
            Self::Inside => 100,
            Self::Unrelated => 0,
        }
    }
}

fn location_points(location: Location) -> u32 {
    match location {
        Location::BuiltIn => 0,
        Location::CorePlatform => 1,
        Location::BoardPlatform => 2,
        Location::User => 3,
        Location::Explicit => 10_000,
    }
}

impl fmt::Display for ArchitectureFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Listed => "made for this architecture",
            Self::Independent => "for all architectures",
            Self::Incompatible => "for other architectures",
        })
    }
}

impl fmt::Display for NameFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Both => "name and folder equal the header",
            Self::One => "name or folder equals the header",
            Self::Main => "named after the header with `-main`",
            Self::Master => "named after the header with `-master`",
            Self::Prefix => "name begins with the header's",
            Self::Suffix => "name ends with the header's",
            Self::Inside => "name contains the header's",
            Self::Unrelated => "another name",
        })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BuiltIn => "built-in",
            Self::CorePlatform => "core platform",
            Self::BoardPlatform => "board platform",
            Self::User => "user",
            Self::Explicit => "given by itself",
        })
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "score {}: {}, {}, {}",
            self.score, self.architecture, self.name, self.library.location
        )?;
        match self.tie {
            Some(tie) => write!(f, "; {tie} letter pairs shared"),
            None => Ok(()),
        }
    }
}
