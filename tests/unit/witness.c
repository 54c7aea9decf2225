/* witness.c - members looked for, met and not met, and the names taken meanwhile. */
#include "event/witness.h"

#include "event/scan.h"
#include "tap.h"

static struct schema schema;
static struct scanner *scanner;
static struct witness witness;

static void look(const char *line)
{
    static struct buffer text;
    struct value values[SCHEMA_MAX + 1];
    struct event ev = {.value = values};
    struct event *const events[] = {&ev};
    const char *next;
    buffer_clear(&text);
    buffer_printf(&text, "%s\n", line);
    memset(buffer_reserve(&text, SCAN_PADDING), 0, SCAN_PADDING);
    scanner_clear(scanner);
    const enum reason reason = scanner_scan(scanner, text.data, &ev, &next);
    witness_look(&witness, events, &reason, 1);
}

static const struct witness_name *taken(const char *name)
{
    for (size_t i = 0; i < witness.names; i++)
        if (slice_equal(witness.name[i].name, slice_of(name))) return &witness.name[i];
    return NULL;
}

static uint64_t bit(int slot)
{
    return UINT64_C(1) << slot;
}

int main(void)
{
    schema_init(&schema);
    const int price = schema_need(&schema, SLICE("price"));
    const int user = schema_need(&schema, SLICE("user_id"));
    schema_look(&schema, SLICE("price"), false, false);
    schema_look(&schema, SLICE("campaign"), true, false);
    schema_look(&schema, SLICE("items"), false, true);
    schema_look(&schema, SLICE("items"), false, false);
    is_int((int64_t)schema.watch_count, 3, "a name is watched once");
    ok(!schema_watched(&schema, SLICE("items"))->tolerant, "tolerant is who is so everywhere");
    scanner = scanner_new(&schema);
    witness_begin(&witness, &schema, bit(price) | bit(user));
    is_int((int64_t)witness.watched, 6, "a member with a slot is looked for there");

    look("{\"price\":null,\"user_id\":null,\"unit\":1,\"at\":\"2026-01-01T00:00:00Z\"}");
    is_int((int64_t)witness.slots, (int64_t)(bit(price) | bit(user)), "null is no value");
    ok(taken("unit") != NULL && !taken("unit")->time, "names are taken while one is not met");
    ok(taken("at") != NULL && taken("at")->time, "and which of them could be a time");
    look("not JSON, \"campaign\":1");
    look("{\"x\":\"a campaign of items\"}");
    is_int((int64_t)witness.watched, 6, "words of a text, and what is refused, are no members");
    look("{\"utm\":{\"campaign\":{\"source\":1}},\"epoch\":1767226200,\"n\":12}");
    is_int((int64_t)witness.watched, 4, "a name inside of a member");
    ok(taken("source") != NULL && taken("epoch")->time && !taken("n")->time,
       "names inside are taken, and numbers that are epochs could be times");
    ok(slice_equal(witness_find(&witness, SLICE("source"))->path, SLICE(".utm.campaign.source")) &&
           witness_find(&witness, SLICE("utm"))->path.len == 0,
       "with the way to them");
    look("{\"source\":null}");
    is_int((int64_t)witness_find(&witness, SLICE("source"))->path.len, 0,
           "which is forgotten once an event has one itself");
    look("{\"text\":\"{\\\"items\\\":1}\",\"user_id\":7}");
    is_int((int64_t)witness.watched, 0, "a name in JSON that is a string");
    is_int((int64_t)witness.slots, (int64_t)bit(price), "a canonical member that is a number");

    struct buffer packed = {0};
    struct witness other;
    look("{\"late\":1}");
    witness_pack(&witness, &packed);
    witness_begin(&other, &schema, bit(price) | bit(user));
    struct unpack in = {.at = packed.data, .end = packed.data + packed.len};
    witness_add(&other, &in);
    ok(!in.broken && other.slots == bit(price) && other.watched == 0 &&
           other.names == witness.names,
       "what one process has seen is known to another");
    look("{\"price\":1}");
    ok(!witness_open(&witness), "all are met, and nothing is left to do");
    for (int i = 0; i < 2000; i++) {
        char line[64];
        snprintf(line, sizeof line, "{\"name%d\":1}", i);
        witness_refused(&other, slice_of(line));
    }
    ok(other.names <= WITNESS_NAMES_MAX, "names have a bound");
    witness_refused(&other, (struct slice){.text = NULL, .len = 0});
    buffer_release(&packed);
    witness_release(&other);
    witness_release(&witness);
    scanner_free(scanner);
    schema_release(&schema);
    return plan();
}
