/* sniff.c - what an input is in, by how it begins. */
#include "raw/sniff.h"

#include "tap.h"

#define LOG                                                                                        \
    "203.0.113.7 - - [06/Feb/2026:00:00:38 +0000] \"GET /a HTTP/1.1\" 200 1 \"-\" \"U; V\"\n"

static const struct csv any = {0};

static struct sniffed head(const char *text)
{
    const struct sniff what = {.csv = &any, .wanted = SLICE(",\"event_time\":")};
    return sniff_head(&what, slice_of(text));
}

static void is_kind(const char *text, const char *kind, const char *name)
{
    is_text(slice_of(sniff_name(head(text).kind)), kind, name);
}

static void test_kinds(void)
{
    is_kind("{\"a\":1}\n{\"a\":2}\n", "ndjson", "an object a line is NDJSON");
    is_kind("{\"a\":1}{\"a\":2}\n", "json", "two on a line are a stream");
    is_kind("{\n  \"a\": 1\n}\n", "json", "so is one on several");
    is_kind("[{\"a\":1},\n{\"a\":2}]\n", "json", "and an array");
    is_kind("[\n", "json", "of which there may be no more yet");
    is_kind("[1,2]\n", "json", "or one of anything");
    is_kind("[2001:db8::1]:443 - x\n", "ndjson", "but no address in brackets");
    is_kind("event_time,b\n1,2\n", "csv", "a header with commas begins CSV");
    is_kind("event_time\tb\n1\t2\n", "tsv", "one with tabs TSV");
    is_kind(LOG LOG, "combined", "a line of a log is one");
    is_kind("#Version: 1.0\n#Fields: date time\n", "w3c", "so are directives");
    is_kind("\n \n\r\n", "nothing", "blank lines say nothing");
}

static void test_most(void)
{
    is_kind("junk\n" LOG LOG, "combined", "one line may lie");
    is_kind("[2001:db8::1] up\n" LOG LOG, "combined", "an address in brackets is no array");
    is_kind("Too many requests, slow down\n{\"a\":1}\n{\"a\":2}\n", "ndjson",
            "a sentence no header");
    is_kind("\"b\":1}\n{\"a\":1}\n{\"a\":2}\n", "ndjson", "nor is the rest of an object");
    const struct sniffed late = head("junk\n" LOG LOG);
    ok(!late.first && late.fit == 2 && late.records == 3, "and how many fit is told");
    static const char zeros[] = "\0\0\0\0" LOG LOG;
    const struct sniff what = {.csv = &any, .wanted = SLICE(",\"event_time\":")};
    const struct sniffed padded =
        sniff_head(&what, (struct slice){.text = zeros, .len = sizeof zeros - 1});
    ok(padded.kind == FORMAT_COMBINED && !padded.first, "NULs before a log are passed over");
    const struct sniffed none = head("a;b\nc;d\n");
    ok(none.fit == 0 && !none.like, "nothing fits, and nothing looks as if it should");
}

static void test_separators(void)
{
    is_int(head("event_time;b\n1;2\n").separator, ';', "a semicolon may part columns");
    is_int(head("event_time|b\n1|2\n").separator, '|', "a bar, too");
    is_int(head("event_time,b;c\n1,2;3\n").separator, ',', "of equals it is the comma");
    is_int(head("event_time;b,c\n1;2,5\n1;3\n").separator, ';', "else what most rows fit");
    is_int(head("sep=~\nevent_time~b\n").separator, '~', "a line may say so");
    is_kind("sep=~\nevent_time~b\n", "csv", "and it is CSV then");
    is_int(sniff_separator(SLICE("sep=;")), ';', "as Excel writes it");
    is_int(sniff_separator(SLICE("\"sep=\t\"")), '\t', "in quotes or not");
    is_int(sniff_separator(SLICE("sep=;;")), '\0', "but nothing else");
    is_int(sniff_separator(SLICE("sep=\"")), '\0', "and no quote");
}

static void test_told(void)
{
    struct sniff what = {.csv = &any, .wanted = SLICE(",\"event_time\":"), .named = 2};
    is_int(sniff_head(&what, SLICE("1;2\n3;4\n")).separator, ';', "names given need their columns");
    ok(sniff_head(&what, SLICE("1;2;3\n3;4;5\n")).fit == 0, "as many as there are names");
    what = (struct sniff){.csv = &any, .wanted = SLICE(",\"event_time\":"), .comment = SLICE("//")};
    is_int((int64_t)sniff_head(&what, SLICE("// a,b\nevent_time,b\n")).records, 1,
           "comments are no records");
    what = (struct sniff){.csv = &any, .mapped = true};
    ok(sniff_head(&what, SLICE("[1]\n[2]\n")).kind == FORMAT_NDJSON,
       "for a map, arrays a line each are records");
}

/* However much of an input is there, nothing is read behind it. */
static void test_cut(void)
{
    static const char text[] = "# x\nsep=;\nevent_time;b\n1;\"2\n3\"\n[{\"a\":[1,\"\\\"\"]}\n" LOG;
    const struct sniff what = {.csv = &any, .wanted = SLICE(",\"event_time\":")};
    int wrong = 0;
    for (size_t len = 0; len < sizeof text; len++) {
        const struct sniffed some = sniff_head(&what, (struct slice){.text = text, .len = len});
        wrong += some.fit > some.records;
    }
    is_int(wrong, 0, "any beginning is looked at without harm");
}

int main(void)
{
    test_kinds();
    test_most();
    test_separators();
    test_told();
    test_cut();
    return plan();
}
