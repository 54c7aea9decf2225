#include "session/name.h"

#include <string.h>

#include "base/json.h"
#include "base/varint.h"

/* An array or an object as it will be printed: what is the same, but for blanks and escapes, is one
 * name. */
static void value_add_printed(struct buffer *name, struct value value)
{
    struct buffer printed = {0};
    json_add_compact(&printed, value_slice(value));
    char head[1 + VARINT_MAX] = {(char)value.kind};
    buffer_add(name, head, 1 + varint_write(head + 1, printed.len));
    buffer_add_slice(name, buffer_slice(&printed));
    buffer_release(&printed);
}

void name_add(struct buffer *name, struct value value)
{
    if (__builtin_expect(value.kind >= KIND_ARRAY, 0)) {
        value_add_printed(name, value);
        return;
    }
    const size_t len = value.kind <= KIND_TRUE ? 0 : value.len;
    char *to = buffer_reserve(name, 1 + VARINT_MAX + len);
    to[0] = (char)value.kind;
    char *text = to + 1 + varint_write(to + 1, len);
    if (len > 0) memcpy(text, value.text, len);
    name->len += (size_t)(text - to) + len;
}

struct value name_value(struct slice *name)
{
    const char *at = name->text;
    const char *end = name->text + name->len;
    const uint8_t kind = (uint8_t)*at++;
    const uint64_t len = varint_read(&at);

    *name = (struct slice){.text = at + len, .len = (size_t)(end - at) - len};
    if (kind == KIND_NULL) return VALUE_NULL;
    if (kind == KIND_FALSE) return (struct value){.text = "false", .len = 5, .kind = KIND_FALSE};
    if (kind == KIND_TRUE) return (struct value){.text = "true", .len = 4, .kind = KIND_TRUE};
    return (struct value){.text = at, .len = (uint32_t)len, .kind = kind};
}

bool name_whole(struct slice name)
{
    const char *at = name.text;
    const char *end = name.text + name.len;

    while (at < end) {
        if ((uint8_t)*at++ > KIND_OBJECT || !varint_whole(at, end)) return false;
        const uint64_t len = varint_read(&at);
        if (len > (uint64_t)(end - at)) return false;
        at += len;
    }
    return name.len > 0;
}

int name_compare(struct slice a, struct slice b)
{
    while (a.len > 0 && b.len > 0) {
        const int order = value_compare(name_value(&a), name_value(&b));
        if (order != 0) return order;
    }
    return (a.len > 0) - (b.len > 0);
}
