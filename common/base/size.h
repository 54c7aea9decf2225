/*
 * size.h - sizes in bytes as people write them: 512M, 4GiB, 1GB, 65536.
 *
 * As in GNU's tools K, M, G and T, also with iB, are powers of 1024, and with B powers of 1000; a
 * number alone is bytes.
 */
#ifndef CS_SIZE_H
#define CS_SIZE_H

#include <stdint.h>

#include "base/buffer.h"

/* Reads a size. NULL, or the phrase that says what is wrong. */
const char *size_parse(const char *text, int64_t *bytes);

/* Adds a size, rounded to three digits: "1.25 GiB", "640 KiB", "12 bytes". */
void size_print(struct buffer *out, uint64_t bytes);

#endif
