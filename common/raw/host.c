#include "raw/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <limits.h>
#include <sys/socket.h>

#define NAME_MAX_BYTES 253

enum { IN_NAME = 1, IN_IPV6 = 2 };

static const unsigned char classes_of[256] = {
    ['0' ... '9'] = IN_NAME | IN_IPV6,
    ['a' ... 'f'] = IN_NAME | IN_IPV6,
    ['A' ... 'F'] = IN_NAME | IN_IPV6,
    ['g' ... 'z'] = IN_NAME,
    ['G' ... 'Z'] = IN_NAME,
    ['-'] = IN_NAME,
    ['_'] = IN_NAME,
    ['.'] = IN_NAME | IN_IPV6,
    [':'] = IN_IPV6,
};

static unsigned char_class(char c)
{
    return classes_of[(unsigned char)c];
}

static const char *run_end(const char *at, const char *end, unsigned classes)
{
    while (at < end && (char_class(*at) & classes) != 0)
        at++;
    return at;
}

/* The digit at at, or more than 9. */
static inline unsigned digit_at(const char *at, const char *end)
{
    return at < end ? (unsigned)*at - '0' : UINT_MAX;
}

static const char *ipv4_end(const char *at, const char *end)
{
    for (int part = 0; part < 4; part++) {
        if (part > 0 && (at == end || *at++ != '.')) return NULL;
        unsigned number = digit_at(at, end);
        if (number > 9) return NULL;
        for (int i = 1; i < 3; i++) {
            const unsigned digit = digit_at(++at, end);
            if (digit > 9) break;
            number = number * 10 + digit;
            if (i == 2) at++;
        }
        if (number > 255) return NULL;
    }
    if (at < end && (char_class(*at) & IN_NAME) != 0) return NULL;
    return at;
}

static const char *ipv6_end(const char *from, const char *end)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    const char *at = run_end(from, end, IN_IPV6);
    const size_t len = (size_t)(at - from);

    if (len < 2 || len >= sizeof(text) || memchr(from, ':', len) == NULL) return NULL;
    memcpy(text, from, len);
    text[len] = '\0';
    if (inet_pton(AF_INET6, text, &address) != 1) return NULL;
    if (at < end && *at == '%') {
        const char *const zone = run_end(at + 1, end, IN_NAME);
        return zone == at + 1 ? NULL : zone;
    }
    return at < end && (char_class(*at) & IN_NAME) != 0 ? NULL : at;
}

static const char *name_end(const char *from, const char *end)
{
    const char *const behind = run_end(from, end, IN_NAME);
    const char *label = from;
    bool number = true;

    if (behind == from || behind - from > NAME_MAX_BYTES) return NULL;
    for (const char *at = from; at < behind; at++) {
        if (*at == '.') {
            if (at == label) return NULL;
            if (at + 1 == behind) break; /* the root's dot */
            label = at + 1;
            number = true;
        } else if (*at < '0' || *at > '9') {
            number = false;
        }
    }
    /* "-" says that there is none. */
    return number || *from == '-' || *from == '.' ? NULL : behind;
}

const char *host_take(struct slice text, struct slice *host, enum host_kind *kind)
{
    const char *const end = text.text + text.len;
    const char *from = text.text;
    const bool bracket = text.len > 0 && *from == '[';

    *kind = HOST_NONE;
    from += bracket;
    const char *behind = bracket ? NULL : ipv4_end(from, end);
    if (behind != NULL) {
        *kind = HOST_IPV4;
    } else if ((behind = ipv6_end(from, end)) != NULL) {
        *kind = HOST_IPV6;
    } else if (!bracket && (behind = name_end(from, end)) != NULL) {
        *kind = HOST_NAME;
    }
    if (behind == NULL || (bracket && (behind == end || *behind != ']'))) {
        *kind = HOST_NONE;
        return NULL;
    }
    *host = (struct slice){.text = from, .len = (size_t)(behind - from)};
    return behind + bracket;
}

enum host_kind host_of(struct slice word)
{
    struct slice host;
    enum host_kind kind;
    const char *const behind = host_take(word, &host, &kind);
    return behind == word.text + word.len ? kind : HOST_NONE;
}

bool host_is_address(struct slice word)
{
    /* Any address has a dot or a colon in it; most words that are asked for have none. */
    size_t i = 0;
    while (i < word.len && word.text[i] != '.' && word.text[i] != ':')
        i++;
    if (i == word.len) return false;
    const enum host_kind kind = host_of(word);
    return kind == HOST_IPV4 || kind == HOST_IPV6;
}
