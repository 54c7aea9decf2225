/* outline.c - an event that is known by its outline is the one that the scanner finds. */
#include "event/outline.h"

#include <string.h>

#include "event/scan.h"
#include "tap.h"

static struct schema schema;
static struct scanner *scanner;
static struct outline outline;
static struct buffer out;

static void begin(void)
{
    buffer_clear(&out);
    outline_begin(&outline);
}

static void member(const char *literal, const char *value)
{
    const struct slice name = slice_of(literal);
    outline_name(&outline, &out, name, schema_canonical(name));
    buffer_add_slice(&out, slice_of(value));
}

static bool same_value(struct value a, struct value b)
{
    if (a.kind != b.kind || a.kind == KIND_NULL) return a.kind == b.kind;
    return a.text == b.text && a.len == b.len && a.escaped == b.escaped &&
           a.was_number == b.was_number;
}

/* The members that are not canonical, with a comma behind each. */
static void rest_add(struct buffer *to, const struct event *ev)
{
    for (size_t i = 0; i < ev->rest_count; i++) {
        buffer_add_slice(to, ev->rest[i]);
        buffer_add_char(to, ',');
    }
}

/* Ends the object: is its event the same both ways? */
static bool agree(void)
{
    static const char padding[SCAN_PADDING + 1] = "\n";
    struct value known_values[SLOT_CANONICAL + 1], scanned_values[SLOT_CANONICAL + 1];
    struct event known = {.value = known_values}, scanned = {.value = scanned_values};
    struct buffer known_rest = {0}, scanned_rest = {0};
    const char *next;

    buffer_add_char(&out, '}');
    outline_end(&outline, &out, false);
    const struct slice object = {.text = buffer_reserve(&out, sizeof padding) - out.len,
                                 .len = out.len};
    memcpy(out.data + out.len, padding, sizeof padding);
    bool same = outline_event(&outline, &schema, object.text, &known) &&
                scanner_scan(scanner, object.text, &scanned, &next) == REASON_NONE;
    for (int slot = 0; same && slot < SLOT_CANONICAL; slot++)
        same = same_value(known.value[slot], scanned.value[slot]);
    if (same) {
        rest_add(&known_rest, &known);
        rest_add(&scanned_rest, &scanned);
        same = slice_equal(buffer_slice(&known_rest), buffer_slice(&scanned_rest)) &&
               known.recast == scanned.recast && slice_equal(known.line, scanned.line);
    }
    buffer_release(&known_rest);
    buffer_release(&scanned_rest);
    scanner_clear(scanner);
    return same;
}

static void test_same(void)
{
    begin();
    member("{\"event_type\":", "\"page_view\"");
    member(",\"ip\":", "\"::1\"");
    member(",\"status\":", "200");
    member(",\"page_url\":", "null");
    member(",\"referrer\":", "null");
    member(",\"event_time\":", "\"2026-01-01T00:00:00.000Z\"");
    ok(agree(), "texts, numbers and nulls, members of both kinds between each other");

    begin();
    member("{\"page_url\":", "\"/\\\"\\\\\"");
    member(",\"user_id\":", "\"\"");
    member(",\"x\":", "\"\\u007f,}\"");
    ok(agree(), "escapes, and an empty text");

    begin();
    member("{\"event_time\":", "1772000000.5");
    member(",\"user_id\":", "-7");
    ok(agree(), "numbers in canonical members");

    begin();
    member("{\"event_type\":", "\"a\"");
    member(",\"event_type\":", "null");
    member(",\"x\":", "1");
    member(",\"x\":", "2");
    ok(agree(), "of two members of one name the last one counts");
}

static void test_unknown(void)
{
    struct value values[SLOT_CANONICAL + 1];
    struct event ev = {.value = values};

    begin();
    ok(!outline_event(&outline, &schema, "{}", &ev), "an object without an outline is not known");
    for (int i = 0; i < OUTLINE_MAX; i++)
        member(i == 0 ? "{\"x\":" : ",\"x\":", "1");
    ok(agree(), "as many members as there is room for");
    out.len--;
    member(",\"y\":", "1");
    buffer_add_char(&out, '}');
    outline_end(&outline, &out, false);
    ok(!outline_event(&outline, &schema, out.data, &ev), "one more is left to the scanner");
}

int main(void)
{
    schema_init(&schema);
    schema.all = true;
    for (int slot = 0; slot < SLOT_CANONICAL; slot++)
        schema_need(&schema, schema.name[slot]);
    scanner = scanner_new(&schema);
    test_same();
    test_unknown();
    scanner_free(scanner);
    schema_release(&schema);
    buffer_release(&out);
    return plan();
}
