/*
 * w3c.h - logs in the extended format of the W3C: each says itself what its fields are.
 *
 *     #Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)
 *
 * as IIS, CloudFront and others write them, with blanks or tabs between the fields. The line may
 * come again anywhere, with other fields, and holds for what follows; before the first nobody knows
 * what a line means, and it is refused. date and time together are event_time, in UTC. Blanks
 * cannot stand in a field, so %HH in the headers and the user is undone (in URLs it belongs there),
 * and where IIS has written the log also its '+' for a blank. A field may be in quotes.
 */
#ifndef CS_W3C_H
#define CS_W3C_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "base/slice.h"
#include "event/reason.h"
#include "raw/misfit.h"

#define W3C_FIELDS_MAX 256

/* A zeroed struct knows no fields yet. */
struct w3c {
    size_t count;
    struct w3c_field *field;
    struct buffer names; /* what the fields point into */
    bool plus;           /* '+' stands for a blank */
    bool iis;            /* #Software said so */
    struct buffer date;  /* of #Date, for fields without one */
    struct buffer plain; /* scratch */
};

/* Takes a line that begins with '#'. */
enum reason w3c_directive(struct w3c *w3c, struct slice line, struct buffer *detail);

/* Adds a line as a JSON object, as logline.h does. */
bool w3c_print(struct w3c *w3c, struct slice line, struct buffer *out, struct misfit *misfit);

/* What the lines so far have said, over restarts. w3c is zeroed; invalid: in->broken. */
void w3c_save(const struct w3c *w3c, struct buffer *out);
void w3c_load(struct w3c *w3c, struct unpack *in);

void w3c_release(struct w3c *w3c);

#endif
