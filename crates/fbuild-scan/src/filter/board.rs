//! A board by the names and classes that skip rules use.
//!
//! The rules were written for boards of other tools (PlatformIO's names in FastLED's case), so names follow from what an Arduino platform says:
//! the FQBN, the controller, the sizes of its memories.

use super::memory::MemoryClass;
use super::names::{ADAFRUIT, FASTLED, others};

/// What is known about a board.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoardFacts {
    /// `vendor:architecture:board[:options]`.
    pub fqbn: String,
    /// The board's identifier in `boards.txt` (`uno`).
    pub board: String,
    /// `build.mcu` (`atmega328p`); empty if the board states none.
    pub mcu: String,
    /// The platform's architecture (`avr`).
    pub architecture: String,
    /// Bytes of RAM (`upload.maximum_data_size`), if stated.
    pub ram: Option<u64>,
    /// Bytes of program memory (`upload.maximum_size`), if stated.
    pub flash: Option<u64>,
}

impl BoardFacts {
    /// The FQBN without options.
    fn plain_fqbn(&self) -> &str {
        let mut colons = self.fqbn.match_indices(':').skip(2);
        colons.next().map_or(&self.fqbn, |(at, _)| &self.fqbn[..at])
    }

    /// FastLED's name of the platform's family.
    pub(super) fn family(&self) -> String {
        let vendor = self
            .fqbn
            .split(':')
            .next()
            .unwrap_or_default()
            .to_lowercase();
        let (arch, mcu) = (self.architecture.to_lowercase(), self.mcu.to_lowercase());
        let is = |part: &str| arch.contains(part);
        match () {
            () if vendor.contains("teensy") || is("teensy") => "teensy",
            () if is("avr") => "avr",
            () if is("esp32") => "esp32",
            () if is("esp8266") => "esp8266",
            () if is("stm32") || is("giga") || is("portenta") => "stm32",
            () if is("sam") => "sam",
            () if is("rp2") => "rp",
            () if is("nrf5") || is("mbed_nano") || mcu.contains("nrf52") => "nrf52",
            () if is("renesas") => "renesas",
            () if is("native") => "native",
            () if is("apollo") => "apollo3",
            () if is("silabs") || is("efm32") => "efm32",
            () => return self.architecture.clone(),
        }
        .to_owned()
    }

    /// The names that FastLED's filters may mean this board by, in lower case.
    pub(super) fn fastled_names(&self) -> Vec<String> {
        let mut names = vec![self.board.to_lowercase()];
        names.extend(others(FASTLED, self.plain_fqbn()));
        // Cores for small chips have one board for many of them; FastLED's boards are named after the chip.
        if self.mcu.to_lowercase().starts_with("attiny") {
            names.push(self.mcu.to_lowercase());
        }
        names.dedup();
        names
    }

    /// The names that Adafruit's marker files may mean this board by.
    pub(super) fn adafruit_names(&self) -> Vec<String> {
        let mut names = vec![self.board.clone()];
        names.extend(self.board.strip_prefix("adafruit_").map(str::to_owned));
        names.extend(others(ADAFRUIT, self.plain_fqbn()));
        if self.fqbn.contains("usbstack=tinyusb") {
            names = names
                .into_iter()
                .map(|name| format!("{name}_tinyusb"))
                .collect();
        }
        match self.mcu.to_lowercase() {
            chip if ["esp8266", "esp32"].contains(&chip.as_str()) || chip.starts_with("attiny") => {
                names.push(chip)
            }
            _ => {}
        }
        names
    }

    /// FastLED's name of the controller, in upper case; empty if unknown. Where a platform states only the kind of processor, the board's name
    /// has to do.
    pub(super) fn target(&self) -> String {
        let mcu = self.mcu.to_uppercase();
        if mcu.starts_with("CORTEX") {
            self.board.to_uppercase()
        } else {
            mcu
        }
    }

    /// Returns FastLED's class of the board's memory.
    pub fn memory_class(&self) -> MemoryClass {
        let names = format!("{} {} {}", self.board, self.mcu, self.fqbn).to_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|part| names.contains(part));
        match self.family().as_str() {
            "avr" if self.ram.is_some_and(|ram| ram <= 1024) => MemoryClass::Tiny,
            "avr" | "esp8266" | "renesas" => MemoryClass::Low,
            "esp32" | "native" | "rp" => MemoryClass::Huge,
            "teensy" if has(&["teensylc", "teensy30", "teensy31", "teensy32"]) => MemoryClass::Low,
            "teensy" => MemoryClass::Huge,
            "stm32" if has(&["stm32f4", "stm32h7", "genf4", "genh7", "giga", "portenta"]) => {
                MemoryClass::Huge
            }
            "stm32" if has(&["f103c", "f103t", "bluepill", "maple_mini", "maple mini"]) => {
                MemoryClass::Low
            }
            "sam" if has(&["samd51", "same51", "_m4"]) => MemoryClass::Huge,
            "stm32" | "sam" | "nrf52" | "apollo3" | "efm32" => MemoryClass::Large,
            _ => match (self.ram, self.flash) {
                (Some(ram), _) if ram <= 1024 => MemoryClass::Tiny,
                (Some(ram), Some(flash)) if ram >= 256 * 1024 && flash >= 512 * 1024 => {
                    MemoryClass::Huge
                }
                _ => MemoryClass::Large,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(fqbn: &str, mcu: &str, ram: Option<u64>) -> BoardFacts {
        let mut parts = fqbn.split(':').skip(1).map(str::to_owned);
        let (architecture, board) = (parts.next().unwrap(), parts.next().unwrap());
        BoardFacts {
            fqbn: fqbn.into(),
            board,
            mcu: mcu.into(),
            architecture,
            ram,
            flash: None,
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn families_targets_and_classes() {
        use MemoryClass::{Huge, Large, Low, Tiny};
        for (fqbn, mcu, ram, family, target, class) in [
            (
                "arduino:avr:uno",
                "atmega328p",
                Some(2048),
                "avr",
                "ATMEGA328P",
                Low,
            ),
            (
                "arduino:avr:mega:cpu=atmega2560",
                "atmega2560",
                Some(8192),
                "avr",
                "ATMEGA2560",
                Low,
            ),
            (
                "arduino:megaavr:nona4809",
                "atmega4809",
                Some(6144),
                "avr",
                "ATMEGA4809",
                Low,
            ),
            (
                "ATTinyCore:avr:attinyx5:chip=85",
                "attiny85",
                Some(512),
                "avr",
                "ATTINY85",
                Tiny,
            ),
            (
                "megaTinyCore:megaavr:atxy4:chip=1604",
                "attiny1604",
                Some(1024),
                "avr",
                "ATTINY1604",
                Tiny,
            ),
            (
                "megaTinyCore:megaavr:atxy6:chip=1616",
                "attiny1616",
                Some(2048),
                "avr",
                "ATTINY1616",
                Low,
            ),
            (
                "arduino:avr:gemma",
                "attiny85",
                None,
                "avr",
                "ATTINY85",
                Low,
            ),
            (
                "esp32:esp32:esp32s3",
                "esp32s3",
                Some(327_680),
                "esp32",
                "ESP32S3",
                Huge,
            ),
            (
                "esp8266:esp8266:d1",
                "esp8266",
                Some(81_920),
                "esp8266",
                "ESP8266",
                Low,
            ),
            (
                "teensy:avr:teensyLC",
                "mkl26z64",
                Some(8192),
                "teensy",
                "MKL26Z64",
                Low,
            ),
            (
                "teensy:avr:teensy41",
                "imxrt1062",
                Some(524_288),
                "teensy",
                "IMXRT1062",
                Huge,
            ),
            (
                "STMicroelectronics:stm32:GenF1:pnum=BLUEPILL_F103C8",
                "cortex-m3",
                Some(20_480),
                "stm32",
                "GENF1",
                Low,
            ),
            (
                "STMicroelectronics:stm32:GenF4:pnum=X",
                "cortex-m4",
                Some(131_072),
                "stm32",
                "GENF4",
                Huge,
            ),
            (
                "arduino:samd:mkrzero",
                "cortex-m0plus",
                Some(32_768),
                "sam",
                "MKRZERO",
                Large,
            ),
            (
                "adafruit:samd:adafruit_metro_m4",
                "cortex-m4",
                Some(196_608),
                "sam",
                "ADAFRUIT_METRO_M4",
                Huge,
            ),
            (
                "rp2040:rp2040:rpipico",
                "rp2040",
                Some(262_144),
                "rp",
                "RP2040",
                Huge,
            ),
            (
                "arduino:mbed_rp2040:pico",
                "cortex-m0plus",
                None,
                "rp",
                "PICO",
                Huge,
            ),
            (
                "adafruit:nrf52:feather52840",
                "cortex-m4",
                Some(237_568),
                "nrf52",
                "FEATHER52840",
                Large,
            ),
            (
                "arduino:renesas_uno:minima",
                "cortex-m4",
                Some(32_768),
                "renesas",
                "MINIMA",
                Low,
            ),
            ("x:gd32:y", "gd32", Some(1 << 20), "gd32", "GD32", Large),
        ] {
            let board = facts(fqbn, mcu, ram);
            assert_eq!(
                (
                    board.family().as_str(),
                    board.target().as_str(),
                    board.memory_class()
                ),
                (family, target, class),
                "{fqbn}"
            );
        }
        let unknown = BoardFacts {
            flash: Some(1 << 20),
            ..facts("x:y:z", "q", Some(1 << 18))
        };
        assert_eq!(unknown.memory_class(), Huge);
        assert_eq!(facts("x:y:z", "q", Some(512)).memory_class(), Tiny);
    }

    #[test]
    fn names_of_other_tools() {
        assert_eq!(
            facts("arduino:avr:uno", "atmega328p", None).fastled_names(),
            ["uno"]
        );
        assert_eq!(
            facts("esp32:esp32:esp32:PSRAM=on", "esp32", None).fastled_names(),
            ["esp32", "esp32dev"]
        );
        assert_eq!(
            facts("ATTinyCore:avr:attinyx5:chip=85", "attiny85", None).fastled_names(),
            ["attinyx5", "attiny85"]
        );
        assert_eq!(
            facts("teensy:avr:teensyLC", "mkl26z64", None).fastled_names(),
            ["teensylc"]
        );
        assert_eq!(
            facts("arduino:avr:mega:cpu=atmega2560", "atmega2560", None).adafruit_names(),
            ["mega", "mega2560"]
        );
        assert_eq!(
            facts("adafruit:samd:adafruit_metro_m0", "cortex-m0plus", None).adafruit_names(),
            ["adafruit_metro_m0", "metro_m0"]
        );
        assert_eq!(
            facts(
                "adafruit:samd:adafruit_metro_m4:speed=120,usbstack=tinyusb",
                "cortex-m4",
                None
            )
            .adafruit_names(),
            ["adafruit_metro_m4_tinyusb", "metro_m4_tinyusb"]
        );
        assert_eq!(
            facts("esp8266:esp8266:d1", "esp8266", None).adafruit_names(),
            ["d1", "esp8266"]
        );
    }

    #[test]
    fn classes_have_an_order_and_names() {
        for class in [
            MemoryClass::Tiny,
            MemoryClass::Low,
            MemoryClass::Large,
            MemoryClass::Huge,
        ] {
            assert_eq!(MemoryClass::from_name(class.name()), Some(class));
        }
        assert!(
            MemoryClass::Tiny < MemoryClass::Low
                && MemoryClass::Low < MemoryClass::Large
                && MemoryClass::Large < MemoryClass::Huge
        );
        assert_eq!(MemoryClass::from_name("medium"), None);
    }
}
