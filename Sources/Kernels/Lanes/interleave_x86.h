/* 16 columns of four rows, as a packed group has them. */
INLINE void w_group(const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, int8_t *to) {
  __m128i first = _mm_loadu_si128((const __m128i *)a), second = _mm_loadu_si128((const __m128i *)b);
  __m128i third = _mm_loadu_si128((const __m128i *)c), fourth = _mm_loadu_si128((const __m128i *)d);
  __m128i low = _mm_unpacklo_epi8(first, second), low2 = _mm_unpacklo_epi8(third, fourth);
  __m128i high = _mm_unpackhi_epi8(first, second), high2 = _mm_unpackhi_epi8(third, fourth);
  _mm_storeu_si128((__m128i *)to, _mm_unpacklo_epi16(low, low2));
  _mm_storeu_si128((__m128i *)(to + 16), _mm_unpackhi_epi16(low, low2));
  _mm_storeu_si128((__m128i *)(to + 32), _mm_unpacklo_epi16(high, high2));
  _mm_storeu_si128((__m128i *)(to + 48), _mm_unpackhi_epi16(high, high2));
}
