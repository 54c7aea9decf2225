#include "session/products.h"

#include <stdlib.h>

static bool products_before(const struct products *a, const struct products *b)
{
    if (a->left == 0 || b->left == 0) return b->left == 0;
    if (a->time_us != b->time_us) return a->time_us < b->time_us;
    return slice_compare(a->text, b->text) <= 0;
}

/* Adds one that comes at time_us, behind one at *before_us. */
static void product_add(struct buffer *out, int64_t time_us, struct slice text, int64_t *before_us)
{
    char *to = buffer_reserve(out, text.len + 2 * VARINT_MAX);
    char *end = text_write(to + varint_write(to, (uint64_t)time_us - (uint64_t)*before_us), text);

    out->len += (size_t)(end - to);
    *before_us = time_us;
}

void products_merge(struct buffer *out, struct products a, struct products b, uint32_t most,
                    int64_t *time_us)
{
    buffer_clear(out);
    for (uint32_t kept = 0; kept < most && (a.left > 0 || b.left > 0); kept++) {
        struct products *first = products_before(&a, &b) ? &a : &b;
        product_add(out, first->time_us, first->text, time_us);
        products_next(first);
    }
}

size_t products_loose_len(struct slice text)
{
    return PRODUCTS_TIME_BYTES + varint_len(text.len) + text.len;
}

char *products_loose_write(char *to, int64_t time_us, struct slice text)
{
    memcpy(to, &time_us, PRODUCTS_TIME_BYTES);
    return text_write(to + PRODUCTS_TIME_BYTES, text);
}

struct loose {
    int64_t time_us;
    struct slice text;
};

static int loose_compare(const void *a, const void *b)
{
    const struct loose *left = a;
    const struct loose *right = b;

    if (left->time_us != right->time_us) return left->time_us < right->time_us ? -1 : 1;
    return slice_compare(left->text, right->text);
}

void products_tighten(struct buffer *out, struct slice loose, uint32_t count, int64_t base_us)
{
    struct loose list[PRODUCTS_LOOSE_MAX];
    const char *at = loose.text;

    for (uint32_t i = 0; i < count; i++) {
        memcpy(&list[i].time_us, at, PRODUCTS_TIME_BYTES);
        at += PRODUCTS_TIME_BYTES;
        list[i].text = text_read(&at);
    }
    if (count > 0) qsort(list, count, sizeof(list[0]), loose_compare);
    buffer_clear(out);
    for (uint32_t i = 0; i < count; i++)
        product_add(out, list[i].time_us, list[i].text, &base_us);
}
