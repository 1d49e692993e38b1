//! A platform whose tools are scripted.
//!
//! `fake:avr` has three boards: `solo` and `duet`, whose compiler answers questions like gcc, and `mute`, whose compiler answers none, so that
//! it has to preprocess everything itself. The core has three sources, the variant one.

use camino::Utf8Path;

/// Names of the tools, which are all the same program.
const TOOLS: [&str; 8] = [
    "fake-gcc",
    "fake-g++",
    "fake-mute-gcc",
    "fake-mute-g++",
    "fake-ar",
    "fake-objcopy",
    "fake-size",
    "fake-ld",
];

/// The program that stands behind the tools.
pub const TOOL: &str = env!("FBUILD_FAKE_TOOL");

/// Sources that every firmware for a board of this platform contains, relative to the platform.
pub const SOURCES: [&str; 4] = [
    "cores/mini/abi.S",
    "cores/mini/main.cpp",
    "cores/mini/wiring.c",
    "variants/plain/variant.cpp",
];

const FILES: [(&str, &str); 9] = [
    ("platform.txt", include_str!("platform/platform.txt")),
    ("boards.txt", include_str!("platform/boards.txt")),
    ("cores/mini/Arduino.h", include_str!("platform/Arduino.h")),
    (
        "cores/mini/Print.h",
        "#pragma once\nstruct Print { void println(const char* text); };\nextern Print Serial;\n",
    ),
    ("cores/mini/abi.S", "; nothing\n"),
    (
        "cores/mini/main.cpp",
        "#include <Arduino.h>\nint main() { setup(); for (;;) loop(); }\n",
    ),
    (
        "cores/mini/wiring.c",
        "#include \"Arduino.h\"\nvoid delay(unsigned long ms) { (void)ms; }\n",
    ),
    (
        "variants/plain/pins_arduino.h",
        "#pragma once\n#define LED_BUILTIN 13\n",
    ),
    (
        "variants/plain/variant.cpp",
        "#include <Arduino.h>\nvoid initVariant() {}\n",
    ),
];

/// Writes the platform `fake:avr` below `hardware`.
///
/// # Panics
/// If a file cannot be written.
pub fn install(hardware: &Utf8Path) {
    let dir = hardware.join("fake/avr");
    for (name, text) in FILES {
        let path = dir.join(name);
        fs_err::create_dir_all(path.parent().expect("the path has a parent"))
            .expect("make a directory");
        fs_err::write(path, text).expect("write a file");
    }
    fs_err::create_dir_all(dir.join("bin")).expect("make a directory");
    for tool in TOOLS {
        // The same file under every name: a copy would cost more than what it does.
        fs_err::os::unix::fs::symlink(TOOL, dir.join("bin").join(tool)).expect("make a link");
    }
}
