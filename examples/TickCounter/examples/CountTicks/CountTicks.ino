// Waits for the library's interrupt handler and says so once. If the handler is
// missing from the firmware, the sketch starts over for ever and never gets to
// its last line; a test runs it in a simulator and looks for that line.

#include <TickCounter.h>
#include <avr/sleep.h>

const uint16_t TICKS_TO_WAIT_FOR = 100;

void setup() {
  Serial.begin(57600);
  Serial.println(F("waiting for ticks"));
  Serial.flush();

  TickCounter::begin();
  while (TickCounter::ticks() < TICKS_TO_WAIT_FOR) {
  }

  Serial.println(F("ticks counted"));
  Serial.flush();
}

void loop() {
  // Sleeping with interrupts off is never left; a simulator takes it as the end.
  noInterrupts();
  sleep_mode();
}
