/*
 * lines.h - what fuzz targets of whole events do with their input: each line of it is scanned for.
 */
#ifndef FUZZ_LINES_H
#define FUZZ_LINES_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "event/scan.h"

/* Hands over each line, with a scanner for that schema. Behind the last one stands what could pass
 * for its end. */
static inline void lines_check(const struct schema *schema, const uint8_t *data, size_t size,
                               void (*check)(struct scanner *scanner, struct slice line))
{
    char *text = memory_new(size + 1 + SCAN_PADDING);
    memcpy(text, data, size);
    text[size] = '\n';
    memset(text + size + 1, '"', SCAN_PADDING);
    const char *const end = text + size + 1;
    struct scanner *scanner = scanner_new(schema);
    for (const char *p = text; p < end;) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        check(scanner, (struct slice){.text = p, .len = (size_t)(newline - p)});
        p = newline + 1;
    }
    scanner_free(scanner);
    free(text);
}

#endif
