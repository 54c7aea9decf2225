#include "look/values.h"

#include "base/json.h"

/* Behind the string whose quote is at. */
static const char *string_end(const char *at)
{
    for (at++; *at != '"'; at++)
        at += *at == '\\';
    return at + 1;
}

/* Behind the array or object that begins there. */
static const char *nest_end(const char *at)
{
    size_t depth = 0;
    do {
        if (*at == '"') {
            at = string_end(at);
            continue;
        }
        depth += *at == '[' || *at == '{';
        depth -= *at == ']' || *at == '}';
        at++;
    } while (depth > 0);
    return at;
}

static enum kind kind_of(char first)
{
    switch (first) {
    case 'n': return KIND_NULL;
    case 'f': return KIND_FALSE;
    case 't': return KIND_TRUE;
    case '[': return KIND_ARRAY;
    case '{': return KIND_OBJECT;
    default: return KIND_NUMBER;
    }
}

bool values_next(const char **at, struct value *value)
{
    const char *text = *at;
    while (*text == ',' || *text == ' ')
        text++;
    if (*text == ']') return false;
    const char *end = text;
    if (*text == '"') {
        end = string_end(text);
        *value = (struct value){.text = text + 1,
                                .len = (uint32_t)(end - text - 2),
                                .kind = KIND_STRING,
                                .escaped = true};
        *at = end;
        return true;
    }
    if (*text == '[' || *text == '{')
        end = nest_end(text);
    else
        while (*end != ',' && *end != ']' && *end != ' ')
            end++;
    *value = (struct value){
        .text = text, .len = (uint32_t)(end - text), .kind = (uint8_t)kind_of(*text)};
    *at = end;
    return true;
}

struct value values_get(struct slice array, size_t number)
{
    struct value value;
    const char *at = array.text + 1;
    while (array.len > 1 && values_next(&at, &value))
        if (number-- == 0) return value;
    return VALUE_NULL;
}

void values_add_text(struct buffer *out, struct value value)
{
    if (value.kind == KIND_NULL) return;
    if (value.kind != KIND_STRING || !value.escaped) {
        buffer_add(out, value.text, value.len);
        return;
    }
    char *const room = buffer_reserve(out, value.len);
    out->len += json_unescape(room, value_slice(value));
}
