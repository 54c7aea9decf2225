/* foreign.c - what is said of inputs that hold no events a line each. */
#include "raw/foreign.h"

#include "tap.h"

static void looks(struct slice head, const char *what, const char *name)
{
    struct foreign foreign = {0};
    const bool found = foreign_looks(head, &foreign);
    is_text(slice_of(found ? foreign.what : "nothing else"), what, name);
}

#define EVENT "{\"event_time\":\"2026-01-01T00:00:00Z\",\"event_type\":\"a\"}"
#define ENTRY "1.2.3.4 - - [01/Jan/2026:00:10:00 +0000] \"GET / HTTP/1.1\" 200 5"

int main(void)
{
    looks(SLICE(EVENT "\n" EVENT "\n"), "nothing else", "events");
    looks(SLICE(EVENT), "nothing else", "one event without a line end");
    looks(SLICE("  " EVENT "\r\n" EVENT "\r\n"), "nothing else", "blanks around events");
    looks(SLICE(""), "nothing else", "nothing");
    looks(SLICE("\n\n"), "nothing else", "blank lines");
    looks(SLICE("{}\n"), "nothing else", "an object without members");
    looks(SLICE("\":{\"a\":1}}\n" EVENT "\n"), "nothing else",
          "events from the middle of a line on");
    looks(SLICE("nonsense\nnonsense\n"), "nothing else", "words");
    looks(SLICE("Too many requests, slow down\n"), "nothing else", "a sentence with a comma");
    looks(SLICE("a,b,c\n1,2,3\n"), "CSV", "CSV");
    looks(SLICE("a,b,c\n"), "CSV", "a header alone");
    looks(SLICE("\"a,b\",c\n1,2\n"), "CSV", "quoted columns");
    looks(SLICE("a\tb\tc\n1\t2\t3\n"), "TSV", "TSV");
    looks(SLICE(ENTRY "\n" ENTRY "\n"), "a web server's log", "a log");
    looks(SLICE("web1: " ENTRY " extra\n"), "a web server's log", "a log of another format");
    looks(SLICE("[" EVENT ",\n" EVENT "]\n"), "JSON that is not one object a line", "an array");
    looks(SLICE("{\n  \"a\": 1\n}\n"), "JSON that is not one object a line", "an object in lines");
    looks(SLICE("\x1f\x8b\x08\x00"), "gzip", "gzip");
    looks(SLICE("PK\x03\x04"), "a zip archive", "zip");
    looks(SLICE("PK"), "nothing else", "less than is needed to know");
    looks(SLICE("\xff\xfe{\x00"), "UTF-16", "UTF-16");
    looks(SLICE("key\t" EVENT "\n"), "JSON behind other text", "a key before each event");
    looks(SLICE("\"{\\\"a\\\":1}\"\n"), "JSON inside of JSON strings", "events in strings");
    looks(SLICE("data: " EVENT "\n\n"), "server-sent events", "an event stream");
    looks(SLICE("<html><body>502 Bad Gateway</body></html>\n"), "a web page",
          "an error of a proxy");
    return plan();
}
