/*
 * frame.c - fuzz target: frames that say their size. However the bytes come in, the same frames are
 * found, each byte is of one of them, of what is torn or broken at the end, and none is read that
 * has not come; and what is printed is found again.
 */
#include "source/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FRAMES_MAX 4096

/* What was found in some bytes. */
struct found {
    struct {
        int64_t partition, offset;
        size_t payload, len; /* where it stands */
        size_t key, key_len; /* the key in front of it; 0: none */
        int64_t time_ms;
    } frame[FRAMES_MAX];
    size_t count;
    size_t taken; /* bytes of whole frames */
    enum frame_found end;
};

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    abort();
}

/* Those of data that are whole when it comes in pieces of so many bytes: each piece is looked at in
 * memory of its own, so that whoever reads behind it is caught. */
static void find_all(const uint8_t *data, size_t size, size_t piece, struct found *found)
{
    size_t have = 0;
    found->count = found->taken = 0;
    do {
        have = size - have < piece ? size : have + piece;
        const size_t base = found->taken, unread = have - base;
        char *text = memory_new(unread + 1);
        memcpy(text, data + base, unread);
        text = memory_resize(text, unread == 0 ? 1 : unread, 1);
        const char *at = text, *const end = text + unread;
        struct frame frame;
        uint64_t bytes = 0;
        for (found->end = FRAME_PART; at < end; found->count++) {
            const char *behind = NULL;
            found->end = frame_find(at, end, have == size, &frame, &behind, &bytes);
            if (found->end != FRAME_WHOLE || found->count == FRAMES_MAX) break;
            if (behind <= at || behind > end) fail("a frame ends where nothing has come");
            found->frame[found->count].partition = frame.partition;
            found->frame[found->count].offset = frame.offset;
            found->frame[found->count].payload = base + (size_t)(frame.payload.text - text);
            found->frame[found->count].len = frame.payload.len;
            const struct frame_about *const about = &frame.about;
            found->frame[found->count].time_ms = about->known ? about->time_ms : 0;
            found->frame[found->count].key =
                about->key.text == NULL ? 0 : base + (size_t)(about->key.text - text);
            found->frame[found->count].key_len = about->key.len;
            if (about->key.text != NULL &&
                (about->key.text <= at ||
                 about->key.text + about->key.len + 1 != frame.payload.text))
                fail("a key does not stand before its payload");
            found->taken += (size_t)(behind - at);
            at = behind;
            if (frame.payload.text + frame.payload.len != behind - (behind[-1] == '\n') &&
                frame.payload.text + frame.payload.len != behind)
                fail("a payload does not end where its frame does");
        }
        free(text);
        if (found->end == FRAME_BROKEN || found->end == FRAME_LONG) return;
    } while (have < size);
}

/* Prints the frames and finds them again. */
static void check_printed(const uint8_t *data, const struct found *found)
{
    static struct found again;
    struct buffer out = {0};
    for (size_t i = 0; i < found->count; i++) {
        const struct slice payload = {.text = (const char *)data + found->frame[i].payload,
                                      .len = found->frame[i].len};
        frame_print(&out, found->frame[i].partition, found->frame[i].offset, payload);
        buffer_add_char(&out, '\n');
    }
    find_all((const uint8_t *)out.data, out.len, out.len, &again);
    if (again.count != found->count || again.taken != out.len) fail("printed they are others");
    for (size_t i = 0; i < found->count; i++)
        if (again.frame[i].partition != found->frame[i].partition ||
            again.frame[i].offset != found->frame[i].offset ||
            again.frame[i].len != found->frame[i].len ||
            memcmp(out.data + again.frame[i].payload, data + found->frame[i].payload,
                   found->frame[i].len) != 0)
            fail("printed a frame is another one");
    buffer_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct found whole, pieces;
    if (size < 2 || size > 1 << 16) return 0;
    const size_t piece = 1 + data[0] % 37;
    data++;
    size--;
    find_all(data, size, size, &whole);
    find_all(data, size, piece, &pieces);
    if (whole.count != pieces.count || whole.taken != pieces.taken || whole.end != pieces.end ||
        memcmp(whole.frame, pieces.frame, whole.count * sizeof whole.frame[0]) != 0)
        fail("the pieces in which they come make others of them");
    if (whole.end == FRAME_WHOLE && whole.taken != size && whole.count != FRAMES_MAX)
        fail("bytes are left");
    if (whole.count != 0 && whole.count != FRAMES_MAX) check_printed(data, &whole);
    (void)frame_guess_sized((const char *)data, (const char *)data + size, size % 2 == 0);
    return 0;
}
