/*
 * A block is
 *     name user source device { time - time of the one before, product }
 * where a text is its length and its bytes. User, source and device have a length that is one more,
 * 0 for never said, and a time behind it: of the user, which changes often, in eight bytes, of the
 * others since the start. The first product's time counts from the start, too. Lengths and times
 * are varints (varint.h). Products are as products.h has it.
 */
#include "session/stretch.h"

#include <endian.h>
#include <string.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/varint.h"

/* A block taken apart; borrowed. */
struct texts {
    struct slice name;
    struct attribute user;           /* INT64_MIN: never */
    struct attribute source, device; /* INT64_MAX: never */
    struct slice products;           /* as encoded */
    int64_t base_us;                 /* from which the first one's time counts */
};

void stretches_init(struct stretches *stretches)
{
    *stretches = (struct stretches){0};
    pool_init(&stretches->pool, STRETCH_RECORD_BYTES, HELD_SESSIONS);
    stretches->blocks.kind = HELD_SESSIONS;
}

void stretches_release(struct stretches *stretches)
{
    pool_release(&stretches->pool);
    slab_release(&stretches->blocks);
    buffer_release(&stretches->scratch);
    buffer_release(&stretches->tight);
}

/* --- blocks --- */

/* Makes the block so many bytes longer; returns where they go. */
static char *block_extend(struct stretches *stretches, struct stretch *stretch, size_t more)
{
    const size_t old_len = stretch->block_len;
    const size_t len = old_len + more;

    if (len > UINT32_MAX) die("no memory for more than 4 GiB of one session");
    if (slab_room(len) != slab_room(old_len))
        stretch->block = slab_resize(&stretches->blocks, stretch->block, old_len, len);
    stretch->block_len = (uint32_t)len;
    return stretch->block + old_len;
}

/* Makes the block so many bytes long; what was in it may be lost. */
static void block_renew(struct stretches *stretches, struct stretch *stretch, size_t len)
{
    if (len > UINT32_MAX) die("no memory for more than 4 GiB of one session");
    if (slab_room(len) != slab_room(stretch->block_len)) {
        slab_give(&stretches->blocks, stretch->block, stretch->block_len);
        stretch->block = slab_take(&stretches->blocks, len);
    }
    stretch->block_len = (uint32_t)len;
}

/* Makes the block these bytes, which do not lie in it. */
static void block_set(struct stretches *stretches, struct stretch *stretch, const char *bytes,
                      size_t len)
{
    block_renew(stretches, stretch, len);
    memcpy(stretch->block, bytes, len);
}

/* Replaces the first old_len bytes of the block by others, which do not lie in it. */
static void block_head(struct stretches *stretches, struct stretch *stretch, size_t old_len,
                       struct slice head)
{
    const size_t tail_len = stretch->block_len - old_len;
    const size_t before = stretch->block_len;

    if (head.len > old_len) (void)block_extend(stretches, stretch, head.len - old_len);
    if (head.len != old_len) memmove(stretch->block + head.len, stretch->block + old_len, tail_len);
    memcpy(stretch->block, head.text, head.len);
    if (head.len >= old_len) return;
    stretch->block_len = (uint32_t)(head.len + tail_len);
    if (slab_room(before) != slab_room(stretch->block_len))
        stretch->block =
            slab_resize(&stretches->blocks, stretch->block, before, stretch->block_len);
}

static void texts_read(struct texts *texts, const struct stretch *stretch)
{
    const char *at = stretch->block;
    const char *end = at + stretch->block_len;

    texts->name = text_read(&at);
    last_read(&texts->user, &at);
    first_read(&texts->source, &at, stretch->start_us);
    first_read(&texts->device, &at, stretch->start_us);
    texts->products = (struct slice){.text = at, .len = (size_t)(end - at)};
    texts->base_us = stretch->start_us;
}

/* Room for the beginning of a block of these texts. */
static size_t texts_most(const struct texts *texts)
{
    return texts->name.len + texts->user.text.len + texts->source.text.len +
           texts->device.text.len + 9 * VARINT_MAX;
}

static char *texts_write(char *to, const struct texts *texts, int64_t start_us)
{
    to = text_write(to, texts->name);
    to = last_write(to, &texts->user);
    to = first_write(to, &texts->source, start_us);
    return first_write(to, &texts->device, start_us);
}

static void said_note(struct stretch *stretch, const struct texts *texts)
{
    stretch->said = (uint8_t)((texts->user.time_us != INT64_MIN ? SAID_USER : 0) |
                              (texts->source.time_us != INT64_MAX ? SAID_SOURCE : 0) |
                              (texts->device.time_us != INT64_MAX ? SAID_DEVICE : 0));
}

/* Makes the beginning of the block anew, up to the first product's time, which counts from the
 * start. What texts borrow may lie in it. */
static void texts_put(struct stretches *stretches, struct stretch *stretch,
                      const struct texts *texts)
{
    struct buffer *scratch = &stretches->scratch;
    char *begin = buffer_reserve(scratch, texts_most(texts));
    char *end = texts_write(begin, texts, stretch->start_us);
    const char *tail = texts->products.text;

    if (texts->products.len > 0)
        end += varint_write(end, varint_read(&tail) + (uint64_t)texts->base_us -
                                     (uint64_t)stretch->start_us);
    block_head(stretches, stretch, (size_t)(tail - stretch->block),
               (struct slice){.text = begin, .len = (size_t)(end - begin)});
    said_note(stretch, texts);
}

#define SCRATCH_KEPT ((size_t)1 << 20)

/* Makes the block anew with products that are in the scratch, counting from the start. */
static void products_put(struct stretches *stretches, struct stretch *stretch,
                         const struct texts *texts)
{
    struct buffer *scratch = &stretches->scratch;
    char *begin = buffer_reserve(scratch, texts_most(texts));
    const size_t head_len = (size_t)(texts_write(begin, texts, stretch->start_us) - begin);

    block_renew(stretches, stretch, head_len + scratch->len);
    memcpy(stretch->block, begin, head_len);
    if (scratch->len > 0) memcpy(stretch->block + head_len, scratch->data, scratch->len);
    said_note(stretch, texts);
    stretch->loose = 0;
    buffer_trim(scratch, SCRATCH_KEPT);
}

/* --- products --- */

/* Those that are sorted. */
static uint32_t products_kept(const struct stretch *stretch)
{
    const uint32_t products = stretch->products - stretch->loose;

    return products < STRETCH_PRODUCTS_MAX ? products : STRETCH_PRODUCTS_MAX;
}

static void products_count(struct stretch *stretch, uint32_t more)
{
    if (__builtin_add_overflow(stretch->products, more, &stretch->products))
        stretch->products = UINT32_MAX;
}

/* A product later than all that are kept. */
static void product_append(struct stretches *stretches, struct stretch *stretch, int64_t time_us,
                           struct slice product)
{
    const int64_t base_us = stretch->products == 0 ? stretch->start_us : stretch->product_us;
    const uint64_t since = (uint64_t)time_us - (uint64_t)base_us;
    char *to =
        block_extend(stretches, stretch, varint_len(since) + varint_len(product.len) + product.len);

    text_write(to + varint_write(to, since), product);
    stretch->product_us = time_us;
}

/* The loose ones, behind the sorted ones. */
static struct slice products_loose(const struct stretch *stretch)
{
    const char *foot = stretch->block + stretch->block_len - PRODUCTS_FOOT_BYTES;
    uint32_t len;

    if (stretch->loose == 0) return (struct slice){.text = foot, .len = 0};
    memcpy(&len, foot, sizeof len);
    return (struct slice){.text = foot - len, .len = len};
}

/* With the sorted and the loose ones of a stretch, whose start is set, merges more; what texts say
 * then is that of the block. */
static void products_learn(struct stretches *stretches, struct stretch *stretch,
                           const struct texts *texts, struct products more)
{
    const struct products known =
        products_walk(texts->products, products_kept(stretch), texts->base_us);

    stretch->product_us = stretch->start_us;
    products_merge(&stretches->scratch, known, more, STRETCH_PRODUCTS_MAX, &stretch->product_us);
    products_put(stretches, stretch, texts);
}

void stretch_settle(struct stretches *stretches, struct stretch *stretch)
{
    struct texts texts;

    if (stretch->loose == 0) return;
    products_tighten(&stretches->tight, products_loose(stretch), stretch->loose, INT64_MIN);
    texts_read(&texts, stretch);
    products_learn(stretches, stretch, &texts,
                   products_walk(buffer_slice(&stretches->tight), stretch->loose, INT64_MIN));
    buffer_trim(&stretches->tight, SCRATCH_KEPT);
}

/* So many products are worth going through all that are there. */
static uint32_t products_worth(const struct stretch *stretch)
{
    return products_kept(stretch) / 8 + 8;
}

/* A product that is not later than all others, or comes when some are loose. */
static void product_wait(struct stretches *stretches, struct stretch *stretch, int64_t time_us,
                         struct slice product)
{
    const size_t foot = stretch->loose > 0 ? PRODUCTS_FOOT_BYTES : 0;
    const size_t len = products_loose_len(product);
    const uint32_t all = (uint32_t)(products_loose(stretch).len + len);

    char *to = block_extend(stretches, stretch, len + PRODUCTS_FOOT_BYTES - foot) - foot;
    memcpy(products_loose_write(to, time_us, product), &all, sizeof all);
    stretch->loose++;
    products_count(stretch, 1);
    if (stretch->loose >= products_worth(stretch) || stretch->loose == PRODUCTS_LOOSE_MAX)
        stretch_settle(stretches, stretch);
}

/* --- adding --- */

static struct attribute said_at(struct value value, int64_t time_us, int64_t never_us)
{
    if (value.kind != KIND_STRING) return (struct attribute){.time_us = never_us};
    return (struct attribute){.text = value_slice(value), .time_us = time_us};
}

static struct texts texts_said(const struct click *click)
{
    return (struct texts){
        .user = said_at(click->user, click->time_us, INT64_MIN),
        .source = said_at(click->source, click->time_us, INT64_MAX),
        .device = said_at(click->device, click->time_us, INT64_MAX),
    };
}

/* Adds texts to a stretch, which then starts at start_us. */
static void stretch_learn(struct stretches *stretches, struct stretch *stretch, int64_t start_us,
                          const struct texts *more)
{
    struct texts texts;
    texts_read(&texts, stretch);
    bool changed = last_learn(&texts.user, &more->user);
    changed = first_learn(&texts.source, &more->source) || changed;
    changed = first_learn(&texts.device, &more->device) || changed;
    if (start_us < stretch->start_us) {
        stretch->start_us = start_us;
        changed = true;
    }
    if (changed) texts_put(stretches, stretch, &texts);
}

/* Nearly always an event says nothing new: it is later than all before it, so does not change what
 * was first, and the user is the same. */
static bool says_nothing_new(struct stretch *stretch, const struct click *click)
{
    const int first = (click->source.kind == KIND_STRING ? SAID_SOURCE : 0) |
                      (click->device.kind == KIND_STRING ? SAID_DEVICE : 0);

    if (click->time_us <= stretch->last_us && (first != 0 || click->time_us < stretch->start_us))
        return false;
    if ((first & ~stretch->said) != 0) return false;
    if (click->user.kind != KIND_STRING) return true;
    if (click->time_us < stretch->last_us || (stretch->said & SAID_USER) == 0) return false;

    const char *at = stretch->block;
    (void)text_read(&at);
    const size_t len = (size_t)varint_read(&at) - 1;
    if (len != click->user.len || memcmp(at + sizeof click->time_us, click->user.text, len) != 0)
        return false;
    time_write(stretch->block + (at - stretch->block), click->time_us);
    return true;
}

static void product_add_to(struct stretches *stretches, struct stretch *stretch, int64_t time_us,
                           struct slice product)
{
    const bool is_last = time_us > stretch->product_us;

    if (is_last && products_kept(stretch) == STRETCH_PRODUCTS_MAX) {
        products_count(stretch, 1);
    } else if (is_last && stretch->loose == 0) {
        product_append(stretches, stretch, time_us, product);
        products_count(stretch, 1);
    } else {
        product_wait(stretches, stretch, time_us, product);
    }
}

void stretch_add(struct stretches *stretches, struct stretch *stretch, const struct click *click)
{
    const int64_t time_us = click->time_us;
    const int64_t reach_us = time_us > click->watermark_us ? time_us : click->watermark_us;
    const bool has_product = click->product.kind == KIND_STRING;

    if (!says_nothing_new(stretch, click)) {
        const struct texts texts = texts_said(click);
        stretch_learn(stretches, stretch, time_us, &texts);
    }
    if (has_product) {
        if (time_us > stretch->product_us && stretch->loose == 0 &&
            stretch->products < STRETCH_PRODUCTS_MAX) { /* nearly always */
            product_append(stretches, stretch, time_us, value_slice(click->product));
            stretch->products++;
        } else {
            product_add_to(stretches, stretch, time_us, value_slice(click->product));
        }
    }
    if (time_us > stretch->last_us) stretch->last_us = time_us;
    if (reach_us < stretch->reach_us) stretch->reach_us = reach_us;
    if (++stretch->counts[click->action] == UINT32_MAX)
        die("more than %u events in one session", UINT32_MAX - 1);
}

struct attribute stretch_user(const struct stretch *stretch)
{
    struct texts texts;

    texts_read(&texts, stretch);
    return texts.user;
}

void stretch_say_user(struct stretches *stretches, struct stretch *stretch,
                      const struct attribute *user)
{
    struct texts texts;

    texts_read(&texts, stretch);
    texts.user = *user;
    texts_put(stretches, stretch, &texts);
}

/* Adds the products of another stretch. They mostly come behind, or are few: what is there stays as
 * it is. */
static void products_add(struct stretches *stretches, struct stretch *into,
                         const struct stretch *from, const struct texts *more)
{
    struct products products = products_walk(more->products, products_kept(from), more->base_us);

    if (products.left > products_worth(into) && products.time_us <= into->product_us) {
        struct texts texts;
        stretch_settle(stretches, into);
        texts_read(&texts, into);
        products_learn(stretches, into, &texts, products);
        products_count(into, from->products);
        return;
    }
    uint32_t count = from->products;
    for (; products.left > 0; count--) {
        product_add_to(stretches, into, products.time_us, products.text);
        products_next(&products);
    }
    products_count(into, count);
}

/* Exchanges all that two stretches are, but for where they stand. */
static void stretch_swap(struct stretch *a, struct stretch *b)
{
    const struct stretch copy = *a;
    const struct stretch *const from[] = {b, &copy};
    struct stretch *const to[] = {a, b};

    for (int i = 0; i < 2; i++) {
        struct stretch new = *from[i];
        new.id = to[i]->id;
        new.flags = to[i]->flags;
        new.is_used = to[i]->is_used;
        new.is_owned = to[i]->is_owned;
        new.next = to[i]->next;
        new.previous = to[i]->previous;
        *to[i] = new;
    }
}

void stretch_merge(struct stretches *stretches, struct stretch *into, struct stretch *from)
{
    struct texts more;
    /* The less is added to the more: where it goes in is no matter. */
    if (from->products > into->products) stretch_swap(into, from);
    stretch_settle(stretches, from);
    texts_read(&more, from);
    stretch_learn(stretches, into, from->start_us, &more);
    products_add(stretches, into, from, &more);
    if (from->last_us > into->last_us) into->last_us = from->last_us;
    if (from->reach_us < into->reach_us) into->reach_us = from->reach_us;
    for (int action = 0; action < ACTION_COUNT; action++)
        if (__builtin_add_overflow(into->counts[action], from->counts[action],
                                   &into->counts[action]))
            die("more than %u events in one session", UINT32_MAX - 1);
}

/* --- records --- */

uint32_t stretch_take(struct stretches *stretches)
{
    const uint32_t number = pool_take(&stretches->pool);

    *stretch_at(stretches, number) = (struct stretch){0};
    return number;
}

/* A stretch whose block is not made yet. */
static struct stretch *stretch_clear(struct stretches *stretches, uint32_t number, int64_t start_us,
                                     int64_t last_us)
{
    struct stretch *stretch = stretch_at(stretches, number);

    *stretch = (struct stretch){.id = stretch->id,
                                .start_us = start_us,
                                .last_us = last_us,
                                .reach_us = INT64_MAX,
                                .product_us = INT64_MIN,
                                .is_used = true,
                                .is_owned = stretch->is_owned};
    return stretch;
}

void stretch_begin_empty(struct stretches *stretches, uint32_t number, struct slice name,
                         int64_t start_us, int64_t last_us)
{
    struct stretch *stretch = stretch_clear(stretches, number, start_us, last_us);
    struct texts texts = texts_said(&(struct click){0});

    texts.name = name;
    char *begin = buffer_reserve(&stretches->scratch, texts_most(&texts));
    const char *end = texts_write(begin, &texts, start_us);
    block_set(stretches, stretch, begin, (size_t)(end - begin));
    said_note(stretch, &texts);
}

void stretch_begin(struct stretches *stretches, uint32_t number, struct slice name,
                   const struct click *click)
{
    const int64_t time_us = click->time_us;
    struct stretch *stretch = stretch_clear(stretches, number, time_us, time_us);
    struct texts texts = texts_said(click);

    texts.name = name;
    char *begin =
        buffer_reserve(&stretches->scratch, texts_most(&texts) + VARINT_MAX + click->product.len);
    char *end = texts_write(begin, &texts, time_us);
    if (click->product.kind == KIND_STRING) {
        *end++ = 0; /* it comes 0 after the start */
        end = text_write(end, value_slice(click->product));
        stretch->product_us = time_us;
        stretch->products = 1;
    }
    block_set(stretches, stretch, begin, (size_t)(end - begin));
    said_note(stretch, &texts);
    stretch->reach_us = time_us > click->watermark_us ? time_us : click->watermark_us;
    stretch->counts[click->action] = 1;
}

static void record_check(struct stretches *stretches, const struct stretch *stretch,
                         uint32_t number)
{
    if (!stretch->is_used && !stretch->is_owned) pool_give(&stretches->pool, number);
}

void stretch_free(struct stretches *stretches, uint32_t number)
{
    struct stretch *stretch = stretch_at(stretches, number);

    slab_give(&stretches->blocks, stretch->block, stretch->block_len);
    stretch->is_used = false;
    record_check(stretches, stretch, number);
}

void stretch_disown(struct stretches *stretches, uint32_t number)
{
    struct stretch *stretch = stretch_at(stretches, number);

    stretch->is_owned = false;
    record_check(stretches, stretch, number);
}

/* --- looking --- */

uint64_t stretch_events(const struct stretch *stretch)
{
    uint64_t events = 0;

    for (int action = 0; action < ACTION_COUNT; action++)
        events += stretch->counts[action];
    return events;
}

struct slice stretch_name(const struct stretch *stretch)
{
    const char *at = stretch->block;

    return text_read(&at);
}

struct summary stretch_summary(const struct stretch *stretch)
{
    struct texts texts;

    texts_read(&texts, stretch);
    return (struct summary){
        .name = texts.name,
        .user = stretch->said & SAID_USER ? value_string(texts.user.text) : VALUE_NULL,
        .source = stretch->said & SAID_SOURCE ? value_string(texts.source.text) : VALUE_NULL,
        .device = stretch->said & SAID_DEVICE ? value_string(texts.device.text) : VALUE_NULL,
        .products = texts.products,
    };
}

void stretch_print_products(const struct stretch *stretch, const struct summary *summary,
                            struct rows *rows, int member)
{
    struct products products =
        products_walk(summary->products, products_kept(stretch), stretch->start_us);
    struct buffer *list = rows_list(rows, member);

    for (; products.left > 0; products_next(&products))
        rows_list_text(list, products.text);
    rows_list_end(list);
}

/* --- as bytes --- */

void stretch_pack(struct stretches *stretches, struct stretch *stretch, struct buffer *out)
{
    stretch_settle(stretches, stretch);
    const struct slice name = stretch_name(stretch);
    const char *texts = name.text + name.len;

    pack_i64(out, stretch->start_us);
    pack_i64(out, stretch->last_us);
    pack_i64(out, stretch->reach_us);
    pack_i64(out, stretch->product_us);
    for (int action = 0; action < ACTION_COUNT; action++)
        pack_u32(out, stretch->counts[action]);
    pack_u32(out, stretch->products);
    pack_u8(out, stretch->flags);
    pack_text(out, (struct slice){.text = texts,
                                  .len = (size_t)(stretch->block + stretch->block_len - texts)});
}

/* One varint of a block from a file; false: it does not end within it. */
static bool number_whole(const char **at, const char *end, uint64_t *number)
{
    if (!varint_whole(*at, end)) return false;
    *number = varint_read(at);
    return true;
}

static bool bytes_whole(const char **at, const char *end, uint64_t len)
{
    if (len > (uint64_t)(end - *at)) return false;
    *at += len;
    return true;
}

/* Something said, with its time in eight bytes or as a varint. */
static bool said_whole(const char **at, const char *end, bool wide)
{
    uint64_t len, time;

    if (!number_whole(at, end, &len)) return false;
    if (len == 0) return true;
    if (wide ? !bytes_whole(at, end, sizeof time) : !number_whole(at, end, &time)) return false;
    return bytes_whole(at, end, len - 1);
}

/* Is this a block, behind the name, with as many products? */
static bool block_whole(struct slice block, uint32_t products)
{
    const char *at = block.text;
    const char *end = block.text + block.len;
    uint64_t time, len;

    if (!said_whole(&at, end, true)) return false;
    if (!said_whole(&at, end, false) || !said_whole(&at, end, false)) return false;
    for (uint32_t i = 0; i < products; i++)
        if (!number_whole(&at, end, &time) || !number_whole(&at, end, &len) ||
            !bytes_whole(&at, end, len))
            return false;
    return at == end;
}

void stretch_unpack(struct stretches *stretches, uint32_t number, struct slice name,
                    struct unpack *in)
{
    const int64_t start_us = unpack_i64(in);
    const int64_t last_us = unpack_i64(in);
    struct stretch *stretch = stretch_clear(stretches, number, start_us, last_us);
    char head[VARINT_MAX];

    stretch->reach_us = unpack_i64(in);
    stretch->product_us = unpack_i64(in);
    for (int action = 0; action < ACTION_COUNT; action++)
        stretch->counts[action] = unpack_u32(in);
    stretch->products = unpack_u32(in);
    stretch->flags = unpack_u8(in);
    struct slice block = unpack_text(in);
    if (in->broken || start_us > last_us || start_us < INSTANT_MIN || last_us > INSTANT_MAX ||
        !block_whole(block, products_kept(stretch))) {
        in->broken = true;
        stretch->products = 0;
        block = SLICE("\0\0\0"); /* nothing was said */
    }
    const size_t head_len = varint_write(head, name.len);
    bytes_write(block_extend(stretches, stretch, head_len), (struct slice){head, head_len});
    bytes_write(block_extend(stretches, stretch, name.len), name);
    bytes_write(block_extend(stretches, stretch, block.len), block);
    struct texts texts;
    texts_read(&texts, stretch);
    said_note(stretch, &texts);
}
