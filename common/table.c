#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "die.h"
#include "memory.h"

#define SLOTS_MIN 16
#define KEEP_BYTES ((size_t)8 << 20)

static uint64_t table_secret(void)
{
    static uint64_t secret;
    if (secret == 0) {
        if (getrandom(&secret, sizeof secret, 0) != sizeof secret) die_errno("getrandom");
        secret |= 1;
    }
    return secret;
}

void table_init(struct table *table, size_t entry_size)
{
    *table = (struct table){.entry_size = (entry_size + 7) & ~(size_t)7};
    (void)table_secret();
}

void table_release(struct table *table)
{
    free(table->entries);
    table->entries = NULL;
    table->slots = table->count = 0;
}

void table_clear(struct table *table)
{
    if (table->slots * table->entry_size > KEEP_BYTES) {
        table_release(table);
        return;
    }
    if (table->count != 0) memset(table->entries, 0, table->slots * table->entry_size);
    table->count = 0;
}

static inline struct id *entry_at(const struct table *table, size_t slot)
{
    return (struct id *)(void *)(table->entries + slot * table->entry_size);
}

static inline size_t home_slot(const struct table *table, struct id id)
{
    const unsigned __int128 product =
        (unsigned __int128)(id.low ^ table_secret()) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)((uint64_t)(product >> 64) ^ (uint64_t)product ^ id.high) & (table->slots - 1);
}

/* The slot where the id is, or the free one where it would go. */
static inline size_t slot_of(const struct table *table, struct id id)
{
    size_t slot = home_slot(table, id);
    for (;;) {
        const struct id *entry = entry_at(table, slot);
        if (id_equal(*entry, id) || id_is_none(*entry)) return slot;
        slot = (slot + 1) & (table->slots - 1);
    }
}

static void table_resize(struct table *table, size_t slots)
{
    struct table bigger = {
        .entries = memory_zero(slots, table->entry_size),
        .entry_size = table->entry_size,
        .slots = slots,
        .count = table->count,
    };
    for (size_t i = 0; i < table->slots; i++) {
        const struct id *entry = entry_at(table, i);
        if (!id_is_none(*entry))
            memcpy(entry_at(&bigger, slot_of(&bigger, *entry)), entry, table->entry_size);
    }
    free(table->entries);
    *table = bigger;
}

void *table_find(const struct table *table, struct id id)
{
    if (table->count == 0) return NULL;
    struct id *entry = entry_at(table, slot_of(table, id));
    return id_is_none(*entry) ? NULL : entry;
}

void *table_put(struct table *table, struct id id, bool *is_new)
{
    if (__builtin_expect(table->count >= table->slots / 4 * 3, 0))
        table_resize(table, table->slots == 0 ? SLOTS_MIN : table->slots * 2);
    struct id *entry = entry_at(table, slot_of(table, id));
    *is_new = id_is_none(*entry);
    if (*is_new) {
        *entry = id;
        table->count++;
    }
    return entry;
}

void table_remove(struct table *table, void *removed)
{
    size_t hole = (size_t)((char *)removed - table->entries) / table->entry_size;
    const size_t wrap = table->slots - 1;
    /* Move back what could not be found any more with the hole before it (Knuth 6.4, algorithm R).
     */
    for (size_t slot = (hole + 1) & wrap;; slot = (slot + 1) & wrap) {
        const struct id *entry = entry_at(table, slot);
        if (id_is_none(*entry)) break;
        const size_t home = home_slot(table, *entry);
        if (((slot - home) & wrap) < ((slot - hole) & wrap)) continue;
        memcpy(entry_at(table, hole), entry, table->entry_size);
        hole = slot;
    }
    memset(entry_at(table, hole), 0, table->entry_size);
    table->count--;
}

void table_prefetch(const struct table *table, struct id id)
{
    if (table->slots != 0) __builtin_prefetch(entry_at(table, home_slot(table, id)), 1);
}

void *table_next(const struct table *table, const void *previous)
{
    size_t slot = previous == NULL
                      ? 0
                      : (size_t)((const char *)previous - table->entries) / table->entry_size + 1;
    for (; slot < table->slots; slot++) {
        struct id *entry = entry_at(table, slot);
        if (!id_is_none(*entry)) return entry;
    }
    return NULL;
}
