#include "session/sums.h"

void sums_learn(const struct kept *kept, char *at, const struct click *click)
{
    for (int i = 0; i < kept->sums; i++, at += SUM_BYTES) {
        const struct value value = click->value[kept->sum_slot[i]];
        struct sum sum;
        if (value.kind != KIND_NUMBER) continue;
        sum_read(&sum, at);
        sum_add(&sum, value_slice(value));
        (void)sum_write(at, &sum);
    }
}

void sums_join(const struct kept *kept, char *at, const char *more)
{
    for (int i = 0; i < kept->sums; i++, at += SUM_BYTES, more += SUM_BYTES) {
        struct sum sum, other;
        sum_read(&sum, at);
        sum_read(&other, more);
        sum_join(&sum, &other);
        (void)sum_write(at, &sum);
    }
}
