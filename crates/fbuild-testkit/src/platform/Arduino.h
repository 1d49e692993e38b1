#pragma once
#include "Print.h"
#include "pins_arduino.h"
#define OUTPUT 1
#define HIGH 1
void setup();
void loop();
void delay(unsigned long ms);
