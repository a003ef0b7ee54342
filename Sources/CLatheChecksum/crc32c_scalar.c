#include "crc32c.h"

// table[zeros]: effect of each byte that `zeros` zero bytes follow, so that eight bytes can be taken at once.
static void fill(uint32_t table[8][256])
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t state = byte;
        for (int bit = 0; bit < 8; bit++)
            state = (state >> 1) ^ ((state & 1) ? LATHE_CRC32C_POLYNOMIAL : 0);
        table[0][byte] = state;
    }
    for (int zeros = 1; zeros < 8; zeros++)
        for (uint32_t byte = 0; byte < 256; byte++) {
            uint32_t before = table[zeros - 1][byte];
            table[zeros][byte] = (before >> 8) ^ table[0][before & 0xFF];
        }
}

static uint32_t tables[8][256];

__attribute__((constructor)) static void prepare(void)
{
    fill(tables);
}

uint32_t lathe_crc32c_scalar(uint32_t crc, const void *data, size_t length)
{
    const uint8_t *bytes = data;
    uint32_t state = ~crc;
    for (; length >= 8; length -= 8, bytes += 8) {
        uint32_t word = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
        uint32_t low = state ^ word;
        state = tables[7][low & 0xFF] ^ tables[6][(low >> 8) & 0xFF] ^ tables[5][(low >> 16) & 0xFF];
        state ^= tables[4][low >> 24] ^ tables[3][bytes[4]] ^ tables[2][bytes[5]] ^ tables[1][bytes[6]] ^ tables[0][bytes[7]];
    }
    for (; length > 0; length--)
        state = (state >> 8) ^ tables[0][(state ^ *bytes++) & 0xFF];
    return ~state;
}
