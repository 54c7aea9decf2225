/*
 * having.h - --having: only rows that an expression selects are printed.
 *
 * A row is to the expression what an event is to --where: an object of the row's members, each with
 * the value and the kind that it is printed with. So a member called like one of an event,
 * session_id for example, is a number here where the row has a number.
 */
#ifndef CS_HAVING_H
#define CS_HAVING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "writer/cells.h"
#include "writer/encoding.h"
#include "writer/relation.h"

struct having;

/* Nothing is asked yet. Free with having_free. */
struct having *having_new(void);
void having_free(struct having *having);

/* Adds an expression: rows must be selected by each. members are those of the rows, and relation
 * says what they are; a name that is none of them is left to *missing, and so borrows from having.
 * False: that, or the reason is added to why. One is that a number is compared with one in quotes,
 * or a time with one that is not written as rows have it: texts are then in another order. */
bool having_add(struct having *having, const char *text, const struct member *member, int members,
                const struct relation *relation, struct slice *missing, struct buffer *why);

/* Do all expressions select the last row of the cells? encoder: of NDJSON, with these members. */
bool having_selects(struct having *having, struct cells *cells, struct encoder *ndjson);

/* Adds a line for each expression for --explain. */
void having_explain(const struct having *having, struct buffer *out);

#endif
