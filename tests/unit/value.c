/* value.c - the order of values, and how they are printed. */
#include "base/value.h"

#include "tap.h"

static struct value make(enum kind kind, const char *text)
{
    return (struct value){.text = text, .len = (uint32_t)strlen(text), .kind = (uint8_t)kind};
}

static void test_order(void)
{
    const struct value ascending[] = {
        VALUE_NULL,
        make(KIND_FALSE, "false"),
        make(KIND_TRUE, "true"),
        make(KIND_NUMBER, "-2"),
        make(KIND_NUMBER, "0"),
        make(KIND_NUMBER, "9"),
        make(KIND_NUMBER, "1.0e1"), /* equal values by their bytes */
        make(KIND_NUMBER, "10"),
        make(KIND_NUMBER, "10.0"),
        make(KIND_NUMBER, "1e400"),
        make(KIND_STRING, ""),
        make(KIND_STRING, "10"),
        make(KIND_STRING, "9"),
        make(KIND_STRING, "a"),
        make(KIND_STRING, "aa"),
        make(KIND_STRING, "\xd0\x96"),
        make(KIND_ARRAY, "[1]"),
        make(KIND_OBJECT, "{}"),
    };
    const int count = sizeof(ascending) / sizeof(ascending[0]);
    int wrong = 0;

    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            const int order = value_compare(ascending[i], ascending[j]);
            wrong += i < j ? order >= 0 : i > j ? order <= 0 : order != 0;
            wrong += value_equal(ascending[i], ascending[j]) != (i == j);
        }
    is_int(wrong, 0, "null < false < true < numbers by value < strings by bytes < the rest");
    const struct value missing = {0};
    ok(value_compare(missing, VALUE_NULL) == 0 && value_equal(missing, VALUE_NULL),
       "a missing member is null");
}

static struct slice printed(struct buffer *out, struct value value)
{
    buffer_clear(out);
    value_print(out, value);
    return buffer_slice(out);
}

static struct slice key(struct buffer *out, struct value value)
{
    buffer_clear(out);
    value_print_key(out, value);
    return buffer_slice(out);
}

/* Values and their keys: no two of them the same. */
static void test_keys(void)
{
    static const struct {
        enum kind kind;
        const char *text, *wanted;
    } keys[] = {
        {KIND_NULL, "null", "null"},
        {KIND_STRING, "null", "\"null\""},
        {KIND_TRUE, "true", "true"},
        {KIND_STRING, "true", "\"true\""},
        {KIND_FALSE, "false", "false"},
        {KIND_STRING, "false", "\"false\""},
        {KIND_NUMBER, "1", "1"},
        {KIND_STRING, "1", "\"1\""},
        {KIND_NUMBER, "-1.5e3", "-1.5e3"},
        {KIND_STRING, "-1.5e3", "\"-1.5e3\""},
        {KIND_ARRAY, "[1]", "[1]"},
        {KIND_STRING, "[1]", "\"[1]\""},
        {KIND_STRING, "[sale", "\"[sale\""},
        {KIND_OBJECT, "{}", "{}"},
        {KIND_STRING, "{}", "\"{}\""},
        {KIND_STRING, "", ""},
        {KIND_STRING, "a b", "a b"},
        {KIND_STRING, "Null", "Null"},
        {KIND_STRING, "01", "01"},
        {KIND_STRING, "1.", "1."},
        {KIND_STRING, " 1", " 1"},
        {KIND_STRING, "1\t", "1\\t"},
        {KIND_STRING, "\"1\"", "\\\"1\\\""},
        {KIND_STRING, "\\\"1\\\"", "\\\\\\\"1\\\\\\\""},
    };
    const int count = sizeof keys / sizeof keys[0];
    struct buffer out = {0}, other = {0};
    int wrong = 0, shared = 0;

    for (int i = 0; i < count; i++) {
        const struct slice mine = key(&out, make(keys[i].kind, keys[i].text));
        wrong += !slice_equal(mine, slice_of(keys[i].wanted));
        for (int j = 0; j < i; j++)
            shared += slice_equal(mine, key(&other, make(keys[j].kind, keys[j].text)));
    }
    is_int(wrong, 0, "a key is a string's text, and JSON where a string would look like JSON");
    is_int(shared, 0, "no two values have the same key");
    struct value escaped = make(KIND_STRING, "\\u006eu\\u006cl");
    escaped.escaped = true;
    is_text(key(&out, escaped), "\"null\"",
            "equal strings have one key, however they were written");
    buffer_release(&out);
    buffer_release(&other);
}

int main(void)
{
    struct buffer out = {0};
    const struct value quoted = make(KIND_STRING, "a\"b\n");
    struct value copied = make(KIND_STRING, "a\\\"b\\n\x7f");

    copied.escaped = true;
    test_order();
    is_text(printed(&out, (struct value){0}), "null", "a missing member is printed as null");
    is_text(printed(&out, make(KIND_NUMBER, "1.50")), "1.50", "a number keeps its digits");
    is_text(printed(&out, make(KIND_OBJECT, "{\"a\": 1}")), "{\"a\": 1}",
            "an object keeps its text");
    is_text(printed(&out, make(KIND_ARRAY, "[\t\"\xc2\x9b\\\"\x7f\",\r1]")),
            "[ \"\\u009b\\\"\\u007f\", 1]", "but for the controls in it");
    is_text(printed(&out, quoted), "\"a\\\"b\\n\"", "a string has quotes and escapes");
    is_text(key(&out, quoted), "a\\\"b\\n", "as a key it has escapes only");
    is_text(printed(&out, copied), "\"a\\\"b\\n\\u007f\"",
            "escapes that are there are not doubled");
    test_keys();
    buffer_release(&out);
    return plan();
}
