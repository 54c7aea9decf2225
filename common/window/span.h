/*
 * span.h - how long windows are: so many microseconds, or by the calendar.
 *
 *     10m, 1d   multiples of the length since 1970, UTC; whole days with a zone: of local days
 *     1w, 2w    weeks that begin on a Monday
 *     1mo, 3mo  months, counted from January 1970; 1y, 10y: years
 *     all       one window for everything
 *
 * By the calendar a window begins when clocks in the zone show that its first day begins (moved by
 * the offset): so a day has 23 or 25 hours where clocks are changed. Where a day begins twice, it
 * is the first time; where clocks skip its beginning, the instant at which they do.
 */
#ifndef CS_SPAN_H
#define CS_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/zone.h"

enum span_kind { SPAN_FIXED, SPAN_DAYS, SPAN_MONTHS, SPAN_ALL };

struct span {
    enum span_kind kind;
    int64_t size_us, slide_us; /* SPAN_FIXED; of the others a day */
    int64_t count;             /* of days or months */
    bool from_monday;          /* weeks; the days counted begin on one */
    int64_t offset_us;         /* starts are moved by it */
    struct zone *zone;         /* of SPAN_DAYS and SPAN_MONTHS; NULL: UTC */
};

/* Reads a length. Returns NULL, or the phrase that says what is wrong, good until the next call. */
const char *span_parse(const char *text, struct span *span);

/* A number that stands for what was read: another one for another length, 0 for none. */
int64_t span_number(const struct span *span);

/* Says that windows of so many microseconds begin by the clocks of UTC, to whoever has given that
 * zone (NULL: nobody has) and may think that they begin by its clocks, which show something else
 * then; and what does begin so. */
void span_tell_utc(int64_t size_us, const char *tz, const char *what_does);

/* Makes it ready for use with what the other options say: tz is a zone's name, or NULL; slide_us is
 * 0 where none was given. False: they do not go together, and the reason is added to why. The zone
 * is to be freed either way (zone_free). */
bool span_settle(struct span *span, const char *tz, int64_t slide_us, int64_t offset_us,
                 struct buffer *why);

/* Not of SPAN_FIXED: when the window starts that holds the instant, and where the one ends that
 * starts then. */
int64_t span_start(const struct span *span, int64_t time_us);
int64_t span_end(const struct span *span, int64_t start_us);

/* Adds a line that says how long they are for --explain. */
void span_explain(const struct span *span, struct buffer *out);

#endif
