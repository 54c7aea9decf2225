#include "collect/forwarded.h"

#include <string.h>

#include "base/compat.h"
#include "base/list.h"

static bool is_trusted(const struct forwarded *forwarded, const struct peer *peer)
{
    for (size_t i = 0; i < forwarded->count; i++)
        if (network_has(&forwarded->trusted[i], peer)) return true;
    return false;
}

/* Takes the last element of a comma list away; false: there is none. A comma between quotes is none
 * of the list's, but no address has one: such an element is then refused as what it is. */
static bool element_last(struct slice *list, struct slice *element)
{
    if (list->text == NULL) return false;
    const char *const comma = list->len == 0 ? NULL : memrchr(list->text, ',', list->len);
    const char *const before = list->text;
    const char *const begin = comma == NULL ? before : comma + 1;
    *element =
        text_trim((struct slice){.text = begin, .len = list->len - (size_t)(begin - list->text)});
    *list = (struct slice){.text = NULL};
    if (comma != NULL) *list = (struct slice){.text = before, .len = (size_t)(comma - before)};
    return true;
}

/* Of an element of Forwarded, for=...; without its quotes. Empty: there is none. */
static struct slice for_of(struct slice element)
{
    const char *at = element.text;
    const char *const end = at + element.len;
    while (at < end) {
        const char *semicolon = memchr(at, ';', (size_t)(end - at));
        if (semicolon == NULL) semicolon = end;
        struct slice pair = text_trim((struct slice){.text = at, .len = (size_t)(semicolon - at)});
        at = semicolon == end ? end : semicolon + 1;
        if (pair.len < 4 || !request_word_is((struct slice){pair.text, 4}, SLICE("for="))) continue;
        pair = (struct slice){.text = pair.text + 4, .len = pair.len - 4};
        if (pair.len >= 2 && pair.text[0] == '"' && pair.text[pair.len - 1] == '"')
            pair = (struct slice){.text = pair.text + 1, .len = pair.len - 2};
        return pair;
    }
    return SLICE("");
}

struct peer forwarded_client(const struct forwarded *forwarded, const struct request *request,
                             struct peer peer)
{
    const struct request_lines *const lines =
        forwarded->standard ? &request->forwarded : &request->forwarded_for;
    if (forwarded->count == 0) return peer;
    for (int i = lines->count - 1; i >= 0; i--) {
        struct slice line = lines->line[i], element;
        while (is_trusted(forwarded, &peer) && element_last(&line, &element)) {
            struct peer before;
            /* An element of nothing is none (RFC 9110, 5.6.1). */
            if (element.len == 0) continue;
            if (!peer_parse(forwarded->standard ? for_of(element) : element, &before)) return peer;
            peer = before;
        }
        if (!is_trusted(forwarded, &peer)) break;
    }
    return peer;
}
