/* junk.c - ids that identify nobody. */
#include "base/junk.h"

#include "tap.h"

int main(void)
{
    static const char *const junk_ids[] = {
        "null", "NULL",      "undefined",       "0",       "none",
        "NaN",  "Anonymous", "guest",           "unknown", "",
        " ",    "\t \n",     "[object Object]", "false",   "TRUE",
        "nil",  "(null)",    "(not set)",       "\\N",     "00000000-0000-0000-0000-000000000000"};
    static const char long_id[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789";
    static const char *const ids[] = {
        "nul",     "nulls", "00",      "1",
        "guest1",  "u",     " 0",      "none ",
        "-",       "nan1",  "[object", long_id,
        "falsely", "N",     "(none",   "00000000-0000-0000-0000-000000000001",
        "\\"};
    struct junk junk;
    int wrong = 0;

    junk_init(&junk);
    for (size_t i = 0; i < sizeof junk_ids / sizeof junk_ids[0]; i++)
        wrong += !junk_has(&junk, slice_of(junk_ids[i]));
    is_int(wrong, 0, "words that stand for no id identify nobody, in capitals or not");
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        wrong += junk_has(&junk, slice_of(ids[i]));
    is_int(wrong, 0, "what only looks like one is an id");
    ok(!junk_has(&junk, SLICE("Test")), "a word is an id");
    junk_add(&junk, SLICE("Test"));
    ok(junk_has(&junk, SLICE("Test")) && junk_has(&junk, SLICE("tEST")), "until it is added");
    junk_add(&junk, slice_of(ids[11]));
    ok(junk_has(&junk, slice_of(ids[11])), "a long one, too");
    junk_add(&junk, SLICE("\xc3\x84"));
    ok(junk_has(&junk, SLICE("\xc3\x84")) && !junk_has(&junk, SLICE("\xc3\xa4")),
       "only letters of ASCII have capitals here");
    junk_release(&junk);
    return plan();
}
