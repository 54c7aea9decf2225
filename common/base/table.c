#include "base/table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/die.h"
#include "base/memory.h"

#define SLOTS_MIN 16
#define KEEP_BYTES ((size_t)8 << 20)

uint64_t table_secret;

void table_init(struct table *table, size_t entry_size)
{
    *table = (struct table){.entry_size = (entry_size + 7) & ~(size_t)7};
    if (table_secret != 0) return;
    if (getrandom(&table_secret, sizeof table_secret, 0) != sizeof table_secret)
        die_errno("getrandom");
    table_secret |= 1;
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

static void table_resize(struct table *table, size_t slots)
{
    struct table bigger = {
        .entries = memory_zero(slots, table->entry_size),
        .entry_size = table->entry_size,
        .slots = slots,
        .count = table->count,
    };
    for (size_t i = 0; i < table->slots; i++) {
        const struct id *entry = table_at(table, i);
        if (!id_is_none(*entry))
            memcpy(table_at(&bigger, table_slot(&bigger, *entry)), entry, table->entry_size);
    }
    free(table->entries);
    *table = bigger;
}

void table_grow(struct table *table)
{
    table_resize(table, table->slots == 0 ? SLOTS_MIN : table->slots * 2);
}

void table_remove(struct table *table, void *removed)
{
    size_t hole = (size_t)((char *)removed - table->entries) / table->entry_size;
    const size_t wrap = table->slots - 1;
    /* Move back what could not be found any more with the hole before it (Knuth 6.4, algorithm R).
     */
    for (size_t slot = (hole + 1) & wrap;; slot = (slot + 1) & wrap) {
        const struct id *entry = table_at(table, slot);
        if (id_is_none(*entry)) break;
        const size_t home = table_home(table, *entry);
        if (((slot - home) & wrap) < ((slot - hole) & wrap)) continue;
        memcpy(table_at(table, hole), entry, table->entry_size);
        hole = slot;
    }
    memset(table_at(table, hole), 0, table->entry_size);
    table->count--;
}

void *table_next(const struct table *table, const void *previous)
{
    size_t slot = previous == NULL
                      ? 0
                      : (size_t)((const char *)previous - table->entries) / table->entry_size + 1;
    for (; slot < table->slots; slot++) {
        struct id *entry = table_at(table, slot);
        if (!id_is_none(*entry)) return entry;
    }
    return NULL;
}
