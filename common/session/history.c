#include "session/history.h"

#include "base/instant.h"

static void change_told(void *context, const struct episode_change *change)
{
    struct history *history = context;

    if (history->has_at ? history->is_at_us : history->all || change->state == EPISODE_ABANDONED)
        news_add(&history->news, change);
}

void history_init(struct history *history, struct alerts *alerts, bool all, int64_t at_us,
                  struct run *run)
{
    const struct episode_rule rule = {.after_us = alerts->rule.after_us,
                                      .until_us = alerts->rule.until_us,
                                      .forget_us = alerts->rule.forget_us};

    *history = (struct history){.alerts = alerts,
                                .run = run,
                                .all = all,
                                .has_at = at_us != INT64_MIN,
                                .at_us = at_us,
                                .news = {.has_carts = alerts->has_cart}};
    episodes_init(&history->episodes, &rule, change_told, history);
}

void history_release(struct history *history)
{
    episodes_release(&history->episodes);
    news_release(&history->news);
}

enum fate history_event(struct history *history, const struct event *ev)
{
    if (!identity_has(&history->alerts->identity, ev)) return FATE_NO_ID;
    if (episodes_late(&history->episodes, ev->time_us, ev->watermark_us)) return FATE_LATE;
    struct deed deed = alerts_deed(history->alerts, ev);
    if (history->has_at && deed.turn_us > history->at_us) deed.turn_us = history->at_us;
    episodes_add(&history->episodes, &deed);
    return FATE_USED;
}

/* Where time is the wall clock's, an alert may come too late to matter. */
static void change_print(void *context, const struct news_item *change)
{
    const struct history *history = context;
    struct run *run = history->run;

    if (run->settings.idle_us > 0 && !history->all && !history->has_at &&
        instant_now() > change->of.last_us + history->alerts->rule.until_us) {
        run->counters.expired++;
        return;
    }
    alerts_print_change(history->alerts, run->rows, change);
    if (!change->is_lost) return;
    run->counters.too_large++;
    misnumber_count(&run->misnumbers, MISNUMBER_SUM, SLICE("cart_value"));
}

static void news_print(struct history *history)
{
    news_take(&history->news, change_print, history);
    history->run->counters.keys = episodes_count(&history->episodes);
}

void history_advance(struct history *history, int64_t watermark_us)
{
    if (history->has_at && watermark_us > history->at_us) watermark_us = history->at_us;
    episodes_advance(&history->episodes, watermark_us);
    news_print(history);
}

void history_pause(struct history *history)
{
    if (history->has_at) return;
    episodes_settle(&history->episodes, false);
    news_print(history);
}

void history_finish(struct history *history)
{
    if (history->has_at) episodes_advance(&history->episodes, history->at_us);
    episodes_settle(&history->episodes, true);
    if (history->has_at) {
        history->is_at_us = true;
        episodes_finish(&history->episodes, history->at_us);
        history->is_at_us = false;
    }
    news_print(history);
}

void history_save(struct history *history, struct buffer *out)
{
    episodes_save(&history->episodes, out);
}

bool history_load(struct history *history, struct unpack *in)
{
    const bool good = episodes_load(&history->episodes, in);

    history->run->counters.keys = episodes_count(&history->episodes);
    return good;
}
