#include "event/outline.h"

#include <string.h>

#include "event/scan.h"

/* A canonical member's value, from its JSON. */
static struct value canonical_value(struct slice json, bool escapes, bool *recast)
{
    struct value value = {.text = json.text, .len = (uint32_t)json.len, .kind = KIND_STRING};

    if (*json.text == 'n') return (struct value){0};
    if (*json.text != '"') { /* a number is read as its text */
        value.was_number = *recast = true;
        return value;
    }
    value.text++;
    value.len -= 2;
    value.escaped = escapes && value.len > 0 && memchr(value.text, '\\', value.len) != NULL;
    return value;
}

bool outline_suits(const struct schema *schema)
{
    return schema->all && schema->count == SLOT_CANONICAL && schema->alias_count == 0 &&
           schema->number == 0;
}

/* All twelve are there, in their order, and strings or null without an escape to be undone. */
static void event_ordered(const struct outline *outline, const char *text, struct event *ev)
{
    for (int slot = 0; slot < SLOT_CANONICAL; slot++) {
        const char *const json = text + outline->member[slot].value;
        const size_t end =
            slot + 1 < (int)outline->count ? outline->member[slot + 1].name : outline->len;
        const uint32_t len = (uint32_t)end - outline->member[slot].value - 3; /* quotes, comma */
        struct value *const value = &ev->value[slot];
        *value = (struct value){.text = json + 1, .len = len, .kind = KIND_STRING};
        if (*json == 'n') *value = (struct value){0};
    }
}

bool outline_event(struct outline *outline, const struct schema *schema, const char *text,
                   struct event *ev)
{
    const size_t count = outline->count;
    const struct slice object = {.text = text, .len = outline->len};

    if (!outline_suits(schema) || count > OUTLINE_MAX) return false;
    if (object.len == 0 || object.len > LINE_MAX_BYTES) return false;
    ev->line = object;
    ev->recast = false;
    ev->canonical = outline->canonical && schema->as_is;
    ev->clean = true;
    ev->rest = outline->rest;
    ev->rest_count = 0;
    if (ev->canonical && outline->plain) {
        event_ordered(outline, text, ev);
        return true;
    }
    const bool escapes = memchr(object.text, '\\', object.len) != NULL;
    memset(ev->value, 0, SLOT_CANONICAL * sizeof ev->value[0]);
    bool beside = false; /* the last one is in rest, too */
    for (size_t i = 0; i < count; i++) {
        const size_t name = outline->member[i].name, value = outline->member[i].value;
        /* Behind a value is a comma, or the end's brace. */
        const size_t end = (i + 1 < count ? outline->member[i + 1].name : object.len) - 1;
        const int slot = outline->member[i].slot;
        if (slot >= 0)
            ev->value[slot] =
                canonical_value((struct slice){.text = object.text + value, .len = end - value},
                                escapes, &ev->recast);
        else if (beside)
            outline->rest[ev->rest_count - 1].len += 1 + end - name;
        else
            outline->rest[ev->rest_count++] =
                (struct slice){.text = object.text + name, .len = end - name};
        beside = slot < 0;
    }
    return true;
}
