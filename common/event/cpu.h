/*
 * cpu.h - which of the scanner's instruction sets this x86-64 has, and the system lets programs
 * use.
 *
 * The compiler's __builtin_cpu_supports would say so, too, but where zig links, it is always false.
 * Bits are those of Intel's Software Developer's Manual, volume 2, CPUID and XGETBV.
 */
#ifndef CS_CPU_H
#define CS_CPU_H

#include <stdbool.h>

/* AVX2 with BMI1, BMI2 and LZCNT. */
bool cpu_has_avx2(void);

/* Those, and AVX-512 F, BW, VL and DQ. */
bool cpu_has_avx512(void);

/* Of AVX-512 VBMI2, which presses bytes together, and all that is in cpu_has_avx512. */
bool cpu_has_avx512_press(void);

#endif
