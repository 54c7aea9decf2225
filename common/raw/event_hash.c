#include "raw/event_hash.h"

#include <nettle/sha2.h>

#include "event/members.h"

void event_hash_options(struct event_hash *hash, const struct option_list *values,
                        struct schema *schema)
{
    hash->count = members_need(schema, "event-id-from", values, hash->slot);
}

static void string_add(struct buffer *out, struct slice text)
{
    static const char hex[] = "0123456789abcdef";
    static const char named[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

    buffer_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.text[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            buffer_add_char(out, (char)c);
            continue;
        }
        buffer_add_char(out, '\\');
        if (c >= 0x20) {
            buffer_add_char(out, (char)c);
        } else if (named[c] != 0) {
            buffer_add_char(out, named[c]);
        } else {
            buffer_add_literal(out, "u00");
            buffer_add_char(out, hex[c >> 4]);
            buffer_add_char(out, hex[c & 15]);
        }
    }
    buffer_add_char(out, '"');
}

void event_hash_set(struct event_hash *hash, struct event *ev)
{
    static const char hex[] = "0123456789abcdef";
    struct sha256_ctx sha;
    uint8_t digest[EVENT_HASH_BYTES];
    bool any = false;

    buffer_clear(&hash->bytes);
    for (int i = 0; i < hash->count; i++) {
        const struct value value = ev->value[hash->slot[i]];
        buffer_add_char(&hash->bytes, i == 0 ? '[' : ',');
        if (value.kind == KIND_NULL) {
            buffer_add_literal(&hash->bytes, "null");
            continue;
        }
        any = true;
        if (value.kind == KIND_STRING) {
            buffer_clear(&hash->plain);
            string_add(&hash->bytes, value_slice(value_plain(value, &hash->plain)));
        } else {
            value_print(&hash->bytes, value);
        }
    }
    ev->recast = true;
    ev->value[SLOT_EVENT_ID] = VALUE_NULL;
    if (!any) return;
    buffer_add_char(&hash->bytes, ']');
    sha256_init(&sha);
    sha256_update(&sha, hash->bytes.len, (const uint8_t *)hash->bytes.data);
    sha256_digest(&sha, sizeof(digest), digest);
    for (size_t i = 0; i < sizeof(digest); i++) {
        hash->text[2 * i] = hex[digest[i] >> 4];
        hash->text[2 * i + 1] = hex[digest[i] & 15];
    }
    const struct slice text = {.text = hash->text, .len = 2 * sizeof(digest)};
    ev->value[SLOT_EVENT_ID] = value_string(text);
}

void event_hash_release(struct event_hash *hash)
{
    buffer_release(&hash->bytes);
    buffer_release(&hash->plain);
}
