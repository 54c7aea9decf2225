#include "raw/url.h"

#include <strings.h>

#include "base/compat.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "base/value.h"

static struct slice between(const char *from, const char *to)
{
    return (struct slice){.text = from, .len = (size_t)(to - from)};
}

/* Without a user before it and a port behind. */
static struct slice authority_host(struct slice authority)
{
    const char *from = authority.text;
    const char *to = authority.text + authority.len;
    const char *const at = memrchr(from, '@', authority.len);

    if (at != NULL) from = at + 1;
    if (from < to && *from == '[') {
        const char *const bracket = memchr(from, ']', (size_t)(to - from));
        return bracket == NULL ? between(from, from) : between(from + 1, bracket);
    }
    const char *const colon = memchr(from, ':', (size_t)(to - from));
    return between(from, colon == NULL ? to : colon);
}

/* Where the first of the two stands, or the end. */
static const char *either(const char *from, const char *end, char one, char other)
{
    while (from < end && *from != one && *from != other)
        from++;
    return from;
}

struct url url_of(struct slice text)
{
    const char *at = text.text;
    const char *const end = text.text + text.len;
    struct url url = {.host = between(at, at)};
    const char *const behind = either(at, end, '?', '#');
    const char *scheme = memchr(at, ':', (size_t)(behind - at));
    if (scheme != NULL && (behind - scheme < 3 || scheme[1] != '/' || scheme[2] != '/'))
        scheme = NULL;
    const bool has_host = scheme != NULL || (text.len >= 2 && at[0] == '/' && at[1] == '/');

    if (has_host) {
        const char *const from = scheme != NULL ? scheme + 3 : at + 2;
        const char *slash = memchr(from, '/', (size_t)(behind - from));
        at = slash == NULL ? behind : slash;
        url.host = authority_host(between(from, at));
    }
    url.path = between(at, behind);
    url.query = between(behind == end ? end : behind + 1, end);
    return url;
}

bool url_parameter(struct slice *rest, struct slice *name, struct slice *value)
{
    const char *at = rest->text;
    const char *const end = at + rest->len;

    while (at < end && (*at == '&' || *at == ';' || *at == '?' || *at == '#'))
        at++;
    if (at == end) return false;
    const char *behind = at;
    const char *equals = NULL;
    for (; behind < end && *behind != '&' && *behind != ';' && *behind != '?' && *behind != '#';
         behind++)
        if (*behind == '=' && equals == NULL) equals = behind;
    *name = between(at, equals == NULL ? behind : equals);
    *value = between(equals == NULL ? behind : equals + 1, behind);
    *rest = between(behind, end);
    return true;
}

struct slice url_decode(struct buffer *scratch, struct slice value)
{
    buffer_clear(scratch);
    char *const out = buffer_reserve(scratch, value.len + VALUE_PADDING);
    size_t len = 0;

    for (size_t i = 0; i < value.len; i++) {
        char c = value.text[i];
        if (c == '+') c = ' ';
        if (c == '%' && i + 2 < value.len) {
            const uint32_t high = hex_value[(unsigned char)value.text[i + 1]];
            const uint32_t low = hex_value[(unsigned char)value.text[i + 2]];
            if (high < 16 && low < 16) {
                c = (char)(high << 4 | low);
                i += 2;
            }
        }
        out[len++] = c;
    }
    if (!utf8_valid((struct slice){.text = out, .len = len})) {
        memcpy(out, value.text, value.len);
        len = value.len;
    }
    memset(out + len, 0, VALUE_PADDING);
    scratch->len = len;
    return buffer_slice(scratch);
}

/* Without the root's dot at its end, too. */
static struct slice without_www(struct slice host)
{
    while (host.len > 0 && host.text[host.len - 1] == '.')
        host.len--;
    if (host.len > 4 && strncasecmp(host.text, "www.", 4) == 0) {
        host.text += 4;
        host.len -= 4;
    }
    return host;
}

/* Is the host that domain, or one in it? */
static bool is_in(struct slice host, struct slice domain)
{
    if (host.len < domain.len) return false;
    const char *const end = host.text + host.len - domain.len;
    return strncasecmp(end, domain.text, domain.len) == 0 && (end == host.text || end[-1] == '.');
}

bool url_same_site(struct slice host, struct slice other)
{
    host = without_www(host);
    other = without_www(other);
    if (host.len == 0 || other.len == 0) return false;
    return is_in(host, other) || is_in(other, host);
}
