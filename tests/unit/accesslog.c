/* accesslog.c - log lines, and what is none. */
#include "raw/accesslog.h"

#include <stdlib.h>

#include "tap.h"

static struct slice print(const char *line)
{
    static struct buffer out;
    struct accesslog entry;
    struct misfit misfit;
    static struct outline outline;

    buffer_clear(&out);
    if (!accesslog_parse(slice_of(line), &entry, &misfit)) return SLICE("none");
    accesslog_print(&out, &entry, &outline);
    return buffer_slice(&out);
}

#define TIME "[17/May/2015:10:05:03 +0000] "
#define FRONT "{\"event_type\":\"page_view\",\"event_time\":\"2015-05-17T10:05:03+0000\","

static void test_lines(void)
{
    is_text(
        print("83.1.2.3 - - " TIME "\"GET /a?b=c HTTP/1.1\" 200 512 \"http://x/\" \"Mozilla/5.0\""),
        FRONT "\"page_url\":\"/a?b=c\",\"user_id\":null,\"ip\":\"83.1.2.3\",\"method\":\"GET\","
              "\"status\":200,\"bytes\":512,\"referrer\":\"http://x/\","
              "\"user_agent\":\"Mozilla/5.0\"}",
        "a line of the combined format");
    is_text(print("::1 - - " TIME "\"GET / HTTP/1.0\" 304 -"),
            FRONT "\"page_url\":\"/\",\"user_id\":null,\"ip\":\"::1\",\"method\":\"GET\","
                  "\"status\":304,\"bytes\":null,\"referrer\":null,\"user_agent\":null}",
            "a line of the common format, from an IPv6 address");
    is_text(print("shop.example:443 1.2.3.4 - frank " TIME "\"GET / HTTP/2.0\" 200 7 \"-\" \"-\""),
            FRONT "\"page_url\":\"/\",\"user_id\":\"frank\",\"ip\":\"1.2.3.4\",\"method\":\"GET\","
                  "\"status\":200,\"bytes\":7,\"referrer\":null,\"user_agent\":null,"
                  "\"vhost\":\"shop.example:443\"}",
            "a host and port may stand before");
    is_text(print("1.2.3.4 - john [a] doe " TIME "\"GET / HTTP/1.1\" 200 7"),
            FRONT "\"page_url\":\"/\",\"user_id\":\"john [a] doe\",\"ip\":\"1.2.3.4\","
                  "\"method\":\"GET\",\"status\":200,\"bytes\":7,\"referrer\":null,"
                  "\"user_agent\":null}",
            "a user's name may hold blanks and brackets");
    is_text(print("1.2.3.4 - - " TIME "\"GET / HTTP/1.1\" 200 7 \"-\" \"-\" 0.005 \"x\""),
            FRONT "\"page_url\":\"/\",\"user_id\":null,\"ip\":\"1.2.3.4\",\"method\":\"GET\","
                  "\"status\":200,\"bytes\":7,\"referrer\":null,\"user_agent\":null,"
                  "\"extra\":\"0.005 \\\"x\\\"\"}",
            "what stands behind is kept");
}

/* What stands before the time as VHOST|IP|USER, or the column at which it stops fitting. */
static struct slice client(const char *text)
{
    static struct buffer line, out;
    struct accesslog entry;
    struct misfit misfit;

    buffer_clear(&line);
    buffer_printf(&line, "%s " TIME "\"GET / HTTP/1.1\" 200 7", text);
    buffer_clear(&out);
    if (!accesslog_parse(buffer_slice(&line), &entry, &misfit)) {
        buffer_add_int(&out, misfit.at - line.data + 1);
        return buffer_slice(&out);
    }
    buffer_add_slice(&out, entry.vhost);
    buffer_add_char(&out, '|');
    buffer_add_slice(&out, entry.ip);
    buffer_add_char(&out, '|');
    buffer_add_slice(&out, entry.user);
    return buffer_slice(&out);
}

static void test_clients(void)
{
    static const char *const cases[][2] = {
        {"203.0.113.7 - -", "|203.0.113.7|"},
        {"host_1.example. - -", "|host_1.example.|"},
        {"::ffff:1.2.3.4 - bob", "|::ffff:1.2.3.4|bob"},
        {"fe80::1%eth0 - -", "|fe80::1%eth0|"},
        {"[2001:db8::1] - -", "|2001:db8::1|"},
        {"- - -", "||"},
        {"unix: - -", "||"},
        {"203.0.113.7 - john doe", "|203.0.113.7|john doe"},
        {"203.0.113.7 ident frank", "|203.0.113.7|frank"},
        {"shop.example:443 - - -", "18"},
        {"shop.example:443 h.example - -", "shop.example:443|h.example|"},
        {"192.0.2.1:443 203.0.113.7 - john doe", "192.0.2.1:443|203.0.113.7|john doe"},
        {"[2001:db8::1]:443 203.0.113.7 - -", "[2001:db8::1]:443|203.0.113.7|"},
        {"shop.example 203.0.113.7 - -", "shop.example|203.0.113.7|"},
        {"shop.example h.example - -", "24"},
        {"203.0.113.7, 198.51.100.2 - -", "12"},
        {"unknown, 198.51.100.2 - -", "8"},
        {"203.0.113.7 198.51.100.2 - -", "13"},
        {"Mar 14 09:36:01 web nginx: 203.0.113.7 - -", "28"},
        {"Mar 14 09:36:01 web nginx: h.example - frank", "38"},
        {"2026-03-14T09:36:01Z web nginx: 203.0.113.7 - -", "14"},
        {"<134>Mar 14 09:36:01 web nginx: 203.0.113.7 - -", "1"},
        {"web-1  | 203.0.113.7 - -", "7"},
        {"nginx: 203.0.113.7 - -", "6"},
        {"\"203.0.113.7\" - -", "1"},
        {"203.0.113.7:54321 - john doe", "19"},
        {"203.0.113.7:54321 john doe x", "19"},
        {"203.0.113.7:54321 - -", "19"},
        {"- 203.0.113.7 - -", "3"},
        {"- - - -", "5"},
        {"203.0.113.7 - - -", "15"},
        {"shop.example - 203.0.113.7", "16"},
        {"0.005 203.0.113.7 - -", "1"},
        {"256.1.1.1 - -", "1"},
        {"1.2.3 - -", "1"},
        {"203.0.113.7 -", "14"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        is_text(client(cases[i][0]), cases[i][1], cases[i][0]);
}

/* method and page_url of a request. */
static struct slice request(const char *text)
{
    static struct buffer line, out;
    struct accesslog entry;
    struct misfit misfit;

    buffer_clear(&line);
    buffer_printf(&line, "1.2.3.4 - - " TIME "\"%s\" 400 0", text);
    buffer_clear(&out);
    if (!accesslog_parse(buffer_slice(&line), &entry, &misfit)) return SLICE("none");
    if (entry.method.text == NULL) buffer_add_char(&out, '-');
    buffer_add_slice(&out, entry.method);
    buffer_add_char(&out, '|');
    if (entry.target.text == NULL) buffer_add_char(&out, '-');
    buffer_add_slice(&out, entry.target);
    return buffer_slice(&out);
}

static void test_requests(void)
{
    is_text(request("GET /a HTTP/1.1"), "GET|/a", "method, target, protocol");
    is_text(request("GET /a b HTTP/1.1"), "GET|/a b", "a target may hold blanks");
    is_text(request("GET /a"), "GET|/a", "HTTP/0.9 had no protocol");
    is_text(request("OPTIONS * HTTP/1.1"), "OPTIONS|*", "a target need not be a path");
    is_text(request("-"), "-|-", "no request");
    is_text(request(""), "-|", "an empty request");
    is_text(request("\\x16\\x03\\x01"), "-|\\x16\\x03\\x01", "TLS on the wrong port has no method");
    is_text(request("hello world"), "-|hello world", "nor has anything else");
    is_text(request("GET /\\\"x\\\" HTTP/1.1"), "GET|/\\\"x\\\"", "a quote may be escaped");
}

static void test_escapes(void)
{
    is_text(print("1.2.3.4 - - " TIME "\"GET /\\\"\\\\\\x41\\n HTTP/1.1\" 200 7"),
            FRONT "\"page_url\":\"/\\\"\\\\\\\\x41\\\\n\",\"user_id\":null,\"ip\":\"1.2.3.4\","
                  "\"method\":\"GET\",\"status\":200,\"bytes\":7,\"referrer\":null,"
                  "\"user_agent\":null}",
            "escaped quotes and backslashes are undone, other escapes stay as text");
}

static void test_none(void)
{
    static const char *const lines[] = {
        "",
        "-",
        "1.2.3.4 - - " TIME,
        "1.2.3.4 - - " TIME "\"GET / HTTP/1.1\" 200",
        "1.2.3.4 - - " TIME "\"GET / HTTP/1.1 200 7",
        "1.2.3.4 - - " TIME "\"GET / HTTP/1.1\" OK 7",
        "1.2.3.4 - - " TIME "\"GET / HTTP/1.1\" 200 7 \"-\"",
        "1.2.3.4 - - " TIME "\"GET / HTTP/1.1\" 200 7 \"-\" \"Mozilla",
        "1.2.3.4 - - " TIME "\"GET / HTTP/1.1\" 200 7 \"-\" \"-\"x",
        "1.2.3.4 - - [17/Mai/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 7",
        "1.2.3.4 - - [17/May/2015 10:05:03 +0000] \"GET / HTTP/1.1\" 200 7",
        "1.2.3.4 - - [17/May/2015:10:05:03] \"GET / HTTP/1.1\" 200 7",
        "1.2.3.4 " TIME "\"GET / HTTP/1.1\" 200 7",
        "[17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 7",
        "{\"event_type\":\"page_view\"}",
        "a,b,c",
    };
    int64_t wrong = 0;

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct accesslog entry;
        struct misfit misfit;
        if (!accesslog_parse(slice_of(lines[i]), &entry, &misfit)) continue;
        printf("# taken for a log line: %s\n", lines[i]);
        wrong++;
    }
    is_int(wrong, 0, "what is not a whole log line is refused");
}

/* No beginning of a line makes the parser read beyond it. */
static void test_prefixes(void)
{
    static const char line[] =
        "h:80 1.2.3.4 - a [b " TIME "\"GET / HTTP/1.1\" 200 7 \"-\" \"\\\"\" 1";
    int64_t taken = 0;

    for (size_t len = 0; len < sizeof(line); len++) {
        struct buffer exact = {0};
        struct accesslog entry;
        struct misfit misfit;
        buffer_add(&exact, line, len);
        exact.data = realloc(exact.data, len + 1);
        taken += accesslog_parse((struct slice){.text = exact.data, .len = len}, &entry, &misfit);
        buffer_release(&exact);
    }
    is_int(taken, 5, "only whole beginnings are lines");
}

int main(void)
{
    test_lines();
    test_clients();
    test_requests();
    test_escapes();
    test_none();
    test_prefixes();
    return plan();
}
