#pragma once

#include <stdint.h>

// Written by the interrupt handler only, once the timer runs.
extern volatile uint16_t tickCounterTicks;
