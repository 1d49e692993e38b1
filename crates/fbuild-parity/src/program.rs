//! A linked program: its sections and symbols, to say where two firmwares differ.

use camino::Utf8Path;
use object::{Object, ObjectSection, ObjectSymbol, SectionKind};

/// A section that ends up in the firmware or in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its content; empty for sections without any.
    pub bytes: Vec<u8>,
}

/// What is known of a linked program.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// The sections, in the file's order.
    pub sections: Vec<Section>,
    /// Functions and data of the text section by address.
    symbols: Vec<(u64, String)>,
}

impl Program {
    /// Reads an ELF file.
    ///
    /// # Errors
    /// If it cannot be read or is none.
    pub fn read(path: &Utf8Path) -> Result<Self, String> {
        let bytes = fs_err::read(path).map_err(|error| error.to_string())?;
        let file = object::File::parse(bytes.as_slice())
            .map_err(|error| format!("read `{path}`: {error}"))?;
        let mut program = Self::default();
        for section in file.sections() {
            let loaded = matches!(
                section.kind(),
                SectionKind::Text
                    | SectionKind::Data
                    | SectionKind::ReadOnlyData
                    | SectionKind::UninitializedData
            );
            let name = section.name().unwrap_or_default().to_owned();
            if loaded && section.size() > 0 {
                let bytes = section.data().unwrap_or_default().to_vec();
                program.sections.push(Section {
                    name,
                    size: section.size(),
                    bytes,
                });
            }
        }
        // Data memory of an AVR starts at 0x800000 in ELF files; addresses below belong to the program memory that the image shows.
        let named = file
            .symbols()
            .filter(|symbol| symbol.is_definition() && symbol.address() < 0x80_0000);
        program.symbols = named
            .filter_map(|symbol| Some((symbol.address(), symbol.name().ok()?.to_owned())))
            .filter(|(_, name)| !name.is_empty())
            .collect();
        program.symbols.sort();
        Ok(program)
    }

    /// Returns the symbol in which an address of the program memory lies.
    pub fn symbol_at(&self, address: u64) -> Option<&str> {
        let after = self.symbols.partition_point(|(start, _)| *start <= address);
        self.symbols[..after].last().map(|(_, name)| name.as_str())
    }

    /// Returns a section by name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }
}
