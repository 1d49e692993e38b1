//! Where two firmwares differ: the first address, the symbols there, and the sections of the two programs.

use std::fmt;

use camino::Utf8Path;

use super::image::{Image, ImageError};
use super::program::Program;

/// A section that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectionDifference {
    /// Its name.
    pub name: String,
    /// Its size here, in bytes; `None` if there is none.
    pub ours: Option<u64>,
    /// Its size at the reference.
    pub theirs: Option<u64>,
}

/// Where two firmwares differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// The lowest address of the image with another byte.
    pub address: u32,
    /// The symbols there: ours, the reference's.
    pub symbols: (Option<String>, Option<String>),
    /// The sizes of the images in bytes: ours, the reference's.
    pub bytes: (usize, usize),
    /// The sections that differ in size or content.
    pub sections: Vec<SectionDifference>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ours, theirs) = self.bytes;
        write!(
            f,
            "{ours} bytes, reference {theirs}; first at {:#06x}",
            self.address
        )?;
        if let (Some(ours), Some(theirs)) = &self.symbols {
            if ours == theirs {
                write!(f, " in `{ours}`")?
            } else {
                write!(f, " in `{ours}`, reference `{theirs}`")?
            }
        }
        for section in &self.sections {
            match (section.ours, section.theirs) {
                (Some(ours), Some(theirs)) if ours == theirs => {
                    write!(f, "; {} has other content", section.name)?
                }
                (Some(ours), Some(theirs)) => {
                    write!(f, "; {} {ours} bytes, reference {theirs}", section.name)?
                }
                (Some(ours), None) => write!(f, "; {} {ours} bytes, reference none", section.name)?,
                (None, theirs) => write!(
                    f,
                    "; {} none, reference {} bytes",
                    section.name,
                    theirs.unwrap_or_default()
                )?,
            }
        }
        Ok(())
    }
}

/// Compares two images; the programs beside them (`.elf`) tell more about a difference.
///
/// # Errors
/// If an image cannot be read.
pub fn between(ours: &Utf8Path, theirs: &Utf8Path) -> Result<Option<Difference>, ImageError> {
    let images = (Image::read(ours)?, Image::read(theirs)?);
    let Some(address) = images.0.first_difference(&images.1) else {
        return Ok(None);
    };
    let mut difference = Difference {
        address,
        bytes: (images.0.len(), images.1.len()),
        ..Difference::default()
    };
    let program = |hex: &Utf8Path| Program::read(&hex.with_extension("elf")).ok();
    if let (Some(ours), Some(theirs)) = (program(ours), program(theirs)) {
        let symbol = |program: &Program| program.symbol_at(u64::from(address)).map(str::to_owned);
        difference.symbols = (symbol(&ours), symbol(&theirs));
        difference.sections = sections(&ours, &theirs);
    }
    Ok(Some(difference))
}

fn sections(ours: &Program, theirs: &Program) -> Vec<SectionDifference> {
    let mut names: Vec<&str> = ours
        .sections
        .iter()
        .map(|section| section.name.as_str())
        .collect();
    names.extend(
        theirs
            .sections
            .iter()
            .map(|section| section.name.as_str())
            .filter(|name| ours.section(name).is_none()),
    );
    let differing = names
        .into_iter()
        .filter(|name| ours.section(name) != theirs.section(name));
    let size = |program: &Program, name: &str| program.section(name).map(|section| section.size);
    differing
        .map(|name| SectionDifference {
            name: name.to_owned(),
            ours: size(ours, name),
            theirs: size(theirs, name),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_reads_as_one_line() {
        let section = |name: &str, ours, theirs| SectionDifference {
            name: name.to_owned(),
            ours,
            theirs,
        };
        let difference = Difference {
            address: 0x68,
            symbols: (Some("main".to_owned()), Some("setup".to_owned())),
            bytes: (10, 12),
            sections: vec![
                section(".text", Some(10), Some(12)),
                section(".data", Some(2), Some(2)),
                section(".bss", Some(1), None),
                section(".x", None, Some(3)),
            ],
        };
        let expect = "10 bytes, reference 12; first at 0x0068 in `main`, reference `setup`; .text 10 bytes, reference 12; .data has other content; \
                      .bss 1 bytes, reference none; .x none, reference 3 bytes";
        assert_eq!(difference.to_string(), expect);
        let same = Difference {
            symbols: (Some("main".to_owned()), Some("main".to_owned())),
            sections: vec![],
            ..difference
        };
        assert_eq!(
            same.to_string(),
            "10 bytes, reference 12; first at 0x0068 in `main`"
        );
    }

    #[test]
    fn without_programs_the_address_is_still_told() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        fs_err::write(dir.join("a.hex"), ":020000000102FB\n:00000001FF\n").unwrap();
        fs_err::write(dir.join("b.hex"), ":020000000103FA\n:00000001FF\n").unwrap();
        let difference = between(&dir.join("a.hex"), &dir.join("b.hex"))
            .unwrap()
            .unwrap();
        assert_eq!(
            difference.to_string(),
            "2 bytes, reference 2; first at 0x0001"
        );
        assert_eq!(
            between(&dir.join("a.hex"), &dir.join("a.hex")).unwrap(),
            None
        );
        assert!(between(&dir.join("a.hex"), &dir.join("c.hex")).is_err());
    }
}
