/*
 * canonical.c - fuzz target: whatever valid event goes in, what cs-parse prints is one line of
 * valid JSON without a control, and means the same (tests/unit/same.h).
 */
#include "raw/canonical.h"

#include <stdio.h>
#include <stdlib.h>

#include "../unit/same.h"
#include "lines.h"

static struct schema schema;

static void check(struct scanner *scanner, struct slice line)
{
    static struct value values[SCHEMA_MAX + 1];
    struct event ev = {.value = values};
    struct buffer row = {0};
    const char *next;
    const enum reason reason = scanner_scan(scanner, line.text, &ev, &next);
    if (reason != REASON_NONE || ev.line.len == 0) return;
    canonical_print(&row, &schema, &ev, 0);
    const char *wrong = same_wrong(&schema, line, buffer_slice(&row));
    if (wrong != NULL) {
        fprintf(stderr, "%s: %.*s\nfrom: %.*s\n", wrong, (int)row.len, row.data, (int)line.len,
                line.text);
        abort();
    }
    buffer_release(&row);
    scanner_clear(scanner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 20) return 0;
    if (schema.count == 0) {
        schema_init(&schema);
        schema.all = true;
        for (int slot = 0; slot < SLOT_CANONICAL; slot++)
            schema_need(&schema, schema.name[slot]);
    }
    lines_check(&schema, data, size, check);
    return 0;
}
