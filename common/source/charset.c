#include "source/charset.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"
#include "base/utf8.h"

/* No UTF-8, whatever stands around it. */
#define NO_CHARACTER '\xff'
/* How much more of UTF-8 is made at once. */
#define ROOM_BYTES ((size_t)64 << 10)

bool charset_is_utf8(const char *name)
{
    return strcasecmp(name, "utf-8") == 0 || strcasecmp(name, "utf8") == 0;
}

/* How many bytes a line end takes: so many an encoding has at least for each character. */
static unsigned step_of(const char *name)
{
    char newline[] = "\n", bytes[16];
    char *in = newline, *out = bytes;
    size_t in_left = 1, out_left = sizeof bytes;
    const iconv_t from_utf8 = iconv_open(name, "UTF-8");
    if (from_utf8 == (iconv_t)-1) return 1;
    /* The first brings the mark of byte order, where there is one. */
    (void)iconv(from_utf8, &in, &in_left, &out, &out_left);
    in = newline;
    in_left = 1;
    const size_t before = out_left;
    (void)iconv(from_utf8, &in, &in_left, &out, &out_left);
    iconv_close(from_utf8);
    const size_t step = before - out_left;
    return step == 2 || step == 4 ? (unsigned)step : 1;
}

bool charset_init(struct charset *charset, const char *name)
{
    *charset = (struct charset){.to_utf8 = (iconv_t)-1, .step = 1};
    if (*name == '\0' || strchr(name, '/') != NULL)
        return false; /* iconv's //TRANSLIT is output's */
    charset->to_utf8 = iconv_open("UTF-8", name);
    if (charset->to_utf8 == (iconv_t)-1) return false;
    charset->step = step_of(name);
    return true;
}

void charset_release(struct charset *charset)
{
    if (charset->to_utf8 != (iconv_t)-1) iconv_close(charset->to_utf8);
    buffer_release(&charset->rest);
    *charset = (struct charset){.to_utf8 = (iconv_t)-1};
}

#define CUT_MOST 3 /* so many bytes of a character in UTF-8 may be on one side of a cut */

static bool is_inside(char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* What is between the characters that the ends of a text cut. */
static struct slice whole_characters(struct slice text)
{
    for (size_t i = 0; i < CUT_MOST && text.len > 0 && is_inside(*text.text); i++) {
        text.text++;
        text.len--;
    }
    for (size_t i = 1; i <= CUT_MOST && i <= text.len; i++) {
        const char *const at = text.text + text.len - i;
        if (is_inside(*at)) continue;
        if (utf8_sequence(at, i) == 0) text.len -= i;
        break;
    }
    return text;
}

static void utf8_watch(struct charset *charset, struct slice text)
{
    if (charset->is_no_utf8) return;
    const struct slice whole = whole_characters(text);
    if (utf8_is_ascii(whole)) return;
    uint64_t begun = 0;
    for (size_t i = 0; i < whole.len; i++)
        begun += (unsigned char)whole.text[i] >= 0xc0;
    charset->utf8 += begun;
    charset->is_no_utf8 = !utf8_valid(whole);
}

uint64_t charset_utf8(const struct charset *charset)
{
    return charset->is_no_utf8 ? 0 : charset->utf8;
}

void charset_convert(struct charset *charset, struct slice text, bool last, struct buffer *out)
{
    struct buffer *const rest = &charset->rest;
    utf8_watch(charset, text);
    buffer_add_slice(rest, text);
    char *in = rest->data;
    size_t left = rest->len;
    while (left != 0) {
        char *to = buffer_reserve(out, ROOM_BYTES);
        char *const from = to;
        size_t room = ROOM_BYTES;
        const size_t done = iconv(charset->to_utf8, &in, &left, &to, &room);
        const int why = done == (size_t)-1 ? errno : 0;
        out->len += (size_t)(to - from);
        if (why == E2BIG) continue;
        if (why == EINVAL && !last) break;
        if (why != 0 && why != EILSEQ && why != EINVAL) die_errno("iconv");
        if (why == 0) continue;
        const size_t skipped = left < charset->step ? left : charset->step;
        buffer_add_char(out, NO_CHARACTER);
        in += skipped;
        left -= skipped;
    }
    if (left != 0) memmove(rest->data, in, left);
    rest->len = left;
    if (!last) return;
    /* What the encoding keeps back until it sees the end. */
    char *to = buffer_reserve(out, ROOM_BYTES);
    char *const from = to;
    size_t room = ROOM_BYTES;
    (void)iconv(charset->to_utf8, NULL, NULL, &to, &room);
    out->len += (size_t)(to - from);
}
