#pragma once

#include <Arduino.h>

// A switch with two thresholds, so that a reading near one does not flicker.
class Thermostat {
public:
  Thermostat(int onBelow, int offAbove);

  // Takes one reading; true while the heater is to be on.
  bool heats(int reading);

private:
  int onBelow_;
  int offAbove_;
  bool on_;
};
