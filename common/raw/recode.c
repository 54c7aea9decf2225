#include "raw/recode.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/utf8.h"

struct recode_pair {
    struct slice old, new; /* owned */
};

static struct slice slice_keep(struct slice text)
{
    return (struct slice){.text = memory_text(text.text, text.len), .len = text.len};
}

static struct recode *list_put(struct recode_list *list, struct slice name)
{
    for (size_t i = 0; i < list->count; i++)
        if (slice_equal(list->recode[i].name, name)) return &list->recode[i];

    list->recode = memory_resize(list->recode, list->count + 1, sizeof(*list->recode));
    struct recode *recode = &list->recode[list->count++];
    *recode = (struct recode){.name = slice_keep(name), .slot = -1};
    return recode;
}

static struct recode_pair *pair_find(const struct recode *recode, struct slice old)
{
    for (size_t i = 0; i < recode->count; i++)
        if (slice_equal(recode->pair[i].old, old)) return &recode->pair[i];
    return NULL;
}

static void pair_put(struct recode *recode, struct slice old, struct slice new)
{
    struct recode_pair *pair = pair_find(recode, old);
    if (pair != NULL) {
        free((char *)pair->new.text);
        pair->new = slice_keep(new);
        return;
    }
    recode->pair = memory_resize(recode->pair, recode->count + 1, sizeof(*recode->pair));
    recode->pair[recode->count++] = (struct recode_pair){slice_keep(old), slice_keep(new)};
}

/* One FIELD:old=new,...; piece is scratch. */
static const char *list_read(struct recode_list *list, const char *text, struct buffer *piece)
{
    if (!utf8_valid(slice_of(text))) return "it is not UTF-8";
    if (list_piece(&text, ":", piece) != ':') return "no ':' behind the member (FIELD:old=new)";
    if (piece->len == 0) return "no member before ':' (FIELD:old=new)";
    struct recode *recode = list_put(list, buffer_slice(piece));

    char stop = ',';
    while (stop == ',') {
        buffer_clear(piece);
        if (list_piece(&text, "=,", piece) != '=') return "no '=' in a pair (FIELD:old=new)";
        const size_t len = piece->len;
        stop = list_piece(&text, "=,", piece);
        if (stop == '=') return "a second '=' in a pair (write \\= for one in a value)";
        const struct slice old = {.text = piece->data, .len = len};
        const struct slice new = {.text = piece->data + len, .len = piece->len - len};
        pair_put(recode, old, new);
    }
    return NULL;
}

const char *recode_add(struct recode_list *list, const char *text)
{
    struct buffer piece = {0};
    buffer_reserve(&piece, 1); /* so that an empty piece has an address */
    const char *problem = list_read(list, text, &piece);
    buffer_release(&piece);
    return problem;
}

struct value recode_value(struct recode *recode, struct value value)
{
    if (value.kind == KIND_NULL || value.kind >= KIND_ARRAY) return value;
    struct slice text = value_slice(value);
    if (value.escaped) {
        buffer_clear(&recode->plain);
        char *plain = buffer_reserve(&recode->plain, text.len);
        text = (struct slice){.text = plain, .len = json_unescape(plain, text)};
    }
    const struct recode_pair *pair = pair_find(recode, text);
    return pair == NULL ? value : value_string(pair->new);
}

void recode_release(struct recode_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct recode *recode = &list->recode[i];
        for (size_t j = 0; j < recode->count; j++) {
            free((char *)recode->pair[j].old.text);
            free((char *)recode->pair[j].new.text);
        }
        free(recode->pair);
        free((char *)recode->name.text);
        buffer_release(&recode->plain);
    }
    free(list->recode);
    *list = (struct recode_list){0};
}
