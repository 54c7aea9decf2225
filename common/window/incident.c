#include "window/incident.h"

static decimal distance(decimal percent)
{
    return percent < 0 ? -percent : percent;
}

enum incident_state incident_step(struct incident *incident, const struct incident_window *window)
{
    const bool open = incident->windows > 0;
    if (!open && !window->alert) return INCIDENT_NONE;
    if (!open) {
        incident->start_us = window->start_us;
        incident->peak = 0;
    } else if (!window->alert && window->calm) {
        return INCIDENT_END;
    }
    incident->windows += !window->missing;
    if (distance(window->percent) > distance(incident->peak)) incident->peak = window->percent;
    return open ? INCIDENT_ONGOING : INCIDENT_START;
}

void incident_clear(struct incident *incident)
{
    *incident = (struct incident){0};
}

struct slice incident_state_name(enum incident_state state)
{
    static const char *const names[] = {"", "start", "ongoing", "end"};
    return slice_of(names[state]);
}

void incident_save(const struct incident *incident, struct buffer *out)
{
    pack_i64(out, incident->windows);
    if (incident->windows == 0) return;
    pack_i64(out, incident->start_us);
    pack_i128(out, incident->peak);
}

bool incident_load(struct incident *incident, struct unpack *in)
{
    incident_clear(incident);
    incident->windows = unpack_i64(in);
    if (incident->windows < 0) return false;
    if (incident->windows == 0) return !in->broken;
    incident->start_us = unpack_i64(in);
    incident->peak = unpack_i128(in);
    return !in->broken;
}
