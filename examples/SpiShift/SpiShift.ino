// Uses the platform's own SPI library: a running light on a shift register.

#include <SPI.h>

const uint8_t LATCH_PIN = 10;
const SPISettings REGISTER_SETTINGS(1000000, MSBFIRST, SPI_MODE0);

void show(uint8_t lights) {
  SPI.beginTransaction(REGISTER_SETTINGS);
  digitalWrite(LATCH_PIN, LOW);
  SPI.transfer(lights);
  digitalWrite(LATCH_PIN, HIGH);
  SPI.endTransaction();
}

void setup() {
  pinMode(LATCH_PIN, OUTPUT);
  SPI.begin();
}

void loop() {
  for (uint8_t light = 0; light < 8; ++light) {
    show(1 << light);
    delay(100);
  }
}
