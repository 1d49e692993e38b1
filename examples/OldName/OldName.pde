// A sketch with the extension that came before `.ino`. It is still a sketch.

const uint8_t BUTTON_PIN = 2;

bool pressed() {
  return digitalRead(BUTTON_PIN) == LOW;
}

void setup() {
  pinMode(BUTTON_PIN, INPUT_PULLUP);
  pinMode(LED_BUILTIN, OUTPUT);
}

void loop() {
  digitalWrite(LED_BUILTIN, pressed() ? HIGH : LOW);
}
