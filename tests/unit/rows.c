/* Rows from values: each encoding, keys, order, blocks. It shows how a command uses them, too. */
#include "writer/rows.h"

#include <stdlib.h>
#include <unistd.h>

#include "raw/csv.h"
#include "tap.h"

#define JAPAN "\xe6\x97\xa5\xe6\x9c\xac"
#define MINUTE_US INT64_C(60000000)

static struct output output;

static bool nothing_written(void)
{
    return false;
}

static struct rows *rows;
static int start, name, count, price, rate, good, seconds, list, any, more;

static void begin(const struct rows_options *options)
{
    const char *why;
    output = (struct output){.fd = -1, .may_write = nothing_written};
    rows = rows_new(&output, options, &why);
    start = rows_member(rows, SLICE("start"));
    name = rows_member(rows, SLICE("the name"));
    count = rows_member(rows, SLICE("n"));
    price = rows_member(rows, SLICE("price"));
    rate = rows_member(rows, SLICE("rate"));
    good = rows_member(rows, SLICE("good"));
    seconds = rows_member(rows, SLICE("seconds"));
    list = rows_member(rows, SLICE("list"));
    any = rows_member(rows, SLICE("any"));
    more = rows_member(rows, SLICE("more"));
    if (rows_check(rows) != NULL) abort();
    rows_open(rows, false);
}

/* One row; more is left out of every other one. */
static void row(struct slice text, int64_t number)
{
    rows_begin(rows);
    rows_time(rows, start, number * MINUTE_US);
    rows_text(rows, name, text);
    rows_int(rows, count, number);
    rows_decimal(rows, price, DECIMAL_ONE * number / 4);
    rows_percent(rows, rate, 1, number);
    rows_bool(rows, good, number % 2 == 0);
    rows_seconds(rows, seconds, number * 1500000);
    struct buffer *texts = rows_list(rows, list);
    for (int64_t i = 0; i < number % 3; i++)
        rows_list_text(texts, text);
    rows_list_end(texts);
    rows_value(rows, any, number == 0 ? VALUE_NULL : value_string(text));
    if (number % 2 == 0) rows_bool(rows, more, true);
    rows_end(rows);
}

static bool end_is(const char *wanted, const char *sentence)
{
    rows_group_end(rows); /* a block ends */
    const bool good_text = is_text(buffer_slice(&output.buffer), wanted, sentence);
    rows_free(rows);
    buffer_release(&output.buffer);
    return good_text;
}

#define NAMES "start,the name,n,price,rate,good,seconds,list,any,more\n"

static void encodings_test(void)
{
    struct rows_options options = {.format = ENCODING_NDJSON};
    begin(&options);
    row(SLICE("a \"b\"\n"), 1);
    row(SLICE(""), 0);
    end_is("{\"start\":\"1970-01-01T00:01:00.000Z\",\"the name\":\"a \\\"b\\\"\\n\",\"n\":1,"
           "\"price\":0.25,\"rate\":100,\"good\":false,\"seconds\":1.5,"
           "\"list\":[\"a \\\"b\\\"\\n\"],\"any\":\"a \\\"b\\\"\\n\"}\n"
           "{\"start\":\"1970-01-01T00:00:00.000Z\",\"the name\":\"\",\"n\":0,\"price\":0,"
           "\"rate\":null,\"good\":true,\"seconds\":0,\"list\":[],\"any\":null,\"more\":true}\n",
           "NDJSON: every type of value, and a member that is left out");

    options.format = ENCODING_CSV;
    begin(&options);
    row(SLICE("a \"b\"\n"), 1);
    row(SLICE(""), 0);
    row(SLICE(" c"), 2);
    end_is(NAMES "1970-01-01T00:01:00.000Z,\"a \"\"b\"\"\n\",1,0.25,100,false,1.5,"
                 "\"[\"\"a \\\"\"b\\\"\"\\n\"\"]\",\"a \"\"b\"\"\n\",\n"
                 "1970-01-01T00:00:00.000Z,\"\",0,0,,true,0,[],,true\n"
                 "1970-01-01T00:02:00.000Z,\" c\",2,0.5,50,true,3,\"[\"\" c\"\",\"\" c\"\"]\","
                 "\" c\",true\n",
           "CSV: a header, null is empty and the empty string has quotes");

    options.format = ENCODING_TSV;
    begin(&options);
    row(SLICE("a\t\\N\x1b"), 1);
    row(SLICE(""), 0);
    end_is("start\tthe name\tn\tprice\trate\tgood\tseconds\tlist\tany\tmore\n"
           "1970-01-01T00:01:00.000Z\ta\\t\\\\N\\x1b\t1\t0.25\t100\tfalse\t1.5\t"
           "[\"a\\\\t\\\\\\\\N\\\\u001b\"]\ta\\t\\\\N\\x1b\t\\N\n"
           "1970-01-01T00:00:00.000Z\t\t0\t0\t\\N\ttrue\t0\t[]\t\\N\ttrue\n",
           "TSV: what COPY reads");
}

static void table_test(void)
{
    const struct rows_options options = {.format = ENCODING_TABLE};
    begin(&options);
    row(SLICE(JAPAN "\n"), 10);
    row(SLICE(""), 0);
    end_is("start                     the name   n  price  rate  good  seconds  list        any    "
           " more\n"
           "1970-01-01T00:10:00.000Z  " JAPAN "\\n    10    2.5    10  true       15  [\"" JAPAN
           "\\n\"]  " JAPAN "\\n  true\n"
           "1970-01-01T00:00:00.000Z  \"\"         0      0     -  true        0  []          -    "
           "   true\n",
           "a table: numbers to the right, wide characters by their width, no blanks at the end");
}

static void blocks_test(void)
{
    const struct rows_options options = {.format = ENCODING_TABLE};
    const char *why;
    output = (struct output){.fd = -1, .may_write = nothing_written};
    rows = rows_new(&output, &options, &why);
    const int only = rows_member(rows, SLICE("x"));
    const int number = rows_member(rows, SLICE("n"));
    (void)rows_check(rows);
    static const char *const texts[] = {"a", "b", "long", "c"};
    for (int i = 0; i < 4; i++) {
        rows_begin(rows);
        rows_text(rows, only, slice_of(texts[i]));
        rows_int(rows, number, i);
        rows_end(rows);
        rows_flush(rows);
    }
    end_is("x  n\na  0\nb  1\n\nx     n\nlong  2\nc     3\n",
           "a table is flushed as it stands, and has headings anew where it has to grow");

    output = (struct output){.fd = -1, .may_write = nothing_written};
    rows = rows_new(&output, &options, &why);
    (void)rows_member(rows, SLICE("x"));
    (void)rows_check(rows);
    for (int i = 0; i < 2500; i++) {
        rows_begin(rows);
        rows_text(rows, 0, SLICE("a"));
        rows_end(rows);
        if (rows->cells.rows >= 1000) break;
    }
    ok(rows->cells.rows < 1000 && output.buffer.len > 2000, "a block of a table has a bound");
    rows_free(rows);
    buffer_release(&output.buffer);
}

static void sorted_rows(const char *order_by, int64_t top, enum encoding_kind format)
{
    const struct rows_options options = {.format = format, .order_by = order_by, .top = top};
    const char *why;
    output = (struct output){.fd = -1, .may_write = nothing_written};
    rows = rows_new(&output, &options, &why);
    const int only = rows_member(rows, SLICE("x"));
    if (rows_check(rows) != NULL) abort();
    static const struct {
        const char *text;
        enum kind kind;
    } given[] = {{"10", KIND_NUMBER}, {"9", KIND_NUMBER},    {"1e1", KIND_NUMBER},
                 {"-1", KIND_NUMBER}, {"a\"b", KIND_STRING}, {"a#", KIND_STRING},
                 {"", KIND_NULL} /* left out */};
    enum { GIVEN = sizeof given / sizeof given[0] };
    struct value value[GIVEN];
    for (size_t i = 0; i < GIVEN; i++) {
        value[i] = (struct value){.text = given[i].text,
                                  .len = (uint32_t)strlen(given[i].text),
                                  .kind = (uint8_t)given[i].kind};
        if (i % 2 == 0) { /* handed over, or made */
            rows_rank_begin(rows);
            if (value[i].kind != KIND_NULL) rows_value(rows, only, value[i]);
            rows_rank_end(rows, i);
        } else {
            rows_rank(rows, i, value[i]);
        }
    }
    const size_t ranked = rows_ranks(rows);
    for (size_t place = 0; place < ranked; place++) {
        const struct value one = value[rows_rank_at(rows, place)];
        rows_begin(rows);
        if (one.kind != KIND_NULL) rows_value(rows, only, one);
        rows_end(rows);
    }
    rows_group_end(rows);
}

static void order_test(void)
{
    sorted_rows("x", 0, ENCODING_CSV);
    end_is("\n-1\n9\n10\n1e1\n\"a\"\"b\"\na#\n",
           "rows are sorted by value, whatever they look like; what is left out is null");
    sorted_rows("-x", 3, ENCODING_NDJSON);
    end_is("{\"x\":\"a#\"}\n{\"x\":\"a\\\"b\"}\n{\"x\":10}\n",
           "the other way round, ties as in the group, and only the first");
}

static void keys_test(void)
{
    const struct rows_options options = {.key = "the name,any,more", .format = ENCODING_NDJSON};
    begin(&options);
    row(SLICE("a\""), 1);
    const char *end = memchr(output.buffer.data, '\t', output.buffer.len);
    is_text((struct slice){.text = output.buffer.data, .len = (size_t)(end - output.buffer.data)},
            "[\"a\\\"\",\"a\\\"\",null]", "a key of several members is an array");
    rows_free(rows);
    buffer_release(&output.buffer);

    static const struct rows_options wrong[] = {
        {.format = ENCODING_CSV, .key = "n"},
        {.format = ENCODING_TABLE, .pad = 1},
        {.order_by = "-"},
    };
    int refused = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *why;
        refused += rows_new(&output, &wrong[i], &why) == NULL && why != NULL;
    }
    is_int(refused, 3, "keys and padding are for NDJSON, and an order needs a member");
}

/* Any text: two members, the second of which may be null. */
static struct slice text_random(struct buffer *text, uint32_t *seed)
{
    static const char *const pieces[] = {"a",    " ",        ",",   "\"",  "\n", "\r",
                                         "\t",   "\\",       "\\N", "\\.", "=",  "\x1b",
                                         "\x7f", "\xc2\x85", "N",   "x41", JAPAN};
    buffer_clear(text);
    for (uint32_t pick = 0; pick % 5 != 4;) {
        *seed = *seed * 1103515245 + 12345;
        pick = *seed >> 16;
        if (pick % 5 != 4) buffer_add_slice(text, slice_of(pieces[pick / 5 % 17]));
    }
    return buffer_slice(text);
}

static void random_row(enum encoding_kind format, struct slice text, bool is_null)
{
    const struct rows_options options = {.format = format};
    const char *why;
    output = (struct output){.fd = -1, .may_write = nothing_written};
    rows = rows_new(&output, &options, &why);
    (void)rows_member(rows, SLICE("x"));
    (void)rows_member(rows, SLICE("y"));
    (void)rows_check(rows);
    rows_begin(rows);
    rows_text(rows, 0, text);
    if (is_null)
        rows_null(rows, 1);
    else
        rows_text(rows, 1, text);
    rows_end(rows);
    rows_flush(rows);
}

/* What cs-parse makes of the fields. */
static void csv_back(struct buffer *back)
{
    const struct csv csv = {.separator = ','};
    struct csv_row fields = {0};
    const char *end = output.buffer.data + output.buffer.len;
    const bool whole = csv_split(&csv, output.buffer.data, end, false) == end;
    const struct slice record = csv_trim(buffer_slice(&output.buffer));
    if (whole && csv_fields(&csv, record, 2, &fields) == NULL && fields.count == 2) {
        (void)csv_field_print(&csv, back, &fields.field[0]);
        (void)csv_field_print(&csv, back, &fields.field[1]);
    }
    csv_row_release(&fields);
}

/* What COPY makes of them. */
static void tsv_back(struct buffer *back)
{
    struct slice line = buffer_slice(&output.buffer);
    line.len--;
    while (line.len > 0) {
        const char *tab = memchr(line.text, '\t', line.len);
        const size_t len = tab == NULL ? line.len : (size_t)(tab - line.text);
        struct buffer field = {0};
        const char *from = line.text, *end = from + len;
        while (from < end) {
            static const char letters[] = "b\bf\fn\nr\rt\tv\v\\\\";
            const char *letter = *from == '\\' ? strchr(letters, from[1]) : NULL;
            if (*from != '\\') {
                buffer_add_char(&field, *from++);
            } else if (from[1] == 'x') {
                const char digits[] = {from[2], from[3], '\0'};
                buffer_add_char(&field, (char)strtoul(digits, NULL, 16));
                from += 4;
            } else {
                buffer_add_char(&field, letter == NULL ? '?' : letter[1]);
                from += 2;
            }
        }
        if (slice_equal((struct slice){.text = line.text, .len = len}, SLICE("\\N")))
            buffer_add_literal(back, "null");
        else
            json_add_string(back, buffer_slice(&field));
        buffer_release(&field);
        line.text += len;
        line.len -= len;
        if (tab == NULL) break;
        line.text++;
        line.len--;
        if (line.len == 0) buffer_add_literal(back, "\"\"");
    }
}

/* A table has a heading and one line, and no control in it. */
static bool table_whole(void)
{
    int lines = 0;
    for (size_t i = 0; i < output.buffer.len; i++) {
        const unsigned char byte = (unsigned char)output.buffer.data[i];
        if (byte == '\n')
            lines++;
        else if (byte < 0x20 || byte == 0x7f)
            return false;
    }
    return lines == 2;
}

static void property_test(void)
{
    struct buffer text = {0}, wanted = {0}, back = {0};
    uint32_t seed = 7;
    int wrong[ENCODING_COUNT] = {0};
    for (int round = 0; round < 30000; round++) {
        const struct slice value = text_random(&text, &seed);
        const bool is_null = round % 3 == 0;
        const enum encoding_kind format = (enum encoding_kind)(1 + round / 3 % 3);
        buffer_clear(&wanted);
        buffer_clear(&back);
        json_add_string(&wanted, value);
        if (is_null)
            buffer_add_literal(&wanted, "null");
        else
            json_add_string(&wanted, value);
        random_row(format, value, is_null);
        if (format == ENCODING_CSV) csv_back(&back);
        if (format == ENCODING_TSV) tsv_back(&back);
        const bool same = format == ENCODING_TABLE
                              ? table_whole()
                              : slice_equal(buffer_slice(&back), buffer_slice(&wanted));
        wrong[format] += !same;
        rows_free(rows);
        buffer_release(&output.buffer);
    }
    is_int(wrong[ENCODING_CSV], 0, "any text and null come back from CSV as cs-parse reads it");
    is_int(wrong[ENCODING_TSV], 0, "and from TSV as COPY reads it");
    is_int(wrong[ENCODING_TABLE], 0, "a row of a table is one line without controls");
    buffer_release(&text);
    buffer_release(&wanted);
    buffer_release(&back);
}

static void names_test(void)
{
    struct buffer names = {0};
    for (int i = 0; i < ENCODING_COUNT; i++)
        buffer_printf(&names, "%s%s", i == 0 ? "" : "|", encodings[i]->name);
    is_text(buffer_slice(&names), ENCODING_WORDS, "the option has the encodings' names in order");
    buffer_release(&names);
    begin(&(struct rows_options){.format = ENCODING_CSV});
    struct buffer why = {0};
    (void)rows_declare(rows, SLICE("m"), &why);
    is_int((int64_t)why.len, 0, "a name of its own is a member");
    (void)rows_declare(rows, SLICE("n"), &why);
    is_text(buffer_slice(&why), "rows would have two members 'n'", "two of one name are not");
    buffer_release(&why);
    rows_free(rows);
    buffer_release(&output.buffer);
}

int main(void)
{
    encodings_test();
    table_test();
    blocks_test();
    order_test();
    keys_test();
    property_test();
    names_test();
    return plan();
}
