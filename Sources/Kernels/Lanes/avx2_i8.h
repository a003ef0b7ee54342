/* Lanes of AVX2 for INT8. vpmaddubsw takes one side without a sign and keeps 16 bits, which sums of two products |x| y leave for no bytes x and y, though
 * x + 128 would. With m = -1 where x < 0 and else 0, x w = |x| (w ^ m) + |x| (m & 1): X is prepared as |x| and m, and the last term is a row's own. */
#pragma STDC FP_CONTRACT OFF
#include "avx2.h"

#define X_BYTES 2
#define SIGNED_OFFSET 0
#define UNSIGNED_OFFSET (-128)

#include "ymm_i8.h"

/* `count` elements of X, a multiple of 16. Returns what the row starts at. */
INLINE uint32_t x_prepare(const int8_t *x, size_t count, int8_t *to, const bool is_unsigned) {
  __m128i zero = _mm_setzero_si128(), sums = zero, flip = _mm_set1_epi8(is_unsigned ? -128 : 0);
  for (size_t i = 0; i < count; i += 16) {
    __m128i bytes = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(x + i)), flip);
    __m128i absolute = _mm_abs_epi8(bytes), negative = _mm_cmpgt_epi8(zero, bytes);
    sums = _mm_add_epi64(sums, _mm_sad_epu8(_mm_and_si128(absolute, negative), zero));
    _mm_storeu_si128((__m128i *)(to + 2 * i), _mm_unpacklo_epi32(absolute, negative));
    _mm_storeu_si128((__m128i *)(to + 2 * i + 16), _mm_unpackhi_epi32(absolute, negative));
  }
  return (uint32_t)_mm_cvtsi128_si32(_mm_add_epi64(sums, _mm_unpackhi_epi64(sums, sums)));
}

/* In a register, wherever the compiler would rather have it. */
INLINE vints vi_ones(void) {
  vints ones = (vints)_mm256_set1_epi16(1);
  __asm__("" : "+x"(ones));
  return ones;
}

/* sum + the products of four elements, but for what the row starts at. */
INLINE vints vi_dot(vints sum, vints w, vints absolute, vints negative, vints ones) {
  __m256i pairs = _mm256_maddubs_epi16((__m256i)absolute, (__m256i)(w ^ negative));
  sum = sum + (vints)_mm256_madd_epi16(pairs, (__m256i)ones);
  /* One sum for the compiler: those of several steps taken together would need more registers than there are. */
  __asm__ volatile("" : "+x"(sum));
  return sum;
}

/* sum + four bytes. */
INLINE vints vi_sum4(vints sum, vints bytes) {
  __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), (__m256i)bytes);
  return sum + (vints)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}
