/* table.c - a hash table against a plain list: growing in place, sweeping, removing. */
#include "base/table.h"

#include <stdlib.h>

#include "tap.h"

#define IDS 20000

struct entry {
    struct id id;
    uint64_t value;
};

static uint64_t random_state = 88172645463325252u;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static struct id ids[IDS];
static bool there[IDS];

static bool is_odd(const void *entry, const void *context)
{
    (void)context;
    return (((const struct entry *)entry)->value & 1) != 0;
}

static void put(struct table *table, int i)
{
    bool is_new;
    struct entry *entry = table_put(table, ids[i], &is_new);
    entry->value = (uint64_t)i;
    there[i] = true;
}

/* How many entries are not as the list has it. */
static int differ(const struct table *table)
{
    int wrong = 0;
    size_t count = 0, walked = 0;
    for (int i = 0; i < IDS; i++) {
        const struct entry *entry = table_find(table, ids[i]);
        wrong += (entry != NULL) != there[i] || (entry != NULL && entry->value != (uint64_t)i);
        count += there[i];
    }
    for (const void *at = NULL; (at = table_next(table, at)) != NULL;)
        walked++;
    return wrong + (count != table->count) + (count != walked);
}

static void sweep(struct table *table)
{
    table_sweep(table, is_odd, NULL);
    for (int i = 0; i < IDS; i += 2)
        there[i] = false;
}

static int one_table(int count)
{
    struct table table;
    int wrong = 0;
    table_init(&table, sizeof(struct entry), HELD_IDS);
    for (int i = 0; i < IDS; i++) {
        ids[i] = (struct id){random_next(), random_next() | 1};
        there[i] = false;
    }
    for (int i = 0; i < count; i++)
        put(&table, i);
    wrong += differ(&table);
    for (int i = 0; i < count; i += 3) {
        table_remove(&table, table_find(&table, ids[i]));
        there[i] = false;
    }
    wrong += differ(&table);
    sweep(&table);
    wrong += differ(&table);
    for (int i = count / 2; i < count; i++)
        put(&table, i);
    wrong += differ(&table);
    table_release(&table);
    return wrong;
}

/* Many go, in one sweep, from a table of many: the room goes, too. */
static void test_room(void)
{
    struct table table;
    table_init(&table, sizeof(struct entry), HELD_IDS);
    for (int i = 0; i < IDS; i++)
        put(&table, i * 2 % IDS + i * 2 / IDS);
    const size_t before = held.bytes[HELD_IDS];
    is_int((long long)before, (long long)(table.slots * sizeof(struct entry)),
           "its memory is held");
    for (int i = 0; i < IDS; i++)
        put(&table, i);
    for (struct entry *entry = NULL; (entry = table_next(&table, entry)) != NULL;)
        if (entry->value > 100) entry->value = 0;
    table_sweep(&table, is_odd, NULL);
    ok(table.count == 50 && held.bytes[HELD_IDS] < before / 8, "and is given back by a sweep");
    table_release(&table);
    is_int((long long)held.total, 0, "all of it in the end");
}

/* Where more is not allowed it stays as it is, for a few, and says so. */
static void test_bound(void)
{
    struct table table;
    table_init(&table, sizeof(struct entry), HELD_IDS);
    for (int i = 0; i < 6000; i++)
        put(&table, i);
    const size_t slots = table.slots;
    held_bound(held.total + 1);
    ok(!held_full(), "it may grow no more");
    for (int i = 6000; i < 6000 + 200; i++)
        put(&table, i);
    ok(held_full() && table.slots == slots, "so it does not, and says so");
    for (int i = 6200; i < IDS; i++)
        put(&table, i);
    for (int i = 0; i < IDS; i++)
        there[i] = true;
    is_int(differ(&table), 0, "but it never gets too full for what is put");
    table_release(&table);
    held_bound(SIZE_MAX);
}

int main(void)
{
    int wrong = 0;
    for (int count = 1; count < IDS; count += count / 3 + 1)
        wrong += one_table(count);
    is_int(wrong, 0, "what is put is there, what is removed or swept is not, whatever the size");
    test_room();
    test_bound();
    return plan();
}
