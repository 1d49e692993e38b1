//! What a text may do that the preprocessor does not see: let the assembler read a file, or use its own path by a built-in function.
//!
//! Both are told from the bytes, without knowing macros: a suspicion that is wrong costs a compile, one that is missed a stale result.

use memchr::memchr_iter;
use memchr::memmem;

/// Returns whether the text may include another file by the assembler's `.incbin` or `.include`, in an assembler source or in a string for
/// `asm`; the names may be put together from strings, and the assembler does not tell upper from lower case.
pub(crate) fn may_take_in(bytes: &[u8]) -> bool {
    memchr_iter(b'.', bytes).any(|at| {
        let word = &bytes[at + 1..];
        let is_inc = word
            .get(..3)
            .is_some_and(|word| word.eq_ignore_ascii_case(b"inc"));
        is_inc && is_directive(&bytes[..at], &word[3..])
    })
}

/// Returns whether `.inc` between `before` and `after` can be a directive of the assembler or the beginning of one.
fn is_directive(before: &[u8], after: &[u8]) -> bool {
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let line = &before[start..];
    // A macro may be an assembler's directive; what is included by the preprocessor is known.
    let directive = line.trim_ascii_start().strip_prefix(b"#");
    if directive.is_some_and(|line| line.trim_ascii_start().starts_with(b"include")) {
        return false;
    }
    let is_in_string = memchr_iter(b'"', line).count() % 2 == 1;
    let name_ends = |name: &[u8], ends: &[u8]| {
        let (Some(own), Some(next)) = (after.get(..name.len()), after.get(name.len())) else {
            return false;
        };
        own.eq_ignore_ascii_case(name) && ends.contains(next)
    };
    let blank = b" \t\r\n\"'\\/";
    // The argument of an assembler's macro may be the rest of the name.
    is_in_string || name_ends(b"bin", blank) || name_ends(b"lude", blank) || name_ends(b"", b"\\")
}

/// Returns whether the text may use its own path by a built-in function of the compiler, such as that of `std::source_location`; also where it
/// puts the name together (`__builtin_ ## name`).
pub(crate) fn may_tell_path(bytes: &[u8]) -> bool {
    const PREFIX: &[u8] = b"__builtin_";
    let mut names = memmem::find_iter(bytes, PREFIX).map(|at| &bytes[at + PREFIX.len()..]);
    names.any(|name| {
        let goes_on = name
            .first()
            .is_some_and(|c| c.is_ascii_alphanumeric() || *c == b'_');
        !goes_on || name.starts_with(b"FILE") || name.starts_with(b"source_location")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_assemblers_directives_is_suspected() {
        for text in [
            "image:\n\t.incbin \"image.bin\"\n",
            ".include \"/p/d.s\"\n",
            ".include/**/\"p.s\"\n",
            "#define INC .include\n",
            "#define INCBIN(n, f) asm(#n \": .incbin \\\"\" f)\n",
            "\t.INCBIN \"x\"\n",
            "asm(\".inc\" \"bin \\\"x\\\"\");\n",
            "asm(\".macro m a\\n.inc\\\\a\\n.endm\");\n",
            ".macro m a\n.inc\\a \"x\"\n.endm\n",
            "asm(R\"(\n.incbin \"x\"\n)\");\n",
        ] {
            assert!(may_take_in(text.as_bytes()), "{text}");
        }
        for text in [
            "#include \"incbin.h\"\n",
            "#include \"table.inc\"\n",
            "  # include <a.inc>\n",
            "counter.increment();\nx.include(y);\n",
            "list.inc = 3;\n",
            "a.in",
            ".inc",
        ] {
            assert!(!may_take_in(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn functions_that_return_the_path_are_suspected() {
        for text in [
            "f(const char *file = __builtin_FILE())",
            "__builtin_source_location()",
            "#define P(a, b) a##b\nP(__builtin_,FILE)()",
            "__builtin_",
        ] {
            assert!(may_tell_path(text.as_bytes()), "{text}");
        }
        for text in ["__builtin_memcpy(a, b, 1)", "builtin_FILE", "__FILE__"] {
            assert!(!may_tell_path(text.as_bytes()), "{text}");
        }
    }
}
