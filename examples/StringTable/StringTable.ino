// Uses `String`, which brings in the allocator and floating-point formatting,
// and passes its own type through functions whose prototypes are generated.

struct Reading {
  const char *name;
  float value;
};

// A type used in a signature is declared before the first function.
String describe(const Reading &reading) {
  String line(reading.name);
  line += F(": ");
  line += String(reading.value, 2);
  return line;
}

String padded(String text, unsigned int width) {
  while (text.length() < width) {
    text = ' ' + text;
  }
  return text;
}

void setup() {
  Serial.begin(9600);
}

void loop() {
  const Reading readings[] = {
    {"light", analogRead(A0) / 10.23f},
    {"heat", analogRead(A1) * 0.488f},
  };
  for (const Reading &reading : readings) {
    Serial.println(padded(describe(reading), 20));
  }
  delay(1000);
}
