/* charset.c - other encodings as UTF-8. */
#include "source/charset.h"

#include "tap.h"

/* The text as UTF-8, given in pieces of so many bytes. */
static struct slice converted(const char *name, struct slice text, size_t step)
{
    static struct buffer out;
    struct charset charset;

    buffer_clear(&out);
    if (!charset_init(&charset, name)) return SLICE("unknown");
    while (text.len > 0) {
        const struct slice piece = {.text = text.text, .len = text.len < step ? text.len : step};
        charset_convert(&charset, piece, false, &out);
        text.text += piece.len;
        text.len -= piece.len;
    }
    charset_convert(&charset, (struct slice){.text = "", .len = 0}, true, &out);
    charset_release(&charset);
    return buffer_slice(&out);
}

static void test_any_cut(void)
{
    static const struct {
        const char *name;
        struct slice text;
        const char *wanted;
    } cases[] = {
        {"latin1", SLICE("caf\xe9\n"), "caf\xc3\xa9\n"},
        {"UTF-16LE", SLICE("a\0\xac\x20\n\0"), "a\xe2\x82\xac\n"},
        {"UTF-16BE", SLICE("\0a\xd8\x3d\xde\0\0\n"), "a\xf0\x9f\x98\x80\n"},
        {"UTF-16",
         SLICE("\xff\xfe"
               "a\0\n\0"),
         "a\n"},
        {"SHIFT_JIS", SLICE("\x93\xfa\n"), "\xe6\x97\xa5\n"},
        {"CP1252", SLICE("a\x81\x80\n"), "a\xff\xe2\x82\xac\n"}, /* 0x81 is nothing */
        {"UTF-16LE", SLICE("a\0\x00\xd8\n\0"), "a\xff\n"},       /* half a pair */
        {"UTF-16LE", SLICE("a\0\n"), "a\xff"},                   /* half a unit */
        {"ASCII", SLICE("\xe4\xf6\n"), "\xff\xff\n"},
    };
    int wrong = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t step = 1; step < 9; step++)
            if (!slice_equal(converted(cases[i].name, cases[i].text, step),
                             slice_of(cases[i].wanted))) {
                wrong++;
                printf("# %s in pieces of %zu\n", cases[i].name, step);
            }
    is_int(wrong, 0, "text is translated however it is cut; what is nothing is no UTF-8");
}

int main(void)
{
    struct charset charset;
    test_any_cut();
    ok(!charset_init(&charset, "latin-one") && !charset_init(&charset, "") &&
           !charset_init(&charset, "latin1//IGNORE"),
       "names that nobody knows are none");
    ok(charset_is_utf8("UTF-8") && charset_is_utf8("utf8") && !charset_is_utf8("utf16"),
       "UTF-8 has two names");
    return plan();
}
