// A sketch of several tabs. The main file calls functions of the other two
// without declaring them: the builder joins the tabs, in order of their names
// and after this one, and writes the prototypes.

const uint8_t LED_PIN = 9;

void setup() {
  pinMode(LED_PIN, OUTPUT);
}

void loop() {
  for (uint16_t step = 0; step < stepsPerCycle(); ++step) {
    analogWrite(LED_PIN, brightnessAt(step));
    delay(stepDelayMs());
  }
}
