#include "Ring.h"

void Ring::push(uint8_t byte) {
  if (!full()) {
    bytes_[used_++] = byte;
  }
}

bool Ring::full() const { return used_ == CAPACITY; }

void Ring::clear() { used_ = 0; }

const uint8_t *Ring::bytes() const { return bytes_; }
