#include "crc32c.h"

#if defined(__aarch64__)

#include <string.h>

#if defined(__linux__)
#include <sys/auxv.h>
// HWCAP_CRC32 of asm/hwcap.h.
#define LATHE_HWCAP_CRC32 (1ul << 7)

int lathe_crc32c_has_armv8(void)
{
    return (getauxval(AT_HWCAP) & LATHE_HWCAP_CRC32) != 0;
}
#else
int lathe_crc32c_has_armv8(void)
{
    return 1;
}
#endif

__attribute__((target("crc"))) uint32_t lathe_crc32c_armv8(uint32_t crc, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    uint32_t state = ~crc;
    for (; length >= 8; length -= 8, bytes += 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        state = __builtin_arm_crc32cd(state, word);
    }
    for (; length > 0; length--)
        state = __builtin_arm_crc32cb(state, *bytes++);
    return ~state;
}

#endif
