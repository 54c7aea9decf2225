#include "raw/referrer.h"

#include <string.h>

#include "base/id.h"
#include "base/value.h"
#include "raw/lists.h"

/* Longer names of hosts there are not; of a path this is enough for two pieces. */
enum { KEY_MOST = 512 };

struct referrer_site {
    struct id id;
    const char *source;
    size_t len;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static void lower_add(struct buffer *out, struct slice text)
{
    char *const to = buffer_reserve(out, text.len);
    for (size_t i = 0; i < text.len; i++)
        to[i] = lower(text.text[i]);
    out->len += text.len;
}

void referrers_read(struct referrers *referrers, const char *directory)
{
    struct slice site, source;
    bool is_new;

    *referrers = (struct referrers){0};
    table_init(&referrers->sites, sizeof(struct referrer_site), HELD_TEXTS);
    lists_read(&referrers->list, directory, "referrers.txt", "traffic_source");
    struct slice rest = buffer_slice(&referrers->list);
    while (lists_next(&rest, &site, &source)) {
        while (site.len > 1 && site.text[site.len - 1] == '/')
            site.len--;
        buffer_clear(&referrers->key);
        lower_add(&referrers->key, site);
        struct referrer_site *const entry =
            table_put(&referrers->sites, id_of(buffer_slice(&referrers->key)), &is_new);
        if (!is_new) continue;
        if (source.len == 0) source = site;
        entry->source = source.text;
        entry->len = source.len;
    }
}

/* How much of the key behind host is the path up to its first piece, and up to its second. */
static void path_pieces(struct slice path, size_t *one, size_t *two)
{
    while (path.len > 1 && path.text[path.len - 1] == '/')
        path.len--;
    const char *const end = path.text + path.len;
    const char *slash = path.len < 2 ? end : memchr(path.text + 1, '/', path.len - 1);

    *one = path.len < 2 ? 0 : slash == NULL ? path.len : (size_t)(slash - path.text);
    *two = *one;
    if (*one == 0 || *one == path.len) return;
    slash = memchr(slash + 1, '/', (size_t)(end - slash - 1));
    *two = slash == NULL ? path.len : (size_t)(slash - path.text);
}

static const struct referrer_site *site_find(const struct referrers *referrers, const char *key,
                                             size_t len)
{
    return table_find(&referrers->sites, id_of((struct slice){.text = key, .len = len}));
}

struct slice referrers_source(struct referrers *referrers, const struct url *url)
{
    struct buffer *const key = &referrers->key;
    struct slice host = url->host;
    size_t one, two;

    while (host.len > 0 && host.text[host.len - 1] == '.')
        host.len--;
    if (host.len == 0) return (struct slice){.text = NULL};
    buffer_clear(key);
    lower_add(key, host);
    path_pieces(url->path, &one, &two);
    if (host.len + two > KEY_MOST) one = two = 0;
    lower_add(key, (struct slice){.text = url->path.text, .len = two});
    memset(buffer_reserve(key, VALUE_PADDING), 0, VALUE_PADDING);

    const char *const end = key->data + host.len;
    for (const char *from = key->data; host.len <= KEY_MOST; from++) {
        const size_t len = (size_t)(end - from);
        const struct referrer_site *site = NULL;
        if (two > one) site = site_find(referrers, from, len + two);
        if (site == NULL && one > 0) site = site_find(referrers, from, len + one);
        if (site == NULL) site = site_find(referrers, from, len);
        if (site != NULL) return (struct slice){.text = site->source, .len = site->len};
        from = memchr(from, '.', len);
        if (from == NULL || memchr(from + 1, '.', (size_t)(end - from - 1)) == NULL) break;
    }
    const struct slice all = {.text = key->data, .len = host.len};
    const size_t www = all.len > 4 && memcmp(all.text, "www.", 4) == 0 ? 4 : 0;
    return (struct slice){.text = all.text + www, .len = all.len - www};
}

void referrers_release(struct referrers *referrers)
{
    table_release(&referrers->sites);
    buffer_release(&referrers->list);
    buffer_release(&referrers->key);
}
