/*
 * memory.h - allocation that does not fail: without memory the run ends (exit 1).
 *
 * What comes from here is freed with free().
 */
#ifndef CS_MEMORY_H
#define CS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Uninitialised bytes. */
void *memory_new(size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));

/* count * size bytes of zero; the product is checked. */
void *memory_zero(size_t count, size_t size)
    __attribute__((malloc, returns_nonnull, warn_unused_result));

/* Resizes to count * size bytes; the product is checked. */
void *memory_resize(void *old, size_t count, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));

/* A copy of len bytes with a NUL behind them. */
char *memory_text(const char *text, size_t len)
    __attribute__((malloc, returns_nonnull, warn_unused_result));

/* From now on pieces of a megabyte and more are the system's as soon as they are freed, and grow
 * without a copy. (Otherwise malloc learns from the first long text to keep such pieces.) */
void memory_return_early(void);

#define MEMORY_PAGES_BYTES ((size_t)2 << 20)

/* Zeroed memory straight from the system, aligned to MEMORY_PAGES_BYTES; size is a multiple of
 * that, or at least of all pages there are (64 KB). What is not touched costs nothing. large: in
 * pages that are so large, if there are any: much will be touched, in no order. Given back with
 * memory_pages_free. */
void *memory_pages(size_t size, bool large) __attribute__((returns_nonnull, warn_unused_result));
void memory_pages_free(void *pages, size_t size);

/* They are at "to" from now on instead of what is there, with what is in them, or with zeroes: who
 * has need of as many more need not ask the system for others. */
void memory_pages_move(void *pages, void *to, size_t size);

/* What a file's mapping has between these two is given back, but for what comes in together with
 * the page that "to" is in. Returns from where on it has not been, for the next time. Who looks at
 * it again reads it again. */
const char *memory_pages_forget(const char *from, const char *to);

/* What is to be read there next is mapped now, all at once and not page by page. No more than a
 * hint. */
void memory_pages_map(const char *from, size_t len);

/* For an inline function that does nothing but ask for memory to be brought near: gcc takes such a
 * one for a function without effect, and leaves calls of it out unless they are inlined first. */
#define MEMORY_HINT static inline __attribute__((always_inline))

#endif
