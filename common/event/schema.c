#include "event/schema.h"

#include <stdlib.h>

#include "base/memory.h"

static const char *const canonical_names[SLOT_CANONICAL] = {
    [SLOT_EVENT_ID] = "event_id",
    [SLOT_SESSION_ID] = "session_id",
    [SLOT_USER_ID] = "user_id",
    [SLOT_EVENT_TYPE] = "event_type",
    [SLOT_PAGE_URL] = "page_url",
    [SLOT_PRODUCT_ID] = "product_id",
    [SLOT_CATEGORY_ID] = "category_id",
    [SLOT_SEARCH_QUERY] = "search_query",
    [SLOT_TRAFFIC_SOURCE] = "traffic_source",
    [SLOT_CAMPAIGN_ID] = "campaign_id",
    [SLOT_DEVICE_TYPE] = "device_type",
    [SLOT_EVENT_TIME] = "event_time",
};

static struct slice slice_copy(struct slice slice)
{
    return (struct slice){.text = memory_text(slice.text, slice.len), .len = slice.len};
}

void schema_init(struct schema *schema)
{
    *schema = (struct schema){.count = SLOT_CANONICAL};
    for (int slot = 0; slot < SLOT_CANONICAL; slot++)
        schema->name[slot] = slice_copy(slice_of(canonical_names[slot]));
}

void schema_release(struct schema *schema)
{
    for (int slot = 0; slot < schema->count; slot++)
        free((char *)(uintptr_t)schema->name[slot].text);
    for (size_t i = 0; i < schema->alias_count; i++) {
        free((char *)(uintptr_t)schema->alias[i].old.text);
        free((char *)(uintptr_t)schema->alias[i].name.text);
    }
    free(schema->alias);
    for (size_t i = 0; i < schema->watch_count; i++)
        free((char *)(uintptr_t)schema->watch[i].name.text);
    free(schema->watch);
    for (size_t i = 0; i < schema->text_count; i++) {
        free((char *)(uintptr_t)schema->text[i].name.text);
        free((char *)(uintptr_t)schema->text[i].text.text);
    }
    free(schema->text);
    for (size_t i = 0; i < schema->moment_count; i++)
        free((char *)(uintptr_t)schema->moment[i].text.text);
    free(schema->moment);
    *schema = (struct schema){0};
}

struct slice schema_canonical_name(int slot)
{
    return slice_of(canonical_names[slot]);
}

int schema_canonical(struct slice literal)
{
    if (literal.len < 4) return -1;
    const struct slice name = {.text = literal.text + 2, .len = literal.len - 4};
    for (int slot = 0; slot < SLOT_CANONICAL; slot++)
        if (slice_equal(slice_of(canonical_names[slot]), name)) return slot;
    return -1;
}

int schema_find(const struct schema *schema, struct slice name)
{
    for (int slot = 0; slot < schema->count; slot++)
        if (slice_equal(schema->name[slot], name)) return slot;
    return -1;
}

int schema_need(struct schema *schema, struct slice name)
{
    int slot = schema_find(schema, name);
    if (slot < 0) {
        if (schema->count == SCHEMA_MAX) return -1;
        slot = schema->count++;
        schema->name[slot] = slice_copy(name);
    }
    schema->needed |= UINT64_C(1) << slot;
    schema->asked |= UINT64_C(1) << slot;
    return slot;
}

int schema_expect(struct schema *schema, struct slice name, const char *option)
{
    const int slot = schema_need(schema, name);

    if (slot >= 0) schema->expected[slot] = option;
    return slot;
}

void schema_rename(struct schema *schema, struct slice name, struct slice old)
{
    schema->alias = memory_resize(schema->alias, schema->alias_count + 1, sizeof schema->alias[0]);
    schema->alias[schema->alias_count++] =
        (struct schema_alias){.old = slice_copy(old), .name = slice_copy(name)};
    schema_look(schema, old, false, false);
}

struct slice schema_renamed(const struct schema *schema, struct slice old)
{
    for (size_t i = 0; i < schema->alias_count; i++)
        if (slice_equal(schema->alias[i].old, old)) return schema->alias[i].name;
    return (struct slice){0};
}

const struct schema_watch *schema_watched(const struct schema *schema, struct slice name)
{
    for (size_t i = 0; i < schema->watch_count; i++)
        if (slice_equal(schema->watch[i].name, name)) return &schema->watch[i];
    return NULL;
}

void schema_look(struct schema *schema, struct slice name, bool nested, bool tolerant)
{
    for (size_t i = 0; i < schema->watch_count; i++) {
        if (!slice_equal(schema->watch[i].name, name)) continue;
        schema->watch[i].nested = schema->watch[i].nested && nested;
        schema->watch[i].tolerant = schema->watch[i].tolerant && tolerant;
        return;
    }
    if (schema->watch_count == SCHEMA_MAX) return; /* nobody will be told of it */
    schema->watch = memory_resize(schema->watch, schema->watch_count + 1, sizeof schema->watch[0]);
    schema->watch[schema->watch_count++] =
        (struct schema_watch){.name = slice_copy(name), .nested = nested, .tolerant = tolerant};
}

void schema_compare(struct schema *schema, struct slice name, struct slice text)
{
    for (size_t i = 0; i < schema->text_count; i++)
        if (slice_equal(schema->text[i].name, name) && slice_equal(schema->text[i].text, text))
            return;
    if (schema->text_count == SCHEMA_MAX) return; /* nobody will be told of it */
    schema->text = memory_resize(schema->text, schema->text_count + 1, sizeof schema->text[0]);
    schema->text[schema->text_count++] =
        (struct schema_text){.name = slice_copy(name), .text = slice_copy(text)};
}
