/*
 * canonical.c - fuzz target: whatever valid event goes in, what cs-parse prints is one line of
 * valid JSON without a control, and means the same (tests/unit/same.h).
 */
#include "raw/canonical.h"

#include <stdio.h>
#include <stdlib.h>

#include "../unit/same.h"
#include "base/memory.h"
#include "event/scan.h"

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
    char *text = memory_new(size + 1 + SCAN_PADDING);
    memcpy(text, data, size);
    text[size] = '\n';
    memset(text + size + 1, '"', SCAN_PADDING);
    const char *const end = text + size + 1;
    struct scanner *scanner = scanner_new(&schema);
    for (const char *p = text; p < end;) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        check(scanner, (struct slice){.text = p, .len = (size_t)(newline - p)});
        p = newline + 1;
    }
    scanner_free(scanner);
    free(text);
    return 0;
}
