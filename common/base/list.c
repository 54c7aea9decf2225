#include "base/list.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"

static struct slice between(const char *at, const char *end)
{
    return (struct slice){.text = at, .len = (size_t)(end - at)};
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

struct slice text_trim(struct slice text)
{
    while (text.len > 0 && is_one_of(text.text[0], " \t")) {
        text.text++;
        text.len--;
    }
    while (text.len > 0 && is_one_of(text.text[text.len - 1], " \t"))
        text.len--;
    return text;
}

/* Behind the string that begins at at; what is interpolated, "\(...)", is part of it. */
static const char *string_end(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        if (*at == '"') return at + 1;
        if (*at != '\\' || ++at == end) continue;
        if (*at != '(') continue;
        const char *close = text_find(between(at + 1, end), ')');
        if (close == NULL) return end;
        at = close;
    }
    return end;
}

/* Behind what begins at at: a string, or what its bracket holds; end where it is not closed. */
static const char *group_end(const char *at, const char *end)
{
    int depth = 0;

    while (at < end) {
        if (*at == '"') {
            at = string_end(at, end);
        } else {
            if (is_one_of(*at, "([{")) depth++;
            if (is_one_of(*at, ")]}")) depth--;
            at++;
        }
        if (depth == 0) return at;
    }
    return end;
}

const char *text_find(struct slice text, char stop)
{
    if (text.len == 0) return NULL;
    const char *const end = text.text + text.len;

    for (const char *at = text.text; at < end;) {
        if (*at == stop) return at;
        at = is_one_of(*at, "\"([{") ? group_end(at, end) : at + 1;
    }
    return NULL;
}

/* Adds to out what stands before the first of stops, without its backslashes, and leaves text
 * there. False: the last character is such a backslash. */
static bool piece_read(struct slice *text, const char *stops, enum list_kind kind,
                       struct buffer *out)
{
    const char *at = text->text;
    const char *end = at + text->len;

    while (at < end && !is_one_of(*at, stops)) {
        const char *next = at + 1;
        if (*at == '\\') {
            if (next == end) return false;
            at = next++;
        } else if (kind == LIST_EXPRESSIONS && is_one_of(*at, "\"([{")) {
            next = group_end(at, end);
        }
        buffer_add(out, at, (size_t)(next - at));
        at = next;
    }
    *text = between(at, end);
    return true;
}

/* Takes the character that stopped piece_read from text; 0 at the end. */
static char stop_take(struct slice *text)
{
    if (text->len == 0) return '\0';
    text->len--;
    return *text->text++;
}

static struct slice text_keep(const char *text, size_t len)
{
    return (struct slice){.text = memory_text(text, len), .len = len};
}

static const char no_more[] = "nothing is behind the backslash at its end";

/* Reads an item into plain: name_len bytes of name, then its value. *stop is what ended it. */
static const char *item_read(struct slice *text, enum list_kind kind, struct buffer *plain,
                             size_t *name_len, char *stop)
{
    const char *stops = kind == LIST_PAIRS ? ",=" : ",";

    buffer_clear(plain);
    if (!piece_read(text, stops, kind, plain)) return no_more;
    *stop = stop_take(text);
    *name_len = plain->len;
    if (kind != LIST_PAIRS) return NULL;
    if (*stop != '=') return plain->len == 0 ? "an item of the list is empty" : "no '=' in a pair";
    if (!piece_read(text, stops, kind, plain)) return no_more;
    *stop = stop_take(text);
    return *stop == '=' ? "a second '=' in a pair: in a name or a value it is \\=" : NULL;
}

const char *list_add(struct list *list, enum list_kind kind, struct slice text)
{
    struct buffer plain = {0};
    const char *why = NULL;
    char stop = ',';

    (void)buffer_reserve(&plain, 1); /* so that an empty item has an address */
    while (stop == ',') {
        size_t name_len = 0;
        why = item_read(&text, kind, &plain, &name_len, &stop);
        if (why != NULL) break;
        struct slice name = {.text = plain.data, .len = name_len};
        if (kind == LIST_EXPRESSIONS) name = text_trim(name);
        if (name.len == 0 && kind != LIST_PAIRS) {
            why = "an item of the list is empty";
            break;
        }
        list->item = memory_resize(list->item, list->count + 1, sizeof list->item[0]);
        list->item[list->count++] = (struct list_item){
            .name = text_keep(name.text, name.len),
            .value = text_keep(plain.data + name_len, plain.len - name_len),
        };
    }
    buffer_release(&plain);
    return why;
}

const char *list_field(struct slice *text, struct slice *field)
{
    struct buffer plain = {0};
    const char *why = NULL;

    (void)buffer_reserve(&plain, 1);
    if (!piece_read(text, ":", LIST_NAMES, &plain))
        why = no_more;
    else if (stop_take(text) != ':')
        why = "no ':' behind the member";
    else if (plain.len == 0)
        why = "no member before ':'";
    else
        *field = text_keep(plain.data, plain.len);
    buffer_release(&plain);
    return why;
}

void list_release(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free((char *)list->item[i].name.text);
        free((char *)list->item[i].value.text);
    }
    free(list->item);
    *list = (struct list){0};
}
