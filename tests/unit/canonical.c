/* canonical.c - lines that are nearly canonical, and lines that are not at all. */
#include "raw/canonical.h"

#include <stdlib.h>

#include "base/json.h"
#include "event/scan.h"
#include "same.h"
#include "tap.h"

static struct schema schema;
static struct scanner *scanner;

/* The line as an event is printed; only the values in ev->value are looked at for changed slots. */
static struct slice print(struct slice line, uint64_t changed, struct value new)
{
    static struct buffer text, out;
    struct value values[SCHEMA_MAX + 1];
    struct event ev = {.value = values};
    const char *next;

    buffer_clear(&text);
    buffer_add_slice(&text, line);
    buffer_add_char(&text, '\n');
    memset(buffer_reserve(&text, SCAN_PADDING), 0, SCAN_PADDING);
    buffer_clear(&out);
    scanner_clear(scanner);
    if (scanner_scan(scanner, text.data, &ev, &next) != REASON_NONE) return SLICE("refused");
    for (int slot = 0; slot < schema.count; slot++)
        if ((changed >> slot & 1) != 0) values[slot] = new;
    canonical_print(&out, &schema, &ev, changed);
    return buffer_slice(&out);
}

static struct slice plain(const char *line)
{
    return print(slice_of(line), 0, VALUE_NULL);
}

#define NULLS_7                                                                                    \
    "\"page_url\":null,\"product_id\":null,\"category_id\":null,\"search_query\":null,"            \
    "\"traffic_source\":null,\"campaign_id\":null,\"device_type\":null"
#define TIME ",\"event_time\":\"2026-01-01T00:10:00.000Z\""
#define ROW                                                                                        \
    "{\"event_id\":\"e\",\"session_id\":\"s\",\"user_id\":null,\"event_type\":\"t\"," NULLS_7 TIME

static void test_rows(void)
{
    is_text(plain(ROW "}"), ROW "}", "a canonical line comes as it goes");
    is_text(plain(ROW ",\"price\":1.50,\"a b\": [1, 2]}"), ROW ",\"price\":1.50,\"a b\": [1, 2]}",
            "other members are carried byte for byte");
    is_text(
        plain("{\"event_time\":\"2026-01-01T00:10:00.000Z\",\"event_type\":\"t\",\"x\":{\"y\":1},"
              "\"session_id\":\"s\",\"event_id\":\"e\",\"z\":true}"),
        ROW ",\"x\":{\"y\":1},\"z\":true}", "any order gives the canonical one");
    is_text(plain(" { \"event_id\" : \"e\" , \"session_id\" : \"s\" , \"event_type\" : \"t\" , "
                  "\"event_time\" : \"2026-01-01T00:10:00.000Z\" , \"x\" : 1 } "),
            ROW ",\"x\" : 1}", "blanks between members go");
    is_text(
        plain("{\"event_id\":\"x\",\"session_id\":\"s\",\"user_id\":\"u\",\"event_type\":\"t\"" TIME
              ",\"event_id\":\"e\",\"user_id\":null}"),
        ROW "}", "the last of a repeated member counts");
    is_text(plain("{\"event_id\":\"e\",\"session_id\":\"s\",\"event_type\":\"t\"" TIME
                  ",\"x\":1,\"x\":2}"),
            ROW ",\"x\":1,\"x\":2}", "an unknown member that is repeated stays so");
    is_text(plain("{\"event_id\":\"a\\\"\\u00e9\\/b\",\"session_id\":\"\",\"event_type\":\"t\"" TIME
                  "}"),
            "{\"event_id\":\"a\\\"\\u00e9\\/"
            "b\",\"session_id\":\"\",\"user_id\":null,\"event_type\":\"t\"," NULLS_7 TIME "}",
            "strings keep their escapes");
}

static void test_kinds(void)
{
    is_text(
        plain("{\"event_id\":7,\"session_id\":1.50,\"user_id\":true,\"event_type\":false" TIME "}"),
        "{\"event_id\":\"7\",\"session_id\":\"1.50\",\"user_id\":\"true\",\"event_type\":"
        "\"false\"," NULLS_7 TIME "}",
        "numbers and booleans in canonical members become text");
    /* The blank stands where the quote would: the next member seems to be where it should. */
    is_text(
        plain("{\"event_id\":7, \"session_id\":\"s\",\"event_type\":\"t\"" TIME "}"),
        "{\"event_id\":\"7\",\"session_id\":\"s\",\"user_id\":null,\"event_type\":\"t\"," NULLS_7
            TIME "}",
        "whatever stands around them");
    is_text(plain("{\"event_id\":\"e\",\"session_id\":\"s\",\"event_type\":\"t\"" TIME
                  ",\"x\":\"{\\\"event_id\\\":\\\"f\\\"}\"}"),
            ROW ",\"x\":\"{\\\"event_id\\\":\\\"f\\\"}\"}", "a member inside a string is none");
}

static void test_controls(void)
{
    is_text(plain("{\"event_id\":\"\x7f\",\"session_id\":\"\xc2\x80\xc2\x9f\xc2\xa0\",\"event_"
                  "type\":\"\xc3\xa9\"" TIME ",\"\xc2\x9b\":\"\xc2\x9b\x7f\"}"),
            "{\"event_id\":\"\\u007f\",\"session_id\":\"\\u0080\\u009f\xc2\xa0\",\"user_id\":null,"
            "\"event_type\":\"\xc3\xa9\"," NULLS_7 TIME ",\"\\u009b\":\"\\u009b\\u007f\"}",
            "DEL and C1 controls are escaped, wherever they stand");
    is_text(plain("{\"event_id\":\"e\",\"session_id\":\"s\",\"event_type\":\"t\"" TIME
                  ",\"p\":\t[\"\xc2\x85\",\r1]\t,\r\"q\"\t:\"\x7f\"}"),
            ROW ",\"p\": [\"\\u0085\", 1],\"q\" :\"\\u007f\"}",
            "white space between values is not escaped: what is a control becomes a blank");
    is_text(plain("{\"event_id\":\"e\",\"session_id\":\"s\",\"event_type\":\"t\"" TIME
                  ",\"p\":\"\xc2\x85\",\"q\":[1,\t2]}"),
            ROW ",\"p\":\"\\u0085\",\"q\":[1, 2]}",
            "also where the control to escape is in another member");
}

/* --- random lines */

static void some(struct buffer *out, const char *const *of, long count)
{
    const char *text = of[lrand48() % count];
    buffer_add(out, text, strlen(text));
}

static void random_blank(struct buffer *out)
{
    static const char *const blanks[] = {"", "", "", "", "", " ", "\t", "\r", "\t\r "};
    some(out, blanks, 9);
}

static void random_string(struct buffer *out)
{
    static const char *const pieces[] = {"a",
                                         "\\\"",
                                         "\\\\",
                                         "\x7f",
                                         "\xc2\x85",
                                         "\xc2\x9b",
                                         "\xc2\xa0",
                                         "\\n",
                                         "\\u007f",
                                         "\\u0000",
                                         "\xc3\xa9",
                                         "{",
                                         "\xf0\x9f\x98\x80",
                                         "\\ud83d\\ude00",
                                         "\\/",
                                         " ",
                                         "long enough to fill a block of sixteen bytes and more"};
    buffer_add_char(out, '"');
    for (long left = lrand48() % 4; left > 0; left--)
        some(out, pieces, sizeof pieces / sizeof pieces[0]);
    buffer_add_char(out, '"');
}

static void random_value(struct buffer *out, int depth)
{
    static const char *const words[] = {"null", "true", "false", "0", "-1.50", "1e9"};
    const long kind = lrand48() % (depth < 3 ? 5 : 3);
    if (kind == 0) {
        some(out, words, 6);
    } else if (kind < 3) {
        random_string(out);
    } else {
        buffer_add_char(out, kind == 3 ? '[' : '{');
        random_blank(out);
        for (long left = lrand48() % 3; left > 0; left--) {
            if (kind == 4) {
                random_string(out);
                random_blank(out);
                buffer_add_char(out, ':');
                random_blank(out);
            }
            random_value(out, depth + 1);
            random_blank(out);
            if (left > 1) buffer_add_char(out, ',');
            random_blank(out);
        }
        buffer_add_char(out, kind == 3 ? ']' : '}');
    }
}

static void random_line(struct buffer *out)
{
    static const char *const names[] = {"\"event_id\"", "\"event\\u005ftype\"", "\"user_id\"",
                                        "\"page_url\"", "\"event_time\"",       "\"x\""};
    random_blank(out);
    buffer_add_char(out, '{');
    for (long left = lrand48() % 8; left > 0; left--) {
        random_blank(out);
        const bool known = lrand48() % 2 == 0;
        if (known)
            some(out, names, 6);
        else
            random_string(out);
        random_blank(out);
        buffer_add_char(out, ':');
        random_blank(out);
        random_value(out, known ? 3 : 0);
        random_blank(out);
        if (left > 1) buffer_add_char(out, ',');
    }
    random_blank(out);
    buffer_add_char(out, '}');
    random_blank(out);
}

static void test_random(void)
{
    struct buffer line = {0};
    int64_t wrong = 0, refused = 0;

    for (int round = 0; round < rounds(100000); round++) {
        buffer_clear(&line);
        random_line(&line);
        const struct slice row = print(buffer_slice(&line), 0, VALUE_NULL);
        if (slice_equal(row, SLICE("refused"))) {
            refused++;
            continue;
        }
        const char *why = same_wrong(&schema, buffer_slice(&line), row);
        if (why == NULL) continue;
        if (wrong++ == 0)
            printf("# %s: %.*s\n# from: %.*s\n", why, (int)row.len, row.text, (int)line.len,
                   line.data);
    }
    is_int(refused, 0, "random lines with controls everywhere are events");
    is_int(wrong, 0, "and printed they are one line of JSON without a control, equal in value");
    buffer_release(&line);
}

static void test_changed(void)
{
    const int slot = schema_find(&schema, SLICE("brand"));
    const uint64_t bit = UINT64_C(1) << slot;
    const struct value word = value_string(SLICE("a\"b"));

    is_text(print(SLICE("{\"event_id\":\"e\",\"session_id\":\"s\",\"event_type\":\"t\"" TIME
                        ",\"x\":1,\"brand\":\"old\",\"br\\u0061nd\":\"old\",\"y\":2}"),
                  bit, word),
            ROW ",\"x\":1,\"brand\":\"a\\\"b\",\"brand\":\"a\\\"b\",\"y\":2}",
            "a changed member is printed with its new value, however its name is written");
    is_text(print(SLICE(ROW "}"), 1 << SLOT_USER_ID, word),
            "{\"event_id\":\"e\",\"session_id\":\"s\",\"user_id\":\"a\\\"b\",\"event_type\":"
            "\"t\"," NULLS_7 TIME "}",
            "so is a canonical one");
}

/* Members in random order, with random blanks: the row of the row is the row. */
static void test_twice(void)
{
    static const char *const members[] = {"\"event_id\":\"e\\n\"",
                                          "\"session_id\":12",
                                          "\"user_id\":null",
                                          "\"event_type\":\"t\"",
                                          "\"page_url\":\"/\xc3\xa9\"",
                                          "\"product_id\":\"\"",
                                          "\"category_id\":true",
                                          "\"event_time\":\"2026-01-01T00:10:00.000Z\"",
                                          "\"x\":[\",\"]",
                                          "\"y\":\"\x7f\"",
                                          "\"z\":null"};
    const size_t count = sizeof(members) / sizeof(members[0]);
    struct buffer line = {0}, row = {0};
    int64_t wrong = 0;

    srand48(1);
    for (int round = 0; round < rounds(20000); round++) {
        buffer_clear(&line);
        buffer_add_char(&line, '{');
        const long wanted = lrand48() % 16;
        for (long i = 0; i < wanted; i++) {
            if (i > 0) buffer_add_char(&line, ',');
            if (lrand48() % 8 == 0) buffer_add_char(&line, ' ');
            const char *member = members[(size_t)lrand48() % count];
            buffer_add(&line, member, strlen(member));
            if (lrand48() % 8 == 0) buffer_add_char(&line, ' ');
        }
        buffer_add_char(&line, '}');
        buffer_clear(&row);
        buffer_add_slice(&row, print(buffer_slice(&line), 0, VALUE_NULL));
        if (!slice_equal(print(buffer_slice(&row), 0, VALUE_NULL), buffer_slice(&row))) wrong++;
    }
    is_int(wrong, 0, "a printed event, read and printed, is the same again");
    buffer_release(&line);
    buffer_release(&row);
}

int main(void)
{
    schema_init(&schema);
    schema.all = true;
    for (int slot = 0; slot < SLOT_CANONICAL; slot++)
        schema_need(&schema, schema.name[slot]);
    schema_need(&schema, SLICE("brand"));
    scanner = scanner_new(&schema);
    test_rows();
    test_kinds();
    test_controls();
    test_changed();
    test_twice();
    test_random();
    scanner_free(scanner);
    schema_release(&schema);
    return plan();
}
