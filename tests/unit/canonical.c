/* canonical.c - lines that are nearly canonical, and lines that are not at all. */
#include "raw/canonical.h"

#include <stdlib.h>

#include "base/json.h"
#include "event/scan.h"
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
    for (int round = 0; round < 20000; round++) {
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
    scanner_free(scanner);
    schema_release(&schema);
    return plan();
}
