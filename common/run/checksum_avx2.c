/* The checksum with AVX2: 32 bytes at a time. */
#if defined(__x86_64__)
#define XXH_INLINE_ALL
#define CHECKSUM_WAY checksum_avx2
#include "run/checksum_inside.h"
#endif
