/*
 * needles.c - fuzz target: lines of needles, an empty line, and a text; the automaton finds what a
 * search at every place finds (tests/unit/naive.h).
 */
#include "base/needles.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/naive.h"

enum { NEEDLES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice needle[NEEDLES];
    bool first[NEEDLES];
    struct needles needles = {0};
    struct naive naive = {.needle = needle};
    struct slice rest = {.text = (const char *)data, .len = size};

    while (naive.count < NEEDLES && rest.len > 0) {
        const char *end = memchr(rest.text, '\n', rest.len);
        const size_t len = end == NULL ? rest.len : (size_t)(end - rest.text);
        const struct slice line = {.text = rest.text, .len = len};
        rest.text += len + (end != NULL);
        rest.len -= len + (end != NULL);
        if (len == 0) break;
        needle[naive.count] = line;
        first[naive.count] = needles_add(&needles, line, naive.count);
        naive.count++;
    }
    needles_build(&needles);
    naive.text = rest;
    if (!naive_agrees(&naive, &needles, first)) abort();
    needles_release(&needles);
    return 0;
}
