/* slab.c - pieces of any size, taken, resized and given back at random. */
#include "base/slab.h"

#include <stdbool.h>
#include <string.h>

#include "tap.h"

#define PIECES 500

static uint64_t random_below(uint64_t bound)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % bound;
}

/* Mostly short, now and then one for malloc. */
static size_t random_len(void)
{
    return (size_t)random_below((uint64_t)1 << random_below(17));
}

struct piece {
    char *bytes;
    size_t len;
};

static void piece_fill(const struct piece *piece, int number)
{
    if (piece->len > 0) memset(piece->bytes, number & 0x7f, piece->len);
}

/* Are the first bytes still what they were? */
static bool piece_holds(const struct piece *piece, size_t len, int number)
{
    for (size_t i = 0; i < len; i++)
        if (piece->bytes[i] != (char)(number & 0x7f)) return false;
    return true;
}

static int test_random(struct slab *slab)
{
    static struct piece piece[PIECES];
    int wrong = 0;

    for (int turn = 0; turn < 200000; turn++) {
        const int number = (int)random_below(PIECES);
        struct piece *one = &piece[number];
        const size_t old_len = one->len;
        const size_t len = random_below(3) == 0 ? 0 : random_len();
        if (random_below(2) == 0) {
            one->bytes = slab_resize(slab, one->bytes, old_len, len);
            one->len = len;
            wrong += !piece_holds(one, old_len < len ? old_len : len, number);
        } else {
            wrong += !piece_holds(one, old_len, number);
            slab_give(slab, one->bytes, old_len);
            one->len = len;
            one->bytes = slab_take(slab, len);
        }
        piece_fill(one, number);
    }
    for (int number = 0; number < PIECES; number++) {
        wrong += !piece_holds(&piece[number], piece[number].len, number);
        slab_give(slab, piece[number].bytes, piece[number].len);
    }
    return wrong;
}

int main(void)
{
    struct slab slab = {0};
    int wrong = 0;

    for (size_t len = 0; len < 2 * SLAB_LONG; len++)
        wrong += slab_room(len) < len || slab_room(slab_room(len)) != slab_room(len) ||
                 slab_room(len + 1) < slab_room(len) || slab_room(len) > len + 15 + len / 4;
    is_int(wrong, 0, "room is enough, grows with the length, and is not a quarter too much");
    is_int(test_random(&slab), 0, "no piece lies in another, and resizing keeps the first bytes");
    ok(slab.live == 0 && slab.segments == 1, "with the last piece all memory goes but one segment");
    slab_release(&slab);
    return plan();
}
