#ifndef LATHE_CHECKSUM_H
#define LATHE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli): polynomial 0x1EDC6F41, reflected 0x82F63B78; starts at and is inverted with all ones.
// `crc` is the checksum of what came before, 0 at the start; "123456789" gives 0xE3069283.

// The checksum by the fastest code the processor has.
uint32_t lathe_crc32c(uint32_t crc, const void *data, size_t length);

// The same, on any processor.
uint32_t lathe_crc32c_scalar(uint32_t crc, const void *data, size_t length);

// The checksum of what has the checksum `first`, followed by `length` bytes with the checksum `second`.
uint32_t lathe_crc32c_combined(uint32_t first, uint32_t second, size_t length);

#endif
