/*
 * memory.h - allocation that does not fail: without memory the run ends (exit 1).
 *
 * What comes from here is freed with free().
 */
#ifndef CS_MEMORY_H
#define CS_MEMORY_H

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

#endif
