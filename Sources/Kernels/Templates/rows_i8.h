/* Rows of floats or of INT8 values, into and out of lanes. */
#ifndef LATHE_TEMPLATES_ROWS_I8_H
#define LATHE_TEMPLATES_ROWS_I8_H

#include "functions.h"
#include "rows.h"

/* Vectors of the 16 partial sums of a row. */
enum { SIXTEEN = 16 / LANES };

/* Runs body with c at each group of lanes, and count = LANES but for the rest of the row, for which it is written out again. */
#define FOR_WHOLE_LANES(width, c, count, ...)             \
  {                                                       \
    const size_t width_ = (width);                        \
    size_t c_ = 0;                                        \
    for (; c_ + LANES <= width_; c_ += LANES) {           \
      const size_t c = c_, count = LANES;                 \
      __VA_ARGS__                                         \
    }                                                     \
    if (LANES > 1 && c_ < width_) {                       \
      const size_t c = c_, count = width_ - c_;           \
      __VA_ARGS__                                         \
    }                                                     \
  }

/* One row of lathe_rows_in, from some column on. */
typedef struct row_in {
  const float *f32;
  const int8_t *i8;
  float scale;
  const float *factors; /* that values are multiplied with; or NULL */
  uint32_t mask; /* of a byte's bits once it has been sign-extended */
  int32_t zero_point;
} row_in;

INLINE row_in row_in_at(const lathe_rows_in *rows, size_t row, size_t column) {
  size_t offset = row * rows->stride + column;
  return (row_in){.f32 = rows->f32 ? rows->f32 + offset : NULL,
                  .i8 = rows->i8 && !rows->f32 ? rows->i8 + offset : NULL,
                  .scale = rows->row_scale ? rows->row_scale[row] : rows->scale,
                  .mask = rows->codes == LATHE_CODES_UNSIGNED ? 0xff : 0xffffffff,
                  .zero_point = rows->zero_point};
}

INLINE vints vi_load_i8_some(const int8_t *p, size_t count) {
  if (count == LANES) return vi_load_i8(p);
  int8_t lanes[LANES] = {0};
  memcpy(lanes, p, count);
  return vi_load_i8(lanes);
}

/* The codes less their zero point, as floats; anything beyond `count`. */
INLINE v codes_at(const row_in *row, size_t column, size_t count) {
  return v_from_ints((vi_load_i8_some(row->i8 + column, count) & vi_set(row->mask)) - vi_set((uint32_t)row->zero_point));
}

INLINE v value_at(const row_in *row, size_t column, size_t count) {
  v value = row->f32 ? v_load_some(row->f32 + column, count) : codes_at(row, column, count) * v_set(row->scale);
  return row->factors ? value * v_load_some(row->factors + column, count) : value;
}

/* z and the value, as lathe_rows_in defines it. */
INLINE v added_to(v z, const row_in *row, size_t column, size_t count) {
  if (row->f32) return z + v_load_some(row->f32 + column, count);
  return row->i8 ? v_fma(codes_at(row, column, count), v_set(row->scale), z) : z;
}

/* One row of lathe_rows_out, from some column on. */
typedef struct row_out {
  float *f32;
  int8_t *i8;
  float inverse;
  const float *inverses; /* of the columns; or NULL */
  bool is_divided;
  float scale, lowest, highest; /* of the codes less their zero point */
  uint32_t zero_point;
} row_out;

INLINE row_out row_out_at(const lathe_rows_out *rows, size_t row, size_t column) {
  return (row_out){.f32 = rows->f32 ? rows->f32 + row * rows->f32_stride + column : NULL,
                   .i8 = rows->i8 ? rows->i8 + row * rows->i8_stride + column : NULL,
                   .inverse = rows->inverse_scale,
                   .inverses = rows->inverse_scales ? rows->inverse_scales + column : NULL,
                   .is_divided = rows->codes != LATHE_CODES_SYMMETRIC,
                   .scale = rows->scale,
                   .lowest = (float)((rows->codes == LATHE_CODES_SYMMETRIC ? -127 : rows->codes == LATHE_CODES_SIGNED ? -128 : 0) - rows->zero_point),
                   .highest = (float)((rows->codes == LATHE_CODES_UNSIGNED ? 255 : 127) - rows->zero_point),
                   .zero_point = (uint32_t)rows->zero_point};
}

/* Says of codes known to be symmetric, of one scale, that they are: that leaves less to do for each vector. */
INLINE void make_plain(row_out *row) {
  row->is_divided = false;
  row->inverses = NULL;
  row->lowest = -127;
  row->highest = 127;
  row->zero_point = 0;
}

/* Integers whose low bytes are those of quantized(t). */
INLINE vints v_quantized(v t) {
  v bounded = v_min(v_set(127), v_max(v_set(-127), v_number(t)));
  return v_bits(bounded + v_set(ROUNDING));
}

/* Integers whose low bytes are those of the codes of values. The zero point is added to the rounded number: added before, an odd one would turn ties
 * the other way. */
INLINE vints v_codes(const row_out *row, v value, size_t column, size_t count) {
  v t = row->is_divided ? value / v_set(row->scale)
        : row->inverses ? value * v_load_some(row->inverses + column, count)
                        : value * v_set(row->inverse);
  v bounded = v_min(v_set(row->highest), v_max(v_set(row->lowest), v_number(t)));
  return v_bits(bounded + v_set(ROUNDING)) + vi_set(row->zero_point);
}

INLINE void vi_store_i8_some(int8_t *p, vints x, size_t count) {
  if (count == LANES) {
    vi_store_i8(p, x);
    return;
  }
  int8_t lanes[LANES];
  vi_store_i8(lanes, x);
  memcpy(p, lanes, count);
}

INLINE void put(const row_out *row, v value, size_t column, size_t count) {
  if (row->f32) v_store_some(row->f32 + column, value, count);
  if (row->i8) vi_store_i8_some(row->i8 + column, v_codes(row, value, column, count), count);
}

/* x, and 0 in the lanes from count on. */
INLINE v v_first(v x, size_t count) {
  if (count == LANES) return x;
  float lanes[LANES];
  v_store(lanes, x);
  return v_load_part(lanes, count);
}

/* The bits of the largest magnitude: of infinity or above where a value is infinite or not a number. */
static uint32_t largest_bits(const row_in *row, size_t width) {
  vints most = vi_set(0);
  FOR_WHOLE_LANES(width, c, count, {
    v value = v_first(value_at(row, c, count), count);
    most = vi_max(most, v_bits(value) & vi_set(0x7fffffff));
  })
  uint32_t lanes[LANES], largest = 0;
  vi_store(lanes, most);
  for (size_t l = 0; l < LANES; l++) largest = lanes[l] > largest ? lanes[l] : largest;
  return largest;
}

/* The scale of a row, and its inverse, which is 0 for a row that becomes zeros; false if it is not finite. */
static bool scale_of(const row_in *row, size_t width, float *scale, float *inverse) {
  uint32_t bits = largest_bits(row, width);
  float most;
  memcpy(&most, &bits, sizeof most);
  bool is_finite = bits < 0x7f800000, is_scaled = is_finite && most >= 0x1p-100f;
  *scale = is_scaled ? most / 127 : 1;
  *inverse = is_scaled ? 127 / most : 0;
  return is_finite;
}

/* A row of values to where it goes, whose scale is found if it has its own; false if such a row is not finite. `from` may be where it goes. */
static __attribute__((unused)) bool put_row(const lathe_rows_out *y, size_t row, const row_in *from, size_t width) {
  row_out to = row_out_at(y, row, 0);
  bool is_finite = true;
  if (y->i8 && y->row_scale) {
    is_finite = scale_of(from, width, &y->row_scale[row], &to.inverse);
    to.inverses = NULL;
  }
  if (from->f32 && !from->factors && !to.is_divided && !to.inverses) {
    const row_in floats = {.f32 = from->f32};
    make_plain(&to);
    FOR_WHOLE_LANES(width, c, count, put(&to, value_at(&floats, c, count), c, count);)
  } else {
    FOR_WHOLE_LANES(width, c, count, put(&to, value_at(from, c, count), c, count);)
  }
  return is_finite;
}

#endif
