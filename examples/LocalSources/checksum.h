#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Adds the bytes with the carry fed back, so that their order matters.
uint8_t checksum(const uint8_t *bytes, uint8_t length);

#ifdef __cplusplus
}
#endif
