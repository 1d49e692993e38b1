#pragma once

#include "../Thermostat.h"

// The mean of the last eight readings.
class Average {
public:
  void add(int reading);
  int value() const;

private:
  static const uint8_t LENGTH = 8;
  int readings_[LENGTH] = {};
  uint8_t next_ = 0;
};
