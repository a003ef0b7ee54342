#include <string.h>

#include "kernel_table.h"

static const char *const names[] = {"scalar", "neon", "avx2", "avx512"};
enum { NAME_COUNT = sizeof names / sizeof *names };

bool lathe_isa_available(lathe_isa isa) {
  switch (isa) {
    case LATHE_ISA_SCALAR: return true;
#if defined(__x86_64__)
    case LATHE_ISA_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case LATHE_ISA_AVX512:
      return lathe_isa_available(LATHE_ISA_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
    case LATHE_ISA_NEON: return true;
#endif
    default: return false;
  }
}

lathe_isa lathe_isa_best(void) {
  for (int isa = LATHE_ISA_AVX512; isa > LATHE_ISA_SCALAR; isa--)
    if (lathe_isa_available((lathe_isa)isa)) return (lathe_isa)isa;
  return LATHE_ISA_SCALAR;
}

const char *lathe_isa_name(lathe_isa isa) { return (size_t)isa < NAME_COUNT ? names[isa] : "unknown"; }

int lathe_isa_named(const char *name) {
  for (int isa = 0; isa < NAME_COUNT; isa++)
    if (strcmp(name, names[isa]) == 0) return isa;
  return -1;
}

const lathe_kernels *lathe_kernels_for(lathe_isa isa) {
#if defined(__x86_64__)
  if (isa >= LATHE_ISA_AVX512 && lathe_isa_available(LATHE_ISA_AVX512)) return &lathe_kernels_avx512;
  if (isa >= LATHE_ISA_AVX2 && lathe_isa_available(LATHE_ISA_AVX2)) return &lathe_kernels_avx2;
#elif defined(__aarch64__)
  if (isa >= LATHE_ISA_NEON) return &lathe_kernels_neon;
#endif
  (void)isa;
  return &lathe_kernels_scalar;
}
