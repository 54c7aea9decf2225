#include "collect/request.h"

#include <string.h>

#include "base/compat.h"

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

const char *request_field(struct request *request, struct slice name, struct slice value)
{
    if (!all_of(name, IS_TOKEN)) return "a header name that is none";
    value = blanks_cut(value);
    if (class_run(value.text, value.len, IS_VALUE) != value.len)
        return "a control character in a header";
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (request_word_is(name, fields[i].name)) return fields[i].take(request, value);
    return NULL;
}

/* --- the first line, and the end --- */

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
    request->path = target;
    return true;
}

const char *request_line(struct request *request, struct slice method, struct slice target,
                         struct slice version)
{
    *request = (struct request){.length = -1, .method = method};
    request->is_old = slice_equal(version, SLICE("HTTP/1.0"));
    if (!request->is_old && !slice_equal(version, SLICE("HTTP/1.1")))
        return "neither HTTP/1.0 nor HTTP/1.1";
    if (!all_of(method, IS_TOKEN)) return "no method";
    return target_split(request, target) ? NULL : "no target";
}

const char *request_end(const struct request *request)
{
    if (request->chunked && request->length >= 0) return "Content-Length beside Transfer-Encoding";
    if (request->chunked && request->is_old) return "Transfer-Encoding in HTTP/1.0";
    if (!request->is_old && request->host.text == NULL) return "no Host";
    return NULL;
}
