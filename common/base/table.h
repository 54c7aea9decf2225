/*
 * table.h - a hash table from ids to fixed-size entries kept inside the table.
 *
 * Open addressing, linear probing, at most 3/4 full. An entry is any struct whose first member is a
 * struct id; the rest is the owner's, zeroed when the entry is made. The place of an id depends on
 * a secret of the process, so nobody outside can aim at one bucket; hence the order of table_next
 * is nobody's business: what is printed or saved is sorted first. An entry's address is good until
 * the next table_put or table_remove.
 */
#ifndef CS_TABLE_H
#define CS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/memory.h"

struct table {
    char *entries;
    size_t entry_size; /* bytes, a multiple of 8 */
    size_t slots;      /* a power of two, or 0 before the first put */
    size_t count;
};

/* An empty table; allocates nothing yet. */
void table_init(struct table *table, size_t entry_size);

void table_release(struct table *table);

/* Empties it; keeps the memory when it is small. */
void table_clear(struct table *table);

/* More room: for table_put only. */
void table_grow(struct table *table);

/* The secret; set by the first table_init. */
extern uint64_t table_secret;

static inline struct id *table_at(const struct table *table, size_t slot)
{
    return (struct id *)(void *)(table->entries + slot * table->entry_size);
}

static inline size_t table_home(const struct table *table, struct id id)
{
    const unsigned __int128 product =
        (unsigned __int128)(id.low ^ table_secret) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)((uint64_t)(product >> 64) ^ (uint64_t)product ^ id.high) & (table->slots - 1);
}

/* The slot where the id is, or the free one where it would go. One branch decides: which of the
 * two it is nobody can predict. */
static inline size_t table_slot(const struct table *table, struct id id)
{
    for (size_t slot = table_home(table, id);; slot = (slot + 1) & (table->slots - 1)) {
        const struct id found = *table_at(table, slot);
        const uint64_t differs = (found.low ^ id.low) | (found.high ^ id.high);
        if (((differs != 0) & (unsigned)!id_is_none(found)) == 0) return slot;
    }
}

/* The entry of an id, or NULL. */
static inline void *table_find(const struct table *table, struct id id)
{
    if (table->count == 0) return NULL;
    struct id *entry = table_at(table, table_slot(table, id));
    return id_is_none(*entry) ? NULL : entry;
}

/* The entry of an id, made if there was none (*is_new says). Never fails. */
static inline void *table_put(struct table *table, struct id id, bool *is_new)
{
    if (__builtin_expect(table->count >= table->slots / 4 * 3, 0)) table_grow(table);
    struct id *entry = table_at(table, table_slot(table, id));
    *is_new = id_is_none(*entry);
    *entry = id;
    table->count += *is_new;
    return entry;
}

/* Removes an entry found before. */
void table_remove(struct table *table, void *entry);

/* Brings the id's place near: to be called some events before table_find or table_put. */
MEMORY_HINT void table_prefetch(const struct table *table, struct id id)
{
    if (table->slots != 0) __builtin_prefetch(table_at(table, table_home(table, id)), 1);
}

/* The next entry in table order after previous (NULL: the first); NULL at the end. */
void *table_next(const struct table *table, const void *previous);

#endif
