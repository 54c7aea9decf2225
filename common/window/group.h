/*
 * group.h - --by: the values that put events into groups.
 *
 *     --by=product_id,category_id          members, under their own names
 *     --by='term=lower(search_query)'      in lower case (lower.h)
 *     --by='big=.price > 100'              any jq expression
 *
 * The key of a group is its values one behind the other as pack.h writes them: kind, length, bytes.
 * So null, "" and "null" are three groups, and so are 1 and "1"; the values can be read back from
 * it. A number keeps its digits: 1 and 1.0 are two groups. --by-partition adds the partition as a
 * last value.
 */
#ifndef CS_GROUP_H
#define CS_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/id.h"
#include "event/event.h"
#include "event/schema.h"
#include "expr/operand.h"

#define GROUP_VALUES_MAX 32

/* Where a key is a few members with short values, it is not hashed again for every event: what was
 * worked out for the groups seen lately is kept. */
#define GROUP_MEMO_VALUES 4
#define GROUP_MEMOS 1024
struct group_memo {
    struct value_head head[GROUP_MEMO_VALUES];
    uint32_t shape; /* kind and length of each value, a byte for each */
    struct id id;   /* ID_NONE: free */
};

struct group_value {
    struct slice name; /* of the row's member; owned */
    struct operand operand;
    bool lower;
    int row_slot; /* --merge: the member of that name in the rows read; else -1 */
};

struct group_by {
    struct group_value value[GROUP_VALUES_MAX];
    int count;
    bool partition;        /* the key ends with the partition */
    int partition_slot;    /* --merge: of the member partition in the rows read; else -1 */
    struct buffer scratch; /* the value looked at last, where it is changed */
    struct buffer key;     /* of group_id */
    struct group_memo *memo;
    int memo_width; /* of those values; -1: keys are not kept */
};

void group_by_init(struct group_by *by);
void group_by_release(struct group_by *by);

/* Reads what stands in one --by: a list (list.h), or nothing. False: the reason is added to why. */
bool group_by_add(struct group_by *by, const char *text, struct schema *schema, struct buffer *why);

/* From now on keys are read from rows that hold the values under their names, and the partition.
 * False: the reason is added to why. */
bool group_by_rows(struct group_by *by, struct schema *schema, struct buffer *why);

/* How many values a key has: count, one more with the partition. */
static inline int group_width(const struct group_by *by)
{
    return by->count + by->partition;
}

/* Replaces key by the event's key. */
void group_key(struct group_by *by, const struct event *ev, struct buffer *key);

/* The id of the event's key: id_of of what group_key makes. */
struct id group_id(struct group_by *by, const struct event *ev);

/* The keys of these events will be asked for next: expr_value_ahead. */
void group_ahead(const struct group_by *by, const struct event *const *events, size_t count);

/* Takes a key apart into width values, which borrow from it. False: this is no such key. */
bool group_values(struct slice key, struct value *values, int width);

/* The order of two keys by their first width values: negative, 0, positive. */
int group_compare(struct slice a, struct slice b, int width);

/* Are all expressions run natively? */
bool group_native(const struct group_by *by);

/* Adds a line for each value for --explain. */
void group_explain(const struct group_by *by, struct buffer *out);

/* Is a row of --merge of these groups? What stands before its partition says which it is of: with
 * other members there, rows of several groups would take each other's place. */
bool group_by_fits_row(const struct group_by *by, const struct event *row);

#endif
