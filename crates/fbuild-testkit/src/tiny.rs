//! A platform with the real AVR compiler and a core of three small sources, so that a build from nothing takes a third of a second.
//!
//! Its board is `tiny:avr:real`. The compiler is reached through the link `tools/current`, which leads to `tools/one` or `tools/two`; the C++
//! compiler of the second one defines `SECOND_TOOLCHAIN`.

use camino::Utf8Path;

const TOOLS: [&str; 5] = [
    "avr-gcc",
    "avr-g++",
    "avr-gcc-ar",
    "avr-objcopy",
    "avr-size",
];

const FILES: [(&str, &str); 6] = [
    ("platform.txt", include_str!("tiny/platform.txt")),
    ("boards.txt", include_str!("tiny/boards.txt")),
    (
        "cores/mini/Arduino.h",
        "#pragma once\n#include <stdint.h>\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\
         void setup(void);\nvoid loop(void);\nvoid mark(uint32_t value);\n#ifdef __cplusplus\n}\n#endif\n",
    ),
    (
        "cores/mini/main.cpp",
        "#include <Arduino.h>\nint main() { setup(); for (;;) loop(); }\n",
    ),
    (
        "cores/mini/mark.c",
        "#include \"Arduino.h\"\nvolatile uint32_t marked;\nvoid mark(uint32_t value) { marked += value; }\n",
    ),
    ("cores/mini/nothing.S", "; nothing\n"),
];

/// Writes the platform `tiny:avr` below `hardware`. Needs [`AVR`](crate::need::AVR).
///
/// # Panics
/// If a file cannot be written.
pub fn install(hardware: &Utf8Path) {
    let dir = hardware.join("tiny/avr");
    let write = |path: &Utf8Path, text: &str| {
        fs_err::create_dir_all(path.parent().expect("the path has a parent"))
            .expect("make a directory");
        fs_err::write(path, text).expect("write a file");
    };
    for (name, text) in FILES {
        write(&dir.join(name), text);
    }
    for tool in TOOLS {
        let real = Utf8Path::new("/usr/bin").join(tool);
        for folder in ["one", "two"] {
            let link = dir.join("tools").join(folder).join(tool);
            fs_err::create_dir_all(link.parent().expect("the path has a parent"))
                .expect("make a directory");
            if folder == "two" && tool == "avr-g++" {
                write(
                    &link,
                    &format!("#!/bin/sh\nexec {real} -DSECOND_TOOLCHAIN=7 \"$@\"\n"),
                );
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                fs_err::set_permissions(&link, mode).expect("change mode");
            } else {
                fs_err::os::unix::fs::symlink(&real, link).expect("make a link");
            }
        }
    }
    point_at(hardware, "one");
}

/// Makes `tools/current` lead to another toolchain.
///
/// # Panics
/// If the link cannot be made.
pub fn point_at(hardware: &Utf8Path, toolchain: &str) {
    let link = hardware.join("tiny/avr/tools/current");
    // The first time there is none.
    let _ = std::fs::remove_file(&link);
    fs_err::os::unix::fs::symlink(toolchain, link).expect("make a link");
}
