/* vocabulary.c - texts waited for, met and not met, and the words that came instead. */
#include "event/vocabulary.h"

#include <stdio.h>

#include "event/scan.h"
#include "tap.h"

static struct schema schema;
static struct scanner *scanner;
static struct vocabulary vocabulary;

static void look(const char *type, const char *more)
{
    static struct buffer text;
    struct value values[SCHEMA_MAX + 1];
    struct event ev = {.value = values};
    struct event *const events[] = {&ev};
    const char *next;
    buffer_clear(&text);
    buffer_printf(&text, "{\"event_type\":%s%s}\n", type, more);
    memset(buffer_reserve(&text, SCAN_PADDING), 0, SCAN_PADDING);
    scanner_clear(scanner);
    const enum reason reason = scanner_scan(scanner, text.data, &ev, &next);
    vocabulary_look(&vocabulary, events, &reason, 1);
}

static bool has(const char *word)
{
    for (size_t i = 0; i < vocabulary.words; i++)
        if (slice_equal(vocabulary.word[i].text, slice_of(word))) return true;
    return false;
}

int main(void)
{
    schema_init(&schema);
    schema_need(&schema, SLICE("event_type"));
    const int brand = schema_need(&schema, SLICE("brand"));
    schema_compare(&schema, SLICE("event_type"), SLICE("purchase"));
    schema_compare(&schema, SLICE("event_type"), SLICE("view"));
    schema_compare(&schema, SLICE("event_type"), SLICE("purchase"));
    schema_compare(&schema, SLICE("brand"), SLICE("Acme"));
    schema_compare(&schema, SLICE("nobody"), SLICE("x"));
    is_int((int64_t)schema.text_count, 4, "a text is noted once");
    scanner = scanner_new(&schema);
    vocabulary_begin(&vocabulary, &schema);
    is_int((int64_t)vocabulary.waiting, 7, "what has no slot is not waited for");

    look("\"Purchase\"", "");
    look("null", "");
    look("\"purchas\"", ",\"brand\":\"view\"");
    is_int((int64_t)vocabulary.waiting, 7, "case counts, and so does the member");
    ok(has("Purchase") && has("purchas") && has("view"), "what came instead is kept");
    look("\"view\"", " no JSON");
    is_int((int64_t)vocabulary.waiting, 7, "what is refused has nothing");
    look("\"view\"", "");
    is_int((int64_t)vocabulary.waiting, 5, "met");
    look("\"pur\\u0063hase\"", "");
    is_int((int64_t)vocabulary.waiting, 4, "with escapes, too");
    const size_t words = vocabulary.words;
    look("\"other\"", "");
    is_int((int64_t)vocabulary.words, (int64_t)words,
           "where nothing is waited for any more, no words are kept");

    struct buffer packed = {0};
    vocabulary_pack(&vocabulary, &packed);
    const struct vocabulary_place place = vocabulary_place(&vocabulary);
    char text[64];
    for (int i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, ",\"brand\":\"b%d\"", i);
        look("\"x\"", text);
    }
    ok((vocabulary.many >> brand & 1) != 0, "a member with many values has no words");
    ok(vocabulary.words <= words + VOCABULARY_WORDS_MAX, "and they are not kept");
    for (int i = 0; i < 5000; i++)
        look("\"x\"", ",\"brand\":\"ACME\"");
    ok(has("ACME"), "but for one that is the same but for case");
    look("\"x\"", ",\"brand\":\"Acme\"");
    is_int((int64_t)vocabulary.waiting, 0, "after many events one is still met");
    vocabulary_return(&vocabulary, &place);
    is_int((int64_t)vocabulary.waiting, 4, "back to where it was");
    ok(!has("ACME"), "without the words that came since");
    look("\"x\"", ",\"brand\":\"ACME\"");
    ok(has("ACME"), "which are new when they come again");
    vocabulary_return(&vocabulary, &place);

    struct vocabulary other;
    struct unpack in = {.at = packed.data, .end = packed.data + packed.len};
    vocabulary_begin(&other, &schema);
    vocabulary_add(&other, &in);
    ok(!in.broken && in.at == in.end, "what another process has seen is taken");
    is_int((int64_t)other.waiting, 4, "what one of them has met is met");
    is_int((int64_t)other.words, (int64_t)words, "with its words");
    in = (struct unpack){.at = packed.data, .end = packed.data + packed.len - 1};
    vocabulary_add(&other, &in);
    ok(in.broken, "cut off it is refused");

    vocabulary_release(&other);
    vocabulary_release(&vocabulary);
    buffer_release(&packed);
    scanner_free(scanner);
    schema_release(&schema);
    return plan();
}
