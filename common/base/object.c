#include "base/object.h"

#include "base/json.h"

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
        at++;
    return at;
}

/* From behind an opening quote to its closing one. */
static const char *string_end(const char *at, bool *escaped)
{
    *escaped = false;
    for (; *at != '"'; at++) {
        if (*at != '\\') continue;
        *escaped = true;
        at++;
    }
    return at;
}

/* From the first bracket to behind the one that closes it. */
static const char *nested_end(const char *at)
{
    int depth = 0;
    do {
        bool escaped;
        if (*at == '"') at = string_end(at + 1, &escaped);
        if (*at == '{' || *at == '[') depth++;
        if (*at == '}' || *at == ']') depth--;
        at++;
    } while (depth > 0);
    return at;
}

static const char *scalar_end(const char *at)
{
    while (strchr(",}] \t\n\r", *at) == NULL)
        at++;
    return at;
}

static enum kind kind_of(char first)
{
    switch (first) {
    case '"': return KIND_STRING;
    case '{': return KIND_OBJECT;
    case '[': return KIND_ARRAY;
    case 'n': return KIND_NULL;
    case 'f': return KIND_FALSE;
    case 't': return KIND_TRUE;
    default: return KIND_NUMBER;
    }
}

/* The value that begins at at; *end is set to what follows it. */
static struct value value_at(const char *at, const char **end)
{
    struct value value = {.text = at, .kind = (uint8_t)kind_of(*at)};
    if (value.kind == KIND_STRING) {
        const char *const close = string_end(at + 1, &value.escaped);
        value.text = at + 1;
        value.len = (uint32_t)(close - value.text);
        *end = close + 1;
        return value;
    }
    *end = value.kind >= KIND_ARRAY ? nested_end(at) : scalar_end(at);
    value.len = (uint32_t)(*end - at);
    return value;
}

static struct slice unescaped(struct value string, struct buffer *scratch)
{
    if (!string.escaped) return value_slice(string);
    buffer_clear(scratch);
    scratch->len = json_unescape(buffer_reserve(scratch, string.len), value_slice(string));
    return buffer_slice(scratch);
}

bool object_next(const char **at, struct value *name, struct value *value)
{
    const char *p = skip_blanks(*at);
    if (*p == ',') p = skip_blanks(p + 1);
    if (*p != '"') return false;
    *name = value_at(p, &p);
    p = skip_blanks(skip_blanks(p) + 1);
    *value = value_at(p, at);
    return true;
}

struct value object_find(struct slice object, struct slice name, struct buffer *scratch)
{
    struct value found = {.kind = KIND_NULL}, key, value;
    for (const char *at = object.text + 1; object_next(&at, &key, &value);)
        if (slice_equal(unescaped(key, scratch), name)) found = value;
    return found.escaped ? value_string(unescaped(found, scratch)) : found;
}
