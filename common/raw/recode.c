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

const char *recode_add(struct recode_list *list, const char *text)
{
    struct slice rest = slice_of(text);
    struct slice field = {0};
    struct list pairs = {0};

    if (!utf8_valid(rest)) return "it is not UTF-8";
    const char *problem = list_field(&rest, &field);
    if (problem != NULL) return problem;
    problem = list_add(&pairs, LIST_PAIRS, rest);
    if (problem == NULL) {
        struct recode *recode = list_put(list, field);
        for (size_t i = 0; i < pairs.count; i++)
            pair_put(recode, pairs.item[i].name, pairs.item[i].value);
    }
    list_release(&pairs);
    free((char *)field.text);
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
