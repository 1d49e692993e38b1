#pragma once

#include <stdint.h>

// Counts the ticks of timer 1. There is one timer, so there is one counter.
class TickCounter {
public:
  // Starts the timer. A tick is 1024 cycles: 64 microseconds at 16 MHz.
  static void begin();

  // The ticks since `begin`, modulo 2^16.
  static uint16_t ticks();
};
