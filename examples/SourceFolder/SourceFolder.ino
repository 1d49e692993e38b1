// A sketch whose sources lie in `src/`, which is compiled at any depth. The
// include paths are written from the sketch's folder: `src/` is not searched.

#include "src/Thermostat.h"
#include "src/filter/Average.h"

static Thermostat thermostat(/* on below */ 300, /* off above */ 340);
static Average average;

void setup() {
  pinMode(LED_BUILTIN, OUTPUT);
}

void loop() {
  average.add(analogRead(A0));
  digitalWrite(LED_BUILTIN, thermostat.heats(average.value()));
  delay(20);
}
