#include "checksum.h"

/* `class` is a good name in C; as C++ this file would not compile. */
uint8_t checksum(const uint8_t *bytes, uint8_t length) {
  uint8_t class = 0;
  while (length--) {
    class = (uint8_t)((class << 1) | (class >> 7)) + *bytes++;
  }
  return class;
}
