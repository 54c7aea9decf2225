/* jsonstream.c - JSON values one behind the other. */
#include "raw/jsonstream.h"

#include "tap.h"

/* The values on a line each, "!" for broken ones; data comes in pieces of so many bytes. */
static struct slice values(const char *text, size_t step)
{
    static struct buffer out;
    struct jsonstream stream = {0};
    const char *p = text, *there = text;
    const char *const end = text + strlen(text);

    buffer_clear(&out);
    while (p < end) {
        const char *next = jsonstream_split(&stream, p, there, there == end);
        if (next == NULL && there == end) {
            buffer_add_literal(&out, "lost!");
            break;
        }
        if (next == NULL) {
            there = (size_t)(end - there) < step ? end : there + step;
            continue;
        }
        const struct slice piece = {.text = p, .len = (size_t)(next - p)};
        p = next;
        if (jsonstream_between(piece)) continue;
        const size_t before = out.len;
        if (!jsonstream_line(piece, &out)) {
            out.len = before;
            buffer_add_char(&out, '!');
        }
        buffer_add_char(&out, '\n');
    }
    return buffer_slice(&out);
}

static const char *const streams[] = {
    "{\"a\":1}{\"b\":2}",
    "[{\"a\":1},\n{\"b\":[{}]}]\n",
    "{\n \"a\": \"x\\\"}\"\n}\n\n{\"c\":3}\n",
    "[\n {\"a\": 1},\n {\"b\" 2}},\n {\"c\": 3}\n]",
    "{\"a\":1} junk {\"b\":2}\n{\"c\":3}",
    "[[1,2],[3]]",
    "{\"a\":1",
    "]{}[,",
    "\"a\" 1 true null {}",
};

static void test_any_cut(void)
{
    struct buffer whole = {0};
    int wrong = 0;

    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        buffer_clear(&whole);
        buffer_add_slice(&whole, values(streams[i], SIZE_MAX));
        for (size_t step = 1; step < 9; step++)
            wrong += !slice_equal(buffer_slice(&whole), values(streams[i], step));
    }
    is_int(wrong, 0, "the same values come out of any reads");
    buffer_release(&whole);
}

static void test_follow(void)
{
    const char *behind = NULL;
    const char *text = "{\"a\":[1,{\"b\":\"]\"}]} x";
    ok(jsonstream_follow(text, text + strlen(text), &behind) == JSONSTREAM_WHOLE &&
           behind == text + 19,
       "a value ends where its brackets do");
    ok(jsonstream_follow(text, text + 10, &behind) == JSONSTREAM_OPEN, "before that it is open");
    text = "{\"a\":1]";
    ok(jsonstream_follow(text, text + 7, &behind) == JSONSTREAM_BROKEN, "the wrong one breaks it");
}

int main(void)
{
    is_text(values(streams[0], 3), "{\"a\":1}\n{\"b\":2}\n", "values may touch");
    is_text(values(streams[1], 3), "{\"a\":1}\n{\"b\":[{}]}\n", "an array's elements are values");
    is_text(values("{\n \"a\":\t1\n}", 3), "{  \"a\":\t1 }\n", "a value's line ends become blanks");
    test_any_cut();
    test_follow();
    return plan();
}
