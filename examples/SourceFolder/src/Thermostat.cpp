#include "Thermostat.h"

Thermostat::Thermostat(int onBelow, int offAbove)
    : onBelow_(onBelow), offAbove_(offAbove), on_(false) {}

bool Thermostat::heats(int reading) {
  if (reading < onBelow_) {
    on_ = true;
  } else if (reading > offAbove_) {
    on_ = false;
  }
  return on_;
}
