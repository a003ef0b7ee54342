/* Integers in 4 lanes. Dot products are of signed bytes, so that an unsigned X is prepared as X - 128. */
#define X_BYTES 1
#define SIGNED_OFFSET 0
#define UNSIGNED_OFFSET (-128)

INLINE vints vi_load(const void *p) { return (vints)vld1q_u8(p); }
INLINE void vi_store(void *p, vints x) { vst1q_u8(p, (uint8x16_t)x); }
INLINE vints vi_set(uint32_t x) { return (vints)vdupq_n_u32(x); }
INLINE vints vi_max(vints a, vints b) { return (vints)vmaxq_s32((int32x4_t)a, (int32x4_t)b); }
INLINE v v_from_ints(vints x) { return vcvtq_f32_s32((int32x4_t)x); }
INLINE v v_number(v x) { return vbslq_f32(vceqq_f32(x, x), x, vdupq_n_f32(0)); }
INLINE vints vi_load_i8(const int8_t *p) {
  uint32_t bytes;
  memcpy(&bytes, p, sizeof bytes);
  return (vints)vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(bytes))));
}
INLINE void vi_store_i8(int8_t *p, vints x) {
  uint16x4_t words = vmovn_u32((uint32x4_t)x);
  uint32_t bytes = vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(words, words))), 0);
  memcpy(p, &bytes, sizeof bytes);
}
INLINE void vi_store16_i8(int8_t *p, const vints *x) {
  uint16x8_t low = vcombine_u16(vmovn_u32((uint32x4_t)x[0]), vmovn_u32((uint32x4_t)x[1]));
  uint16x8_t high = vcombine_u16(vmovn_u32((uint32x4_t)x[2]), vmovn_u32((uint32x4_t)x[3]));
  vst1q_s8(p, vreinterpretq_s8_u8(vcombine_u8(vmovn_u16(low), vmovn_u16(high))));
}

INLINE float v_sum16(const v *p) {
  float32x4_t four = vaddq_f32(vaddq_f32(p[0], p[2]), vaddq_f32(p[1], p[3]));
  float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
  return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

INLINE uint32_t x_prepare(const int8_t *x, size_t count, int8_t *to, const bool is_unsigned) {
  const int8x16_t flip = vdupq_n_s8(is_unsigned ? -128 : 0);
  for (size_t i = 0; i < count; i += 16) vst1q_s8(to + i, veorq_s8(vld1q_s8(x + i), flip));
  return 0;
}

/* 16 columns of four rows, as a packed group has them. */
INLINE void w_group(const int8_t *a, const int8_t *b, const int8_t *c, const int8_t *d, int8_t *to) {
  vst4q_s8(to, ((int8x16x4_t){{vld1q_s8(a), vld1q_s8(b), vld1q_s8(c), vld1q_s8(d)}}));
}
