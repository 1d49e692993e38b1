// An interrupt handler in the sketch itself. `ISR(…)` looks like a function
// without a return type, and must not get a prototype.

#include <avr/interrupt.h>

const uint16_t TICKS_PER_SECOND = 50;

static volatile uint16_t ticks = 0;

ISR(TIMER1_COMPA_vect) {
  ++ticks;
}

uint16_t ticksNow() {
  noInterrupts();
  const uint16_t now = ticks;
  interrupts();
  return now;
}

void startTimer() {
  noInterrupts();
  TCCR1A = 0;
  TCCR1B = _BV(WGM12) | _BV(CS11) | _BV(CS10); // clear on match, clock / 64
  OCR1A = F_CPU / 64 / TICKS_PER_SECOND - 1;
  TIMSK1 = _BV(OCIE1A);
  interrupts();
}

void setup() {
  pinMode(LED_BUILTIN, OUTPUT);
  startTimer();
}

void loop() {
  digitalWrite(LED_BUILTIN, (ticksNow() / TICKS_PER_SECOND) % 2);
}
