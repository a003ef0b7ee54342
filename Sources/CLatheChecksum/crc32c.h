#ifndef LATHE_CRC32C_H
#define LATHE_CRC32C_H

#include "CLatheChecksum.h"

// The reflected polynomial, without its highest term.
#define LATHE_CRC32C_POLYNOMIAL 0x82F63B78u

// The state of a checksum whose data is followed by zero bytes, whose effect is `power`: x to eight times their number.
uint32_t lathe_crc32c_multiply(uint32_t state, uint32_t power);

// x to the power 2^exponent.
uint32_t lathe_crc32c_power(unsigned exponent);

#if defined(__x86_64__)
int lathe_crc32c_has_sse42(void);
uint32_t lathe_crc32c_sse42(uint32_t crc, const void *data, size_t length);
#elif defined(__aarch64__)
int lathe_crc32c_has_armv8(void);
uint32_t lathe_crc32c_armv8(uint32_t crc, const void *data, size_t length);
#endif

#endif
