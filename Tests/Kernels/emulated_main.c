/* The kernels of instruction sets that this processor lacks, their intrinsics by emulated_x86.h. */
#include "check.h"

const lathe_kernels *kernels;
int failures;

extern const lathe_kernels lathe_kernels_avxvnni, lathe_kernels_avx512, lathe_kernels_avx512vnni;

static void test(const lathe_kernels *own) {
  int before = failures;
  kernels = own;
  test_functions();
  test_gemm();
  test_matmul();
  test_rows();
  test_attention();
  test_recurrent();
  test_permute();
  test_convolution();
  test_gemm_i8();
  test_rows_i8();
  test_attention_i8();
  test_recurrent_i8();
  test_convolution_i8();
  printf("%-10s emulated     %s\n", lathe_isa_name(own->isa), failures == before ? "passed" : "FAILED");
}

int main(void) {
  test(&lathe_kernels_avxvnni);
  test(&lathe_kernels_avx512);
  test(&lathe_kernels_avx512vnni);
  return failures > 0;
}
