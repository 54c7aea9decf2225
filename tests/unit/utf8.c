/* utf8.c - against a decoder that takes RFC 3629 word by word. */
#include "base/utf8.h"

#include <stdlib.h>

#include "tap.h"

/* The sequence at text decoded and then encoded again: valid only if that gives the same bytes. */
static size_t slow_sequence(const unsigned char *text, size_t len)
{
    static const unsigned lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t need = 1;
    while (need <= 4 && (text[0] & (0x80U >> need)) != 0)
        need++;
    if ((text[0] & 0x80) == 0) return 1;
    if ((text[0] & 0x40) == 0 || need > 4 || need > len) return 0;
    unsigned code = text[0] & (0x7fU >> need);
    for (size_t i = 1; i < need; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (text[i] & 0x3fU);
    }
    if (code < lowest[need] || code > 0x10ffff) return 0;
    return code >= 0xd800 && code <= 0xdfff ? 0 : need;
}

static bool slow_valid(const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        const size_t step = slow_sequence((const unsigned char *)text + i, len - i);
        if (step == 0) return false;
        i += step;
    }
    return true;
}

static void test_three_bytes(void)
{
    int wrong = 0;
    for (unsigned bytes = 0; bytes < 1U << 24; bytes += bytes < 0x800000 ? 0x101 : 1) {
        const unsigned char text[3] = {(unsigned char)(bytes >> 16), (unsigned char)(bytes >> 8),
                                       (unsigned char)bytes};
        wrong += utf8_sequence((const char *)text, 3) != slow_sequence(text, 3);
    }
    is_int(wrong, 0, "any three bytes are judged as RFC 3629 says");
}

static void test_four_bytes(void)
{
    int wrong = 0;
    for (unsigned i = 0; i < 1U << 20; i++) {
        unsigned char text[4] = {(unsigned char)(0xe8 | i >> 15), (unsigned char)(i >> 8),
                                 (unsigned char)lrand48(), (unsigned char)(i & 0xff)};
        text[2] = (i & 1) != 0 ? text[2] : (unsigned char)(0x80 | (text[2] & 0x3f));
        for (size_t len = 1; len <= 4; len++)
            wrong += utf8_sequence((const char *)text, len) != slow_sequence(text, len);
    }
    is_int(wrong, 0, "four-byte sequences, whole and cut short, are judged as RFC 3629 says");
}

/* Mostly valid text with a damaged byte here and there. */
static size_t random_text(char *text, size_t len)
{
    static const char *const pieces[] = {
        "a", "plain ascii", "\xc3\xa9", "\xd0\x96\xd0\x96", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
        "0", "\x7f"};
    size_t at = 0;
    for (;;) {
        const char *piece = pieces[lrand48() % 8];
        if (at + strlen(piece) > len) break;
        memcpy(text + at, piece, strlen(piece));
        at += strlen(piece);
    }
    if (at > 0 && lrand48() % 2 == 0) text[lrand48() % (long)at] = (char)lrand48();
    return at;
}

static void test_valid(void)
{
    int wrong = 0;
    int valid = 0;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        const size_t len = random_text(text, (size_t)(lrand48() % 64));
        const bool expected = slow_valid(text, len);
        valid += expected;
        wrong += utf8_valid((struct slice){.text = text, .len = len}) != expected;
    }
    is_int(wrong, 0, "text with and without a damaged byte is judged as its sequences are");
    ok(valid > 50000 && valid < 180000, "both kinds were among them");
}

int main(void)
{
    ok(utf8_valid((struct slice){.text = NULL, .len = 0}), "nothing is valid");
    ok(!utf8_valid(SLICE("\xc0\x80")), "an overlong NUL is not");
    ok(!utf8_valid(SLICE("\xed\xa0\x80")), "a surrogate is not");
    ok(!utf8_valid(SLICE("\xf4\x90\x80\x80")), "U+110000 is not");
    ok(utf8_valid(SLICE("\xf4\x8f\xbf\xbf")), "U+10FFFF is");
    test_three_bytes();
    test_four_bytes();
    test_valid();
    return plan();
}
