// Uses EEPROM, a library that is a header and nothing else, and places a
// variable of its own there, so that the firmware has an `.eep` file with content.

#include <EEPROM.h>
#include <avr/eeprom.h>

struct Record {
  uint16_t magic;
  uint32_t starts;
};

const uint16_t MAGIC = 0xFB01;
const int RECORD_ADDRESS = 16;

uint8_t brightness EEMEM = 200;

void setup() {
  Record record;
  EEPROM.get(RECORD_ADDRESS, record);
  if (record.magic != MAGIC) {
    record = {MAGIC, 0};
  }
  ++record.starts;
  EEPROM.put(RECORD_ADDRESS, record);

  Serial.begin(9600);
  Serial.println(record.starts);
  analogWrite(9, eeprom_read_byte(&brightness));
}

void loop() {
}
