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

#include "id.h"

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

/* The entry of an id, or NULL. */
void *table_find(const struct table *table, struct id id);

/* The entry of an id, made if there was none (*is_new says). Never fails. */
void *table_put(struct table *table, struct id id, bool *is_new);

/* Removes an entry found before. */
void table_remove(struct table *table, void *entry);

/* Brings the id's place near: to be called some events before table_find or table_put. */
void table_prefetch(const struct table *table, struct id id);

/* The next entry in table order after previous (NULL: the first); NULL at the end. */
void *table_next(const struct table *table, const void *previous);

#endif
