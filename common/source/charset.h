/*
 * charset.h - text of other encodings as UTF-8.
 *
 * What stands for no character in the encoding becomes the byte 0xff, which is no UTF-8: so the
 * record that holds it is refused like any other that is not UTF-8, and its neighbours are not. A
 * line end is never swallowed by that. Names are those of iconv(1).
 *
 * A text that is UTF-8 already would become other characters without a fault: in latin1 an e with
 * an accent is two. So it is watched whether it is.
 */
#ifndef CS_CHARSET_H
#define CS_CHARSET_H

#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

struct charset {
    iconv_t to_utf8;
    unsigned step;      /* bytes that the smallest character has */
    struct buffer rest; /* the beginning of a character that goes on */
    bool is_no_utf8;
    uint64_t utf8; /* characters of several bytes, as long as it may be UTF-8 */
};

/* False: there is no such encoding. */
bool charset_init(struct charset *charset, const char *name);

void charset_release(struct charset *charset);

/* Is it UTF-8, by any of its names? Then there is nothing to translate. */
bool charset_is_utf8(const char *name);

/* Adds text as UTF-8; last: nothing follows. */
void charset_convert(struct charset *charset, struct slice text, bool last, struct buffer *out);

/* How many characters of all that was converted have been more than one byte in UTF-8, if that is
 * what it was; 0: it was not, or may have been either. */
uint64_t charset_utf8(const struct charset *charset);

#endif
