/*
 * value.h - one JSON value as text: what a member holds, an expression gives, a row prints.
 *
 * A string's text is its content without quotes and with its escapes undone, so equal
 * strings are equal bytes however they were written; a value still holding escapes
 * (escaped) exists only inside the scanner and where cs-parse copies a string through.
 * Other kinds keep the text they came with: a number keeps its digits.
 * The order of the kinds is the order in which values sort.
 */
#ifndef CS_VALUE_H
#define CS_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

enum kind {
    KIND_NULL, /* also: the member is missing */
    KIND_FALSE,
    KIND_TRUE,
    KIND_NUMBER,
    KIND_STRING,
    KIND_ARRAY,
    KIND_OBJECT,
};

struct value {
    const char *text; /* borrowed; NULL where the member is missing */
    uint32_t len;     /* bytes; a line is at most 16 MiB */
    uint8_t kind;     /* enum kind */
    bool escaped;     /* a string whose text still has its JSON escapes */
    bool was_number;  /* a string that is the text of a number in the input: a time may be one */
};

#define VALUE_NULL ((struct value){.text = "null", .len = 4, .kind = KIND_NULL})

static inline struct slice value_slice(struct value value)
{
    return (struct slice){.text = value.text, .len = value.len};
}

/* Behind the text of a value in an event's slot so many bytes are readable: short texts are then
 * compared without a loop. */
#define VALUE_PADDING 16

/* All of a text of at most VALUE_PADDING bytes, as two numbers with zeros behind its end. */
struct value_head {
    uint64_t low, high;
};

/* value stands in an event's slot and is no longer than VALUE_PADDING; null, false and true have no
 * text. */
static inline struct value_head value_head(struct value value)
{
    static const unsigned char masks[2 * VALUE_PADDING] = {255, 255, 255, 255, 255, 255, 255, 255,
                                                           255, 255, 255, 255, 255, 255, 255, 255};
    /* Whether a value is null nobody can predict: so no branch. */
    uintptr_t has_text = -(uintptr_t)(value.kind > KIND_TRUE);
    __asm__("" : "+r"(has_text));
    const char *const text =
        (const char *)(((uintptr_t)value.text & has_text) | ((uintptr_t)masks & ~has_text));
    const char *const mask = (const char *)masks + VALUE_PADDING - (value.len & has_text);
    return (struct value_head){.low = slice_word(text) & slice_word(mask),
                               .high = slice_word(text + 8) & slice_word(mask + 8)};
}

/* A string value over bytes that need no unescaping. */
static inline struct value value_string(struct slice slice)
{
    return (struct value){.text = slice.text, .len = (uint32_t)slice.len, .kind = KIND_STRING};
}

/* The same kind and the same bytes (1 and 1.0 differ). Neither may be escaped. */
static inline bool value_equal(struct value a, struct value b)
{
    if (a.kind != b.kind) return false;
    if (a.kind <= KIND_TRUE) return true;
    return slice_equal(value_slice(a), value_slice(b));
}

/* null < false < true < numbers by value < strings by bytes < the rest by bytes; numbers of
 * equal value by their bytes. Negative, 0 (value_equal) or positive. */
int value_compare(struct value a, struct value b);

/* Adds the value as JSON: strings quoted and escaped, the rest as its text. */
void value_print(struct buffer *out, struct value value);

/* The value with its escapes undone, if it has any, into scratch, which is empty. */
struct value value_plain(struct value value, struct buffer *scratch);

/* Adds the value as --key prints one: a string's text with JSON escapes, the rest as JSON; a string
 * that would look like the rest keeps its quotes. So each value has a key of its own, and equal
 * strings have one, however they were written. */
void value_print_key(struct buffer *out, struct value value);

/* Would a string's text, without its quotes, look like JSON: like null, true, false, a number, an
 * array or an object? */
bool value_looks_json(struct slice text);

#endif
