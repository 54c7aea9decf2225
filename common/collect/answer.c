#include "collect/answer.h"

#include <stdio.h>
#include <time.h>

const char *answer_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status) return phrases[i].phrase;
    return "Error";
}

/* "Date: Sun, 06 Nov 1994 08:49:37 GMT" and its line end. The C library's names would be those of a
 * locale. */
static struct slice date_line(int64_t now_s)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static char text[64];
    static size_t len;
    static int64_t made_s = -1;
    if (now_s == made_s) return (struct slice){.text = text, .len = len};
    const time_t seconds = (time_t)now_s;
    struct tm tm;
    if (gmtime_r(&seconds, &tm) == NULL) return SLICE("");
    made_s = now_s;
    len = (size_t)snprintf(text, sizeof text, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n",
                           days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
                           tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return (struct slice){.text = text, .len = len};
}

static void field_add(struct buffer *out, const char *name, struct slice value)
{
    if (value.len == 0) return;
    buffer_add(out, name, strlen(name));
    buffer_add_slice(out, value);
    buffer_add_literal(out, "\r\n");
}

void answer_add(struct buffer *out, const struct answer *answer, int64_t now_s)
{
    /* By far the most are of one kind. */
    if (answer->status == 204)
        buffer_add_literal(out, "HTTP/1.1 204 No Content\r\n");
    else
        buffer_printf(out, "HTTP/1.1 %d %s\r\n", answer->status, answer_phrase(answer->status));
    buffer_add_slice(out, date_line(now_s));
    field_add(out, "Cache-Control: ", answer->cache.len != 0 ? answer->cache : SLICE("no-store"));
    buffer_add_slice(out, answer->fields);
    field_add(out, "ETag: ", answer->etag);
    if (answer->retry_after_s != 0)
        buffer_printf(out, "Retry-After: %d\r\n", answer->retry_after_s);
    if (answer->type.len != 0) {
        field_add(out, "Content-Type: ", answer->type);
        buffer_add_literal(out, "X-Content-Type-Options: nosniff\r\n");
    }
    if (answer->status != 204 && answer->status != 304)
        buffer_printf(out, "Content-Length: %zu\r\n", answer->body.len);
    if (answer->close) buffer_add_literal(out, "Connection: close\r\n");
    buffer_add_literal(out, "\r\n");
    if (!answer->head_only) buffer_add_slice(out, answer->body);
}
