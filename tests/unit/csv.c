/* csv.c - records and fields, and what a stray quote costs. */
#include "raw/csv.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "tap.h"

static const struct csv comma = {.separator = ','};
static const struct csv tab = {.separator = '\t'};
static const struct csv plain = {.separator = ',', .literal = true};

/* The record as [field][field]..., quoted ones as <field>; or what is wrong with it. */
static struct slice fields(const struct csv *csv, const char *record)
{
    static struct buffer out;
    struct csv_row row = {0};

    buffer_clear(&out);
    const char *problem = csv_fields(csv, csv_trim(slice_of(record)), 100, &row);
    if (problem != NULL) {
        csv_row_release(&row);
        return slice_of(problem);
    }
    for (size_t i = 0; i < row.count; i++) {
        buffer_add_char(&out, row.field[i].quoted ? '<' : '[');
        buffer_add_slice(&out, row.field[i].text);
        buffer_add_char(&out, row.field[i].quoted ? '>' : ']');
    }
    csv_row_release(&row);
    return buffer_slice(&out);
}

/* The record's fields as JSON. */
static struct slice json(const char *record)
{
    static struct buffer out;
    struct csv_row row = {0};

    buffer_clear(&out);
    csv_fields(&comma, slice_of(record), 100, &row);
    for (size_t i = 0; i < row.count; i++)
        csv_field_print(&comma, &out, &row.field[i]);
    csv_row_release(&row);
    return buffer_slice(&out);
}

/* How many bytes the first record has; -1: it is not complete. */
static int64_t record(const struct csv *csv, const char *data, bool final)
{
    const char *end = csv_split(csv, data, data + strlen(data), final);
    return end == NULL ? -1 : end - data;
}

/* All records of data, which comes in reads of step bytes, with '|' behind each. */
static struct slice records(struct slice data, size_t step)
{
    static struct buffer out;
    size_t start = 0, end = 0;

    buffer_clear(&out);
    while (start < data.len) {
        const char *next = csv_split(&comma, data.text + start, data.text + end, end == data.len);
        if (next == NULL) {
            end = data.len - end < step ? data.len : end + step;
            continue;
        }
        const size_t len = (size_t)(next - data.text) - start;
        buffer_add(&out, data.text + start, len);
        buffer_add_char(&out, '|');
        start += len;
    }
    return buffer_slice(&out);
}

static void test_fields(void)
{
    is_text(fields(&comma, "a,b,c"), "[a][b][c]", "a comma parts fields");
    is_text(fields(&comma, "a,,"), "[a][][]", "empty fields count");
    is_text(fields(&comma, ""), "[]", "an empty record is one empty field");
    is_text(fields(&comma, "\"a,b\",\"\""), "<a,b><>", "quotes hold commas");
    is_text(fields(&comma, "a\"b,c\""), "[a\"b][c\"]", "a quote inside a field is itself");
    is_text(fields(&comma, " \"a\",b"), "[ \"a\"][b]", "a blank before a quote makes it one, too");
    is_text(fields(&comma, "\"a\nb\",c\r\n"), "<a\nb>[c]", "quotes hold newlines");
    is_text(fields(&comma, "\"a\"b,c"), "text behind a closing quote", "nothing follows a quote");
    is_text(fields(&comma, "\"a,b"), "a quoted field does not end", "a quote has to be closed");
    is_text(fields(&comma, "x,\""), "a quoted field does not end", "even by the last character");
    is_text(fields(&comma, "x,\"a\"\""), "a quoted field does not end", "a doubled one is none");
    is_text(fields(&tab, "a,b\t\"c\td\""), "[a,b]<c\td>", "a tab parts fields of TSV");
    is_text(fields(&plain, "\"a,b\""), "[\"a][b\"]", "without quotes a quote is itself");
}

static void test_json(void)
{
    is_text(json(","), "nullnull", "unquoted empty is null");
    is_text(json("\"\",a"), "\"\"\"a\"", "quoted empty is an empty string");
    is_text(json("\"a\"\"b\"\"\"\"c\""), "\"a\\\"b\\\"\\\"c\"", "doubled quotes are one each");
    is_text(json("\"\"\"\""), "\"\\\"\"", "four quotes are one");
    is_text(json("a\\b\"c"), "\"a\\\\b\\\"c\"", "backslashes and quotes are escaped");
    is_text(json("\"a\r\nb\""), "\"a\\r\\nb\"", "line ends are escaped");
    is_text(json("1.50"), "\"1.50\"", "numbers are text");
}

static void test_split(void)
{
    is_int(record(&comma, "a,b\nc", false), 4, "a newline ends a record");
    is_int(record(&comma, "a,b", false), -1, "without one it may go on");
    is_int(record(&comma, "a,b", true), 3, "at the end of the input it does not");
    is_int(record(&comma, "", true), -1, "no bytes are no record");
    is_int(record(&comma, "a,\"x\ny\",b\nc\n", false), 10, "a quoted newline is text");
    is_int(record(&comma, "a,\"x\ny", false), -1, "a quoted field may go on");
    is_int(record(&comma, "a,\"x\ny\"", false), -1, "a quote at the end may be the first of two");
    is_int(record(&comma, "a,\"x\ny\"", true), 7, "at the end of the input it closes");
    is_int(record(&comma, "a,\"x\"\r\nb", false), 7, "CRLF may follow a quote");
    is_int(record(&comma, "a,\"x\ny\"\r", false), -1, "and may come in two parts");
    is_int(record(&comma, "a,\"x\nb,c\nd,e\n", true), 5, "a field without an end costs one line");
    is_int(record(&comma, "a,\"x\nb,\"y\"\n", true), 5, "so does one that ends before text");
    is_int(record(&comma, "a\"\nb\"\n", false), 3, "a quote inside a field opens nothing");
    is_int(record(&plain, "\"a\nb\"\n", false), 3, "nor does any without quotes");
}

static void test_bound(void)
{
    const size_t len = CSV_RECORD_MAX + 100;
    char *data = memory_new(len);

    memset(data, 'x', len);
    memcpy(data, "a,\"\n", 4);
    data[len - 2] = '"';
    data[len - 1] = '\n';
    ok(csv_split(&comma, data, data + CSV_RECORD_MAX - 1, false) == NULL,
       "below the bound a quoted field is waited for");
    ok(csv_split(&comma, data, data + CSV_RECORD_MAX, false) == data + 4,
       "at the bound it is given up");
    ok(csv_split(&comma, data, data + len, false) == data + 4,
       "an end beyond the bound is no end, whatever has been read");
    data[CSV_RECORD_MAX - 2] = '"';
    data[CSV_RECORD_MAX - 1] = '\n';
    ok(csv_split(&comma, data, data + len, false) == data + CSV_RECORD_MAX,
       "a record may be just as long as the bound");
    free(data);
}

/* Any read size finds the same records. */
static void test_read_sizes(void)
{
    static const char letters[] = "aa,,\"\"\"\n\r";
    int64_t wrong = 0;

    srand48(1);
    for (int round = 0; round < 20000; round++) {
        char text[24];
        const size_t len = 1 + (size_t)(lrand48() % (long)sizeof(text));
        for (size_t i = 0; i < len; i++)
            text[i] = letters[lrand48() % (long)(sizeof(letters) - 1)];
        const struct slice data = {.text = text, .len = len};
        const struct slice whole = records(data, len);
        char *kept = memory_text(whole.text, whole.len);
        for (size_t step = 1; step < 5; step++)
            if (!slice_equal(records(data, step), slice_of(kept))) wrong++;
        free(kept);
    }
    is_int(wrong, 0, "any read size gives the same records");
}

static bool same_field(const struct csv_field *a, const struct csv_field *b)
{
    return a->text.text == b->text.text && a->text.len == b->text.len && a->quoted == b->quoted &&
           a->doubled == b->doubled;
}

static bool no_odd(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.text[i] < ' ' || text.text[i] > '~' || text.text[i] == '\\') return false;
    return true;
}

/* The same, where what is not ASCII is UTF-8; csv_take takes each \xc2 for the half of a control.
 */
static bool needs_nothing(struct slice text)
{
    static struct buffer out;

    buffer_clear(&out);
    json_add_escaped(&out, text);
    return out.len == text.len && (text.len == 0 || memchr(text.text, '\xc2', text.len) == NULL);
}

/* Has csv_take left in taken what the slow way says of the record? */
static bool same_row(const struct csv *csv, const struct csv_row *taken, struct slice record)
{
    struct csv_row row = {0};
    bool is_plain = true, is_ascii = true;
    bool same = csv_row_holds(taken, record) && csv_fields(csv, record, SIZE_MAX, &row) == NULL &&
                row.count == taken->count;

    for (size_t i = 0; same && i < row.count; i++) {
        same = same_field(&row.field[i], &taken->field[i]);
        is_plain = is_plain && !row.field[i].doubled && needs_nothing(row.field[i].text);
        is_ascii = is_ascii && no_odd(row.field[i].text);
    }
    csv_row_release(&row);
    return same && is_plain == taken->plain &&
           (taken->ascii ? is_ascii : !is_ascii || csv->literal);
}

/* A text of one or two records, in memory that ends with it. */
static char *random_text(size_t *len)
{
    static const char *const pieces[] = {",",      "\t",       "\"",      "\"\"",       "\",\"",
                                         "\"\t\"", "\n",       "\r\n",    "\\",         "ab",
                                         "\r",     "\303\244", "\",,\"x", "0123456789", "\001"};
    const int most = lrand48() % 4 == 0 ? (int)(sizeof pieces / sizeof pieces[0]) : 11;
    struct buffer out = {0};

    for (long i = lrand48() % 60; i >= 0; i--)
        buffer_add_slice(&out, slice_of(pieces[lrand48() % 3 == 0 ? 9 : lrand48() % most]));
    if (lrand48() % 2 == 0) buffer_add_char(&out, '\n');
    char *const text = memory_text(out.data, out.len);
    char *const exact = memory_new(out.len);
    memcpy(exact, text, out.len);
    *len = out.len;
    free(text);
    buffer_release(&out);
    return exact;
}

/* Whatever csv_take takes is what csv_split and csv_fields make of it. */
static void test_take_random(void)
{
    static const struct csv dialects[] = {
        {.separator = ','},
        {.separator = ';'},
        {.separator = '\t'},
        {.separator = '\t', .literal = true},
        {.separator = '\t', .literal = true, .escapes = true},
        {.separator = ',', .returns = true},
    };
    struct csv_row row = {0};
    int64_t wrong = 0, taken = 0;

    srand48(2);
    for (int round = 0; round < 60000; round++) {
        const struct csv *const csv = &dialects[round % 6];
        size_t len;
        char *const text = random_text(&len);
        const char *const behind = csv_take(csv, text, text + len, &row);
        const struct slice record = {.text = text, .len = (size_t)(behind - text)};
        if (behind != NULL) {
            taken++;
            wrong += csv_split(csv, text, text + len, false) != behind ||
                     !same_row(csv, &row, csv_trim(record));
        }
        free(text);
    }
    csv_row_release(&row);
    is_int(wrong, 0, "what is taken at once is what the slow way makes of it");
    ok(taken > 10000, "and that is no rare thing");
}

/* A good record of any length, as exports have them, with that line end. */
static struct slice good_record(int fields, const char *line_end)
{
    static struct buffer out;

    buffer_clear(&out);
    for (int i = 0; i < fields; i++) {
        if (i > 0) buffer_add_char(&out, ',');
        if (i % 5 == 3) continue;
        buffer_add_literal(&out, "\"a,b\"");
        if (i % 7 == 2) buffer_add_literal(&out, ",plain,\"\"\"\",\"\"");
    }
    buffer_add_slice(&out, slice_of(line_end));
    return buffer_slice(&out);
}

static void test_take_good(void)
{
    struct csv_row row = {0};
    int64_t left = 0;

    for (int fields = 1; fields < 200; fields++) {
        const struct slice record = good_record(fields, "\n");
        left += csv_take(&comma, record.text, record.text + record.len, &row) !=
                record.text + record.len;
    }
    is_int(left, 0, "no good record of any length is left to the slow way");
    const struct slice record = good_record(2, "\r\n");
    ok(csv_take(&comma, record.text, record.text + record.len, &row) != NULL && row.plain &&
           same_row(&comma, &row, csv_trim(record)),
       "nor one whose line ends in CR and LF");
    ok(csv_take(&comma, record.text, record.text + record.len - 1, &row) == NULL &&
           !csv_row_holds(&row, csv_trim(record)),
       "one that is not whole is");
    csv_row_release(&row);
}

int main(void)
{
    test_fields();
    test_json();
    test_split();
    test_bound();
    test_read_sizes();
    test_take_random();
    test_take_good();
    return plan();
}
