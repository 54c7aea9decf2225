#include "raw/recode.h"

#include <stdlib.h>

#include "base/die.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "event/members.h"

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

/* Has the list another new word for what this item changes? */
static bool is_contradicted(const struct list *pairs, size_t index)
{
    const struct list_item *const item = &pairs->item[index];
    for (size_t i = 0; i < index; i++)
        if (slice_equal(pairs->item[i].name, item->name) &&
            !slice_equal(pairs->item[i].value, item->value))
            return true;
    return false;
}

static const char *words_add(struct recode_list *list, const char *text)
{
    struct slice rest = slice_of(text);
    struct slice field = {0};
    struct list pairs = {0};

    if (!utf8_valid(rest)) return "it is not UTF-8";
    const char *problem = list_field(&rest, &field);
    if (problem != NULL) return problem;
    problem = list_add(&pairs, LIST_PAIRS, rest);
    for (size_t i = 0; i < pairs.count && problem == NULL; i++)
        if (is_contradicted(&pairs, i)) problem = "one word becomes two different ones";
    if (problem == NULL) {
        struct recode *recode = list_put(list, field);
        for (size_t i = 0; i < pairs.count; i++)
            pair_put(recode, pairs.item[i].name, pairs.item[i].value);
    }
    list_release(&pairs);
    free((char *)field.text);
    return problem;
}

void recode_options(struct recode_list *list, const struct option_list *values,
                    struct schema *schema)
{
    for (size_t i = 0; i < values->count; i++) {
        const char *problem = words_add(list, values->text[i]);
        if (problem != NULL) option_refuse_list("recode", values->text[i], problem);
    }
    for (size_t i = 0; i < list->count; i++) {
        struct recode *recode = &list->recode[i];
        recode->slot = member_need(schema, recode->name, "recode");
        if (recode->slot == SLOT_EVENT_TIME)
            die_usage("--recode: event_time is a time, not a word (use --map)");
        for (size_t k = 0; k < recode->count; k++)
            schema_compare(schema, recode->name, recode->pair[k].old);
        /* An expression may want the line: then it has to be the one with the new word. */
        if (recode->slot >= SLOT_CANONICAL && option_given("where")) schema->whole = true;
    }
}

/* The new word for the value, or the value itself. */
static struct value value_recode(struct recode *recode, struct value value)
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

uint64_t recode_event(struct recode_list *list, struct event *ev)
{
    uint64_t changed = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct recode *recode = &list->recode[i];
        struct value *value = &ev->value[recode->slot];
        const struct value new = value_recode(recode, *value);
        if (new.text == value->text) continue;
        *value = new;
        ev->recast = true;
        if (recode->slot >= SLOT_CANONICAL) changed |= UINT64_C(1) << recode->slot;
    }
    return changed;
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
