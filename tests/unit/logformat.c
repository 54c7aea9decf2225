/* logformat.c - formats of logs, and lines of such logs. */
#include "raw/logformat.h"

#include "raw/logline.h"
#include "tap.h"

/* What a line of the format is, as JSON; or where it stopped to fit; or what is wrong with the
 * format. */
static struct slice printed(const char *text, const char *line)
{
    static struct buffer out;
    struct logformat format = {0};
    static struct outline outline;
    struct misfit misfit = {0};

    buffer_clear(&out);
    const char *problem = logformat_compile(&format, slice_of(text));
    if (problem != NULL) {
        buffer_add(&out, problem, strlen(problem));
    } else if (!logline_print(&format, slice_of(line), &out, &outline, &misfit)) {
        buffer_clear(&out);
        misfit_print(&out, slice_of(line), &misfit);
    }
    logformat_release(&format);
    return buffer_slice(&out);
}

static bool has(struct slice json, const char *part)
{
    return memmem(json.text, json.len, part, strlen(part)) != NULL;
}

#define NGINX "$remote_addr [$time_local] \"$request\" $status"

static void test_variables(void)
{
    const struct slice json =
        printed(NGINX, "203.0.113.7 [06/Feb/2026:00:00:38 +0100] \"GET /a?b=\\x22 HTTP/1.1\" 200");
    ok(has(json, "\"ip\":\"203.0.113.7\""), "$remote_addr is the ip");
    ok(has(json, "2026-02-06T00:00:38+01"), "$time_local the time");
    ok(has(json, "\"page_url\":\"/a?b=\\\"\"") && has(json, "\"method\":\"GET\""),
       "$request method and page, escapes undone");
    ok(has(json, "\"status\":200"), "a status is a number");
    ok(has(printed("%h %l %u %t \"%r\" %>s %b",
                   "h.example - - [06/Feb/2026:00:00:38 +0000] \"GET / HTTP/1.0\" 304 -"),
           "\"bytes\":null"),
       "Apache's dash is null");
}

static void test_misfits(void)
{
    ok(has(printed(NGINX, "203.0.113.7 06/Feb"), "column 12"), "a misfit tells its column");
    ok(has(printed(NGINX, ""), "column 1"), "an empty line has none but the first");
    ok(printed("no variable", "x").len > 0 && !has(printed("no variable", "x"), "{"),
       "a format without variables is refused");
}

/* A line cut anywhere fits or does not, and nothing behind its end is looked at. */
static void test_cut(void)
{
    static const char line[] =
        "203.0.113.7 - jo [06/Feb/2026:00:00:38 +0000] \"GET /a HTTP/1.1\" 200 1 \"-\" \"U\\\"V\"";
    struct logformat format = {0};
    struct buffer out = {0};
    int wrong = logformat_compile(&format, SLICE("combined")) != NULL;

    for (size_t len = 0; len < sizeof line - 1; len++) {
        char copy[sizeof line];
        static struct outline outline;
        struct misfit misfit = {0};
        memcpy(copy, line, len);
        memset(copy + len, '"', sizeof line - len);
        buffer_clear(&out);
        wrong += logline_print(&format, (struct slice){.text = copy, .len = len}, &out, &outline,
                               &misfit);
    }
    is_int(wrong, 0, "no beginning of a line is a line");
    logformat_release(&format);
    buffer_release(&out);
}

int main(void)
{
    test_variables();
    test_misfits();
    test_cut();
    return plan();
}
