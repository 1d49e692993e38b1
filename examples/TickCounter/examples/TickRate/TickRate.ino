// A second user of the library, so that building both shows it compiled once.

#include <TickCounter.h>

void setup() {
  Serial.begin(9600);
  TickCounter::begin();
}

void loop() {
  const uint16_t before = TickCounter::ticks();
  delay(100);
  Serial.print((uint16_t)(TickCounter::ticks() - before) * 10UL);
  Serial.println(F(" ticks per second"));
}
