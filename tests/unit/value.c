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

static struct slice bare(struct buffer *out, struct value value)
{
    buffer_clear(out);
    value_print_bare(out, value);
    return buffer_slice(out);
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
    is_text(printed(&out, quoted), "\"a\\\"b\\n\"", "a string has quotes and escapes");
    is_text(bare(&out, quoted), "a\\\"b\\n", "a bare one has escapes only");
    is_text(printed(&out, copied), "\"a\\\"b\\n\\u007f\"",
            "escapes that are there are not doubled");
    is_text(bare(&out, make(KIND_TRUE, "true")), "true", "a bare boolean is its text");
    buffer_release(&out);
    return plan();
}
