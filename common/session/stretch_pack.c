#include "base/instant.h"
#include "base/varint.h"
#include "session/stretch_inside.h"

/* How many of the counters stand in the record. */
static unsigned counts_in_record(const struct kept *kept)
{
    return kept->actions < KEPT_COUNTS ? (unsigned)kept->actions + 1 : KEPT_COUNTS;
}

void stretch_pack(struct stretches *stretches, struct stretch *stretch, struct buffer *out)
{
    stretch_settle(stretches, stretch);
    const struct slice name = stretch_name(stretch);
    const char *parts = name.text + name.len;

    pack_i64(out, stretch->start_us);
    pack_i64(out, stretch->last_us);
    pack_i64(out, stretch->reach_us);
    pack_i64(out, stretch->product_us);
    for (unsigned action = 0; action < counts_in_record(&stretches->kept); action++)
        pack_u32(out, stretch->counts[action]);
    pack_u32(out, stretch->products);
    pack_u8(out, stretch->flags);
    const char *end = stretch->block.data + stretch->block.len;
    pack_text(out, (struct slice){.text = parts, .len = (size_t)(end - parts)});
    if (stretches->kept.extras_bytes > 0)
        extras_pack(&stretches->kept, parts + stretches->kept.counters_bytes,
                    out->data + out->len - (end - parts) + stretches->kept.counters_bytes, out);
}

void stretch_unpack(struct stretches *stretches, uint32_t number, struct slice name,
                    struct unpack *in)
{
    static const char nothing[ATTRIBUTES_MAX]; /* attributes that there are not */
    const struct kept *kept = &stretches->kept;
    const int64_t start_us = unpack_i64(in);
    const int64_t last_us = unpack_i64(in);
    struct stretch *stretch = stretch_clear(stretches, number, start_us, last_us);
    char head[VARINT_MAX];

    stretch->reach_us = unpack_i64(in);
    stretch->product_us = unpack_i64(in);
    for (unsigned action = 0; action < counts_in_record(kept); action++)
        stretch->counts[action] = unpack_u32(in);
    stretch->products = unpack_u32(in);
    stretch->flags = unpack_u8(in);
    struct slice cells = {0};
    struct slice block = unpack_text(in);
    if (in->broken || stretch_ended(stretch) > SESSION_SPLIT || start_us > last_us ||
        start_us < INSTANT_MIN || last_us > INSTANT_MAX ||
        !parts_whole(kept, block, products_kept(stretch))) {
        in->broken = true;
        stretch->products = 0;
        cells = cells_none(kept);
        block = (struct slice){.text = nothing, .len = (size_t)kept->attributes};
    }
    const struct slice parts[] = {
        {.text = head, .len = varint_write(head, name.len)}, name, cells, block};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        bytes_write(block_extend(&stretches->blocks, &stretch->block, parts[i].len), parts[i]);
    if (kept->extras_bytes > 0)
        extras_unpack(kept, &stretches->blocks, extras_at(stretches, stretch), in);
    struct parts read;
    parts_of(&read, stretches, stretch);
    present_note(kept, stretch, &read);
}
