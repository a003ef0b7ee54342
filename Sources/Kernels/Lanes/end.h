#ifdef LATHE_TARGETED
#pragma clang attribute pop
#endif
