/*
 * scan.c - fuzz target: the scanner's ways held together.
 *
 * The input is lines. Each is scanned by a scanner that has seen all lines before it, by a new one,
 * and side by side with its neighbours, by every kernel; all must say what reference.h says. The
 * lines lie in a block of exactly their size and the padding, so that AddressSanitizer sees what is
 * read too far.
 */
#include "event/scan.h"

#include <stdio.h>
#include <stdlib.h>

#include "../unit/reference.h"
#include "base/memory.h"
#include "event/cpu.h"
#include "event/scan_inside.h"

#define LINES 32

static const struct {
    const char *name;
    scan_function *scan;
    scan_lines_function *lines;
} kernels[] = {
    {"plain", scan_plain, scan_plain_lines},
#if defined(__x86_64__)
    {"avx2", scan_avx2, scan_avx2_lines},
    {"avx512", scan_avx512, scan_avx512_lines},
#endif
#if defined(__aarch64__)
    {"neon", scan_neon, scan_neon_lines},
#endif
};

static bool kernel_runs(size_t kernel)
{
#if defined(__x86_64__)
    if (kernel == 1) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    if (kernel == 2)
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("bmi2");
    return kernel == 0;
#endif
    return true;
}

static struct schema schema;
static struct reference ref;
static char plain[1 << 20];

static void fail(const char *what, size_t kernel, struct slice line)
{
    fprintf(stderr, "%s: %s: %.*s\n", kernels[kernel].name, what, (int)line.len, line.text);
    abort();
}

static int slot_of(struct slice key)
{
    return schema_find(&schema, (struct slice){.text = plain, .len = reference_plain(plain, key)});
}

/* The reference's reason, with bad-member. */
static enum reason wanted(void)
{
    if (ref.reason != REASON_NONE) return ref.reason;
    uint32_t bad = 0;
    for (int i = 0; i < ref.members; i++) {
        const int slot = slot_of(ref.member[i].key);
        if (slot < 0 || slot >= SLOT_CANONICAL) continue;
        bad &= ~(UINT32_C(1) << slot);
        if (ref.member[i].kind >= KIND_ARRAY) bad |= UINT32_C(1) << slot;
    }
    return bad != 0 ? REASON_BAD_MEMBER : REASON_NONE;
}

static void check(const struct event *ev, enum reason reason, size_t kernel, struct slice line)
{
    if (ref.members == REFERENCE_MEMBERS) return;
    if (reason != wanted()) fail(reason_name(reason), kernel, line);
    if (reason != REASON_NONE || ref.line.len == 0) return;
    if (!slice_equal(ev->line, ref.line)) fail("the line's ends", kernel, line);
    for (uint64_t left = schema.needed; left != 0; left &= left - 1) {
        const int slot = __builtin_ctzll(left);
        const struct reference_member *last = NULL;
        for (int i = 0; i < ref.members; i++)
            if (slot_of(ref.member[i].key) == slot) last = &ref.member[i];
        const struct value got = ev->value[slot];
        enum kind kind = last == NULL ? KIND_NULL : last->kind;
        struct slice text = last == NULL ? SLICE("") : last->text;
        if (kind == KIND_STRING) {
            text = (struct slice){.text = text.text + 1, .len = text.len - 2};
            text = (struct slice){.text = plain, .len = reference_plain(plain, text)};
        }
        if (kind != KIND_NULL && slot < SLOT_CANONICAL) kind = KIND_STRING;
        if (got.kind != kind) fail("a kind", kernel, line);
        if (kind != KIND_NULL && !slice_equal(value_slice(got), text)) fail("a text", kernel, line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > sizeof plain) return 0;
#if defined(__x86_64__)
    scan_presses = cpu_has_avx512_press() && size % 2 == 0;
#endif
    if (schema.count == 0) {
        schema_init(&schema);
        schema_need(&schema, SLICE("session_id"));
        schema_need(&schema, SLICE("event_time"));
        schema_need(&schema, SLICE("price"));
    }
    char *text = memory_new(size + 1 + SCAN_PADDING);
    memcpy(text, data, size);
    text[size] = '\n';
    memset(text + size + 1, '"', SCAN_PADDING);
    const char *const end = text + size + 1;
    static struct value values[LINES][SCHEMA_MAX + 1];
    struct event events[LINES], *pointers[LINES];
    enum reason reasons[LINES];
    for (int i = 0; i < LINES; i++) {
        events[i] = (struct event){.value = values[i]};
        pointers[i] = &events[i];
    }
    for (size_t kernel = 0; kernel < sizeof kernels / sizeof kernels[0]; kernel++) {
        if (!kernel_runs(kernel)) continue;
        struct scanner *old = scanner_new(&schema), *beside = scanner_new(&schema);
        const char *next;
        for (const char *p = text; p < end;) {
            const char *newline = memchr(p, '\n', (size_t)(end - p));
            const struct slice line = {.text = p, .len = (size_t)(newline - p)};
            reference_read(&ref, line);
            check(&events[0], kernels[kernel].scan(old, p, &events[0], &next), kernel, line);
            if (next != newline + 1) fail("the next line's place", kernel, line);
            struct scanner *new = scanner_new(&schema);
            check(&events[0], kernels[kernel].scan(new, p, &events[0], &next), kernel, line);
            scanner_free(new);
            scanner_clear(old);
            p = newline + 1;
        }
        for (int round = 0; round < 2; round++) { /* the second time all shapes are known */
            for (const char *p = text; p < end;) {
                const size_t count =
                    kernels[kernel].lines(beside, p, end, LINES, pointers, reasons, &next);
                for (size_t i = 0; i < count; i++) {
                    const char *newline = memchr(p, '\n', (size_t)(end - p));
                    const struct slice line = {.text = p, .len = (size_t)(newline - p)};
                    reference_read(&ref, line);
                    check(&events[i], reasons[i], kernel, line);
                    p = newline + 1;
                }
                if (p != next) fail("the place behind the lines", kernel, SLICE(""));
                scanner_clear(beside);
            }
        }
        scanner_free(old);
        scanner_free(beside);
    }
    free(text);
    return 0;
}
