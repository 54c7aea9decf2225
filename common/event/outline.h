/*
 * outline.h - where the members are of an object that this process has just written: its event is
 * known without a scan.
 *
 * Whoever makes JSON of a log line or a row of CSV notes each member as he writes its name. The
 * object is valid by how it is made, no value is an array or object, no control is left raw, and
 * no name has escapes that it could do without: so all that is left to find is what the scanner
 * would have found.
 */
#ifndef CS_OUTLINE_H
#define CS_OUTLINE_H

#include "base/buffer.h"
#include "event/event.h"

#define OUTLINE_MAX 64
#define OUTLINE_NAME_BYTES 32 /* nearly every name there is */

struct outline {
    struct {
        uint32_t name, value; /* where they begin in the object */
        int slot;             /* of a canonical member; else -1 */
    } member[OUTLINE_MAX];
    bool final;   /* nobody but cs-parse looks at the object: its time may be as that is printed */
    bool ordered; /* nor at anything but its canonical members: they may be as that is printed, all
                     of them and in their order */
    bool canonical;                 /* they are, and these are the first members noted */
    bool plain;                     /* there is no backslash in it */
    size_t count;                   /* more than OUTLINE_MAX: not all of them are noted */
    size_t len;                     /* of the object, when it is whole */
    struct slice rest[OUTLINE_MAX]; /* what an event has borrowed */
};

/* Adds a member's name, `,"name":` (or with { in front), to the object that out holds from its
 * first byte on. */
static inline void outline_name(struct outline *outline, struct buffer *out, struct slice literal,
                                int slot)
{
    const size_t i = outline->count++;
    const size_t name = out->len + 1;
    buffer_add_slice(out, literal);
    if (__builtin_expect(i >= OUTLINE_MAX, 0)) return;
    outline->member[i].name = (uint32_t)name;
    outline->member[i].value = (uint32_t)out->len;
    outline->member[i].slot = slot;
}

/* The same for a name behind whose first byte OUTLINE_NAME_BYTES are readable: it is copied without
 * a look at how long it is. */
static inline void outline_name_padded(struct outline *outline, struct buffer *out,
                                       struct slice literal, int slot)
{
    if (__builtin_expect(literal.len > OUTLINE_NAME_BYTES, 0)) {
        outline_name(outline, out, literal, slot);
        return;
    }
    memcpy(buffer_reserve(out, OUTLINE_NAME_BYTES), literal.text, OUTLINE_NAME_BYTES);
    outline_name(outline, out, (struct slice){0}, slot);
    out->len += literal.len;
    if (__builtin_expect(outline->count <= OUTLINE_MAX, 1))
        outline->member[outline->count - 1].value += (uint32_t)literal.len;
}

/* An object begins. */
static inline void outline_begin(struct outline *outline)
{
    outline->count = outline->len = 0;
    outline->canonical = outline->plain = false;
}

/* The object is whole. scan: something in it is for the scanner to judge. */
static inline void outline_end(struct outline *outline, const struct buffer *out, bool scan)
{
    outline->len = scan ? 0 : out->len;
}

/* Are canonical members all that is asked for, under their own names? */
bool outline_suits(const struct schema *schema);

/* Makes ev of the object with that outline as scanner_scan would; but members that are not
 * canonical, and stand side by side, are one element of ev->rest, with the commas between them.
 * False: the scanner has to, because of what the schema wants, or because not all is noted. What
 * the event borrows is good until the outline's next use. */
bool outline_event(struct outline *outline, const struct schema *schema, const char *text,
                   struct event *ev);

#endif
