#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/memory.h"

#define SLOTS_MIN 16
#define KEEP_BYTES ((size_t)8 << 20)

void table_init(struct table *table, size_t entry_size, enum held_kind kind)
{
    static uint64_t secret;
    if (secret == 0 && !random_bytes(&secret, sizeof secret)) die_errno("getrandom");
    secret = secret * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    *table = (struct table){
        .entry_size = (entry_size + 7) & ~(size_t)7, .secret = secret ^ secret >> 29, .kind = kind};
}

static size_t table_bytes(const struct table *table)
{
    return table->slots * table->entry_size;
}

void table_release(struct table *table)
{
    held_drop(table->kind, table_bytes(table));
    free(table->entries);
    table->entries = NULL;
    table->slots = table->count = 0;
}

void table_clear(struct table *table)
{
    if (table_bytes(table) > KEEP_BYTES) {
        table_release(table);
        return;
    }
    if (table->count != 0) memset(table->entries, 0, table_bytes(table));
    table->count = 0;
}

/* Puts an entry to where it belongs now; what stands between there and here has been. */
static void entry_settle(const struct table *table, size_t slot)
{
    struct id *from = table_at(table, slot);
    const struct id id = *from;
    if (id_is_none(id)) return;
    *from = ID_NONE; /* this may be its place */
    struct id *to = table_at(table, table_slot(table, id));
    if (to != from) {
        memcpy(to, from, table->entry_size);
        memset(from, 0, table->entry_size);
    }
    *to = id;
}

/* Puts all entries of a table, which has become larger, to where they belong. What stands at the
 * very front, up to the first free slot, goes out of the way: entries from the end may wrap around
 * to there. From then on an entry's place is never behind one that is still to be moved. */
static void table_spread(const struct table *table, size_t old_slots)
{
    const size_t size = table->entry_size;
    size_t front = 0;
    while (front < old_slots && !id_is_none(*table_at(table, front)))
        front++;
    char *aside = memory_new(front * size);
    memcpy(aside, table->entries, front * size);
    memset(table->entries, 0, front * size);
    for (size_t slot = front; slot < old_slots; slot++)
        entry_settle(table, slot);
    for (size_t i = 0; i < front; i++) {
        const struct id *entry = (const struct id *)(const void *)(aside + i * size);
        memcpy(table_at(table, table_slot(table, *entry)), entry, size);
    }
    free(aside);
}

void table_grow(struct table *table)
{
    const size_t old = table_bytes(table);
    const size_t old_slots = table->slots;
    if (old_slots == 0) {
        table->slots = SLOTS_MIN;
        table->entries = memory_zero(table->slots, table->entry_size);
        held_add(table->kind, table_bytes(table));
        return;
    }
    /* Beyond that it is too full for what may come before somebody looks at the bound. */
    if (!held_allows(old) && table->count < old_slots - old_slots / 8) {
        held_deny();
        return;
    }
    table->slots *= 2;
    table->entries = memory_resize(table->entries, table->slots, table->entry_size);
    memset(table->entries + old, 0, old);
    held_add(table->kind, old);
    table_spread(table, old_slots);
}

/* Makes it as small as its entries allow. */
static void table_fit(struct table *table)
{
    struct table smaller = *table;
    while (smaller.slots > SLOTS_MIN && smaller.count < smaller.slots / 4)
        smaller.slots /= 2;
    smaller.entries = memory_zero(smaller.slots, smaller.entry_size);
    held_add(smaller.kind, table_bytes(&smaller));
    for (size_t slot = 0; slot < table->slots; slot++) {
        const struct id *entry = table_at(table, slot);
        if (!id_is_none(*entry))
            memcpy(table_at(&smaller, table_slot(&smaller, *entry)), entry, table->entry_size);
    }
    table_release(table);
    *table = smaller;
}

void table_sweep(struct table *table, bool (*stays)(const void *entry, const void *context),
                 const void *context)
{
    for (size_t slot = 0; slot < table->slots;) {
        struct id *entry = table_at(table, slot);
        if (id_is_none(*entry) || stays(entry, context))
            slot++;
        else
            table_remove(table, entry); /* another one may stand here now */
    }
    if (table->slots > SLOTS_MIN && table->count < table->slots / 8) table_fit(table);
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
