/* How many items a call has, and how much scratch a thread needs: the same for every instruction set. */
#include "kernel_table.h"

size_t lathe_matmul_items_f32(const lathe_matmul_f32 *m) {
  if (m->m == 0) return 0;
  return m->batch * lathe_quotient_up(m->m, lathe_gemm_panel_rows(m->m, m->k)) * lathe_quotient_up(m->n, LATHE_GEMM_COLUMNS);
}

size_t lathe_matmul_scratch_f32(const lathe_matmul_f32 *m) { return m->k * LATHE_GEMM_COLUMNS; }

size_t lathe_attention_items_f32(const lathe_attention_f32 *a) {
  return a->batch * a->heads * lathe_quotient_up(a->queries, LATHE_ATTENTION_QUERIES);
}

size_t lathe_attention_scratch_f32(const lathe_attention_f32 *a) {
  size_t width = lathe_quotient_up(a->width, LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS;
  return LATHE_ATTENTION_KEYS * (a->size + width + LATHE_ATTENTION_QUERIES) + LATHE_ATTENTION_QUERIES * width;
}

size_t lathe_recurrent_items_f32(size_t hidden) { return lathe_quotient_up(hidden, LATHE_GEMM_COLUMNS); }

size_t lathe_convolution_items_f32(const lathe_convolution_f32 *c) {
  if (c->channels == c->groups) return c->out_height * c->out_width > 0 ? c->batch * c->filters : 0;
  return c->batch * c->groups * lathe_quotient_up(c->out_height * c->out_width, LATHE_CONVOLUTION_PLACES);
}

size_t lathe_depthwise_lines(size_t out_height, size_t stride, size_t kernel_height, size_t dilation) {
  return out_height == 0 ? 0 : (out_height - 1) * stride + (kernel_height - 1) * dilation + 1;
}

size_t lathe_depthwise_length(size_t out_width, size_t stride, size_t kernel_width, size_t dilation) {
  size_t places = lathe_quotient_up(out_width, LATHE_GEMM_COLUMNS) * LATHE_GEMM_COLUMNS;
  return places + (kernel_width - 1) * dilation / stride + 1;
}

size_t lathe_convolution_scratch_f32(const lathe_convolution_f32 *c) {
  if (c->channels == c->groups)
    return lathe_depthwise_lines(c->out_height, c->stride_y, c->kernel_height, c->dilation_y) *
           lathe_depthwise_length(c->out_width, c->stride_x, c->kernel_width, c->dilation_x) * c->stride_x;
  return c->channels / c->groups * c->kernel_height * c->kernel_width * LATHE_CONVOLUTION_PLACES;
}
