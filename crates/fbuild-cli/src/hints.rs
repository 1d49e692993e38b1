//! Ways out of failures that newcomers meet.

use camino::Utf8Path;
use fbuild_build::plan::PlanError;
use fbuild_build::toolchain::ToolError;
use fbuild_model::Failure;
use fbuild_model::outcome::Phase;
use fbuild_scan::library::missing::missing_header as missing_header_of;

use crate::error::CliError;

/// The way out of an output directory that cannot be used.
pub const OTHER_OUTPUT: &str = "choose another place for firmware and logs with --output-dir";

/// Adds how to install a tool that is missing.
pub fn plan_error(error: PlanError) -> CliError {
    let avr = matches!(&error, PlanError::Tool(ToolError::NotFound { program }) if is_avr_of_the_system(program));
    let error = CliError::usage(error);
    if avr {
        error.hint("on Debian or Ubuntu: apt-get install gcc-avr avr-libc binutils-avr")
    } else {
        error
    }
}

/// Tells whether a program is an AVR tool where a distribution would put it.
pub fn is_avr_of_the_system(program: &str) -> bool {
    let path = Utf8Path::new(program);
    let in_place = path.is_relative() || path.starts_with("/usr");
    in_place
        && path
            .file_name()
            .is_some_and(|name| name.starts_with("avr-"))
}

/// Libraries whose name is not that of their header, as Arduino's library index has them.
const LIBRARY_NAMES: [(&str, &str); 14] = [
    ("Adafruit_BME280.h", "Adafruit BME280 Library"),
    ("Adafruit_GFX.h", "Adafruit GFX Library"),
    ("Adafruit_NeoPixel.h", "Adafruit NeoPixel"),
    ("Adafruit_SSD1306.h", "Adafruit SSD1306"),
    ("Adafruit_Sensor.h", "Adafruit Unified Sensor"),
    ("DHT.h", "DHT sensor library"),
    ("IRremote.hpp", "IRremote"),
    ("LiquidCrystal_I2C.h", "LiquidCrystal I2C"),
    ("TinyGPS++.h", "TinyGPSPlus"),
    ("U8g2lib.h", "U8g2"),
    ("U8x8lib.h", "U8g2"),
    ("WebSocketsClient.h", "WebSockets"),
    ("WebSocketsServer.h", "WebSockets"),
    ("nRF24L01.h", "RF24"),
];

/// Returns how to get the library of a header; `output` of the failure may have the name of an installed one that is near.
pub fn missing_header(header: &str, output: &str) -> String {
    let mut notes = output
        .lines()
        .filter_map(|line| line.strip_prefix("note: "));
    if let Some(near) = notes.find(|note| note.starts_with("did you mean ")) {
        return near.to_owned();
    }
    let known = LIBRARY_NAMES.iter().find(|(known, _)| *known == header);
    let name = match known {
        Some((_, name)) => format!("\"{name}\""),
        None => Utf8Path::new(header)
            .file_stem()
            .unwrap_or(header)
            .to_owned(),
    };
    format!("arduino-cli lib install {name}, or --library DIR")
}

/// Returns the way out of any failure that has one.
pub fn way_out(failure: &Failure) -> Option<String> {
    let header = missing_header_of(&failure.output).filter(|_| failure.phase == Phase::Scan);
    match header {
        Some(header) => Some(missing_header(&header, &failure.output)),
        None => hint(failure),
    }
}

/// Returns what a user can do about a failure, if it is one of the common ones.
pub fn hint(failure: &Failure) -> Option<String> {
    let says = |text: &str| failure.output.contains(text);
    match failure.phase {
        Phase::Size => Some("make buffers smaller, keep constants in flash with PROGMEM and F(\"text\")".to_owned()),
        Phase::Link if says("is not within region") || says("will not fit in region") || says("overflowed by") => {
            Some("the sketch needs more memory than the board has; make buffers smaller, keep constants in flash with PROGMEM and F(\"text\")".to_owned())
        }
        Phase::Link if says("undefined reference to `setup'") || says("undefined reference to `loop'") => {
            Some("a sketch needs the functions `setup()` and `loop()`".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distribution_can_help_only_where_it_installs() {
        for (program, expect) in [
            ("avr-gcc", true),
            ("/usr/bin/avr-g++", true),
            ("/nowhere/bin/avr-g++", false),
            ("/usr/bin/arm-none-eabi-g++", false),
            ("", false),
        ] {
            assert_eq!(is_avr_of_the_system(program), expect, "{program}");
        }
    }

    fn failure(phase: Phase, output: &str) -> Failure {
        Failure {
            phase,
            message: String::new(),
            output: output.to_owned(),
            diagnostics: Vec::new(),
        }
    }

    #[test]
    fn the_library_of_a_header_is_named() {
        for (header, expect) in [
            (
                "Ethernet.h",
                "arduino-cli lib install Ethernet, or --library DIR",
            ),
            (
                "sub/Part.h",
                "arduino-cli lib install Part, or --library DIR",
            ),
            (
                "DHT.h",
                "arduino-cli lib install \"DHT sensor library\", or --library DIR",
            ),
        ] {
            assert_eq!(missing_header(header, ""), expect);
        }
    }

    #[test]
    fn an_installed_library_with_a_name_that_is_near_goes_first() {
        let output = "a.ino:1:10: fatal error: Sevro.h: No such file or directory\n#include <Sevro.h>\nnote: searched 1 library in `/l`\nnote: did you mean `Servo.h` of library `Servo`?\n";
        assert_eq!(
            way_out(&failure(Phase::Scan, output)).unwrap(),
            "did you mean `Servo.h` of library `Servo`?"
        );
    }

    #[test]
    fn common_failures_have_a_way_out() {
        for (phase, output, expect) in [
            (Phase::Scan, "a.ino:1:2: error: #error no\n", None),
            (Phase::Compile, "a.ino:1:1: error: expected ';'\n", None),
            (
                Phase::Link,
                "ld: address 0x801158 of X section `.bss' is not within region `data'\n",
                Some("more memory"),
            ),
            (
                Phase::Link,
                "ld: X section `.text' will not fit in region `text'\n",
                Some("more memory"),
            ),
            (
                Phase::Link,
                "main.cpp:43: undefined reference to `setup'\n",
                Some("`setup()` and `loop()`"),
            ),
            (
                Phase::Link,
                "x.ino:2: undefined reference to `nowhere()'\n",
                None,
            ),
        ] {
            let hint = hint(&failure(phase, output));
            assert_eq!(hint.is_some(), expect.is_some(), "{output}: {hint:?}");
            assert!(
                hint.unwrap_or_default()
                    .contains(expect.unwrap_or_default()),
                "{output}"
            );
        }
    }
}
