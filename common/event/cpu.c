#include "event/cpu.h"

#if defined(__x86_64__)

#include <cpuid.h>

#define BIT(n) (1U << (n))
#define STATE_AVX (BIT(1) | BIT(2)) /* of XCR0: XMM, YMM */
#define STATE_AVX512                                                                               \
    (STATE_AVX | BIT(5) | BIT(6) | BIT(7)) /* mask registers and both halves of ZMM */

static bool all(unsigned bits, unsigned wanted)
{
    return (bits & wanted) == wanted;
}

/* What of the registers the system saves when it switches between programs; 0: nothing of AVX. */
static unsigned saved_state(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !all(c, BIT(27) | BIT(28))) return 0;
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static bool has(unsigned state, unsigned features)
{
    unsigned a, b, c, d;
    if (!all(saved_state(), state)) return false;
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !all(c, BIT(5))) return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && all(b, features);
}

#define AVX2 (BIT(3) | BIT(5) | BIT(8))
#define AVX512 (AVX2 | BIT(16) | BIT(17) | BIT(30) | BIT(31))

bool cpu_has_avx2(void)
{
    return has(STATE_AVX, AVX2);
}

bool cpu_has_avx512(void)
{
    return has(STATE_AVX512, AVX512);
}

bool cpu_has_avx512_press(void)
{
    unsigned a, b, c, d;
    return cpu_has_avx512() && __get_cpuid_count(7, 0, &a, &b, &c, &d) && all(c, BIT(6));
}

#endif
