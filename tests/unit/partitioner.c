/* partitioner.c - which partition a key goes to, as Kafka's clients have it. */
#include "base/partitioner.h"

#include "tap.h"

/* Of Apache Kafka's own test of its utilities (UtilsTest, testMurmur2), as its clients in other
 * languages repeat them. */
static void test_murmur2(void)
{
    static const struct {
        const char *key;
        int32_t hash;
    } known[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
        {"", 275646681},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct slice key = slice_of(known[i].key);
        const int32_t hash = known[i].hash;
        is_int((int32_t)murmur2(key), hash, "murmur2 is Kafka's");
        is_int(partitioner_of(PARTITIONER_MURMUR2, key, 12), (hash & INT32_MAX) % 12,
               "of a negative hash the sign is dropped, as Java's toPositive does");
    }
}

/* The polynomial of zlib, gzip and librdkafka. */
static void test_consistent(void)
{
    ok(partitioner_of(PARTITIONER_CONSISTENT, SLICE("123456789"), 1000) == 0xcbf43926 % 1000,
       "the check value of CRC-32");
    ok(partitioner_of(PARTITIONER_CONSISTENT, SLICE(""), 7) == 0, "nothing goes to the first");
    ok(partitioner_of(PARTITIONER_CONSISTENT, SLICE("a"), 1) == 0, "one partition takes all");
}

static void test_spread(void)
{
    int count[2][16] = {{0}};
    for (int i = 0; i < 16000; i++) {
        char key[32];
        const int len = snprintf(key, sizeof key, "s%d", i);
        for (int which = 0; which < 2; which++)
            count[which][partitioner_of((enum partitioner)which,
                                        (struct slice){.text = key, .len = (size_t)len}, 16)]++;
    }
    int uneven = 0;
    for (int i = 0; i < 32; i++)
        uneven += count[i / 16][i % 16] < 800 || count[i / 16][i % 16] > 1200;
    ok(uneven == 0, "ids are spread evenly over the partitions");
}

int main(void)
{
    test_murmur2();
    test_consistent();
    test_spread();
    return plan();
}
