#include "raw/made_id.h"

#include "base/json.h"
#include "base/pack.h"

void made_id_release(struct made_id *made)
{
    buffer_release(&made->bytes);
}

/* With its length before it; null has a length of its own. */
static void value_add(struct buffer *bytes, struct value value)
{
    if (value.kind == KIND_NULL) {
        pack_u32(bytes, UINT32_MAX);
        return;
    }
    const size_t begin = bytes->len;
    pack_text(bytes, value_slice(value));
    if (value.kind != KIND_STRING || !value.escaped) return;
    const size_t inside = begin + sizeof(uint32_t);
    char *plain = bytes->data + inside;
    const size_t len = json_unescape(plain, (struct slice){.text = plain, .len = value.len});
    bytes->len = begin;
    pack_u32(bytes, (uint32_t)len);
    bytes->len += len;
}

struct value made_id_value(struct made_id *made, const struct event *ev)
{
    static const char hex[] = "0123456789abcdef";
    bool any = false;

    buffer_clear(&made->bytes);
    for (int i = 0; i < made->count; i++) {
        const struct value value = ev->value[made->slot[i]];
        any |= value.kind != KIND_NULL;
        value_add(&made->bytes, value);
    }
    if (!any) return VALUE_NULL;
    const struct id id = id_of(buffer_slice(&made->bytes));
    for (size_t i = 0; i < sizeof(made->text); i++) {
        const uint64_t half = i < 16 ? id.high : id.low;
        made->text[i] = hex[half >> (60 - 4 * (i % 16)) & 15];
    }
    return value_string((struct slice){.text = made->text, .len = sizeof(made->text)});
}
