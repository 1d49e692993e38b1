//! Names that other tools have for Arduino's boards.

/// Boards whose name in FastLED's list is another one than Arduino's identifier.
pub(super) const FASTLED: &[(&str, &str)] = &[
    ("arduino:megaavr:nona4809", "nano_every"),
    ("arduino:renesas_uno:unor4wifi", "uno_r4_wifi"),
    ("arduino:renesas_uno:minima", "uno_r4_minima"),
    ("arduino:sam:arduino_due_x", "sam3x8e_due"),
    ("arduino:sam:arduino_due_x_dbg", "sam3x8e_due"),
    ("arduino:mbed_giga:giga", "giga_r1"),
    ("esp32:esp32:esp32", "esp32dev"),
    ("rp2040:rp2040:rpipico", "rp2040"),
    ("rp2040:rp2040:rpipico2", "rp2350"),
    ("digistump:avr:digispark-tiny", "digispark-tiny"),
    ("adafruit:avr:trinket5", "attiny85"),
    ("adafruit:avr:trinket3", "attiny85"),
];

/// Boards whose name in Adafruit's list is neither Arduino's identifier nor that without `adafruit_`.
pub(super) const ADAFRUIT: &[(&str, &str)] = &[
    ("arduino:avr:mega", "mega2560"),
    ("arduino:avr:circuitplay32u4cat", "cpc"),
    ("arduino:samd:arduino_zero_native", "zero"),
    ("arduino:samd:adafruit_circuitplayground_m0", "cpx"),
    ("adafruit:avr:trinket3", "trinket_3v"),
    ("adafruit:avr:trinket5", "trinket_5v"),
    ("adafruit:avr:protrinket3", "protrinket_3v"),
    ("adafruit:avr:protrinket5", "protrinket_5v"),
    ("adafruit:avr:flora8", "flora"),
    ("adafruit:samd:adafruit_feather_m4", "feather_m4_express"),
    ("adafruit:samd:adafruit_hallowing", "hallowing_m0"),
    ("adafruit:samd:adafruit_circuitplayground_m0", "cpx_ada"),
    ("adafruit:samd:adafruit_grandcentral_m4", "grand_central"),
    ("adafruit:nrf52:feather52832", "nrf52832"),
    ("adafruit:nrf52:feather52840", "nrf52840"),
    ("adafruit:nrf52:cplaynrf52840", "cpb"),
    ("rp2040:rp2040:rpipico", "pico_rp2040"),
    ("rp2040:rp2040:adafruit_feather", "feather_rp2040"),
];

/// Returns the names in `table` of the board with this FQBN, options left out.
pub(super) fn others<'a>(
    table: &'a [(&str, &str)],
    fqbn: &'a str,
) -> impl Iterator<Item = String> + 'a {
    table
        .iter()
        .filter(move |(board, _)| *board == fqbn)
        .map(|(_, name)| (*name).to_owned())
}
