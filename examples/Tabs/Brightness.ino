// What the light looks like at one step: a triangle, dark at both ends.

uint8_t brightnessAt(uint16_t step) {
  const uint16_t half = stepsPerCycle() / 2;
  const uint16_t distance = step < half ? step : stepsPerCycle() - step;
  return map(distance, 0, half, 0, 255);
}
