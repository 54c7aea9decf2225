#include "collect/request.h"

#include <string.h>

#include "base/compat.h"
#include "base/buffer.h"

enum { IS_TOKEN = 1, IS_TARGET = 2, IS_VALUE = 4 };

/* RFC 9110: what names are made of; what may stand in a request's target; what in a value. */
static const unsigned char classes[256] = {
    ['\t'] = IS_VALUE,
    [' '] = IS_VALUE,
    ['!'] = IS_TOKEN | IS_TARGET | IS_VALUE,
    ['"'] = IS_TARGET | IS_VALUE,
    ['#' ... '\''] = IS_TOKEN | IS_TARGET | IS_VALUE,
    ['(' ... ')'] = IS_TARGET | IS_VALUE,
    ['*' ... '+'] = IS_TOKEN | IS_TARGET | IS_VALUE,
    [','] = IS_TARGET | IS_VALUE,
    ['-' ... '.'] = IS_TOKEN | IS_TARGET | IS_VALUE,
    ['/'] = IS_TARGET | IS_VALUE,
    ['0' ... '9'] = IS_TOKEN | IS_TARGET | IS_VALUE,
    [':' ... '@'] = IS_TARGET | IS_VALUE,
    ['A' ... 'Z'] = IS_TOKEN | IS_TARGET | IS_VALUE,
    ['[' ... ']'] = IS_TARGET | IS_VALUE,
    ['^' ... 'z'] = IS_TOKEN | IS_TARGET | IS_VALUE,
    ['{'] = IS_TARGET | IS_VALUE,
    ['|'] = IS_TOKEN | IS_TARGET | IS_VALUE,
    ['}'] = IS_TARGET | IS_VALUE,
    ['~'] = IS_TOKEN | IS_TARGET | IS_VALUE,
    [0x80 ... 0xff] = IS_VALUE,
};

static size_t class_run(const char *text, size_t len, unsigned char class)
{
    size_t i = 0;
    while (i < len && (classes[(unsigned char)text[i]] & class) != 0)
        i++;
    return i;
}

static bool all_of(struct slice text, unsigned char class)
{
    return text.len != 0 && class_run(text.text, text.len, class) == text.len;
}

static enum request_found refuse(struct request *request, int status, const char *why)
{
    request->status = status;
    request->why = why;
    return REQUEST_BAD;
}

bool request_word_is(struct slice word, struct slice lower)
{
    if (word.len != lower.len) return false;
    for (size_t i = 0; i < word.len; i++) {
        const char c = word.text[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != lower.text[i]) return false;
    }
    return true;
}

/* Without blanks and tabs at either end. */
static struct slice blanks_cut(struct slice text)
{
    while (text.len != 0 && (*text.text == ' ' || *text.text == '\t')) {
        text.text++;
        text.len--;
    }
    while (text.len != 0 && (text.text[text.len - 1] == ' ' || text.text[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* Takes the part of a comma list from its front; false: there is none left. */
static bool part_next(struct slice *list, struct slice *part)
{
    if (list->text == NULL) return false;
    const char *const comma = memchr(list->text, ',', list->len);
    const size_t len = comma == NULL ? list->len : (size_t)(comma - list->text);
    *part = blanks_cut((struct slice){.text = list->text, .len = len});
    const size_t left = list->len - len;
    *list = (struct slice){.text = NULL};
    if (comma != NULL) *list = (struct slice){.text = comma + 1, .len = left - 1};
    return true;
}

/* --- what each field means --- */

/* A field that the head may have once; NULL, or the phrase that refuses it. */
static const char *set_once(struct slice *to, struct slice value, const char *why)
{
    if (to->text != NULL) return why;
    *to = value;
    return NULL;
}

/* Of several the last counts: nobody's request hangs on it. */
static const char *set(struct slice *to, struct slice value)
{
    *to = value;
    return NULL;
}

static const char *add_line(struct request_lines *lines, struct slice value)
{
    if (lines->count == REQUEST_REPEATED) {
        memmove(lines->line, lines->line + 1, sizeof lines->line - sizeof lines->line[0]);
        lines->count--;
    }
    lines->line[lines->count++] = value;
    return NULL;
}

static const char *take_host(struct request *request, struct slice value)
{
    return set_once(&request->host, value, "two Host fields");
}

static const char *take_length(struct request *request, struct slice value)
{
    if (request->length >= 0) return "two Content-Length fields";
    if (value.len == 0 || value.len > 18) return "a Content-Length that is no length";
    int64_t length = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.text[i] < '0' || value.text[i] > '9') return "a Content-Length that is no length";
        length = length * 10 + (value.text[i] - '0');
    }
    request->length = length;
    return NULL;
}

static const char *take_coding(struct request *request, struct slice value)
{
    if (request->chunked) return "two Transfer-Encoding fields";
    if (!request_word_is(value, SLICE("chunked"))) return "a Transfer-Encoding but chunked";
    request->chunked = true;
    return NULL;
}

static const char *take_connection(struct request *request, struct slice value)
{
    struct slice part;
    while (part_next(&value, &part)) {
        if (request_word_is(part, SLICE("close"))) request->close = true;
    }
    return NULL;
}

static const char *take_expect(struct request *request, struct slice value)
{
    if (!request_word_is(value, SLICE("100-continue"))) return "an Expect but 100-continue";
    request->expects = true;
    return NULL;
}

static const char *take_origin(struct request *request, struct slice value)
{
    return set_once(&request->origin, value, "two Origin fields");
}

static const char *take_encoding(struct request *request, struct slice value)
{
    return set_once(&request->encoding, value, "two Content-Encoding fields");
}

static const char *take_agent(struct request *request, struct slice value)
{
    return set(&request->agent, value);
}

static const char *take_none_match(struct request *request, struct slice value)
{
    return set(&request->none_match, value);
}

static const char *take_purpose(struct request *request, struct slice value)
{
    return set(&request->purpose, value);
}

static const char *take_network(struct request *request, struct slice value)
{
    return set(&request->from_network, value);
}

static const char *take_forwarded_for(struct request *request, struct slice value)
{
    return add_line(&request->forwarded_for, value);
}

static const char *take_forwarded(struct request *request, struct slice value)
{
    return add_line(&request->forwarded, value);
}

static const struct field {
    struct slice name;
    const char *(*take)(struct request *request, struct slice value);
} fields[] = {
    {SLICE("host"), take_host},
    {SLICE("content-length"), take_length},
    {SLICE("transfer-encoding"), take_coding},
    {SLICE("connection"), take_connection},
    {SLICE("expect"), take_expect},
    {SLICE("content-encoding"), take_encoding},
    {SLICE("origin"), take_origin},
    {SLICE("user-agent"), take_agent},
    {SLICE("if-none-match"), take_none_match},
    {SLICE("purpose"), take_purpose},
    {SLICE("sec-purpose"), take_purpose},
    {SLICE("access-control-request-private-network"), take_network},
    {SLICE("x-forwarded-for"), take_forwarded_for},
    {SLICE("forwarded"), take_forwarded},
};

/* NULL, or the phrase that refuses the line. */
static const char *field_take(struct request *request, struct slice line)
{
    const size_t name_len = class_run(line.text, line.len, IS_TOKEN);
    if (name_len == 0) return "a header line that begins with no name";
    if (name_len == line.len || line.text[name_len] != ':')
        return "a header name that no colon follows at once";
    const struct slice name = {.text = line.text, .len = name_len};
    const struct slice value = blanks_cut(
        (struct slice){.text = line.text + name_len + 1, .len = line.len - name_len - 1});
    if (class_run(value.text, value.len, IS_VALUE) != value.len)
        return "a control character in a header";
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (request_word_is(name, fields[i].name)) return fields[i].take(request, value);
    return NULL;
}

/* --- the head --- */

/* http://host/path is what proxies are sent; the path is what counts. */
static bool target_split(struct request *request, struct slice target)
{
    if (!all_of(target, IS_TARGET)) return false;
    if (target.text[0] != '/' && !slice_equal(target, SLICE("*"))) {
        const char *const colons = memmem(target.text, target.len, "://", 3);
        if (colons == NULL) return false;
        const char *const host = colons + 3, *const end = target.text + target.len;
        const char *const path = memchr(host, '/', (size_t)(end - host));
        if (path == NULL || path == host) return false;
        target = (struct slice){.text = path, .len = (size_t)(end - path)};
    }
    const char *const query = memchr(target.text, '?', target.len);
    request->path = target;
    if (query == NULL) return true;
    request->path.len = (size_t)(query - target.text);
    request->query = (struct slice){.text = query + 1, .len = target.len - request->path.len - 1};
    return true;
}

static enum request_found line_take(struct request *request, struct slice line, bool *is_old)
{
    const char *const first = memchr(line.text, ' ', line.len);
    const char *const last = memrchr(line.text, ' ', line.len);
    if (first == NULL || first == last) return refuse(request, 400, "no request line");
    request->method = (struct slice){.text = line.text, .len = (size_t)(first - line.text)};
    const struct slice target = {.text = first + 1, .len = (size_t)(last - first - 1)};
    const struct slice version = {.text = last + 1,
                                  .len = line.len - (size_t)(last + 1 - line.text)};
    if (!all_of(request->method, IS_TOKEN)) return refuse(request, 400, "no method");
    if (!target_split(request, target)) return refuse(request, 400, "no target");
    *is_old = slice_equal(version, SLICE("HTTP/1.0"));
    if (*is_old || slice_equal(version, SLICE("HTTP/1.1"))) return REQUEST_WHOLE;
    if (version.len == 8 && memcmp(version.text, "HTTP/", 5) == 0)
        return refuse(request, 505, "neither HTTP/1.0 nor HTTP/1.1");
    return refuse(request, 400, "no version of HTTP");
}

/* Looks at what ends lines; behind the head's last one, or NULL: it has not come, and *bad says
 * whether it can be no head. */
static const char *head_end(const char *data, size_t len, size_t *seen, bool *bad)
{
    const char *const end = data + len;
    const char *at = data + *seen;
    *bad = false;
    for (const char *newline; (newline = memchr(at, '\n', (size_t)(end - at))) != NULL;
         at = newline + 1) {
        *bad = newline == data || newline[-1] != '\r' || memchr(at, '\0', (size_t)(newline - at));
        if (*bad) return NULL;
        *seen = (size_t)(newline + 1 - data);
        if (newline - at == 1) return newline + 1; /* an empty line */
    }
    *bad = memchr(at, '\0', (size_t)(end - at)) != NULL;
    return NULL;
}

/* The line at *at, without its end; *at goes behind that. */
static struct slice line_next(const char **at)
{
    const char *const newline = rawmemchr(*at, '\n');
    const struct slice line = {.text = *at, .len = (size_t)(newline - 1 - *at)};
    *at = newline + 1;
    return line;
}

static enum request_found lines_take(struct request *request, const char *at, const char *end)
{
    bool is_old = false;
    if (line_take(request, line_next(&at), &is_old) == REQUEST_BAD) return REQUEST_BAD;
    for (int count = 0;; count++) {
        const struct slice line = line_next(&at);
        if (at == end) break;
        if (count == REQUEST_FIELDS_MOST) return refuse(request, 431, "too many header fields");
        const char *const why = field_take(request, line);
        if (why != NULL) return refuse(request, 400, why);
    }
    if (request->chunked && request->length >= 0)
        return refuse(request, 400, "Content-Length beside Transfer-Encoding");
    if (request->chunked && is_old) return refuse(request, 400, "Transfer-Encoding in HTTP/1.0");
    if (!is_old && request->host.text == NULL) return refuse(request, 400, "no Host");
    request->close |= is_old;
    return REQUEST_WHOLE;
}

enum request_found request_read(struct request *request, const char *data, size_t len, size_t *seen)
{
    bool bad;
    *request = (struct request){.length = -1};
    /* A line end behind the body of the request before is forgiven (RFC 9112, 2.2): one. */
    const size_t blank = len >= 2 && data[0] == '\r' && data[1] == '\n' ? 2 : 0;
    if (*seen < blank) *seen = blank;
    const char *const end = head_end(data, len, seen, &bad);
    if (bad) return refuse(request, 400, "a line that does not end in CR LF, or a NUL");
    if (end == NULL) return REQUEST_PART;
    if ((size_t)(end - data) == blank + 2) return refuse(request, 400, "no request line");
    request->head_len = (size_t)(end - data);
    return lines_take(request, data + blank, end);
}
