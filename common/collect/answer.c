#include "collect/answer.h"

#include <microhttpd.h>
#include <stdio.h>
#include <time.h>

#include "base/buffer.h"
#include "base/die.h"

/* So many of the common answers may be waited for at once. */
enum { FORMER_MOST = 64 };

/* "Sun, 06 Nov 1994 08:49:37 GMT". The C library's names would be those of a locale. */
static void date_print(char *text, size_t size, int64_t now_s)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const time_t seconds = (time_t)now_s;
    struct tm tm = {.tm_mday = 1};
    (void)gmtime_r(&seconds, &tm);
    (void)snprintf(text, size, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday,
                   tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                   tm.tm_sec);
}

static void header(struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        die("an answer cannot be made: %s: %s", name, value);
}

static void header_slice(struct MHD_Response *response, const char *name, struct slice value)
{
    static struct buffer text;
    if (value.len == 0) return;
    buffer_clear(&text);
    buffer_add_slice(&text, value);
    buffer_add_char(&text, '\0');
    header(response, name, text.data);
}

/* Lines "Name: value", each with its CR LF. */
static void lines_add(struct MHD_Response *response, struct slice lines)
{
    char name[64];
    while (lines.len != 0) {
        const char *const colon = memchr(lines.text, ':', lines.len);
        const char *const end = memchr(lines.text, '\r', lines.len);
        snprintf(name, sizeof name, "%.*s", (int)(colon - lines.text), lines.text);
        header_slice(response, name,
                     (struct slice){.text = colon + 2, .len = (size_t)(end - colon - 2)});
        lines.len -= (size_t)(end + 2 - lines.text);
        lines.text = end + 2;
    }
}

static struct MHD_Response *make(const struct answer *answer, int64_t now_s)
{
    char text[64];
    struct MHD_Response *const response = MHD_create_response_from_buffer(
        answer->body.len, (void *)(uintptr_t)answer->body.text, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) die("an answer cannot be made: no memory");
    /* Before the date: with this field the library (0.9.75) forgets that there is one, and adds its
     * own. */
    if (answer->close) header(response, "Connection", "close");
    date_print(text, sizeof text, now_s);
    header(response, "Date", text);
    header_slice(response, "Cache-Control",
                 answer->cache.len != 0 ? answer->cache : SLICE("no-store"));
    lines_add(response, answer->fields);
    header_slice(response, "ETag", answer->etag);
    if (answer->retry_after_s != 0) {
        snprintf(text, sizeof text, "%d", answer->retry_after_s);
        header(response, "Retry-After", text);
    }
    header_slice(response, "Content-Type", answer->type);
    if (answer->type.len != 0) header(response, "X-Content-Type-Options", "nosniff");
    return response;
}

/* The last 204, and those that were the last before: connections that wait may still be about to
 * get them. */
static struct {
    struct MHD_Response *response;
    struct buffer fields;
    int64_t made_s;
    struct MHD_Response *former[FORMER_MOST];
    size_t former_count;
    size_t held; /* by connections */
} kept;

static bool is_common(const struct answer *answer)
{
    return answer->status == 204 && !answer->close && kept.former_count < FORMER_MOST;
}

struct MHD_Response *answer_response(const struct answer *answer, int64_t now_s, bool *is_kept)
{
    *is_kept = is_common(answer);
    if (!*is_kept) return make(answer, now_s);
    kept.held++;
    if (kept.response != NULL && kept.made_s == now_s &&
        slice_equal(buffer_slice(&kept.fields), answer->fields))
        return kept.response;
    if (kept.response != NULL) kept.former[kept.former_count++] = kept.response;
    kept.response = make(answer, now_s);
    kept.made_s = now_s;
    buffer_clear(&kept.fields);
    buffer_add_slice(&kept.fields, answer->fields);
    return kept.response;
}

static void former_destroy(void)
{
    while (kept.former_count > 0)
        MHD_destroy_response(kept.former[--kept.former_count]);
}

void answer_done(struct MHD_Response *response, bool is_kept)
{
    if (!is_kept) MHD_destroy_response(response);
    if (is_kept && --kept.held == 0) former_destroy();
}

void answer_release(void)
{
    former_destroy();
    if (kept.response != NULL) MHD_destroy_response(kept.response);
    kept.response = NULL;
    buffer_release(&kept.fields);
}
