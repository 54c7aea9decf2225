/* advice.c - what is said of expressions and inputs that are none never reads beyond them. */
#include "expr/advice.h"

#include <stdlib.h>

#include "base/nearest.h"
#include "expr/mention.h"
#include "raw/foreign.h"

static bool is_function(struct slice name)
{
    return name.len % 2 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice text = {.text = (const char *)data, .len = size};
    struct buffer meant = {0}, again = {0};
    struct schema schema;
    struct foreign foreign;
    schema_init(&schema);
    const bool changed = advice_rewrite(text, is_function, &meant);
    if (!changed && !slice_equal(buffer_slice(&meant), text)) abort();
    (void)advice_rewrite(buffer_slice(&meant), is_function, &again);
    (void)advice_phrase(text);
    (void)advice_trap(text);
    mention_all(text, &schema);
    (void)foreign_looks(text, &foreign);
    if (size > 1) {
        const struct slice half = {.text = text.text, .len = size / 2};
        struct nearest nearest;
        nearest_begin(&nearest, half);
        nearest_offer(&nearest, text);
        nearest_offer(&nearest, half);
        if (nearest.name.text != NULL && nearest.apart != 0 && nearest_same(half, half) &&
            nearest.name.text == half.text && nearest.name.len == half.len)
            abort();
    }
    buffer_release(&meant);
    buffer_release(&again);
    schema_release(&schema);
    return 0;
}
