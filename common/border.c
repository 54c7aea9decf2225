#include "border.h"

struct border_entry {
    struct id id;
    int64_t until_us; /* the watermark up to which it is held */
};

/* time + duration; never if that is too far. */
static int64_t later(int64_t time_us, int64_t duration_us)
{
    int64_t sum_us;
    return __builtin_add_overflow(time_us, duration_us, &sum_us) ? INT64_MAX : sum_us;
}

void border_init(struct border *border, int64_t border_us, int64_t gap_us)
{
    const int64_t until_us = later(border_us, gap_us);
    *border = (struct border){.gap_us = gap_us, .until_us = until_us, .last_us = until_us};
    table_init(&border->ids, sizeof(struct border_entry));
}

void border_release(struct border *border)
{
    table_release(&border->ids);
}

bool border_holds(struct border *border, struct id id, int64_t time_us, int64_t watermark_us)
{
    if (border->until_us == INT64_MAX) return true;
    const bool all = watermark_us <= border->until_us;
    if (watermark_us > border->last_us) {
        table_release(&border->ids); /* all that came have ended */
        return false;
    }
    bool is_new = false;
    struct border_entry *entry =
        all ? table_put(&border->ids, id, &is_new) : table_find(&border->ids, id);
    if (entry == NULL) return false;
    if (!all && watermark_us > entry->until_us) {
        table_remove(&border->ids, entry);
        return false;
    }
    const int64_t until_us = later(time_us, border->gap_us);
    if (is_new || until_us > entry->until_us) entry->until_us = until_us;
    if (until_us > border->last_us) border->last_us = until_us;
    border->met += is_new;
    return true;
}
