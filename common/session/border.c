#include "session/border.h"

#include "base/instant.h"

struct border_entry {
    struct id id;
    int64_t until_us; /* the watermark up to which it is held */
};

void border_init(struct border *border, int64_t border_us, int64_t gap_us)
{
    const bool has_end = border_us != INT64_MAX && border_us != INT64_MIN;
    const int64_t until_us = has_end ? instant_add_capped(border_us, gap_us) : border_us;
    *border = (struct border){.is_range = true,
                              .holds_all = border_us == INT64_MAX,
                              .is_over = border_us == INT64_MIN, /* nothing came before */
                              .gap_us = gap_us,
                              .until_us = until_us,
                              .last_us = until_us};
    table_init(&border->ids, sizeof(struct border_entry), HELD_IDS);
}

void border_release(struct border *border)
{
    table_release(&border->ids);
}

bool border_holds(struct border *border, struct id id, int64_t time_us, int64_t watermark_us)
{
    if (border->is_over) return false;
    if (watermark_us > border->last_us) { /* all that came have ended */
        table_release(&border->ids);
        border->is_over = true;
        return false;
    }
    const int64_t until_us = instant_add_capped(time_us, border->gap_us);
    struct border_entry *entry;
    if (watermark_us <= border->until_us) {
        bool is_new;
        entry = table_put(&border->ids, id, &is_new);
        if (is_new) entry->until_us = until_us;
        border->met += is_new;
    } else {
        entry = table_find(&border->ids, id);
        if (entry == NULL || watermark_us > entry->until_us) return false;
    }
    if (until_us > entry->until_us) entry->until_us = until_us;
    if (until_us > border->last_us) border->last_us = until_us;
    return true;
}
