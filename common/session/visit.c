#include "session/visit.h"

#include <stdlib.h>

#include "base/instant.h"
#include "base/option.h"
#include "expr/expr.h"

#define PATH_DEFAULT 200

const char *path_parse(const char *value, int64_t *out_path)
{
    *out_path = value == NULL ? PATH_DEFAULT : 0;
    for (const char *c = value; c != NULL && *c != '\0'; c++) {
        if (*c < '0' || *c > '9') *out_path = TRACK_MAX;
        *out_path = *out_path * 10 + (*c - '0');
        if (*out_path > TRACK_MAX) break;
    }
    return *out_path >= 1 && *out_path <= TRACK_MAX ? NULL
                                                    : "must be a number of pages, 1 to 10,000";
}

static bool refuse(struct buffer *why, const char *what)
{
    buffer_add_slice(why, slice_of(what));
    return false;
}

bool visit_asks_check(const struct visit_asks *asks, struct buffer *why)
{
    if (asks->pages && asks->detail)
        return refuse(why, "--pages: rows are pages, and --detail is about sessions");
    if (asks->pages && asks->path > 0)
        return refuse(why, "--pages: rows are pages, and --path is about sessions");
    if (asks->pages && asks->agg.count > 0)
        return refuse(why, "--pages: rows are pages, and --agg is about sessions");
    if (asks->pages && asks->updates)
        return refuse(why, "--emit=updates does not go with --pages: which pages a session has is "
                           "known at its end (--detail says on which page somebody is, --path on "
                           "which ones)");
    if (option_given("page-cap") && !asks->detail && asks->path == 0 && !asks->pages)
        return refuse(why, "--page-cap: only with --detail, --path or --pages");
    if (option_given("remember") && !asks->detail)
        return refuse(why, "--remember: only with --detail");
    return true;
}

static void visit_soon(const void *context, const struct stretch *stretch)
{
    const struct visits *visits = context;
    ledger_hint(&visits->ledger, stretch);
}

bool visits_event_special(struct visits *visits, uint32_t number, struct identity *identity,
                          const struct event *ev)
{
    const struct click click = fields_click(&visits->fields, ev);
    const uint64_t errors = expr_errors;

    if (visits->orders) return lineup_take(&visits->lineup, identity, ev, click.action);
    accounts_look(&visits->accounts, ev);
    if (!sessions_event(&visits->sessions, number, identity, ev, &click)) {
        expr_errors = errors; /* of a late event they are nobody's */
        return false;
    }
    if (visits->asks.updates && number != POOL_NONE)
        timelines_note(&visits->sessions.timelines, number);
    accounts_used(&visits->accounts, ev, true);
    return true;
}

void visits_watch(struct visits *visits, struct identity *identity, struct run *run)
{
    accounts_begin(&visits->accounts, run);
    identity_watch(identity, &run->schema, &run->misnumbers);
}

bool visits_init(struct visits *visits, const struct visit_asks *asks, const struct rule *rule,
                 struct identity *identity, struct schema *schema, struct rows *rows,
                 struct buffer *why)
{
    *visits = (struct visits){.asks = *asks, .rule = rule, .orders = rule_orders(rule)};
    if (!visits_declare(visits, identity, schema, rows, why)) return false;
    actions_expect(&visits->fields.actions, schema);
    if (asks->detail || asks->pages || asks->path > 0)
        (void)schema_expect(schema, SLICE("page_url"),
                            asks->pages      ? "pages"
                            : asks->path > 0 ? "path"
                                             : "detail");
    visits->special = visits->orders || visits->fields.kept.accounts != NULL || asks->updates;
    sessions_init(&visits->sessions, &visits->fields.kept, rule->gap_us, rule->max_us);
    visits->sessions.timelines.notes = asks->updates;
    lineup_init(&visits->lineup, &visits->fields.kept, rule, schema);
    ledger_init(&visits->ledger, asks->remember_us);
    if (asks->detail) {
        visits->sessions.soon = visit_soon;
        visits->sessions.soon_context = visits;
    }
    return true;
}

void visits_release(struct visits *visits)
{
    sessions_release(&visits->sessions);
    lineup_release(&visits->lineup);
    ledger_release(&visits->ledger);
    accounts_release(&visits->accounts);
    for (int i = 0; i < AGGREGATES_MAX; i++)
        free(visits->extra[i]);
}

void visits_explain(const struct visits *visits, const struct identity *identity,
                    const struct schema *schema, struct buffer *out)
{
    buffer_add_literal(out, "a session: ");
    identity_explain(identity, schema, out);
    rule_explain(visits->rule, out);
    buffer_add_char(out, '\n');
    if (visits->asks.pages) {
        buffer_add_literal(out, "a page: ");
        identity_explain(identity, schema, out);
        buffer_add_literal(out, ", one at\n");
    }
    if (visits->asks.agg.count > 0) aggregates_explain(&visits->accounts.aggregates, out);
}

int64_t visits_reach(const struct visits *visits)
{
    const int64_t remember_us = visits->asks.detail ? visits->asks.remember_us : 0;

    return instant_add_capped(remember_us, visits->sessions.gap_us);
}

void visits_advance(struct visits *visits, int64_t watermark_us,
                    void (*print)(void *context, const struct session *session), void *context)
{
    if (visits->orders) lineup_advance(&visits->lineup, &visits->sessions, watermark_us);
    sessions_advance(&visits->sessions, watermark_us, print, context);
}

void visits_finish(struct visits *visits,
                   void (*print)(void *context, const struct session *session), void *context)
{
    if (visits->orders) lineup_finish(&visits->lineup, &visits->sessions);
    sessions_finish(&visits->sessions, print, context);
    if (visits->asks.detail)
        ledger_sweep(&visits->ledger, &visits->sessions); /* they are counted */
}

void visits_updates(struct visits *visits,
                    void (*print)(void *context, const struct session *session), void *context)
{
    sessions_updates(&visits->sessions, print, context);
}

void visits_save(struct visits *visits, struct buffer *out)
{
    sessions_save(&visits->sessions, out);
    if (visits->asks.detail) ledger_save(&visits->ledger, &visits->sessions, out);
    if (visits->orders) lineup_save(&visits->lineup, out);
}

bool visits_load(struct visits *visits, struct unpack *in)
{
    return sessions_load(&visits->sessions, in) &&
           (!visits->asks.detail || ledger_load(&visits->ledger, in)) &&
           (!visits->orders || lineup_load(&visits->lineup, in));
}
