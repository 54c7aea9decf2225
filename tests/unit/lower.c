/* lower.c - lower case, one code point for one. */
#include "base/lower.h"

#include "tap.h"

static struct buffer scratch;

static struct slice lower(const char *text)
{
    return lower_text(slice_of(text), &scratch);
}

/* Every code point below the surrogates, alone: the result is one code point again, and in lower
 * case. */
static int broken_code_points(void)
{
    int broken = 0;
    for (unsigned code = 1; code < 0xd800; code++) {
        char text[4], again[8];
        size_t len = 0;
        if (code < 0x80) {
            text[len++] = (char)code;
        } else if (code < 0x800) {
            text[len++] = (char)(0xc0 | code >> 6);
            text[len++] = (char)(0x80 | (code & 0x3f));
        } else {
            text[len++] = (char)(0xe0 | code >> 12);
            text[len++] = (char)(0x80 | (code >> 6 & 0x3f));
            text[len++] = (char)(0x80 | (code & 0x3f));
        }
        const struct slice once = lower_text((struct slice){.text = text, .len = len}, &scratch);
        int count = 0;
        for (size_t i = 0; i < once.len; i++)
            count += (once.text[i] & 0xc0) != 0x80;
        if (count != 1 || once.len > sizeof again) {
            broken++;
            continue;
        }
        memcpy(again, once.text, once.len);
        const struct slice first = {.text = again, .len = once.len};
        broken += !slice_equal(lower_text(first, &scratch), first);
    }
    return broken;
}

int main(void)
{
    const char *plain = "plain text, 123";

    ok(lower_text(slice_of(plain), &scratch).text == plain, "lower case is not copied");
    ok(lower("").len == 0, "nothing stays nothing");
    is_text(lower("Blackout LAMP"), "blackout lamp", "ASCII is lowered");
    is_text(lower("caf\xc3\x89"), "caf\xc3\xa9", "what is behind lower case is lowered too");
    is_text(lower("\xd0\x96\xd0\x98\xd0\x9b"), "\xd0\xb6\xd0\xb8\xd0\xbb", "so is Cyrillic");
    is_text(lower("\xce\x9f\xce\x94\xce\x9f\xce\xa3"), "\xce\xbf\xce\xb4\xce\xbf\xcf\x83",
            "a sigma at the end is like any other: context does not count");
    is_text(lower("\xc4\xb0"), "i", "dotted capital I is one i: the mapping is one to one");
    is_text(lower("\xe1\xba\x9e"), "\xc3\x9f", "capital sharp s gets shorter");
    is_text(lower("\xc8\xba"), "\xe2\xb1\xa5", "some letters get longer");
    is_text(lower("\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80"),
            "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80", "what has no case stays");
    is_text(lower("\xf0\x90\x90\x80"), "\xf0\x90\x90\xa8", "beyond U+FFFF as well");
    is_int(broken_code_points(), 0,
           "every code point gives one, and lowering twice changes nothing");
    buffer_release(&scratch);
    return plan();
}
