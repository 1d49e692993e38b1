// Uses SoftwareSerial, a library with interrupt handlers of its own: whatever
// comes in on one port goes out on the other.

#include <SoftwareSerial.h>

static SoftwareSerial radio(/* receive */ 10, /* transmit */ 11);

void forward(Stream &from, Stream &to) {
  while (from.available() > 0) {
    to.write(from.read());
  }
}

void setup() {
  Serial.begin(57600);
  radio.begin(9600);
}

void loop() {
  forward(radio, Serial);
  forward(Serial, radio);
}
