/* Every kernel of every instruction set that this processor has, against plain loops: those of floats in doubles,
 * those of INT8 to the last bit; and each of them in pieces against itself. */
#include "check.h"

const lathe_kernels *kernels;
int failures;

static void run(const char *name, void (*test)(void)) {
  int before = failures;
  test();
  printf("%-10s %-14s %s\n", lathe_isa_name(kernels->isa), name, failures == before ? "passed" : "FAILED");
}

static void test_isa(void) {
  kernels = lathe_kernels_for(lathe_isa_best());
  CHECK(kernels->isa == lathe_isa_best(), "the best instruction set has no kernels");
  CHECK(lathe_isa_available(LATHE_ISA_SCALAR), "there is no scalar twin");
  CHECK(lathe_isa_named("mmx") == -1, "a name of nothing");
  for (int isa = 0; isa <= LATHE_ISA_AVX512VNNI; isa++) {
    CHECK(lathe_isa_named(lathe_isa_name((lathe_isa)isa)) == isa, "the name of %d", isa);
    CHECK(lathe_kernels_for((lathe_isa)isa)->isa <= (lathe_isa)isa, "%d falls upwards", isa);
  }
}

int main(void) {
  kernels = lathe_kernels_for(LATHE_ISA_SCALAR);
  run("isa", test_isa);
  for (int isa = 0; isa <= LATHE_ISA_AVX512VNNI; isa++) {
    if (!lathe_isa_available((lathe_isa)isa)) {
      printf("%-10s not on this processor\n", lathe_isa_name((lathe_isa)isa));
      continue;
    }
    kernels = lathe_kernels_for((lathe_isa)isa);
    run("functions", test_functions);
    run("gemm", test_gemm);
    run("matmul", test_matmul);
    run("rows", test_rows);
    run("attention", test_attention);
    run("recurrent", test_recurrent);
    run("permute", test_permute);
    run("convolution", test_convolution);
    run("gemm_i8", test_gemm_i8);
    run("rows_i8", test_rows_i8);
    run("attention_i8", test_attention_i8);
    run("recurrent_i8", test_recurrent_i8);
    run("convolution_i8", test_convolution_i8);
  }
  if (failures > 0) printf("%d failures\n", failures);
  return failures > 0;
}
