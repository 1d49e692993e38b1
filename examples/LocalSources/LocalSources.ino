// A sketch with sources beside the main file, one of each language the builder
// compiles: C++, C and assembly with the preprocessor.

#include "Ring.h"
#include "checksum.h"

extern "C" uint8_t swap_nibbles(uint8_t value);

static Ring ring;

void setup() {
  Serial.begin(9600);
}

void loop() {
  ring.push(analogRead(A0) >> 2);
  if (!ring.full()) {
    return;
  }
  const uint8_t sum = checksum(ring.bytes(), Ring::CAPACITY);
  Serial.println(swap_nibbles(sum), HEX);
  ring.clear();
}
