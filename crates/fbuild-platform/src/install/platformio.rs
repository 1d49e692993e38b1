//! Packages that PlatformIO installed, seen as Arduino platforms and tools.
//!
//! PlatformIO repacks Arduino platforms under names of its own (`framework-arduino-avr`), and toolchains likewise. Vendor, architecture and
//! tool names follow from the package's name by the tables here; the version of a tool is in its `package.json`.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use super::platform::{Origin, PlatformDir};
use super::tools::Tool;
use crate::read;

/// (package, vendor, architecture).
const FRAMEWORKS: [(&str, &str, &str); 16] = [
    ("framework-arduino-avr", "arduino", "avr"),
    ("framework-arduino-avr-attiny", "ATTinyCore", "avr"),
    ("framework-arduino-avr-megacore", "MegaCore", "avr"),
    ("framework-arduino-avr-microcore", "MicroCore", "avr"),
    ("framework-arduino-avr-mightycore", "MightyCore", "avr"),
    ("framework-arduino-avr-minicore", "MiniCore", "avr"),
    ("framework-arduino-megaavr", "arduino", "megaavr"),
    ("framework-arduino-megaavr-dxcore", "DxCore", "megaavr"),
    (
        "framework-arduino-megaavr-megatinycore",
        "megaTinyCore",
        "megaavr",
    ),
    ("framework-arduino-sam", "arduino", "sam"),
    ("framework-arduino-samd", "arduino", "samd"),
    ("framework-arduino-samd-adafruit", "adafruit", "samd"),
    ("framework-arduinoespressif32", "esp32", "esp32"),
    ("framework-arduinoespressif8266", "esp8266", "esp8266"),
    ("framework-arduinoststm32", "STMicroelectronics", "stm32"),
    ("framework-arduinopico", "rp2040", "rp2040"),
];

/// (package, tool).
const TOOLS: [(&str, &str); 6] = [
    ("toolchain-atmelavr", "avr-gcc"),
    ("toolchain-gccarmnoneeabi", "arm-none-eabi-gcc"),
    ("toolchain-xtensa", "xtensa-lx106-elf-gcc"),
    ("toolchain-xtensa-esp32", "xtensa-esp32-elf-gcc"),
    ("toolchain-riscv32-esp", "riscv32-esp-elf-gcc"),
    ("tool-avrdude", "avrdude"),
];

#[derive(Default, Deserialize)]
struct Manifest {
    #[serde(default)]
    version: String,
}

/// Returns a folder's package name: PlatformIO appends `@version` where it keeps several.
fn package(dir_name: &str) -> &str {
    dir_name
        .split_once('@')
        .map_or(dir_name, |(package, _)| package)
}

/// Returns whether a folder of this name is an Arduino framework.
pub(crate) fn is_framework(dir_name: &str) -> bool {
    FRAMEWORKS
        .iter()
        .any(|(name, ..)| *name == package(dir_name))
}

/// Returns the platform in a package's folder; `None` if it is none, or has no `boards.txt` (then nothing names its boards).
pub(crate) fn platform(dir: &Utf8Path, origin: Origin) -> Option<PlatformDir> {
    let package = package(dir.file_name()?);
    let (_, vendor, architecture) = FRAMEWORKS.iter().find(|(name, ..)| *name == package)?;
    dir.join("boards.txt").is_file().then(|| PlatformDir {
        vendor: (*vendor).to_owned(),
        architecture: (*architecture).to_owned(),
        version: None,
        dir: dir.to_owned(),
        origin,
    })
}

/// Returns the tools among PlatformIO's packages.
pub(crate) fn tools(packages: &Utf8Path) -> Vec<Tool> {
    read::folders(packages)
        .into_iter()
        .filter_map(|(name, dir)| tool(package(&name), dir))
        .collect()
}

fn tool(package: &str, dir: Utf8PathBuf) -> Option<Tool> {
    let (_, name) = TOOLS.iter().find(|(name, _)| *name == package)?;
    let manifest = read::read_file(&dir.join("package.json")).unwrap_or_default();
    let Manifest { version } = serde_json::from_slice(&manifest).unwrap_or_default();
    Some(Tool {
        packager: "platformio".to_owned(),
        name: (*name).to_owned(),
        version,
        dir,
    })
}
