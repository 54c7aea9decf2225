/*
 * account.h - --agg over the events of a session: the cells of its aggregates, and the values that
 * distinct counts have seen.
 *
 * A stretch keeps the address of its account among its extras (extras.h); a stretch without events
 * has none. Two accounts are joined as cs-window joins cells, in either order. What an event says,
 * which conditions select it and the values looked at, is worked out before it is added: so an
 * event that waits for its turn (lineup.h) takes that along, and needs nothing else of its line.
 *
 *     accounts_look(&accounts, ev);
 *     account_learn(&accounts, &account, ev->time_us);
 */
#ifndef CS_ACCOUNT_H
#define CS_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "base/buffer.h"
#include "base/option.h"
#include "base/pack.h"
#include "base/table.h"
#include "event/event.h"
#include "event/schema.h"
#include "window/aggregate.h"
#include "writer/rows.h"

struct account {
    struct buffer text; /* that the cells keep */
    struct table *ids;  /* one for each distinct set */
    char *cells;
};

/* Those of a command. */
struct accounts {
    struct aggregates aggregates;
    uint64_t ids;      /* that all accounts hold */
    struct run *run;   /* that is told of values that are no numbers */
    uint64_t extremes; /* slots where text is to be noted (window.h) */
    /* Of the event at hand: which conditions select it, what was looked at, and whether something
     * of it could not be added up. */
    uint64_t selected;
    bool is_odd;
    struct operand_values values;
};

/* Reads the values of --agg. False: the reason is added to why. */
bool accounts_init(struct accounts *accounts, const struct option_list *agg, struct schema *schema,
                   struct buffer *why);
void accounts_release(struct accounts *accounts);

/* The run is told of values that are no numbers; its schema is complete. */
void accounts_begin(struct accounts *accounts, struct run *run);

/* Looks at an event: at no value that is not needed. */
void accounts_look(struct accounts *accounts, const struct event *ev);

/* It is used: values that should be numbers and are none are noted, to be named at the end.
 * learned: and it has been added to an account, which has said whether there are such. */
void accounts_used(struct accounts *accounts, const struct event *ev, bool learned);

/* What was seen, as values of a name (name.h): which of the operands' values follow. And the
 * event at hand is that one again. False, of what comes from a file: it is none. */
void accounts_note(const struct accounts *accounts, struct buffer *out);
bool accounts_recall(struct accounts *accounts, struct slice note);

/* Adds the event at hand; the account is made if it is NULL. */
void account_learn(struct accounts *accounts, struct account **account, int64_t time_us);

/* Adds the other, if there is one, and frees it. */
void account_join(struct accounts *accounts, struct account **account, struct account *more);
void account_free(struct accounts *accounts, struct account *account);

/* Prints an aggregate as that member; and its second one, if it has one. */
void account_print(const struct accounts *accounts, const struct account *account, int index,
                   struct rows *rows, int member);
void account_print_extra(const struct accounts *accounts, const struct account *account, int index,
                         struct rows *rows, int member);

/* Its row has been printed for good: what of it was too large is noted. */
void account_printed(const struct accounts *accounts, const struct account *account);

/* The same bytes for the same events, NULL included. Anything invalid sets in->broken. */
void account_pack(const struct accounts *accounts, const struct account *account,
                  struct buffer *out);
void account_unpack(struct accounts *accounts, struct account **account, struct unpack *in);

#endif
