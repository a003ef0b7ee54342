#include "crc32c.h"

#if defined(__x86_64__)

#include <nmmintrin.h>
#include <string.h>

// Bytes of one of the three streams that run side by side, since an instruction's result takes three cycles: 2^15.
#define STREAM ((size_t)1 << 15)
// log2 of the bits in a stream.
#define STREAM_EXPONENT 18

int lathe_crc32c_has_sse42(void)
{
    return __builtin_cpu_supports("sse4.2");
}

static inline uint64_t load(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

__attribute__((target("sse4.2"))) uint32_t lathe_crc32c_sse42(uint32_t crc, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    uint64_t state = (uint32_t)~crc;
    if (length >= 3 * STREAM) {
        const uint32_t power = lathe_crc32c_power(STREAM_EXPONENT);
        for (; length >= 3 * STREAM; length -= 3 * STREAM, bytes += 3 * STREAM) {
            uint64_t second = 0, third = 0;
            for (size_t at = 0; at < STREAM; at += 8) {
                state = _mm_crc32_u64(state, load(bytes + at));
                second = _mm_crc32_u64(second, load(bytes + STREAM + at));
                third = _mm_crc32_u64(third, load(bytes + 2 * STREAM + at));
            }
            state = lathe_crc32c_multiply((uint32_t)state, power) ^ (uint32_t)second;
            state = lathe_crc32c_multiply((uint32_t)state, power) ^ (uint32_t)third;
        }
    }
    for (; length >= 8; length -= 8, bytes += 8)
        state = _mm_crc32_u64(state, load(bytes));
    for (; length > 0; length--)
        state = _mm_crc32_u8((uint32_t)state, *bytes++);
    return ~(uint32_t)state;
}

#endif
