// Prints a known text once and stops. A test runs this firmware in a simulator
// and compares what it prints, so the text is part of that test.

#include <avr/sleep.h>

const unsigned long BAUD = 57600;

int factorial(int n) {
  return n < 2 ? 1 : n * factorial(n - 1);
}

void setup() {
  Serial.begin(BAUD);
  Serial.println(F("hello from fbuild"));
  for (int n = 1; n <= 5; ++n) {
    Serial.print(n);
    Serial.print(F("! = "));
    Serial.println(factorial(n));
  }
  Serial.println(F("done"));
  Serial.flush();
}

void loop() {
  // Sleeping with interrupts off is never left; a simulator takes it as the end.
  noInterrupts();
  sleep_mode();
}
