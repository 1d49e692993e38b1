// The smallest useful sketch: one file, no library, no include.

const unsigned long HALF_PERIOD_MS = 500;

void setup() {
  pinMode(LED_BUILTIN, OUTPUT);
}

void loop() {
  digitalWrite(LED_BUILTIN, HIGH);
  delay(HALF_PERIOD_MS);
  digitalWrite(LED_BUILTIN, LOW);
  delay(HALF_PERIOD_MS);
}
