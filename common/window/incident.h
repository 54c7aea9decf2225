/*
 * incident.h - alerts of one group, one behind the other, as one thing with a start and an end.
 *
 * An incident begins with an alert. It goes on while windows are alerts, or at least not back to
 * what is usual: between the two limits, --threshold and --clear, nothing changes (a Schmitt
 * trigger), so that a value near the threshold is one incident and not many.
 */
#ifndef CS_INCIDENT_H
#define CS_INCIDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/number.h"
#include "base/pack.h"

struct incident {
    int64_t windows;  /* that it has lasted; 0: there is none */
    int64_t start_us; /* of its first window */
    decimal peak;     /* the deviation of its windows that is furthest from 0, the first of equals;
                         0: none has one */
};

enum incident_state { INCIDENT_NONE, INCIDENT_START, INCIDENT_ONGOING, INCIDENT_END };

/* What a window says. */
struct incident_window {
    int64_t start_us;
    bool alert;
    bool calm;    /* it is back to what is usual, or there is nothing usual any more */
    bool missing; /* it has no value: it is none of the incident's windows */
    decimal percent;
};

/* The next window of the group. After INCIDENT_END the incident is as it was, to be printed, and
 * incident_clear takes it away. */
enum incident_state incident_step(struct incident *incident, const struct incident_window *window);

void incident_clear(struct incident *incident);

/* "start", "ongoing", "end"; empty: there is none. */
struct slice incident_state_name(enum incident_state state);

/* Loading takes its place; false: the bytes make no sense. */
void incident_save(const struct incident *incident, struct buffer *out);
bool incident_load(struct incident *incident, struct unpack *in);

#endif
