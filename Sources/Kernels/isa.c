#include <string.h>
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#include "kernel_table.h"

static const char *const names[] = {"scalar", "neon", "neondot", "avx2", "avxvnni", "avx512", "avx512vnni"};
enum { NAME_COUNT = sizeof names / sizeof *names };

#if defined(__aarch64__)
static bool has_dot_products(void) {
#if defined(__ARM_FEATURE_DOTPROD)
  return true;
#elif defined(__linux__)
  enum { ASIMDDP = 20 };
  return getauxval(AT_HWCAP) >> ASIMDDP & 1;
#else
  return false;
#endif
}
#endif

bool lathe_isa_available(lathe_isa isa) {
  switch (isa) {
    case LATHE_ISA_SCALAR: return true;
#if defined(__x86_64__)
    case LATHE_ISA_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case LATHE_ISA_AVXVNNI: return lathe_isa_available(LATHE_ISA_AVX2) && __builtin_cpu_supports("avxvnni");
    case LATHE_ISA_AVX512:
      return lathe_isa_available(LATHE_ISA_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    case LATHE_ISA_AVX512VNNI: return lathe_isa_available(LATHE_ISA_AVX512) && __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__)
    case LATHE_ISA_NEON: return true;
    case LATHE_ISA_NEONDOT: return has_dot_products();
#endif
    default: return false;
  }
}

lathe_isa lathe_isa_best(void) {
  for (int isa = LATHE_ISA_AVX512VNNI; isa > LATHE_ISA_SCALAR; isa--)
    if (lathe_isa_available((lathe_isa)isa)) return (lathe_isa)isa;
  return LATHE_ISA_SCALAR;
}

const char *lathe_isa_name(lathe_isa isa) { return (size_t)isa < NAME_COUNT ? names[isa] : "unknown"; }

int lathe_isa_named(const char *name) {
  for (int isa = 0; isa < NAME_COUNT; isa++)
    if (strcmp(name, names[isa]) == 0) return isa;
  return -1;
}

/* Those that this build has, from the best on. */
static const lathe_kernels *const tables[] = {
#if defined(__x86_64__)
    &lathe_kernels_avx512vnni, &lathe_kernels_avx512, &lathe_kernels_avxvnni, &lathe_kernels_avx2,
#elif defined(__aarch64__)
    &lathe_kernels_neondot, &lathe_kernels_neon,
#endif
    &lathe_kernels_scalar};
enum { TABLE_COUNT = sizeof tables / sizeof *tables };

const lathe_kernels *lathe_kernels_for(lathe_isa isa) {
  for (int i = 0; i < TABLE_COUNT; i++)
    if (isa >= tables[i]->isa && lathe_isa_available(tables[i]->isa)) return tables[i];
  return &lathe_kernels_scalar;
}
