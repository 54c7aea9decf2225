#include "base/lower.h"

#include <unicase.h>
#include <unistr.h>

#define CODE_POINT_BYTES 4

/* How many bytes at the beginning are ASCII and stay as they are. */
static size_t unchanged(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char byte = (unsigned char)text.text[i];
        if (byte >= 0x80 || (byte >= 'A' && byte <= 'Z')) return i;
    }
    return text.len;
}

struct slice lower_text(struct slice text, struct buffer *scratch)
{
    const size_t same = unchanged(text);
    if (same == text.len) return text;

    buffer_clear(scratch);
    buffer_add(scratch, text.text, same);
    const char *end = text.text + text.len;
    for (const char *at = text.text + same; at < end;) {
        ucs4_t code_point;
        const int len = u8_mbtouc(&code_point, (const uint8_t *)at, (size_t)(end - at));
        uint8_t *to = (uint8_t *)buffer_reserve(scratch, CODE_POINT_BYTES);
        const int written = u8_uctomb(to, uc_tolower(code_point), CODE_POINT_BYTES);
        if (written > 0) scratch->len += (size_t)written;
        at += len;
    }
    return buffer_slice(scratch);
}
