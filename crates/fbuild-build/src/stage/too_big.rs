//! Why a firmware does not fit: which memory, by how much, and what takes the most of it.

use camino::Utf8Path;
use fbuild_model::{Sizes, Usage};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};

/// How many symbols are named.
const MOST_SYMBOLS: usize = 3;

/// Says on one line which memory is too small: `RAM 5190 of 2048 B (253 %); largest: buf 5000, heap 120`. `None` if none is.
pub fn explained(sizes: &Sizes, elf: Option<&Utf8Path>) -> Option<String> {
    let (name, usage, is_ram) = match sizes.ram {
        _ if sizes.flash.exceeds() => ("flash", sizes.flash, false),
        Some(ram) if ram.exceeds() => ("RAM", ram, true),
        _ => return None,
    };
    let Usage { used, maximum } = usage;
    let maximum = maximum?;
    let percent = usage.percent()?;
    let mut text = format!("{name} {used} of {maximum} B ({percent:.0} %)");
    let largest = elf.map(|path| largest(path, is_ram)).unwrap_or_default();
    if !largest.is_empty() {
        text.push_str(&format!("; largest: {}", largest.join(", ")));
    }
    Some(text)
}

/// Lists the largest symbols of one memory with their sizes; none if the file cannot be read as a program.
fn largest(elf: &Utf8Path, is_ram: bool) -> Vec<String> {
    let Ok(bytes) = fs_err::read(elf) else {
        return Vec::new();
    };
    let Ok(file) = object::File::parse(&*bytes) else {
        return Vec::new();
    };
    let takes = |kind: SectionKind| match kind {
        // What variables start with is in flash too.
        SectionKind::Data => true,
        SectionKind::UninitializedData => is_ram,
        _ => !is_ram,
    };
    let mut symbols: Vec<(u64, &str)> = file
        .symbols()
        .filter(|symbol| {
            symbol.size() > 0 && matches!(symbol.kind(), SymbolKind::Data | SymbolKind::Text)
        })
        .filter(|symbol| {
            let section = symbol
                .section_index()
                .and_then(|index| file.section_by_index(index).ok());
            section.is_some_and(|section| takes(section.kind()))
        })
        .filter_map(|symbol| Some((symbol.size(), symbol.name().ok()?)))
        .collect();
    symbols.sort_by_key(|&(size, name)| (std::cmp::Reverse(size), name));
    symbols.dedup();
    let named = symbols.into_iter().take(MOST_SYMBOLS);
    named
        .map(|(size, name)| format!("{} {size}", readable(name)))
        .collect()
}

/// Returns a name as it is in the source; a mangled one that cannot be read is left as it is.
fn readable(name: &str) -> String {
    // The linker numbers what link-time optimisation splits: `buf.lto_priv.3`.
    let plain = name.split(".lto_priv").next().unwrap_or(name);
    let symbol = cpp_demangle::Symbol::new(plain).ok();
    let name = symbol.and_then(|symbol| symbol.demangle().ok());
    name.unwrap_or_else(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(used: u64, maximum: u64) -> Usage {
        Usage {
            used,
            maximum: Some(maximum),
        }
    }

    #[test]
    fn the_memory_that_is_too_small_is_named() {
        let check = |flash: Usage, ram: Option<Usage>, expect: Option<&str>| {
            let sizes = Sizes { flash, ram };
            assert_eq!(explained(&sizes, None).as_deref(), expect);
        };
        let (fits, ram) = (usage(1, 100), usage(5190, 2048));
        check(fits, Some(ram), Some("RAM 5190 of 2048 B (253 %)"));
        check(
            usage(33_000, 32_256),
            None,
            Some("flash 33000 of 32256 B (102 %)"),
        );
        check(fits, Some(fits), None);
    }

    #[test]
    fn names_are_those_of_the_source() {
        for (name, expect) in [
            ("buf", "buf"),
            ("_ZL3buf.lto_priv.0", "buf"),
            ("_ZN3Led4showEv", "Led::show()"),
            ("__vector_16", "__vector_16"),
        ] {
            assert_eq!(readable(name), expect);
        }
    }
}
