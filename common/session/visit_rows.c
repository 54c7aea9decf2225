#include "session/visit.h"

#include <stddef.h>

#include "base/json.h"
#include "base/memory.h"

/* A row that is being printed: the context of the kinds below. */
struct visit {
    const struct visit_asks *asks;
    const struct track *track;
    struct pages_sum sum;   /* of a row that is a session */
    uint32_t number;        /* of the session */
    struct slice closed_by; /* text NULL: it is open */
    bool is_bounce, is_cut;
    struct page page; /* of a row that is a page */
};

/* --- kinds: of a session --- */

static struct slice closed_by_of(enum session_end end)
{
    static const struct slice name[] = {
        [SESSION_GAP] = SLICE("gap"),           [SESSION_MAX] = SLICE("max"),
        [SESSION_MIDNIGHT] = SLICE("midnight"), [SESSION_SPLIT] = SLICE("split"),
        [SESSION_END] = SLICE("end"),           [SESSION_GOES_ON] = {NULL, 0}};

    return name[end];
}

static void path_page_print(struct buffer *list, const struct page *page)
{
    buffer_add_literal(list, "{\"page_url\":");
    if (page->url.text == NULL)
        buffer_add_literal(list, "null");
    else
        json_add_string(list, page->url);
    buffer_add_literal(list, ",\"at\":");
    instant_print_string(list, page->at_us);
    buffer_add_literal(list, ",\"seconds\":");
    if (page->duration_us == PAGE_UNKNOWN)
        buffer_add_literal(list, "null");
    else
        duration_print_seconds(list, page->duration_us);
    buffer_add_literal(list, "},");
}

static void path_print(struct rows *rows, int member, const struct overview *overview,
                       const void *context)
{
    const struct visit *visit = context;
    struct buffer *list = rows_list(rows, member);

    for (struct pages pages = pages_walk(visit->track, overview->last_us, visit->asks->page_cap_us);
         pages.has && pages.page.number <= visit->asks->path; pages_next(&pages))
        path_page_print(list, &pages.page);
    rows_list_end(list);
}

static void path_cut_print(struct rows *rows, int member, const struct overview *overview,
                           const void *context)
{
    const struct visit *visit = context;
    (void)overview;
    rows_bool(rows, member, visit->sum.count > visit->asks->path || visit->is_cut);
}

#define OF_VISIT(what, type, member, phrase)                                                       \
    {                                                                                              \
        .prints = PRINTS_THAT_##what, .column = (type), .at = offsetof(struct visit, member),      \
        .about = (phrase)                                                                          \
    }

static const struct field_kind bounce = OF_VISIT(TRUTH, COLUMN_TRUTH, is_bounce,
                                                 "is there one event only?"),
                               session_number = OF_VISIT(COUNT, COLUMN_COUNT, number,
                                                         "which one of this id it is"),
                               closed_by = OF_VISIT(TEXT, COLUMN_TEXT, closed_by,
                                                    "gap, max, midnight, split or end");

/* --- kinds: of the track --- */

_Static_assert(PAGE_UNKNOWN == INT64_MIN, "which is printed as null");

#define OF_TRACK(what, type, member, phrase)                                                       \
    {                                                                                              \
        .keeps = KEEPS_TRACK, .prints = PRINTS_THAT_##what, .column = (type),                      \
        .at = offsetof(struct visit, member), .about = (phrase)                                    \
    }

static const struct field_kind
    entry_page = OF_TRACK(TEXT, COLUMN_TEXT, sum.first, "the first page_url"),
    exit_page = OF_TRACK(TEXT, COLUMN_TEXT, sum.last, "the last page_url"),
    pages_count = OF_TRACK(COUNT, COLUMN_COUNT, sum.count, "how many were entered"),
    pages_cut = OF_TRACK(TRUTH, COLUMN_TRUTH, is_cut, "were there more pages than are kept?"),
    engaged = OF_TRACK(SECONDS, COLUMN_NUMBER, sum.duration_us,
                       "on pages, each as long as --page-cap at most"),
    path = {.keeps = KEEPS_TRACK,
            .prints = PRINTS_OWN,
            .column = COLUMN_DOCUMENT,
            .about = "the pages, one after the other",
            .print = path_print},
    path_cut = {.keeps = KEEPS_TRACK,
                .prints = PRINTS_OWN,
                .column = COLUMN_TRUTH,
                .about = "were there more?",
                .print = path_cut_print},
    page_number = OF_TRACK(COUNT, COLUMN_COUNT, page.number, "of the page in its session"),
    page_url = OF_TRACK(TEXT, COLUMN_TEXT, page.url, "of the page"),
    previous_page = OF_TRACK(TEXT, COLUMN_TEXT, page.previous_url, "the page before"),
    next_page = OF_TRACK(TEXT, COLUMN_TEXT, page.next_url, "the page behind"),
    page_at = OF_TRACK(TIME, COLUMN_TIME, page.at_us, "when the page was entered"),
    page_seconds =
        OF_TRACK(SECONDS, COLUMN_NUMBER, page.duration_us, "how long somebody was there"),
    page_first = OF_TRACK(TRUTH, COLUMN_TRUTH, page.is_first, "is it the first page?"),
    page_last = OF_TRACK(TRUTH, COLUMN_TRUTH, page.is_last, "is it the last page?");

/* --- rows --- */

static const struct field session_fields[] = {
    {"user_id", &field_last, "user_id"},
    {"traffic_source", &field_first, "traffic_source"},
    {"device_type", &field_first, "device_type"},
    {"session_start", &field_start, NULL},
    {"last_event_time", &field_end, NULL},
    {"session_duration_seconds", &field_seconds, NULL},
    {"total_events", &field_events, NULL},
    {"page_views", &field_count, "page_view"},
    {"product_views", &field_count, "product_view"},
    {"add_to_carts", &field_count, "add_to_cart"},
    {"converted", &field_any, "purchase"},
    {"viewed_products", &field_list, "product_id"},
    {"viewed_products_truncated", &field_list_cut, "product_id"},
    FIELD_END,
};

static const struct field detail_fields[] = {
    {"checkout_starts", &field_count, "checkout_start"},
    {"purchases", &field_count, "purchase"},
    {"searches", &field_count, "search"},
    {"campaign_id", &field_first, "campaign_id"},
    {"entry_page", &entry_page, "page_url"},
    {"exit_page", &exit_page, "page_url"},
    {"pages", &pages_count, "page_url"},
    {"bounce", &bounce, NULL},
    {"engaged_seconds", &engaged, "page_url"},
    {"session_number", &session_number, NULL},
    {"closed_by", &closed_by, NULL},
    {"pages_truncated", &pages_cut, "page_url"},
    FIELD_END,
};

static const struct field path_fields[] = {
    {"path", &path, "page_url"},
    {"path_truncated", &path_cut, "page_url"},
    FIELD_END,
};

static const struct field page_fields[] = {
    {"user_id", &field_last, "user_id"},
    {"traffic_source", &field_first, "traffic_source"},
    {"device_type", &field_first, "device_type"},
    {"number", &page_number, "page_url"},
    {"page_url", &page_url, "page_url"},
    {"previous_page", &previous_page, "page_url"},
    {"next_page", &next_page, "page_url"},
    {"at", &page_at, "page_url"},
    {"seconds", &page_seconds, "page_url"},
    {"entry", &page_first, "page_url"},
    {"exit", &page_last, "page_url"},
    {"pages_truncated", &pages_cut, "page_url"},
    FIELD_END,
};

/* Adds fields behind those that there are; returns how many there are then. */
static int fields_take(struct visits *visits, int count, const struct field *more)
{
    for (; more->name != NULL && count < FIELDS_MAX; more++)
        visits->field[count++] = *more;
    visits->field[count] = (struct field)FIELD_END;
    return count;
}

/* Has the row a member of that name, or will it have? */
static bool name_taken(const struct visits *visits, int count, const struct identity *identity,
                       const struct schema *schema, struct slice name)
{
    for (int i = 0; i < count; i++)
        if (slice_equal(slice_of(visits->field[i].name), name)) return true;
    for (int i = 0; i < identity->count; i++)
        if (slice_equal(schema->name[identity->slot[i]], name)) return true;
    return false;
}

/* Adds a field for --agg; false: as visits_init. */
static bool account_take(struct visits *visits, int *count, const struct identity *identity,
                         const struct schema *schema, const char *name,
                         const struct field_kind *kind, struct buffer *why)
{
    const struct field field[] = {{name, kind, NULL}, FIELD_END};

    if (name_taken(visits, *count, identity, schema, slice_of(name))) {
        buffer_add_literal(why, "--agg: the row has a member called ");
        json_add_string(why, slice_of(name));
        buffer_add_literal(why, " already");
        return false;
    }
    *count = fields_take(visits, *count, field);
    return true;
}

static bool accounts_take(struct visits *visits, int *count, const struct identity *identity,
                          struct schema *schema, struct buffer *why)
{
    struct aggregates *all = &visits->accounts.aggregates;
    struct buffer phrase = {0};

    const bool good = accounts_init(&visits->accounts, &visits->asks.agg, schema, &phrase);
    if (!good) buffer_printf(why, "--agg: %.*s", (int)phrase.len, phrase.data);
    buffer_release(&phrase);
    if (!good) return false;
    for (int i = 0; i < all->count; i++) {
        const char *const extra = aggregates_extra(all, i);
        if (!account_take(visits, count, identity, schema, all->item[i].name, &field_account, why))
            return false;
        if (extra == NULL) continue;
        struct buffer name = {0};
        buffer_printf(&name, "%s%s", all->item[i].name, extra);
        visits->extra[i] = memory_text(name.data, name.len);
        buffer_release(&name);
        if (!account_take(visits, count, identity, schema, visits->extra[i], &field_account_extra,
                          why))
            return false;
    }
    return true;
}

/* A session that has no value of --split-on yet takes its first one: while its row changes, that
 * does not name it. */
static void splits_unkey(const struct rule *rule, const struct identity *identity,
                         const struct schema *schema, struct rows *rows)
{
    for (int i = 0; i < rule->splits; i++) {
        const struct slice name = slice_of(rule->split[i]);
        bool is_who = false;
        for (int j = 0; j < identity->count; j++)
            is_who |= slice_equal(name, schema->name[identity->slot[j]]);
        if (!is_who) rows_key(rows, rows_find(rows, name), false);
    }
}

bool visits_declare(struct visits *visits, struct identity *identity, struct schema *schema,
                    struct rows *rows, struct buffer *why)
{
    const struct visit_asks *asks = &visits->asks;
    int count = fields_take(visits, 0, asks->pages ? page_fields : session_fields);
    if (asks->detail) count = fields_take(visits, count, detail_fields);
    if (asks->path > 0) count = fields_take(visits, count, path_fields);
    for (int i = 0; i < visits->rule->splits; i++) {
        const char *name = visits->rule->split[i];
        const struct field split[] = {{name, &field_split, name}, FIELD_END};
        count = fields_take(visits, count, split);
    }
    if (!accounts_take(visits, &count, identity, schema, why)) return false;
    struct buffer phrase = {0};
    if (!fields_init(&visits->fields, visits->field, identity, schema, rows, &phrase))
        buffer_printf(why, "--id: %.*s", (int)phrase.len, phrase.data);
    buffer_release(&phrase);
    if (asks->agg.count > 0) visits->fields.kept.accounts = &visits->accounts;
    visits->fields.kept.page_cap_us = asks->page_cap_us;
    visits->fields.kept.lists_pages = asks->pages || asks->path > 0;
    if (asks->updates && why->len == 0) {
        if (rows_find(rows, SLICE("final")) >= 0)
            buffer_add_literal(why,
                               "--emit=updates: the row has a member called \"final\" already");
        else
            visits->fields.final = rows_member(rows, SLICE("final"));
    }
    for (int i = 0; i < visits->accounts.aggregates.count; i++)
        aggregates_describe(&visits->accounts.aggregates, i, rows);
    if (asks->updates) {
        rows_describe(rows, visits->fields.final, COLUMN_TRUTH, SLICE("false: it may go on"));
        splits_unkey(visits->rule, identity, schema, rows);
    }
    /* With the id: a session by its start; a page by its time, and its number where two were
     * entered at once. */
    rows_key(rows, rows_find(rows, SLICE("session_start")), !asks->pages);
    rows_key(rows, rows_find(rows, SLICE("at")), asks->pages);
    rows_key(rows, rows_find(rows, SLICE("number")), asks->pages);
    return why->len == 0;
}

void visit_print(struct visits *visits, const struct identity *identity, struct rows *rows,
                 const struct session *session, const struct overview *overview)
{
    const int64_t last_us = overview->last_us, cap_us = visits->asks.page_cap_us;
    struct visit visit = {.asks = &visits->asks, .track = track_look(overview->track)};

    visit.is_cut = track_is_cut(visit.track);

    if (!visits->asks.pages) {
        visit.sum = pages_sum(visit.track, last_us, cap_us);
        visit.is_bounce = overview->events == 1;
        visit.closed_by = closed_by_of(session->end);
        if (visits->asks.detail)
            visit.number =
                session->end == SESSION_GOES_ON
                    ? ledger_number_open(&visits->ledger, &visits->sessions, session->stretch)
                    : ledger_number(&visits->ledger, &visits->sessions, session->stretch);
        fields_print(&visits->fields, identity, rows, overview, &visit);
        return;
    }
    for (struct pages pages = pages_walk(visit.track, last_us, cap_us); pages.has;
         pages_next(&pages)) {
        visit.page = pages.page;
        fields_print(&visits->fields, identity, rows, overview, &visit);
    }
}
