/*
 * body.c - fuzz target: whatever a body is, its records lie in it, in order, none is blank, and no
 * byte behind it is read; what an envelope says of its time lies in it, too. The first byte says
 * whether it is compressed.
 */
#include "collect/body.h"

#include <stdlib.h>
#include <string.h>

#include "collect/gunzip.h"

enum { MOST = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(const char **from, const char *end, struct slice piece)
{
    if (piece.text < *from || piece.text + piece.len > end) abort();
    *from = piece.text + piece.len;
}

static void split(struct slice text)
{
    struct body body = {.count = 0};
    char *const copy = malloc(text.len + 1); /* of that size: whoever reads behind it is caught */
    if (text.len != 0) memcpy(copy, text.text, text.len);
    char *const exact = realloc(copy, text.len == 0 ? 1 : text.len);
    const char *from = exact;
    const char *const end = exact + text.len;
    body_split(&body, (struct slice){.text = exact, .len = text.len});
    for (size_t i = 0; i < body.count; i++) {
        if (slice_is_blank(body.record[i].text)) abort();
        within(&from, end, body.record[i].text);
    }
    from = exact;
    if (body.sent_at.text != NULL) within(&from, end, value_slice(body.sent_at));
    body_release(&body);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer plain = {0};
    if (size == 0) return 0;
    const struct slice text = {.text = (const char *)data + 1, .len = size - 1};
    if (data[0] % 8 != 0) {
        split(text);
        return 0;
    }
    const enum gunzip_end end = gunzip(&plain, text, MOST);
    if (end == GUNZIP_WHOLE && plain.len > MOST) abort();
    if (plain.len > MOST + 1) abort();
    split(buffer_slice(&plain));
    buffer_release(&plain);
    return 0;
}
