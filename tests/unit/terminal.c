/* Columns of a terminal, and nothing that it obeys. */
#include "base/terminal.h"

#include "base/utf8.h"
#include "tap.h"

struct sample {
    const char *text;
    size_t columns;
    const char *sentence;
};

static const struct sample samples[] = {
    {"", 0, "nothing takes no column"},
    {"plain", 5, "ASCII takes one each"},
    {"\xc3\xa4pfel", 5, "so do letters of two bytes"},
    {"a\xcc\x88pfel", 5, "a combining mark takes none"},
    {"\xe6\x97\xa5\xe6\x9c\xac", 4, "CJK takes two each"},
    {"\xef\xbc\xa1\xef\xbd\xb1", 3, "full width two, half width one"},
    {"\xd8\xa7\xd9\x84\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85", 6, "Arabic takes one each"},
    {"\xd7\xa9\xd7\x81\xd7\x9c", 2, "Hebrew points take none"},
    {"\xf0\x9f\x98\x80", 2, "an emoji takes two"},
    {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7", 2,
     "a family joined with ZWJ is one emoji"},
    {"\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd!", 3, "a skin tone is part of its emoji"},
    {"\xe2\x9d\xa4\xef\xb8\x8f", 2, "a selector makes an emoji of a symbol"},
    {"1\xef\xb8\x8f\xe2\x83\xa3", 2, "a keycap is an emoji"},
    {"\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", 2, "a flag takes two"},
    {"\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7", 2, "a joiner in a word joins no emoji"},
    {"x\xe2\x80\x8by", 2, "what has no width takes none"},
};

static void widths_test(void)
{
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        is_int((int64_t)terminal_width(slice_of(samples[i].text)), (int64_t)samples[i].columns,
               samples[i].sentence);
}

static void escapes_test(void)
{
    struct buffer out = {0};
    terminal_add(&out, SLICE("say \"a\\b\"\t\n\x1b[31m\x7f\xc2\x9b"
                             "\xe2\x80\xae"
                             "abc\xe2\x80\xa8"));
    is_text(buffer_slice(&out), "say \"a\\b\"\\t\\n\\u001b[31m\\u007f\\u009b\\u202eabc\\u2028",
            "controls, overrides and line separators are shown as escapes, quotes as they are");
    is_int((int64_t)terminal_width(SLICE("\t\x1b\xe2\x80\xae")), 2 + 6 + 6,
           "escapes take the columns they have");
    buffer_release(&out);
}

/* Whatever the characters: what is shown is valid, without controls, and as wide shown again. */
static void property_test(void)
{
    int wrong = 0;
    uint32_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        struct buffer text = {0}, shown = {0};
        for (int i = 0; i < 6; i++) {
            static const char *const pieces[] = {
                "a",
                "\x1b",
                "\xc2\x85",
                "\xcc\x88",
                "\xe6\x97\xa5",
                "\xe2\x80\x8d",
                "\xef\xb8\x8f",
                "\xf0\x9f\x98\x80",
                "\xf0\x9f\x8f\xbd",
                "\xe2\x80\xae",
                "\n",
                "\\",
                "\"",
            };
            seed = seed * 1103515245 + 12345;
            const char *piece = pieces[(seed >> 16) % (sizeof pieces / sizeof pieces[0])];
            buffer_add_slice(&text, slice_of(piece));
        }
        terminal_add(&shown, buffer_slice(&text));
        bool good = utf8_valid(buffer_slice(&shown));
        for (size_t i = 0; i < shown.len; i++)
            good &= (unsigned char)shown.data[i] >= 0x20 && shown.data[i] != 0x7f;
        good &= terminal_width(buffer_slice(&shown)) == terminal_width(buffer_slice(&text));
        wrong += !good;
        buffer_release(&text);
        buffer_release(&shown);
    }
    is_int(wrong, 0, "what is shown has no control, and the width that was told");
}

int main(void)
{
    widths_test();
    escapes_test();
    property_test();
    return plan();
}
