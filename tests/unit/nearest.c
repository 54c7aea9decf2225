#include "base/nearest.h"

#include "tap.h"

static const char *const members = "event_id|session_id|user_id|event_type|page_url|product_id|"
                                   "traffic_source|device_type|event_time|unit_price|clientIp|ip";

static void near(const char *wanted, const char *words, const char *expected, const char *what)
{
    const struct slice name = nearest_word(slice_of(wanted), words);
    const bool right = expected == NULL
                           ? name.text == NULL
                           : name.text != NULL && slice_equal(name, slice_of(expected));
    ok(right, what);
    if (!right) printf("# %s gave %.*s\n", wanted, (int)name.len, name.text);
}

int main(void)
{
    near("trafic_source", members, "traffic_source", "a letter too few");
    near("trafficc_source", members, "traffic_source", "a letter too many");
    near("traffik_source", members, "traffic_source", "a wrong letter");
    near("traffic_soucre", members, "traffic_source", "two letters that changed places");
    near("sessionId", members, "session_id", "case and what stands between words do not count");
    near("SESSION-ID", members, "session_id", "all of them at once");
    near("price", members, "unit_price", "a word of the name");
    near("campain", "utm_campaign|utm_source", "utm_campaign",
         "a word with a slip, where it is long enough to be no accident");
    near("pice", members, NULL, "a short word with a slip may be any");
    near("session", members, "session_id", "its first word");
    near("client_ip", members, "clientIp", "words as in clientIp");
    near("event_type", "event_id|time|type", "type", "a name that is a word of it");
    near("product_id", "id|session", NULL, "unless the word is in every name");
    near("session_id", "event_type|user_session|user_id", "user_session",
         "the only name with a long word of it");
    near("sessionId", "event_type|user_session|user_id", "user_session", "words as in sessionId");
    near("session_id", "user_session|session_begins|session_finishes", NULL, "several: none");
    near("session_id", "user_session|session_begins|sessionid", "sessionid",
         "unless one is nearer than that");
    near("event_type", "event_id|user_id", NULL, "a short word that both have says nothing");
    near("ua", members, NULL, "two letters are near to nothing");
    near("id", members, NULL, "a word in every name says nothing");
    near("colour", members, NULL, "another word altogether");
    near("", members, NULL, "nothing");
    near("even_type", members, "event_type", "event_type is nearer than event_time");
    near("event_tme", members, "event_time", "and the other way round");
    near("cvs", "auto|ndjson|csv|tsv|combined|json", "csv", "words of an option");
    near("prodct", "product-performance|search-analytics", "product-performance",
         "names of several words, of which one was written");
    near("xml", "auto|ndjson|csv|tsv|combined|json", NULL, "a format that is none of ours");
    ok(nearest_same(SLICE("Session Id"), SLICE("session_id")), "the same but for case and blanks");
    ok(!nearest_same(SLICE("session_id"), SLICE("session_ids")), "a letter more is another name");
    ok(nearest_has_word(SLICE("Created at"), SLICE("at")) &&
           nearest_has_word(SLICE("createdAt"), SLICE("at")) &&
           nearest_has_word(SLICE("at"), SLICE("at")),
       "a word of a name");
    ok(!nearest_has_word(SLICE("category"), SLICE("at")) &&
           !nearest_has_word(SLICE(""), SLICE("at")),
       "which is no part of a longer one");
    char longer[200];
    memset(longer, 'x', sizeof longer);
    ok(!nearest_same((struct slice){.text = longer, .len = 200}, SLICE("x")), "very long names");
    return plan();
}
