#include "TickCounter.h"

#include <Arduino.h>

#include "utility/tick_state.h"

void TickCounter::begin() {
  noInterrupts();
  TCCR1A = 0;
  TCCR1B = _BV(WGM12) | _BV(CS10); // clear on match, no prescaler
  OCR1A = 1023;
  TCNT1 = 0;
  tickCounterTicks = 0;
  TIMSK1 = _BV(OCIE1A);
  interrupts();
}

uint16_t TickCounter::ticks() {
  noInterrupts();
  const uint16_t now = tickCounterTicks;
  interrupts();
  return now;
}

volatile uint16_t tickCounterTicks = 0;
