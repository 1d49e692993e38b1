//! The one entry of a sketch's `sketch.yaml` that a build reads: the board to use when none is given (specification 2.1.8).

use camino::Utf8Path;

/// Returns `default_fqbn` of the sketch in `dir`; `None` if there is no such file or entry. Profiles are not read.
pub fn default_fqbn(dir: &Utf8Path) -> Option<String> {
    let bytes = ["sketch.yaml", "sketch.yml"]
        .iter()
        .find_map(|name| fs_err::read(dir.join(name)).ok())?;
    String::from_utf8_lossy(&bytes)
        .lines()
        .find_map(value_of_line)
}

/// An entry of the document's root stands at the beginning of its line.
fn value_of_line(line: &str) -> Option<String> {
    let rest = line
        .strip_prefix("default_fqbn")?
        .trim_start()
        .strip_prefix(':')?;
    let rest = rest.trim();
    let value = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split(quote).next()?,
        '#' => return None,
        _ => rest.split(" #").next()?.trim_end(),
    };
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::value_of_line;

    #[test]
    fn s2_1_8_values() {
        for (line, expect) in [
            ("default_fqbn: arduino:avr:uno", Some("arduino:avr:uno")),
            (
                "default_fqbn:   \"arduino:avr:nano:cpu=atmega328old\"  # old",
                Some("arduino:avr:nano:cpu=atmega328old"),
            ),
            ("default_fqbn: 'a:b:c'", Some("a:b:c")),
            ("default_fqbn : a:b:c # why", Some("a:b:c")),
            ("default_fqbn:", None),
            ("default_fqbn: \"\"", None),
            ("default_fqbn: # none", None),
            ("  default_fqbn: a:b:c", None),
            ("default_fqbn_x: a:b:c", None),
            ("# default_fqbn: a:b:c", None),
        ] {
            assert_eq!(value_of_line(line).as_deref(), expect, "{line}");
        }
    }
}
