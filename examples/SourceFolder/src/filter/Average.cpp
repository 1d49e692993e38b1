#include "Average.h"

void Average::add(int reading) {
  readings_[next_] = reading;
  next_ = (next_ + 1) % LENGTH;
}

int Average::value() const {
  long sum = 0;
  for (uint8_t i = 0; i < LENGTH; ++i) {
    sum += readings_[i];
  }
  return sum / LENGTH;
}
