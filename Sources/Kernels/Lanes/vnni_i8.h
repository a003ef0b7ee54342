/* X for dot products of bytes without a sign and with one. */
INLINE uint32_t x_prepare(const int8_t *x, size_t count, int8_t *to, const bool is_unsigned) {
  const __m128i flip = _mm_set1_epi8(is_unsigned ? 0 : -128);
  for (size_t i = 0; i < count; i += 16)
    _mm_storeu_si128((__m128i *)(to + i), _mm_xor_si128(_mm_loadu_si128((const __m128i *)(x + i)), flip));
  return 0;
}
