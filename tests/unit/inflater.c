/* inflater.c - what gzip has compressed, undone piece by piece. */
#include "source/inflater.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "tap.h"

static struct buffer text, packed;

/* Some lines, and one member that holds them. */
static void build(void)
{
    uint32_t number = 1;
    for (int i = 0; i < 3000; i++) {
        number = number * 1664525 + 1013904223;
        buffer_printf(&text, "{\"line\":%d,\"number\":%u}\n", i, number >> (i % 24));
    }
    z_stream stream = {0};
    (void)deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    const size_t room = deflateBound(&stream, text.len);
    stream.next_in = (unsigned char *)text.data;
    stream.avail_in = (unsigned)text.len;
    stream.next_out = (unsigned char *)buffer_reserve(&packed, room);
    stream.avail_out = (unsigned)room;
    (void)deflate(&stream, Z_FINISH);
    packed.len += room - stream.avail_out;
    (void)deflateEnd(&stream);
}

/* What comes of a file that is given in pieces of so many bytes, into such a room; how it ends. */
static int brought(struct slice file, size_t step, size_t room, struct buffer *out)
{
    struct inflater inflater;
    char *const to = malloc(room);
    size_t got;
    inflater_init(&inflater);
    buffer_clear(out);
    while (file.len != 0) {
        const size_t len = file.len < step ? file.len : step;
        inflater_take(&inflater, (struct slice){.text = file.text, .len = len});
        while ((got = inflater_bring(&inflater, to, room)) != 0)
            buffer_add(out, to, got);
        file.text += len;
        file.len -= len;
    }
    inflater_end(&inflater);
    inflater_release(&inflater);
    free(to);
    return (int)inflater.place;
}

/* The file is the member so many times, and what follows it. */
static void test_ends(void)
{
    static const struct {
        int members;
        struct slice rest;
        int place;
        int whole; /* members that come out */
    } cases[] = {
        {1, SLICE(""), INFLATER_BETWEEN, 1},
        {3, SLICE(""), INFLATER_BETWEEN, 3},
        {1, SLICE("\0"), INFLATER_BETWEEN, 1},
        {2, SLICE("\0\0\0\0"), INFLATER_BETWEEN, 2},
        {1, SLICE("\0\0x"), INFLATER_FOLLOWED, 1},
        {1, SLICE("\0\x1f\x8b"), INFLATER_FOLLOWED, 1},
        {1, SLICE("junk"), INFLATER_FOLLOWED, 1},
        {1, SLICE("\x1f"), INFLATER_FOLLOWED, 1},
        {1, SLICE("\x1f\0"), INFLATER_FOLLOWED, 1},
        {1, SLICE("\x1f\x1f\x8b"), INFLATER_FOLLOWED, 1},
        {1, SLICE("\x1f\x8b"), INFLATER_DAMAGED, 1},
        {1, SLICE("\x1f\x8b\x08\0\0"), INFLATER_DAMAGED, 1},
        {1, SLICE("\x1f\x8b\x07\0\0\0\0\0\0\0\0\0"), INFLATER_DAMAGED, 1},
        {0, SLICE(""), INFLATER_DAMAGED, 0},
        {0, SLICE("junk"), INFLATER_DAMAGED, 0},
    };
    static const size_t steps[] = {1, 2, 7, 4096, SIZE_MAX}, rooms[] = {1, 100, 1 << 16};
    struct buffer file = {0}, out = {0};
    int wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buffer_clear(&file);
        for (int k = 0; k < cases[i].members; k++)
            buffer_add(&file, packed.data, packed.len);
        buffer_add(&file, cases[i].rest.text, cases[i].rest.len);
        for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++)
            for (size_t r = 0; r < sizeof rooms / sizeof rooms[0]; r++) {
                const int place = brought(buffer_slice(&file), steps[s], rooms[r], &out);
                bool good = place == cases[i].place && out.len == text.len * (size_t)cases[i].whole;
                for (int k = 0; good && k < cases[i].whole; k++)
                    good = memcmp(out.data + (size_t)k * text.len, text.data, text.len) == 0;
                if (!good) printf("# case %zu: place %d, %zu bytes\n", i, place, out.len);
                wrong += !good;
            }
    }
    is_int(wrong, 0, "members, zeros, and what is neither, in pieces of any size");
    buffer_release(&file);
    buffer_release(&out);
}

/* A cut leaves a beginning of the text, and never less than a shorter file. */
static void test_cuts(void)
{
    struct buffer out = {0};
    const size_t stride = is_quick() ? 61 : 7;
    size_t least = 0;
    int wrong = 0;
    for (size_t len = (packed.len - 1) % stride; len < packed.len; len += stride) {
        if (len == 0) continue;
        const int place = brought((struct slice){.text = packed.data, .len = len}, 512, 4096, &out);
        wrong += place != INFLATER_DAMAGED || out.len < least || out.len > text.len ||
                 memcmp(out.data == NULL ? "" : out.data, text.data, out.len) != 0;
        least = out.len;
    }
    is_int(wrong, 0, "of a file that is cut off all comes that stands before the cut");
    ok(least == text.len, "which is everything where only the end's check is missing");
    buffer_release(&out);
}

int main(void)
{
    build();
    test_ends();
    test_cuts();
    buffer_release(&text);
    buffer_release(&packed);
    return plan();
}
