// The handler, and nothing that anybody calls. Without it the vector leads to
// the reset address, so the sketch starts over at the first tick.

#include <avr/interrupt.h>

#include "tick_state.h"

ISR(TIMER1_COMPA_vect) {
  tickCounterTicks = tickCounterTicks + 1;
}
