#include "base/pack.h"

#include "base/compat.h"

void pack_u8(struct buffer *out, uint8_t number)
{
    buffer_add_char(out, (char)number);
}

void pack_u32(struct buffer *out, uint32_t number)
{
    const uint32_t little = htole32(number);
    buffer_add(out, (const char *)&little, sizeof little);
}

void pack_u64(struct buffer *out, uint64_t number)
{
    const uint64_t little = htole64(number);
    buffer_add(out, (const char *)&little, sizeof little);
}

void pack_i64(struct buffer *out, int64_t number)
{
    pack_u64(out, (uint64_t)number);
}

void pack_i128(struct buffer *out, __int128 number)
{
    pack_u64(out, (uint64_t)number);
    pack_u64(out, (uint64_t)((unsigned __int128)number >> 64));
}

void pack_id(struct buffer *out, struct id id)
{
    pack_u64(out, id.low);
    pack_u64(out, id.high);
}

void pack_text(struct buffer *out, struct slice text)
{
    pack_u32(out, (uint32_t)text.len);
    buffer_add_slice(out, text);
}

void pack_value(struct buffer *out, struct value value)
{
    pack_u8(out, value.kind);
    if (value.kind > KIND_TRUE) pack_text(out, value_slice(value));
}

/* The next len bytes, or NULL. */
static const char *unpack_bytes(struct unpack *in, size_t len)
{
    if ((size_t)(in->end - in->at) < len) {
        in->broken = true;
        in->at = in->end;
        return NULL;
    }
    const char *bytes = in->at;
    in->at += len;
    return bytes;
}

uint8_t unpack_u8(struct unpack *in)
{
    const char *bytes = unpack_bytes(in, 1);
    return bytes == NULL ? 0 : (uint8_t)*bytes;
}

uint32_t unpack_u32(struct unpack *in)
{
    uint32_t little = 0;
    const char *bytes = unpack_bytes(in, sizeof little);
    if (bytes != NULL) memcpy(&little, bytes, sizeof little);
    return le32toh(little);
}

uint64_t unpack_u64(struct unpack *in)
{
    uint64_t little = 0;
    const char *bytes = unpack_bytes(in, sizeof little);
    if (bytes != NULL) memcpy(&little, bytes, sizeof little);
    return le64toh(little);
}

int64_t unpack_i64(struct unpack *in)
{
    return (int64_t)unpack_u64(in);
}

__int128 unpack_i128(struct unpack *in)
{
    const uint64_t low = unpack_u64(in);
    return (__int128)((unsigned __int128)unpack_u64(in) << 64 | low);
}

struct id unpack_id(struct unpack *in)
{
    const uint64_t low = unpack_u64(in);
    return (struct id){.low = low, .high = unpack_u64(in)};
}

struct slice unpack_text(struct unpack *in)
{
    const uint32_t len = unpack_u32(in);
    const char *bytes = unpack_bytes(in, len);
    return (struct slice){.text = bytes, .len = bytes == NULL ? 0 : len};
}

struct value unpack_value(struct unpack *in)
{
    const uint8_t kind = unpack_u8(in);
    if (kind > KIND_OBJECT) in->broken = true;
    if (kind == KIND_NULL) return VALUE_NULL;
    if (kind <= KIND_TRUE)
        return (struct value){.text = kind == KIND_TRUE ? "true" : "false",
                              .len = kind == KIND_TRUE ? 4 : 5,
                              .kind = kind};
    const struct slice text = unpack_text(in);
    return (struct value){.text = text.text, .len = (uint32_t)text.len, .kind = kind};
}
