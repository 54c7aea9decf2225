/*
 * stamp.c - fuzz target: whatever valid event goes in, with a member behind its own ones it is one
 * line of valid JSON without a control, which has that member with its value, and the others with
 * theirs (tests/unit/same.h).
 */
#include "people/stamp.h"

#include <stdio.h>
#include <stdlib.h>

#include "../unit/same.h"
#include "lines.h"

/* What is looked at of the events, and of them with the member. */
static struct schema schema, stamped;
static int slot;

static _Noreturn void fail(const char *wrong, const struct buffer *row, struct slice line)
{
    fprintf(stderr, "%s: %.*s\nfrom: %.*s\n", wrong, (int)row->len, row->data, (int)line.len,
            line.text);
    abort();
}

static void stamp_and_look(const struct event *ev, struct slice line, bool taken_out)
{
    static struct value values[SCHEMA_MAX + 1];
    struct event again = {.value = values};
    struct buffer row = {0};
    const char *next;
    const struct value type = ev->value[SLOT_EVENT_TYPE];
    const struct slice text = type.kind == KIND_STRING ? value_slice(type) : SLICE("\"\n");
    const struct stamp stamp = {
        .name = SLICE("person_id"), .taken_out = taken_out, .put = true, .text = text};
    stamp_print(&row, ev->line, ev->clean, &stamp, 1);
    for (size_t i = 0; i < row.len; i++)
        if ((unsigned char)row.data[i] < 0x20 || row.data[i] == 0x7f) fail("a control", &row, line);
    const size_t len = row.len;
    memset(buffer_reserve(&row, 1 + SCAN_PADDING), '"', 1 + SCAN_PADDING);
    row.data[len] = '\n';
    struct scanner *const scanner = scanner_new(&stamped);
    if (scanner_scan(scanner, row.data, &again, &next) != REASON_NONE) fail("no event", &row, line);
    if (!value_equal(again.value[slot], value_string(text))) fail("another id", &row, line);
    for (int other = 0; other < SLOT_CANONICAL; other++)
        if (!value_equal(again.value[other], ev->value[other])) fail("another value", &row, line);
    scanner_free(scanner);
    buffer_release(&row);
}

static void check(struct scanner *scanner, struct slice line)
{
    static struct value values[SCHEMA_MAX + 1];
    struct event ev = {.value = values};
    const char *next;
    const enum reason reason = scanner_scan(scanner, line.text, &ev, &next);
    /* An event has something in it: its time. */
    if (reason != REASON_NONE || ev.line.len < 16) return;
    stamp_and_look(&ev, line, false);
    stamp_and_look(&ev, line, true);
    scanner_clear(scanner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 20) return 0;
    if (schema.count == 0) {
        schema_init(&schema);
        schema_init(&stamped);
        for (int i = 0; i < SLOT_CANONICAL; i++) {
            schema_need(&schema, schema.name[i]);
            schema_need(&stamped, stamped.name[i]);
        }
        slot = schema_need(&stamped, SLICE("person_id"));
    }
    lines_check(&schema, data, size, check);
    return 0;
}
