/* What windows of a convolution read. The file that includes this has types `convolution` and `element`, those of its arguments and of X and W, and
 * finish(convolution, filter, plane of the result, place in it, sums, count), taps_of(convolution, filter, room), the filter in floats,
 * padding_of(convolution), the element that means 0, and value_of(convolution, element), what an element means. */

/* One tap of one channel for `count` places from oy, ox on: padding where it lies outside. Places before the first wrap around to large ones. */
static void tap(const convolution *c, const element *x, size_t ky, size_t kx, size_t oy, size_t ox, size_t count, element *row) {
  const element padding = padding_of(c);
  size_t down = ky * c->dilation_y, right = kx * c->dilation_x;
  while (count > 0) {
    size_t run = lathe_smaller(count, c->out_width - ox), iy = oy * c->stride_y + down - c->pad_top;
    size_t ix = ox * c->stride_x + right - c->pad_left;
    if (iy >= c->height) {
      for (size_t i = 0; i < run; i++) row[i] = padding;
    } else if (c->stride_x == 1 && ix < c->width && run <= c->width - ix) {
      memcpy(row, x + iy * c->width + ix, run * sizeof *row);
    } else {
      const element *line = x + iy * c->width;
      size_t i = 0, step = c->stride_x;
      for (; i < run && ix >= c->width; i++, ix += step) row[i] = padding;
      size_t end = ix < c->width ? lathe_smaller(run, i + (c->width - ix - 1) / step + 1) : i;
      for (; i < end; i++, ix += step) row[i] = line[ix];
      for (; i < run; i++) row[i] = padding;
    }
    row += run, count -= run, ox = 0, oy++;
  }
}

/* A line of X with its padding, so that each tap is a load: `length` floats for each phase of the stride. */
static void spread_line(const convolution *c, const element *x, size_t iy, size_t length, float *line) {
  if (iy >= c->height) {
    memset(line, 0, c->stride_x * length * sizeof *line);
    return;
  }
  x += iy * c->width;
  for (size_t phase = 0; phase < c->stride_x; phase++, line += length) {
    size_t ix = phase - c->pad_left, i = 0;
    for (; i < length && ix >= c->width; i++, ix += c->stride_x) line[i] = 0;
    size_t inside = ix < c->width ? lathe_smaller(length - i, (c->width - ix - 1) / c->stride_x + 1) : 0;
    for (size_t j = 0; j < inside; j++) line[i + j] = value_of(c, x[ix + j * c->stride_x]);
    memset(line + i + inside, 0, (length - i - inside) * sizeof *line);
  }
}

/* Sums of 16 places; `lines` begins at the first tap of the first. */
static void depthwise_sums(const convolution *c, const float *lines, const float *w, size_t length, float *to) {
  v sums[BLOCK_VECTORS];
#pragma clang loop unroll(full)
  for (int i = 0; i < BLOCK_VECTORS; i++) sums[i] = v_set(0);
  for (size_t ky = 0; ky < c->kernel_height; ky++, lines += c->dilation_y * c->stride_x * length) {
    for (size_t kx = 0, phase = 0, step = 0; kx < c->kernel_width; kx++) {
      const float *own = lines + phase * length + step;
      v factor = v_set(*w++);
#pragma clang loop unroll(full)
      for (int i = 0; i < BLOCK_VECTORS; i++) sums[i] = v_fma(factor, v_load(own + i * LANES), sums[i]);
      for (phase += c->dilation_x; phase >= c->stride_x; phase -= c->stride_x) step++;
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < BLOCK_VECTORS; i++) v_store(to + i * LANES, sums[i]);
}

/* One plane of a filter that reads one channel. */
static void depthwise(const convolution *c, size_t batch, size_t filter, float *lines) {
  const element *x = c->x + (batch * c->channels + filter / (c->filters / c->groups)) * c->height * c->width;
  size_t length = lathe_depthwise_length(c->out_width, c->stride_x, c->kernel_width, c->dilation_x), line = length * c->stride_x;
  size_t count = lathe_depthwise_lines(c->out_height, c->stride_y, c->kernel_height, c->dilation_y);
  const float *w = taps_of(c, filter, lines + count * line);
  for (size_t i = 0; i < count; i++) spread_line(c, x, i - c->pad_top, length, lines + i * line);
  float sums[PLACES];
  for (size_t row = 0; row < c->out_height; row++) {
    for (size_t first = 0; first < c->out_width; first += PLACES) {
      size_t places = lathe_smaller(PLACES, c->out_width - first);
      for (size_t i = 0; i < places; i += LATHE_GEMM_COLUMNS)
        depthwise_sums(c, lines + row * c->stride_y * line + first + i, w, length, sums + i);
      finish(c, filter, batch * c->filters + filter, row * c->out_width + first, sums, places);
    }
  }
}
