//! gcc 12 for Arm and RISC-V: what only the compiler knows is asked, and `__has_include` is evaluated.

use camino::{Utf8Path, Utf8PathBuf};
use fbuild_cpp as cpp;
use fbuild_cpp::{Language, Scan, SourceTree};

use crate::compiler::{Compiler, Read, in_parallel};
use crate::expand::lines_of;

/// All compilers of the three languages that are installed.
fn compilers() -> Vec<(Compiler, Language)> {
    let mut found = Vec::new();
    let flags: [(_, _, &[&str]); 2] = [
        (
            "arm-none-eabi-gcc",
            "arm-none-eabi-g++",
            &["-mcpu=cortex-m4", "-mthumb"],
        ),
        (
            "riscv64-unknown-elf-gcc",
            "riscv64-unknown-elf-g++",
            &["-march=rv32imac", "-mabi=ilp32", "--specs=picolibc.specs"],
        ),
    ];
    for (c, cxx, machine) in flags {
        let languages: [(_, _, &[&str]); 3] = [
            (c, Language::C, &["-x", "c", "-std=gnu11"]),
            (cxx, Language::Cxx, &["-x", "c++", "-std=gnu++17"]),
            (c, Language::Asm, &["-x", "assembler-with-cpp"]),
        ];
        for (program, language, own) in languages {
            let flags = own.iter().chain(machine).copied().collect();
            found.extend(Compiler::of(program, flags, language).map(|found| (found, language)));
        }
    }
    found
}

fn scratch() -> (tempfile::TempDir, Utf8PathBuf) {
    let guard = tempfile::tempdir().unwrap();
    let dir = Utf8PathBuf::from_path_buf(guard.path().to_owned()).unwrap();
    fs_err::create_dir(dir.join("dir")).unwrap();
    for (name, text) in [
        ("h.h", "h\n"),
        (
            "dir/h.h",
            "deeper\n#if __has_include_next(<h.h>)\nnext\n#endif\n",
        ),
        ("dir/unix.h", "unix\n"),
        ("dir/odd-name+1.h", "odd\n"),
    ] {
        fs_err::write(dir.join(name), text).unwrap();
    }
    (guard, dir)
}

/// Sources and whether they can be expanded; else the compiler is asked for the whole source.
const CASES: &[(bool, &str)] = &[
    (
        true,
        "#ifdef __has_include\nyes\n#endif\n#if __has_include(<h.h>)\nangled\n#endif\n#if __has_include(\"h.h\")\nquoted\n#endif\n",
    ),
    (
        true,
        "#if __has_include(<none.h>) || !__has_include(<odd-name+1.h>)\nno\n#else\nyes\n#endif\n",
    ),
    // As written, a name is no macro; in an expansion it is one.
    (
        true,
        "#define unix 1\n#if __has_include(<unix.h>)\nwritten\n#endif\n",
    ),
    (
        true,
        "#define unix 1\n#define N <unix.h>\n#if __has_include(N)\nno\n#else\nexpanded\n#endif\n",
    ),
    (
        true,
        "#define HAS(x) __has_include(x)\n#if HAS(\"h.h\") && HAS(<h.h>)\nyes\n#endif\n",
    ),
    (
        true,
        "#if 0 && __has_include(<none.h>)\n#else\nno\n#endif\n#if defined(__has_include) && defined __has_include_next\nyes\n#endif\n",
    ),
    (
        true,
        "#include <h.h>\n#if __has_include(<none.h>)\n#include <none.h>\n#endif\n",
    ),
    (true, "#if __has_include__(<h.h>)\n#endif\n"),
    (false, "#if __has_include(< h.h>)\nspace\n#endif\n"),
    (false, "__has_include(<h.h>)\n"),
];

/// Cases of C and C++; assembler has no such operators.
const OPERATORS: &[(bool, &str)] = &[
    (
        true,
        "#if __has_attribute(noreturn) && __has_attribute(__packed__) && !__has_attribute(nonsense)\nyes\n#endif\n",
    ),
    (
        true,
        "#if __has_builtin(__builtin_expect) && !__has_builtin(nonsense)\nyes\n#endif\n",
    ),
    (
        true,
        "#if __has_cpp_attribute(deprecated) || __has_cpp_attribute(gnu::packed)\nyes\n#endif\n",
    ),
    (
        true,
        "#if defined(__has_c_attribute)\n#if __has_c_attribute(fallthrough)\nyes\n#endif\n#endif\n",
    ),
    (
        true,
        "#define HAS(x) __has_attribute(x)\n#define WHAT unused\n#if HAS(WHAT)\nyes\n#endif\nHAS(WHAT) __has_attribute(weak)\n",
    ),
    (
        true,
        "#if __has_attribute ( unused ) > 0 && __has_cpp_attribute(nodiscard) > 200000L\nyes\n#endif\n",
    ),
    (true, "#define F(x) [x]\nF(__has_builtin(__builtin_trap))\n"),
    (false, "#if __has_attribute(1)\n#endif\n"),
    (false, "#if __has_builtin(\n#endif\n"),
];

#[test]
fn what_a_modern_compiler_has_is_what_it_says() {
    let (_guard, scratch) = scratch();
    let dirs = [scratch.join("dir"), scratch.clone()];
    let mut cases = Vec::new();
    let compilers = compilers();
    for (number, (compiler, language)) in compilers.iter().enumerate() {
        let operators = OPERATORS.iter().filter(|_| *language != Language::Asm);
        let all = CASES.iter().chain(operators).enumerate();
        cases.extend(all.map(|(case, text)| (compiler, format!("{number}_{case}.x"), text)));
    }
    let complaints = in_parallel(&cases, |(compiler, name, (answered, text))| {
        let source = scratch.join(name);
        fs_err::write(&source, text).unwrap();
        let tree = SourceTree::new();
        let keep = std::slice::from_ref(&source);
        let ours = compiler.answering(|dialect| cpp::expand(&tree, dialect, &source, &dirs, keep));
        match (answered, ours, compiler.expand(&source, &dirs)) {
            (true, Ok(ours), Ok(theirs)) => {
                let name = source.as_str();
                let (ours, theirs) = (lines_of(&ours, name), lines_of(&theirs, name));
                (ours != theirs).then(|| format!("{text}\n  ours {ours:?}\n  theirs {theirs:?}"))
            }
            (_, Err(_), Err(_)) | (false, Err(_), Ok(_)) => None,
            (_, ours, theirs) => Some(format!("{text}\n  ours {ours:?}\n  theirs {theirs:?}")),
        }
    });
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The headers of newlib, picolibc and libstdc++ use all of the operators.
#[test]
fn headers_of_a_modern_compiler_are_read_as_the_compiler_reads_them() {
    let (_guard, scratch) = scratch();
    let headers: [&[&str]; 3] = [
        &[
            "stdio.h",
            "stdlib.h",
            "string.h",
            "math.h",
            "sys/cdefs.h",
            "stdatomic.h",
            "limits.h",
        ],
        &[
            "stdint.h",
            "cstdlib",
            "vector",
            "string",
            "functional",
            "memory",
            "atomic",
            "math.h",
            "array",
        ],
        &["stdint.h"],
    ];
    for (number, (compiler, language)) in compilers().iter().enumerate() {
        let has = |header: &&&str| {
            let probe = scratch.join("probe.x");
            fs_err::write(&probe, format!("#include <{header}>\n")).unwrap();
            matches!(compiler.files(&probe, &[]), Read::Files(_))
        };
        // picolibc of Debian has no C++ library.
        let there = headers[*language as usize].iter().filter(has);
        let text: String = there
            .map(|header| format!("#include <{header}>\n"))
            .collect();
        let source = scratch.join(format!("headers_{number}.x"));
        fs_err::write(&source, &text).unwrap();
        let tree = SourceTree::new();
        let scan = compiler.answering(|dialect| cpp::scan(&tree, dialect, &source, &[]));
        let Ok(Scan::Complete(closure)) = scan else {
            panic!("{text}: {scan:?}")
        };
        let ours: Vec<&Utf8Path> = closure.files.iter().map(|file| file.path()).collect();
        let Read::Files(theirs) = compiler.files(&source, &[]) else {
            panic!("{text}")
        };
        assert_eq!(ours, theirs, "{text}");
        assert!(theirs.len() > 1, "{text}");
    }
}
