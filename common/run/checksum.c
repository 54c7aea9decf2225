#include "run/checksum.h"

#include "event/cpu.h"

#define CHECKSUM_WAY checksum_plain
#include "run/checksum_inside.h"

struct checksum checksum_begin(void)
{
    struct checksum checksum = {.way = &checksum_plain};
#if defined(__x86_64__)
    if (cpu_has_avx2()) checksum.way = &checksum_avx2;
#endif
    checksum.state = checksum.way->begin();
    return checksum;
}

void checksum_end(struct checksum *checksum, char *sum)
{
    checksum->way->end(checksum->state, sum);
    checksum->state = NULL;
}
