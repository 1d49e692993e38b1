// How long a cycle takes. `cycleMs` is a global of a tab that comes after the
// tabs that depend on it, which is allowed because they use functions only.

static unsigned int cycleMs = 2000;

uint16_t stepsPerCycle() {
  return 64;
}

unsigned int stepDelayMs() {
  return cycleMs / stepsPerCycle();
}
