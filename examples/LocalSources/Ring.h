#pragma once

#include <stdint.h>

// A few bytes that are collected until there are enough of them.
class Ring {
public:
  static const uint8_t CAPACITY = 16;

  void push(uint8_t byte);
  bool full() const;
  void clear();
  const uint8_t *bytes() const;

private:
  uint8_t bytes_[CAPACITY];
  uint8_t used_;
};
