/* field.c - a row about a session: what an entry of the table keeps of events, and prints. */
#include "session/field.h"

#include <stdlib.h>

#include "session/session.h"
#include "tap.h"

/* A row as it may become: more types than a record has counters for, and two last texts. */
static const struct field fields_of_a_visit[] = {
    {"landing_page", &field_first, "page_url"},
    {"user_id", &field_last, "user_id"},
    {"exit_page", &field_last, "page_url"},
    {"device_type", &field_first, "device_type"},
    {"started", &field_start, NULL},
    {"seconds", &field_seconds, NULL},
    {"events", &field_events, NULL},
    {"views", &field_count, "page_view"},
    {"looks", &field_count, "product_view"},
    {"adds", &field_count, "add_to_cart"},
    {"removes", &field_count, "remove_from_cart"},
    {"checkouts", &field_count, "checkout_start"},
    {"purchases", &field_count, "purchase"},
    {"converted", &field_any, "purchase"},
    {"searches", &field_count, "search"},
    {"odd", &field_count, "a type with a very long name"},
    {"products", &field_list, "product_id"},
    {"products_cut", &field_list_cut, "product_id"},
    FIELD_END,
};

struct visit {
    struct schema schema;
    struct output output;
    struct rows *rows;
    struct identity identity;
    struct fields fields;
    struct sessions sessions;
    struct buffer why;
};

static bool visit_init(struct visit *visit, const char *id, const struct field *fields)
{
    static const struct rows_options options = {0};
    const char *why;

    *visit = (struct visit){.output = {.fd = -1}};
    schema_init(&visit->schema);
    visit->rows = rows_new(&visit->output, &options, &why);
    return identity_init(&visit->identity, &visit->schema, id, &visit->why) &&
           fields_init(&visit->fields, fields, &visit->identity, &visit->schema, visit->rows,
                       &visit->why);
}

static void visit_release(struct visit *visit)
{
    identity_release(&visit->identity);
    buffer_release(&visit->output.buffer);
    buffer_release(&visit->why);
    rows_free(visit->rows);
    schema_release(&visit->schema);
}

/* An event of session s; NULL is null. */
static void visit_event(struct visit *visit, int64_t minute, const char *type, const char *user,
                        const char *page, const char *device, const char *product)
{
    const struct {
        int slot;
        const char *text;
    } members[] = {{SLOT_SESSION_ID, "s"}, {SLOT_EVENT_TYPE, type},    {SLOT_USER_ID, user},
                   {SLOT_PAGE_URL, page},  {SLOT_DEVICE_TYPE, device}, {SLOT_PRODUCT_ID, product}};
    struct value value[SCHEMA_MAX];
    struct event ev = {.time_us = minute * 60000000, .watermark_us = INT64_MIN, .value = value};

    for (int i = 0; i < SCHEMA_MAX; i++)
        value[i] = VALUE_NULL;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (members[i].text != NULL)
            value[members[i].slot] = value_string(slice_of(members[i].text));
    (void)identity_hint(&visit->identity, &ev);
    const struct click click = fields_click(&visit->fields, &ev);
    const uint32_t number = timelines_find(&visit->sessions.timelines, identity_id(&ev));
    (void)sessions_event(&visit->sessions, number, &visit->identity, &ev, &click);
}

static void visit_print(void *context, const struct session *session)
{
    struct visit *visit = context;
    struct overview overview;

    stretch_overview(&overview, &visit->sessions.timelines.stretches, session->stretch);
    fields_print(&visit->fields, &visit->identity, visit->rows, &overview, NULL);
}

static void visit_resume(struct visit *visit)
{
    struct buffer saved = {0};

    sessions_save(&visit->sessions, &saved);
    sessions_release(&visit->sessions);
    sessions_init(&visit->sessions, &visit->fields.kept, INT64_C(1800000000), INT64_MAX);
    struct unpack in = {.at = saved.data, .end = saved.data + saved.len};
    ok(sessions_load(&visit->sessions, &in) && in.at == in.end, "a state of all that comes back");
    buffer_release(&saved);
}

static void test_row(void)
{
    struct visit visit;

    ok(visit_init(&visit, "session_id", fields_of_a_visit), "a row is a table of fields");
    is_int(visit.fields.kept.lasts, 2, "last texts are kept in front");
    is_int(visit.fields.kept.attributes, 4, "of the first ones");
    sessions_init(&visit.sessions, &visit.fields.kept, INT64_C(1800000000), INT64_MAX);
    visit_event(&visit, 20, "page_view", "u1", "/c", NULL, NULL);
    visit_event(&visit, 30, "search", "u1", "/d", "tv", "p2");
    visit_event(&visit, 10, "a type with a very long name", NULL, "/b", "phone", "p3");
    visit_event(&visit, 25, "checkout_start", "u2", NULL, NULL, NULL);
    visit_resume(&visit);
    visit_event(&visit, 31, "purchase", "u1", "/d", "tv", NULL);
    visit_event(&visit, 31, "purchase", "u1", "/d", "tv", NULL);
    visit_event(&visit, 0, "add_to_cart", "u0", "/a", NULL, "p1");
    visit_event(&visit, 5, "remove_from_cart", NULL, NULL, NULL, NULL);
    visit_event(&visit, 5, "product_view", NULL, NULL, NULL, NULL);
    visit_event(&visit, 32, "something else", NULL, NULL, NULL, NULL);
    visit_event(&visit, 32, "search", NULL, NULL, NULL, NULL);
    sessions_finish(&visit.sessions, visit_print, &visit);
    is_text(buffer_slice(&visit.output.buffer),
            "{\"session_id\":\"s\",\"landing_page\":\"/a\",\"user_id\":\"u1\",\"exit_page\":\"/d\","
            "\"device_type\":\"phone\",\"started\":\"1970-01-01T00:00:00.000Z\",\"seconds\":1920,"
            "\"events\":11,\"views\":1,\"looks\":1,\"adds\":1,\"removes\":1,\"checkouts\":1,"
            "\"purchases\":2,\"converted\":true,\"searches\":2,\"odd\":1,"
            "\"products\":[\"p1\",\"p3\",\"p2\"],\"products_cut\":false}\n",
            "each is what its kind makes of the events, in whichever order they came");
    sessions_release(&visit.sessions);
    visit_release(&visit);
}

static const struct field fields_of_a_basket[] = {
    {"revenue", &field_sum, "price"},
    {"views", &field_count, "page_view"},
    {"user_id", &field_last, "user_id"},
    {"items", &field_sum, "quantity"},
    {"a", &field_count, "a"},
    {"b", &field_count, "b"},
    {"c", &field_count, "c"},
    {"d", &field_count, "d"},
    {"again", &field_sum, "price"},
    {"weight", &field_sum, "weight"},
    {"products", &field_list, "product_id"},
    FIELD_END,
};

static void basket_event(struct visit *visit, int64_t minute, const char *price,
                         const char *quantity)
{
    const int slot = schema_find(&visit->schema, SLICE("price"));
    const int quantity_slot = schema_find(&visit->schema, SLICE("quantity"));
    struct value value[SCHEMA_MAX];
    struct event ev = {.time_us = minute * 60000000, .watermark_us = INT64_MIN, .value = value};

    for (int i = 0; i < SCHEMA_MAX; i++)
        value[i] = VALUE_NULL;
    value[SLOT_SESSION_ID] = value_string(SLICE("s"));
    value[SLOT_EVENT_TYPE] = value_string(SLICE("d"));
    value[SLOT_PRODUCT_ID] = value_string(slice_of(price));
    value[slot] = value_string(slice_of(price));
    value[slot].kind = KIND_NUMBER;
    value[quantity_slot] = value_string(slice_of(quantity)); /* a text is no number */
    (void)identity_hint(&visit->identity, &ev);
    const struct click click = fields_click(&visit->fields, &ev);
    const uint32_t number = timelines_find(&visit->sessions.timelines, identity_id(&ev));
    (void)sessions_event(&visit->sessions, number, &visit->identity, &ev, &click);
}

/* In which order they come, and whether sessions are merged or come back from a state between, is
 * no matter. */
static void test_sum(void)
{
    static const char *const price[] = {"0.1", "1e16", "-1e16", "0.2", "5"};
    static const int64_t minute[] = {0, 20, 40, 60, 80};
    static const int orders[][5] = {{0, 1, 2, 3, 4}, {4, 0, 2, 3, 1}, {1, 3, 0, 4, 2}};

    for (int way = 0; way < 6; way++) {
        struct visit visit;
        ok(visit_init(&visit, "session_id", fields_of_a_basket), "sums are fields like others");
        is_int(visit.fields.kept.sums, 3, "of one member there is one");
        sessions_init(&visit.sessions, &visit.fields.kept, INT64_C(1800000000), INT64_MAX);
        for (int i = 0; i < 5; i++) {
            const int n = orders[way / 2][i];
            basket_event(&visit, minute[n], price[n], "7");
            if (way % 2 == 1) visit_resume(&visit);
        }
        sessions_finish(&visit.sessions, visit_print, &visit);
        is_text(buffer_slice(&visit.output.buffer),
                "{\"session_id\":\"s\",\"revenue\":5.3,\"views\":0,\"user_id\":null,"
                "\"items\":null,\"a\":0,\"b\":0,\"c\":0,\"d\":5,\"again\":5.3,"
                "\"weight\":null,"
                "\"products\":[\"0.1\",\"1e16\",\"-1e16\",\"0.2\",\"5\"]}\n",
                "exact, whatever came first; null where there was no number");
        sessions_release(&visit.sessions);
        visit_release(&visit);
    }
}

static void test_sum_too_large(void)
{
    struct visit visit;

    ok(visit_init(&visit, "session_id", fields_of_a_basket), "numbers may be too large");
    sessions_init(&visit.sessions, &visit.fields.kept, INT64_C(1800000000), INT64_MAX);
    basket_event(&visit, 0, "1e99", "7");
    basket_event(&visit, 1, "1", "7");
    sessions_finish(&visit.sessions, visit_print, &visit);
    ok(strstr(visit.output.buffer.data, "\"revenue\":null") != NULL, "then there is no total");
    sessions_release(&visit.sessions);
    visit_release(&visit);
}

static void test_id(void)
{
    struct visit visit;

    ok(visit_init(&visit, "user_id", fields_of_a_visit) &&
           rows_find(visit.rows, SLICE("views")) > 0,
       "the id may be a text that the row has, too");
    is_int(visit.fields.columns, visit.fields.count - 1, "and is printed once");
    visit_release(&visit);
    ok(!visit_init(&visit, "views", fields_of_a_visit), "but nothing that is worked out");
    is_text(buffer_slice(&visit.why), "'views' is worked out, and has a place in the row",
            "and it says so");
    visit_release(&visit);
    ok(!visit_init(&visit, "exit_page", fields_of_a_visit),
       "nor a text that is a member's under another name");
    visit_release(&visit);
    ok(!visit_init(&visit, "", fields_of_a_visit), "an id has a name");
    visit_release(&visit);
}

static void test_room(void)
{
    static const struct field two_lists[] = {
        {"a", &field_list, "product_id"}, {"b", &field_list, "page_url"}, FIELD_END};
    static const struct field nine_texts[] = {
        {"a", &field_first, "user_id"},        {"b", &field_last, "user_id"},
        {"c", &field_first, "page_url"},       {"d", &field_last, "page_url"},
        {"e", &field_first, "traffic_source"}, {"f", &field_last, "traffic_source"},
        {"g", &field_first, "campaign_id"},    {"h", &field_last, "campaign_id"},
        {"i", &field_first, "device_type"},    FIELD_END};
    static const struct field nine_sums[] = {{"a", &field_sum, "1"}, {"b", &field_sum, "2"},
                                             {"c", &field_sum, "3"}, {"d", &field_sum, "4"},
                                             {"e", &field_sum, "5"}, {"f", &field_sum, "6"},
                                             {"g", &field_sum, "7"}, {"h", &field_sum, "8"},
                                             {"i", &field_sum, "9"}, FIELD_END};
    struct visit visit;

    ok(!visit_init(&visit, "session_id", two_lists) && visit.why.len > 0,
       "more than there is room for is refused");
    visit_release(&visit);
    ok(!visit_init(&visit, "session_id", nine_texts) && visit.why.len > 0, "of texts as well");
    visit_release(&visit);
    ok(!visit_init(&visit, "session_id", nine_sums) && visit.why.len > 0, "and of sums");
    visit_release(&visit);
}

int main(void)
{
    test_row();
    test_sum();
    test_sum_too_large();
    test_id();
    test_room();
    return plan();
}
