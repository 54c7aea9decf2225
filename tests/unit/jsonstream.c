/* jsonstream.c - JSON values one behind the other. */
#include "raw/jsonstream.h"

#include <stdlib.h>
#include <string.h>

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

/* Follows a copy of just these bytes: whoever reads behind them is caught by the sanitizers. */
static enum jsonstream_end follow(const char *text, size_t len, size_t *behind)
{
    static char *copy;
    const char *at = NULL;
    copy = realloc(copy, len);
    memcpy(copy, text, len);
    const enum jsonstream_end end = jsonstream_follow(copy, copy + len, &at);
    *behind = (size_t)(at - copy);
    return end;
}

/* Strings are looked through many bytes at a time: whatever ends one, or does not, is seen at each
 * place, and in a text that is cut anywhere. */
static void test_strings(void)
{
    enum { LONGEST = 70 };
    static const char *const parts[] = {"", "\\\"", "\\\\", "\\u0022", "\n", "\\", "\t]},:{["};
    char text[LONGEST + 32];
    size_t behind;
    int wrong = 0;

    for (size_t part = 0; part < sizeof parts / sizeof parts[0]; part++) {
        for (size_t len = 0; len < LONGEST; len++) {
            for (size_t place = 0; place <= len; place++) {
                const size_t more = strlen(parts[part]);
                memset(text, 'x', sizeof text);
                memcpy(text, "[\"", 2);
                memcpy(text + 2 + place, parts[part], more);
                memcpy(text + 2 + len + more, "\"] \"", 4);
                const size_t all = 2 + len + more + 2;
                const bool line = *parts[part] == '\n';
                const bool lost = part == 5 && place == len; /* the quote is escaped */
                const enum jsonstream_end end = follow(text, all + (lost ? 0 : 2), &behind);
                if (line)
                    wrong += end != JSONSTREAM_BROKEN || behind != 2 + place;
                else if (lost)
                    wrong += end != JSONSTREAM_OPEN || behind != all;
                else
                    wrong += end != JSONSTREAM_WHOLE || behind != all;
                for (size_t cut = 1; cut < (line ? 2 + place : all); cut++)
                    wrong += follow(text, cut, &behind) != JSONSTREAM_OPEN || behind != cut;
            }
        }
    }
    is_int(wrong, 0, "a string ends at its quote, wherever that and its escapes lie");
}

/* What is no grammar shows at its first byte. */
static void test_broken(void)
{
    static const struct {
        const char *text;
        size_t behind;
    } broken[] = {
        {":1", 0},          {",", 0},         {"}", 0},          {"]", 0},
        {"{1:2}", 1},       {"{\"a\"}", 4},   {"{\"a\":}", 5},   {"{\"a\":1,}", 7},
        {"{\"a\":1 2}", 7}, {"[1,]", 3},      {"[1 2]", 3},      {"[,1]", 1},
        {"{,\"a\":1}", 1},  {"{\"a\":1]", 6}, {"[1}", 2},        {"{\"a\" \"b\"}", 5},
        {"[\"a\":1]", 4},   {"{{}:1}", 1},    {"{\"a\"::1}", 5}, {"[true \"x\"]", 6},
    };
    size_t behind;
    int wrong = 0;

    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        wrong += follow(broken[i].text, strlen(broken[i].text), &behind) != JSONSTREAM_BROKEN ||
                 behind != broken[i].behind;
    is_int(wrong, 0, "what cannot stand where it stands is where a value is broken");
}

static void test_deep(void)
{
    char text[2100];
    size_t behind;
    memset(text, '[', 1023);
    memset(text + 1023, ']', 1023);
    ok(follow(text, 2046, &behind) == JSONSTREAM_WHOLE && behind == 2046, "1023 deep is followed");
    memset(text, '[', 1024);
    ok(follow(text, 1024, &behind) == JSONSTREAM_BROKEN && behind == 1023, "1024 deep is not");
}

static void test_whole(void)
{
    static const char text[] = "[{\"a\":1}, {\"b\" 2}\n1";
    const char *const end = text + strlen(text), *at = text;
    struct jsonstream stream = {0};
    char seen[8] = "";
    for (size_t i = 0; at < end; i++) {
        const char *const behind = jsonstream_split(&stream, at, end, true);
        seen[i] = '0';
        if (stream.whole.len != 0) seen[i] = stream.whole.text == at ? '1' : '?';
        at = behind;
    }
    is_text(slice_of(seen), "0100", "a piece that was followed to its end is said to be whole");
}

int main(void)
{
    is_text(values(streams[0], 3), "{\"a\":1}\n{\"b\":2}\n", "values may touch");
    is_text(values(streams[1], 3), "{\"a\":1}\n{\"b\":[{}]}\n", "an array's elements are values");
    is_text(values("{\n \"a\":\t1\n}", 3), "{  \"a\":\t1 }\n", "a value's line ends become blanks");
    test_any_cut();
    test_follow();
    test_strings();
    test_broken();
    test_deep();
    test_whole();
    return plan();
}
