/* made_id.c - ids made of members: which events have the same one, and which have none. */
#include "raw/made_id.h"

#include "tap.h"

static struct made_id made = {.slot = {0, 1}, .count = 2};

static struct value string(const char *text, bool escaped)
{
    struct value value = value_string(slice_of(text));
    value.escaped = escaped;
    return value;
}

/* The id of an event with these two members, until the call after the next. */
static struct slice id_of_two(struct value first, struct value second)
{
    static char texts[2][64];
    static int next;
    struct value values[SCHEMA_MAX] = {first, second};
    const struct event ev = {.value = values};
    const struct value id = made_id_value(&made, &ev);
    char *const text = texts[next ^= 1];
    memcpy(text, id.text, id.len);
    return (struct slice){.text = text, .len = id.len};
}

static bool same(struct value a, struct value b, struct value c, struct value d)
{
    return slice_equal(id_of_two(a, b), id_of_two(c, d));
}

int main(void)
{
    const struct value a = string("a", false), b = string("b", false), none = VALUE_NULL;
    const struct value number = {.text = "12", .len = 2, .kind = KIND_NUMBER};

    const struct slice id = id_of_two(a, b);
    int hex = 0;
    for (size_t i = 0; i < id.len; i++)
        hex += strchr("0123456789abcdef", id.text[i]) != NULL;
    is_int(hex, 32, "an id is 128 bits in hexadecimal");
    ok(same(a, b, a, b), "the same members give the same id");
    ok(!same(a, b, b, a), "their order counts");
    ok(!same(string("a", false), string("bc", false), string("ab", false), string("c", false)),
       "where one ends and the next begins counts");
    ok(!same(a, none, a, string("", false)), "null is no empty string");
    ok(!same(a, none, none, a), "which one is null counts");
    ok(same(string("\\u0061", true), b, a, b), "how a string was escaped does not");
    ok(same(string("\\ud83d\\ude00", true), string("\\n", true), string("\xf0\x9f\x98\x80", false),
            string("\n", false)),
       "however long the escapes");
    ok(same(number, b, string("12", false), b), "a number is its text");
    is_text(id_of_two(none, none), "null", "of nothing nothing is made");
    made_id_release(&made);
    return plan();
}
