/* Transposes 8 rows of 8 floats; rows of `from` and of `to` are their strides apart. */
#define TRANSPOSE_SIDE 8
INLINE void v_transpose(const float *from, size_t from_stride, float *to, size_t to_stride) {
  __m256 rows[8], pairs[8], fours[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i++) rows[i] = _mm256_loadu_ps(from + (size_t)i * from_stride);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    pairs[2 * i] = _mm256_unpacklo_ps(rows[2 * i], rows[2 * i + 1]);
    pairs[2 * i + 1] = _mm256_unpackhi_ps(rows[2 * i], rows[2 * i + 1]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 2; i++) {
    fours[4 * i] = _mm256_shuffle_ps(pairs[4 * i], pairs[4 * i + 2], 0x44);
    fours[4 * i + 1] = _mm256_shuffle_ps(pairs[4 * i], pairs[4 * i + 2], 0xee);
    fours[4 * i + 2] = _mm256_shuffle_ps(pairs[4 * i + 1], pairs[4 * i + 3], 0x44);
    fours[4 * i + 3] = _mm256_shuffle_ps(pairs[4 * i + 1], pairs[4 * i + 3], 0xee);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_ps(to + (size_t)i * to_stride, _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20));
    _mm256_storeu_ps(to + (size_t)(i + 4) * to_stride, _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31));
  }
}
