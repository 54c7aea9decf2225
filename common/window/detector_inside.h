/*
 * detector_inside.h - what the files of the detector share: detector_events.c has the windows of
 * events, detector_parts.c those of parts of them, detector_rows.c the rows, detector.c what all
 * need.
 */
#ifndef CS_DETECTOR_INSIDE_H
#define CS_DETECTOR_INSIDE_H

#include "window/detector.h"

/* A value with what is said of it, as it is printed. */
struct scored {
    const struct series *series;
    int64_t start_us, end_us;
    bool has_value;
    decimal value;
    struct verdict verdict;
    enum incident_state state;
    struct incident incident; /* as it is now; before it is cleared where this is its end */
    bool partial;             /* the window may not be over: not scored */
};

void scored_print(const struct detector *detector, const struct scored *one);

/* Compares the value with what is usual, and takes the incident of the series further. Says whether
 * there is something to print. */
bool scored_judge(struct detector *detector, struct scored *one, struct series *series,
                  const struct usual_window *window);

/* Can the value be scored? */
bool value_fits(decimal value);

/* Groups to be dropped: a table does not change while it is gone through. */
struct drops {
    struct id *id;
    size_t count;
};

struct drops drops_new(const struct detector *detector);
void drops_do(struct detector *detector, struct drops *drops);

/* A range of --jobs has no past to compare with: its windows are kept for the run. */
void window_done_keep(void *detector, struct window *window);

/* Scores the windows that end by then. */
void detector_advance(struct detector *detector, int64_t watermark_us);

/* Shows those that have begun by end_us, the last event's time, and are not over; INT64_MIN: there
 * was none. */
void detector_finish(struct detector *detector, int64_t end_us);

/* Members of the analyses of events. */
void event_hint(struct run *run, struct event *ev);
void event_ahead(struct run *run, const struct event *const *events, size_t count);
enum fate event_event(struct run *run, const struct event *ev);
void event_range(struct run *run, int64_t border_us);

/* --by-partition and --merge: settles what is read, before windows_init; declares the members of
 * the rows that --by-partition prints. False: the reason is added to why, as by all of these. */
bool detector_parts_init(struct detector *detector, struct buffer *why);
void detector_parts_declare(struct detector *detector, struct slice value, struct buffer *why);
void detector_parts_release(struct detector_parts *parts);

/* --merge: the window with its partitions added up, good until the next call; else the window. */
const struct window *detector_parts_whole(struct detector *detector, const struct window *window);

/* Brings the run's count of keys up to date. */
void keys_count(struct detector *detector);

/* analysis.save and analysis.load. */
void detector_save(struct run *run, struct buffer *out);
bool detector_load(struct run *run, struct unpack *in);

/* analysis.end: a run that could not compare anything is not one that found everything as usual. */
void detector_end(struct run *run);

/* Lines of --explain: the group, and the aggregate if there is one. */
void detector_explain(struct run *run, struct buffer *out);

#endif
