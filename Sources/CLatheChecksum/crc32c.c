#include "crc32c.h"

uint32_t lathe_crc32c(uint32_t crc, const void *data, size_t length)
{
#if defined(__x86_64__)
    if (lathe_crc32c_has_sse42())
        return lathe_crc32c_sse42(crc, data, length);
#elif defined(__aarch64__)
    if (lathe_crc32c_has_armv8())
        return lathe_crc32c_armv8(crc, data, length);
#endif
    return lathe_crc32c_scalar(crc, data, length);
}

// States and powers are polynomials over GF(2) whose highest bit is the coefficient of x^0.
uint32_t lathe_crc32c_multiply(uint32_t state, uint32_t power)
{
    uint32_t product = 0;
    for (uint32_t bit = 0x80000000u; bit != 0; bit >>= 1) {
        if (power & bit)
            product ^= state;
        state = (state >> 1) ^ ((state & 1) ? LATHE_CRC32C_POLYNOMIAL : 0);
    }
    return product;
}

uint32_t lathe_crc32c_power(unsigned exponent)
{
    uint32_t power = 0x40000000u;
    for (unsigned step = 0; step < exponent; step++)
        power = lathe_crc32c_multiply(power, power);
    return power;
}

uint32_t lathe_crc32c_combined(uint32_t first, uint32_t second, size_t length)
{
    // x to the power of 8, squared for each bit of the length.
    uint32_t power = lathe_crc32c_power(3);
    for (; length > 0; length >>= 1) {
        if (length & 1)
            first = lathe_crc32c_multiply(first, power);
        power = lathe_crc32c_multiply(power, power);
    }
    return first ^ second;
}
