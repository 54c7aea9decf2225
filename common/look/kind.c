#include "look/kind.h"

#include <string.h>

static const struct row_kind kinds[] = {
    {.name = "figures",
     .title = "Records",
     .needs = "tool read duplicate rejected filtered late used",
     .store = STORE_FIGURES},
    {.name = "incident",
     .title = "Incidents",
     .needs = "window_start pct_deviation direction state incident_start",
     .store = STORE_ROWS,
     .time = "incident_start",
     .key = "incident_start",
     .show = "state incident_start * pct_deviation peak windows direction window_end window_start"},
    {.name = "alert",
     .title = "Alerts",
     .needs = "window_start pct_deviation alert direction",
     .store = STORE_ROWS,
     .time = "window_start",
     .key = "window_start",
     .show = "window_start * pct_deviation direction window_end"},
    {.name = "funnel",
     .title = "Funnel",
     .needs = "window_start window_end overall_conversion_rate",
     .store = STORE_WINDOWS,
     .time = "window_start"},
    {.name = "sales",
     .title = "Sales",
     .needs = "window_start window_end orders revenue",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "revenue"},
    {.name = "revenue",
     .title = "Revenue",
     .needs = "window_start window_end purchases revenue",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "revenue"},
    {.name = "carts",
     .title = "Carts left behind",
     .needs = "window_start window_end carts_left",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "carts_left"},
    {.name = "products",
     .title = "Products",
     .needs = "window_start product_id views_1h add_to_carts_1h purchases_1h",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "purchases_1h",
     .rates = "view_to_purchase_rate=purchases_1h/views_1h"},
    {.name = "searches",
     .title = "Searches",
     .needs = "window_start search_term search_count",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "search_count"},
    {.name = "visits",
     .title = "Visits",
     .needs = "window_start window_end visits bounces",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "visits",
     .rates = "bounce_rate=bounces/visits conversion_rate=buyers/visits"},
    {.name = "visits-now",
     .title = "Visits",
     .needs = "window_start window_end visits buyers",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "visits",
     .rates = "conversion_rate=buyers/visits"},
    {.name = "conversion",
     .title = "Conversion",
     .needs = "window_start sessions buyers conversion_rate",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "buyers",
     .rates = "conversion_rate=buyers/sessions"},
    {.name = "landing",
     .title = "Pages where visits begin",
     .needs = "window_start page sessions bounces bounce_rate",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "sessions",
     .rates = "bounce_rate=bounces/sessions"},
    {.name = "exits",
     .title = "Pages where visits end",
     .needs = "window_start page views exits exit_rate",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "exits",
     .rates = "exit_rate=exits/views"},
    {.name = "flow",
     .title = "From page to page",
     .needs = "window_start page next times",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "times"},
    {.name = "pages",
     .title = "Pages",
     .needs = "window_start window_end page views visits",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "views"},
    {.name = "status",
     .title = "Answers of the server",
     .needs = "window_start window_end status requests",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "requests",
     .group = "status"},
    {.name = "slowest",
     .title = "Slowest pages",
     .needs = "window_start window_end page timed seconds_p95",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "seconds_total"},
    {.name = "not-found",
     .title = "Not found",
     .needs = "window_start page_url requests referrers",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "requests"},
    {.name = "referrers",
     .title = "Referrers",
     .needs = "window_start window_end referrer requests",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "requests"},
    {.name = "robots",
     .title = "Robots and people",
     .needs = "window_start window_end robot requests",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "requests"},
    {.name = "errors",
     .title = "Errors at the checkout",
     .needs = "window_start event_type page_url status errors",
     .store = STORE_WINDOWS,
     .time = "window_start",
     .lead = "errors",
     .group = "status"},
    {.name = "window",
     .needs = "window_start window_end",
     .store = STORE_WINDOWS,
     .time = "window_start"},
    {.name = "drop",
     .title = "Left between two steps",
     .needs = "window_start step step_at next_step",
     .store = STORE_ROWS,
     .time = "step_at",
     .key = "1 step_at",
     .show = "step next_step step_at seconds page_url *"},
    {.name = "transition",
     .title = "Carts",
     .needs = "state episode add_to_carts last_event_time",
     .store = STORE_ROWS,
     .time = "last_event_time",
     .key = "1 episode",
     .show = "state cart_value add_to_carts last_event_time furthest_step last_page user_id *"},
    {.name = "cart",
     .title = "Carts left behind",
     .needs = "add_to_carts abandoned_at idle_seconds",
     .store = STORE_ROWS,
     .time = "last_event_time",
     .key = "1 abandoned_at",
     .show =
         "cart_value add_to_carts last_event_time idle_seconds furthest_step last_page user_id *"},
    {.name = "session",
     .title = "Sessions",
     .needs = "session_start last_event_time total_events",
     .store = STORE_ROWS,
     .time = "last_event_time",
     .key = "1 session_start",
     .show = "last_event_time traffic_source device_type total_events page_views add_to_carts "
             "converted session_duration_seconds exit_page user_id *"},
    {.name = "page",
     .title = "Pages of sessions",
     .needs = "page_url previous_page next_page at seconds",
     .store = STORE_ROWS,
     .time = "at",
     .key = "1 number at",
     .show = "at page_url previous_page next_page seconds *"},
};

/* What cannot be added up, by how its name begins or ends. */
static const char *const apart_prefix[] = {"avg_", "mean_", "median_", "min_", "max_", "pct_"};
static const char *const apart_suffix[] = {"_rate",   "_pct", "_percent", "_avg", "_mean",
                                           "_median", "_p50", "_p90",     "_p95", "_p99",
                                           "_min",    "_max", "_stddev"};

bool kind_word(const char *words, struct slice word)
{
    for (const char *at = words; at != NULL && *at != '\0';) {
        const size_t len = strcspn(at, " ");
        if (slice_equal((struct slice){.text = at, .len = len}, word)) return true;
        at += len + (at[len] == ' ');
    }
    return false;
}

static bool has_all(const char *needs, const struct slice *member, size_t count)
{
    for (const char *at = needs; *at != '\0';) {
        const struct slice need = {.text = at, .len = strcspn(at, " ")};
        size_t i = 0;
        while (i < count && !slice_equal(member[i], need))
            i++;
        if (i == count) return false;
        at += need.len + (at[need.len] == ' ');
    }
    return true;
}

const struct row_kind *kind_find(const struct slice *member, size_t count)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (has_all(kinds[i].needs, member, count)) return &kinds[i];
    return NULL;
}

size_t kind_place(const struct row_kind *kind)
{
    return (size_t)(kind - kinds);
}

bool kind_is_rate(const struct row_kind *kind, struct slice member)
{
    for (const char *at = kind->rates; at != NULL && *at != '\0';) {
        const size_t len = strcspn(at, " ");
        const struct slice name = {.text = at, .len = strcspn(at, "=")};
        if (slice_equal(name, member)) return true;
        at += len + (at[len] == ' ');
    }
    return false;
}

bool kind_adds_up(struct slice measure)
{
    for (size_t i = 0; i < sizeof apart_prefix / sizeof apart_prefix[0]; i++) {
        const size_t len = strlen(apart_prefix[i]);
        if (measure.len > len && memcmp(measure.text, apart_prefix[i], len) == 0) return false;
    }
    for (size_t i = 0; i < sizeof apart_suffix / sizeof apart_suffix[0]; i++) {
        const size_t len = strlen(apart_suffix[i]);
        if (measure.len > len &&
            memcmp(measure.text + measure.len - len, apart_suffix[i], len) == 0)
            return false;
    }
    return true;
}
