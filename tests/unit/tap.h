/*
 * tap.h - the Test Anything Protocol, as little of it as the unit tests need.
 *
 *     ok(slice_equal(a, b), "equal bytes are equal slices");
 *     return plan();
 *
 * A name is a sentence. A property over many values counts what was wrong and is one test.
 */
#ifndef CS_TAP_H
#define CS_TAP_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/slice.h"

static int tap_count;
static int tap_failed;

static inline bool ok(bool passed, const char *name)
{
    tap_count++;
    if (!passed) tap_failed++;
    printf("%s %d - %s\n", passed ? "ok" : "not ok", tap_count, name);
    return passed;
}

static inline bool is_int(int64_t got, int64_t wanted, const char *name)
{
    if (ok(got == wanted, name)) return true;
    printf("#    got: %" PRId64 "\n# wanted: %" PRId64 "\n", got, wanted);
    return false;
}

static inline bool is_text(struct slice got, const char *wanted, const char *name)
{
    if (ok(slice_equal(got, slice_of(wanted)), name)) return true;
    printf("#    got: %.*s\n# wanted: %s\n", (int)got.len, got.text, wanted);
    return false;
}

/* How often something random is repeated: all that is said where somebody asks for everything
 * (FULL), half of it as a rule, a sixteenth where sanitizers make all slow (QUICK). The same words
 * are in tests/helper.bash.
 */
static inline bool is_full(void)
{
    return getenv("FULL") != NULL;
}

static inline bool is_quick(void)
{
    return getenv("QUICK") != NULL && !is_full();
}

static inline int rounds(int all)
{
    int part = is_full() ? 1 : is_quick() ? 16 : 2;
    return (all + part - 1) / part;
}

/* The last line of a test: prints the plan; returns main's result. */
static inline int plan(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed == 0 ? 0 : 1;
}

#endif
