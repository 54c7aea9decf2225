/* bucket.c - the rate of an address, against a bucket with tokens in it. */
#include "collect/bucket.h"

#include <stdlib.h>

#include "tap.h"

enum { ADDRESSES = 50, REQUESTS = 20000 };

static struct peer peer_at(int number)
{
    struct peer peer = {.bytes = {[10] = 0xff, [11] = 0xff, [12] = 10}};
    peer.bytes[15] = (unsigned char)number;
    return peer;
}

/* The slow way: tokens come one by one. */
struct plain {
    double tokens;
    int64_t at_us;
};

static void agrees(const char *text, double per_us, double most)
{
    static struct plain plain[ADDRESSES];
    struct buckets buckets = {.each_us = 0};
    int64_t now_us = 1000000;
    bool same = true;
    ok(buckets_parse(text, &buckets) == NULL, text);
    buckets_open(&buckets);
    for (int i = 0; i < ADDRESSES; i++)
        plain[i] = (struct plain){.tokens = most, .at_us = now_us};
    srand(7);
    for (int i = 0; i < REQUESTS; i++) {
        /* Steps of whole tokens: nothing hangs on how doubles are rounded. */
        now_us += rand() % 3 * buckets.each_us;
        struct plain *const one = &plain[rand() % ADDRESSES];
        const struct peer peer = peer_at((int)(one - plain));
        one->tokens += (double)(now_us - one->at_us) * per_us;
        if (one->tokens > most) one->tokens = most;
        one->at_us = now_us;
        const bool allowed = one->tokens > 0.999;
        if (allowed) one->tokens -= 1;
        same = same && (buckets_take(&buckets, &peer, now_us) == 0) == allowed;
    }
    ok(same, "allows what a bucket of tokens does");
    buckets_release(&buckets);
}

int main(void)
{
    struct buckets buckets = {.each_us = 0};
    agrees("2/1s", 2e-6, 2);
    agrees("100/10s,burst=300", 1e-5, 300);
    agrees("1/1s,burst=1", 1e-6, 1);
    static const char *const wrong[] = {
        "",           "100",      "100/",         "100/10",      "0/1s",
        "-1/1s",      "1/1s,x=2", "1/1s,burst=0", "1/1s,burst=", "1/0s",
        "2000001/1s", "x/1s",     "1/1s,burst=2x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ok(buckets_parse(wrong[i], &buckets) != NULL, wrong[i]);
    return plan();
}
