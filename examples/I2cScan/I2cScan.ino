// Uses the platform's own Wire library: which addresses answer on the bus?

#include <Wire.h>

const uint8_t FIRST_ADDRESS = 0x08;
const uint8_t LAST_ADDRESS = 0x77;

bool answers(uint8_t address) {
  Wire.beginTransmission(address);
  return Wire.endTransmission() == 0;
}

void setup() {
  Serial.begin(115200);
  Wire.begin();
}

void loop() {
  uint8_t found = 0;
  for (uint8_t address = FIRST_ADDRESS; address <= LAST_ADDRESS; ++address) {
    if (answers(address)) {
      ++found;
      Serial.print(F("0x"));
      Serial.println(address, HEX);
    }
  }
  Serial.print(found);
  Serial.println(F(" found"));
  delay(5000);
}
