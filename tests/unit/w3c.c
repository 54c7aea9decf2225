/* w3c.c - logs that say themselves what their fields are. */
#include "raw/w3c.h"

#include "tap.h"

static struct slice printed(struct w3c *w3c, const char *line)
{
    static struct buffer out;
    struct misfit misfit = {0};

    buffer_clear(&out);
    if (!w3c_print(w3c, slice_of(line), &out, &misfit)) {
        buffer_clear(&out);
        buffer_add_char(&out, '!');
        misfit_print(&out, slice_of(line), &misfit);
    }
    return buffer_slice(&out);
}

static enum reason directive(struct w3c *w3c, const char *line)
{
    struct buffer detail = {0};
    const enum reason reason = w3c_directive(w3c, slice_of(line), &detail);
    buffer_release(&detail);
    return reason;
}

static bool has(struct slice json, const char *part)
{
    return memmem(json.text, json.len, part, strlen(part)) != NULL;
}

int main(void)
{
    struct w3c w3c = {0};

    ok(*printed(&w3c, "2026-01-01 00:00:00 /a").text == '!', "without #Fields nothing fits");
    is_int(directive(&w3c, "#Version: 1.0"), REASON_NONE, "a version says nothing");
    is_int(directive(&w3c, "#Fields: date time cs-method cs-uri-stem cs-uri-query c-ip"),
           REASON_NONE, "fields are named");
    const struct slice json = printed(&w3c, "2026-01-01 00:00:05 GET /a%20b x=1 203.0.113.7");
    ok(has(json, "\"event_time\":\"2026-01-01T00:00:05Z\""), "date and time are the time");
    ok(has(json, "?x=1\"") && has(json, "\"page_url\":\"/a"), "stem and query the page");
    ok(has(json, "\"ip\":\"203.0.113.7\""), "c-ip is the ip");
    ok(has(printed(&w3c, "2026-01-01 00:00:05 GET"), "column"), "too few fields do not fit");
    is_int(directive(&w3c, "#Fields: time c-ip date"), REASON_NONE, "fields may change");
    ok(has(printed(&w3c, "00:00:06 203.0.113.8 2026-01-02"), "2026-01-02T00:00:06Z"),
       "and are those of the last line that named them");
    w3c_release(&w3c);
    return plan();
}
