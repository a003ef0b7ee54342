#include <stdlib.h>
#include <string.h>

#include "kernel_table.h"

bool lathe_isa_available(lathe_isa isa) {
  switch (isa) {
    case LATHE_ISA_SCALAR: return true;
#if LATHE_HAS_AVX2
    case LATHE_ISA_AVX2:
      __builtin_cpu_init();
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    default: return false;
  }
}

const char *lathe_isa_name(lathe_isa isa) { return isa == LATHE_ISA_AVX2 ? "avx2" : "scalar"; }

lathe_isa lathe_isa_best(void) {
  lathe_isa best = lathe_isa_available(LATHE_ISA_AVX2) ? LATHE_ISA_AVX2 : LATHE_ISA_SCALAR;
  const char *wanted = getenv("LATHE_ISA");
  if (wanted == NULL) return best;
  for (lathe_isa isa = LATHE_ISA_SCALAR; isa <= LATHE_ISA_AVX2; isa++) {
    if (strcmp(wanted, lathe_isa_name(isa)) == 0 && lathe_isa_available(isa)) return isa;
  }
  return best;
}

const lathe_kernels *lathe_kernels_for(lathe_isa isa) {
#if LATHE_HAS_AVX2
  if (isa == LATHE_ISA_AVX2) return &lathe_kernels_avx2;
#endif
  (void)isa;
  return &lathe_kernels_scalar;
}
