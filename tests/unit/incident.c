/* incident.c - alerts one behind the other, as one thing. */
#include "window/incident.h"

#include "tap.h"

/* A window at that minute, with a deviation in per cent; the limits are 50 and 25. */
static enum incident_state window(struct incident *incident, int64_t minute, int percent)
{
    const int far = percent < 0 ? -percent : percent;
    const struct incident_window window = {
        .start_us = minute, .alert = far > 50, .calm = far <= 25, .percent = percent * DECIMAL_ONE};
    return incident_step(incident, &window);
}

int main(void)
{
    struct incident incident = {0};

    ok(window(&incident, 1, 40) == INCIDENT_NONE, "what is no alert starts nothing");
    ok(window(&incident, 2, -80) == INCIDENT_START, "an alert starts an incident");
    ok(window(&incident, 3, -40) == INCIDENT_ONGOING, "between the limits it goes on");
    ok(window(&incident, 4, 90) == INCIDENT_ONGOING, "an alert on the other side belongs to it");
    const struct incident_window missing = {.start_us = 5, .missing = true};
    ok(incident_step(&incident, &missing) == INCIDENT_ONGOING,
       "a window without a value changes nothing");

    struct buffer out = {0};
    incident_save(&incident, &out);
    struct incident again;
    struct unpack in = {.at = out.data, .end = out.data + out.len};
    ok(incident_load(&again, &in) && in.at == in.end, "one is saved");
    in = (struct unpack){.at = out.data, .end = out.data + out.len - 1};
    struct incident torn;
    ok(!incident_load(&torn, &in), "and not taken when it is cut off");
    buffer_release(&out);

    ok(window(&again, 6, -25) == INCIDENT_END, "at the lower limit it ends");
    is_int(again.windows, 3, "it has lasted as many windows as had a value");
    is_int(again.start_us, 2, "it began with the first");
    is_int((int64_t)(again.peak / DECIMAL_ONE), 90, "its peak is the furthest of them");
    incident_clear(&again);
    ok(window(&again, 7, 20) == INCIDENT_NONE, "then there is none");
    ok(window(&again, 8, -60) == INCIDENT_START && again.windows == 1 &&
           again.peak == -60 * DECIMAL_ONE,
       "and the next begins anew");
    const struct incident_window lost = {.start_us = 9, .missing = true, .calm = true};
    ok(incident_step(&again, &lost) == INCIDENT_END, "it ends where nothing is usual any more");

    incident_clear(&again);
    incident_save(&again, &out);
    in = (struct unpack){.at = out.data, .end = out.data + out.len};
    ok(incident_load(&torn, &in) && torn.windows == 0, "none is saved, too");
    buffer_release(&out);
    return plan();
}
