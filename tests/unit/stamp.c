/* stamp.c - members behind those of an event. */
#include "people/stamp.h"

#include "tap.h"

static struct slice stamped(const char *line, bool taken_out, const char *person, const char *bot)
{
    static struct buffer out;
    const struct stamp stamps[] = {
        {.name = SLICE("person_id"),
         .taken_out = taken_out,
         .put = true,
         .text = person == NULL ? (struct slice){.text = NULL} : slice_of(person)},
        {.name = SLICE("bot"),
         .taken_out = bot != NULL && taken_out,
         .put = bot != NULL,
         .prefix = SLICE("agent:"),
         .text = slice_of(bot == NULL ? "" : bot)},
    };
    buffer_release(&out);
    stamp_print(&out, slice_of(line), false, stamps, 2);
    return buffer_slice(&out);
}

/* The short way gives the same. */
static void test_plain(void)
{
    const struct slice line = SLICE("{\"aaaaaaaa\":[{}]}"), person = SLICE("p\xc3\xa4");
    struct buffer out = {0};
    buffer_add_literal(&out, "before\n");
    stamp_print_plain(&out, line, SLICE(",\"person_id\":\""), person);
    is_text(buffer_slice(&out), "before\n{\"aaaaaaaa\":[{}],\"person_id\":\"p\xc3\xa4\"}",
            "plain texts have a short way");
    buffer_release(&out);
    ok(stamp_is_simple(line), "of a line that ends with its last member");
    ok(!stamp_is_simple(SLICE("{}")) && !stamp_is_simple(SLICE("{ }")) &&
           !stamp_is_simple(SLICE("{\"a\":1 }")) && !stamp_is_simple(SLICE("{\"a\":1} ")),
       "and has one");
}

int main(void)
{
    test_plain();
    is_text(stamped("{\"a\":1,\"bb\":\"}\"}", false, "p", NULL),
            "{\"a\":1,\"bb\":\"}\",\"person_id\":\"p\"}", "members go behind the others");
    is_text(stamped(" { \"a\" : {} }  ", false, "p", "G"),
            " { \"a\" : {} ,\"person_id\":\"p\",\"bot\":\"agent:G\"}", "all else stays as it is");
    is_text(stamped("{\"aaaaaaaa\":1}", false, NULL, NULL), "{\"aaaaaaaa\":1,\"person_id\":null}",
            "nobody is null");
    is_text(stamped("{\"aaaaaaaa\":1}", false, "\"\\\n\x7f\xc2\x85\xc3\xa4", "\"\t"),
            "{\"aaaaaaaa\":1,\"person_id\":\"\\\"\\\\\\n\\u007f\\u0085\xc3\xa4\","
            "\"bot\":\"agent:\\\"\\t\"}",
            "texts are escaped");
    is_text(stamped("{\"person_id\":[1,{\"x\":\"]\"}] , \"a\": \"\\\"\" ,\"person_id\":null}", true,
                    "p", NULL),
            "{\"a\":\"\\\"\",\"person_id\":\"p\"}", "one that is there is taken out, each of them");
    is_text(stamped("{\"person\\u005fid\":1,\"Person_id\":2,\"bot\":null}", true, "p", "B"),
            "{\"Person_id\":2,\"person_id\":\"p\",\"bot\":\"agent:B\"}", "by what its name means");
    is_text(stamped("{\"bot\":null,\"person_id\":1}", true, "p", NULL),
            "{\"bot\":null,\"person_id\":\"p\"}", "and no other");
    is_text(stamped("{\"person_id\":\"a\"}", true, "p", NULL), "{\"person_id\":\"p\"}",
            "an event may have nothing else");
    is_text(stamped("{             }", false, "p", NULL), "{             \"person_id\":\"p\"}",
            "or nothing at all");
    is_text(stamped("{\t\"a\":\"\x7f\xc2\x80\",\r\"b\":1}", false, "p", NULL),
            "{ \"a\":\"\\u007f\\u0080\", \"b\":1,\"person_id\":\"p\"}", "no byte is a control");
    return plan();
}
