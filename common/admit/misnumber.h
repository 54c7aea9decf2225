/*
 * misnumber.h - values that should be numbers and are none, or are not what they look like: so many
 * of each member, with an example.
 *
 * Nothing is refused for them, so nobody would know: the text of a --number member that is no
 * number stays text, and a sum or an average has to do without it. At the end of a run they are
 * named, with what would help where that can be seen.
 */
#ifndef CS_MISNUMBER_H
#define CS_MISNUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "base/slice.h"
#include "base/value.h"
#include "event/event.h"
#include "event/schema.h"

/* Partial results carry them as numbers: a new one comes last, before the count of them. */
enum misnumber_kind {
    MISNUMBER_TEXT,     /* of a --number member: stays text */
    MISNUMBER_LEFT,     /* in no sum or average; --number can be given for it */
    MISNUMBER_OTHER,    /* the same, where it cannot */
    MISNUMBER_AS_TEXT,  /* min and max compare text that is a number as text */
    MISNUMBER_CART,     /* a quantity that is not above 0 or no number; a price below 0 or none */
    MISNUMBER_HUGE,     /* a number, but too large to be added up */
    MISNUMBER_SUM,      /* of a row: there is no decimal for it, though there is for its numbers */
    MISNUMBER_SCORE,    /* too large to be compared with others */
    MISNUMBER_MIXED,    /* min and max have it beside numbers; told where there were any */
    MISNUMBER_MEASURED, /* text that an expression compares with a number */
    MISNUMBER_WORD,     /* the same of a member that is always text */
    MISNUMBER_TRUTH,    /* text that an expression compares with true or false, and that says so */
    MISNUMBER_NOBODY,   /* a row's id that programs write where there is none (junk.h) */
    MISNUMBER_QUOTED,   /* a number, true or false that an expression compares with such as text */
    MISNUMBER_MOMENT,   /* a time that an expression compares as text: moment.h */
    MISNUMBER_RANKED,   /* the same of a number */
    MISNUMBER_APART, /* a number as text, where numbers are other values; told where there were */
    MISNUMBER_KINDS
};

struct misnumber {
    struct buffer name;
    enum misnumber_kind kind;
    bool beside_numbers; /* of MIXED and APART: the member had numbers, too */
    uint64_t count;
    struct buffer example; /* one of the values as JSON; not an empty text where there is another;
                              none at all where nobody has one */
};

#define MISNUMBERS_MAX 64 /* members named; of further ones nothing is said */

struct misnumbers {
    bool decimal_comma; /* --decimal-comma is given */
    uint64_t numbers;   /* a bit a slot: misnumber_beside knows */
    uint64_t apart;     /* the same of slots whose values are told apart */
    struct misnumber item[MISNUMBERS_MAX];
    int count;
};

/* One value more. */
void misnumber_note(struct misnumbers *all, enum misnumber_kind kind, struct slice name,
                    struct value value);

/* The same where the value is nowhere as text: there is no example of it. */
void misnumber_count(struct misnumbers *all, enum misnumber_kind kind, struct slice name);

/* The member of that slot and name has a number, so that MISNUMBER_MIXED of it is to be told. */
void misnumber_beside(struct misnumbers *all, int slot, struct slice name);

/* Notes the texts of the event where numbers are asked for: of --number, where what is no number
 * stays text, and of comparisons with numbers; texts that say true or false, of comparisons with
 * these; numbers, true and false where they are compared with text that says such; times that
 * are compared as text with what they are not in order with; and numbers as text beside numbers
 * where values are told apart. */
void misnumber_texts_note(struct misnumbers *all, const struct schema *schema,
                          const struct event *ev);

static inline void misnumber_texts(struct misnumbers *all, const struct schema *schema,
                                   const struct event *ev)
{
    const uint64_t texts =
        schema->number | schema->measured | schema->judged | schema->timed | schema->apart;
    const uint64_t others = schema->quoted | (schema->apart & ~all->apart);
    uint64_t slots = (texts | others) & schema->needed;
    for (; __builtin_expect(slots != 0, 0); slots &= slots - 1) {
        const int slot = __builtin_ctzll(slots);
        const unsigned kind = ev->value[slot].kind;
        const bool is_plain = kind != KIND_NULL && kind < KIND_STRING;
        if (kind == KIND_STRING ? (texts >> slot & 1) == 0 : !is_plain || (others >> slot & 1) == 0)
            continue;
        misnumber_texts_note(all, schema, ev);
        return;
    }
}

/* Says what there was, a line of standard error for each member. */
void misnumber_tell(const struct misnumbers *all);

/* A range of --jobs hands over what it has noted, and the run adds it. False: invalid. */
void misnumber_pack(const struct misnumbers *all, struct buffer *out);
bool misnumber_add(struct misnumbers *all, struct unpack *in);

void misnumber_release(struct misnumbers *all);

#endif
