/*
 * A block is
 *     len user len source len device { time - time of the one before, len product }
 * with varints (varint.h) for times and lengths; the first product's time counts from 0. A stretch
 * that knows no text has none. Products are sorted by time, then bytes. Room for a block comes in
 * steps (block_room), so that its length is enough to know when it must grow.
 */
#include "stretch.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "json.h"
#include "memory.h"
#include "varint.h"

/* A block taken apart; borrowed. */
struct texts {
    struct slice user, source, device, products;
};

enum deed deed_of(struct value event_type)
{
    static const struct slice names[DEED_COUNT] = {
        [DEED_OTHER] = {NULL, 0},
        [DEED_PAGE_VIEW] = {"page_view", 9},
        [DEED_PRODUCT_VIEW] = {"product_view", 12},
        [DEED_ADD_TO_CART] = {"add_to_cart", 11},
        [DEED_PURCHASE] = {"purchase", 8},
    };

    if (event_type.kind != KIND_STRING) return DEED_OTHER;
    for (int deed = DEED_OTHER + 1; deed < DEED_COUNT; deed++)
        if (slice_equal(value_slice(event_type), names[deed])) return (enum deed)deed;
    return DEED_OTHER;
}

void stretches_init(struct stretches *stretches)
{
    *stretches = (struct stretches){0};
    pool_init(&stretches->pool, sizeof(struct stretch));
}

void stretches_release(struct stretches *stretches)
{
    pool_release(&stretches->pool);
    buffer_release(&stretches->scratch);
}

/* What malloc gives anyway: eight bytes less than 32, 64, 96, 128, then steps of a quarter. */
static size_t block_room(size_t len)
{
    const size_t least = len + 8;
    const size_t step = least <= 128 ? 32 : (size_t)1 << (61 - __builtin_clzll(least - 1));

    return len == 0 ? 0 : ((least + step - 1) & ~(step - 1)) - 8;
}

/* Makes the block len bytes long. */
static void block_resize(struct stretch *stretch, size_t len)
{
    if (len > UINT32_MAX) die("no memory for more than 4 GiB of one session");
    if (block_room(len) != block_room(stretch->block_len))
        stretch->block = memory_resize(stretch->block, block_room(len), 1);
    stretch->block_len = (uint32_t)len;
}

static struct slice text_read(const char **at)
{
    const size_t len = (size_t)varint_read(at);
    const struct slice text = {.text = *at, .len = len};

    *at += len;
    return text;
}

static struct texts texts_of(const struct stretch *stretch)
{
    struct texts texts = {.products = {NULL, 0}};
    const char *at = stretch->block;

    if (stretch->block_len == 0) return texts;
    texts.user = text_read(&at);
    texts.source = text_read(&at);
    texts.device = text_read(&at);
    texts.products =
        (struct slice){.text = at, .len = (size_t)(stretch->block + stretch->block_len - at)};
    return texts;
}

static char *bytes_write(char *to, struct slice bytes)
{
    if (bytes.len > 0) memcpy(to, bytes.text, bytes.len);
    return to + bytes.len;
}

static char *text_write(char *to, struct slice text)
{
    return bytes_write(to + varint_write(to, text.len), text);
}

/* Makes the block anew. What texts borrow may lie in it. */
static void texts_put(struct stretches *stretches, struct stretch *stretch,
                      const struct texts *texts)
{
    const size_t most = texts->user.len + texts->source.len + texts->device.len +
                        texts->products.len + 3 * VARINT_MAX;
    const size_t kept = stretches->scratch.len; /* products may lie there */
    /* Room first: it may move the scratch, never the texts in the old block. */
    const char *old = stretches->scratch.data;
    char *begin = buffer_reserve(&stretches->scratch, most);
    struct slice products = texts->products;
    if (kept > 0 && products.text == old) products.text = stretches->scratch.data;

    char *at = text_write(begin, texts->user);
    at = text_write(at, texts->source);
    at = text_write(at, texts->device);
    at = bytes_write(at, products);
    const size_t len = (size_t)(at - begin);
    block_resize(stretch, len);
    memcpy(stretch->block, begin, len);
}

static uint32_t products_kept(const struct stretch *stretch)
{
    return stretch->products < STRETCH_PRODUCTS_MAX ? stretch->products : STRETCH_PRODUCTS_MAX;
}

/* A walk through encoded products. */
struct products {
    const char *at;
    uint32_t left;
    int64_t time_us; /* of the current one */
    struct slice text;
};

static void products_step(struct products *products)
{
    products->time_us = (int64_t)((uint64_t)products->time_us + varint_read(&products->at));
    products->text = text_read(&products->at);
}

static struct products products_of(const struct stretch *stretch)
{
    struct products products = {.at = texts_of(stretch).products.text,
                                .left = products_kept(stretch)};

    if (products.left > 0) products_step(&products);
    return products;
}

static void products_next(struct products *products)
{
    if (--products->left > 0) products_step(products);
}

static bool products_before(const struct products *a, const struct products *b)
{
    if (a->left == 0 || b->left == 0) return b->left == 0;
    if (a->time_us != b->time_us) return a->time_us < b->time_us;
    return slice_compare(a->text, b->text) <= 0;
}

/* Merges two walks into the scratch, as many as are kept; *time_us is the time of the last one. */
static struct slice products_merge(struct stretches *stretches, struct products a,
                                   struct products b, int64_t *time_us)
{
    struct buffer *out = &stretches->scratch;
    uint64_t time = 0;

    buffer_clear(out);
    for (uint32_t kept = 0; kept < STRETCH_PRODUCTS_MAX && (a.left > 0 || b.left > 0); kept++) {
        struct products *first = products_before(&a, &b) ? &a : &b;
        char *to = buffer_reserve(out, first->text.len + 2 * VARINT_MAX);
        char *end = text_write(to + varint_write(to, (uint64_t)first->time_us - time), first->text);
        out->len += (size_t)(end - to);
        time = (uint64_t)first->time_us;
        products_next(first);
    }
    *time_us = (int64_t)time;
    return buffer_slice(out);
}

static void products_count(struct stretch *stretch, uint32_t more)
{
    if (__builtin_add_overflow(stretch->products, more, &stretch->products))
        stretch->products = UINT32_MAX;
}

static void product_append(struct stretch *stretch, int64_t time_us, struct slice product)
{
    const uint64_t since =
        (uint64_t)time_us - (stretch->products == 0 ? 0 : (uint64_t)stretch->product_us);
    char head[2 * VARINT_MAX];
    const size_t old_len = stretch->block_len;
    const size_t texts_len = old_len == 0 ? 3 : old_len; /* three texts of length 0 */

    size_t head_len = varint_write(head, since);
    head_len += varint_write(head + head_len, product.len);
    block_resize(stretch, texts_len + head_len + product.len);
    if (old_len == 0) memset(stretch->block, 0, texts_len);
    memcpy(stretch->block + texts_len, head, head_len);
    bytes_write(stretch->block + texts_len + head_len, product);
    stretch->product_us = time_us;
}

static void product_add(struct stretches *stretches, struct stretch *stretch, int64_t time_us,
                        struct slice product)
{
    if (time_us > stretch->product_us) {
        if (stretch->products < STRETCH_PRODUCTS_MAX) product_append(stretch, time_us, product);
    } else {
        const struct products one = {.left = 1, .time_us = time_us, .text = product};
        struct texts texts = texts_of(stretch);
        texts.products = products_merge(stretches, products_of(stretch), one, &stretch->product_us);
        texts_put(stretches, stretch, &texts);
    }
    products_count(stretch, 1);
}

/* Does a text said at time_us stand for more than the one known? The last user: later, or greater.
 */
static bool is_later(int64_t time_us, int64_t known_us, struct slice text, struct slice known)
{
    return time_us > known_us || (time_us == known_us && slice_compare(text, known) > 0);
}

/* The first source or device: earlier, or smaller. */
static bool is_earlier(int64_t time_us, int64_t known_us, struct slice text, struct slice known)
{
    return time_us < known_us || (time_us == known_us && slice_compare(text, known) < 0);
}

/* The texts of an event, or of another stretch. */
static void texts_add(struct stretches *stretches, struct stretch *stretch,
                      const struct stretch *times, const struct texts *more)
{
    struct texts texts = texts_of(stretch);
    bool changed = false;

    if (is_later(times->user_us, stretch->user_us, more->user, texts.user)) {
        changed = !slice_equal(texts.user, more->user);
        texts.user = more->user;
        stretch->user_us = times->user_us;
    }
    if (is_earlier(times->source_us, stretch->source_us, more->source, texts.source)) {
        changed = changed || !slice_equal(texts.source, more->source);
        texts.source = more->source;
        stretch->source_us = times->source_us;
    }
    if (is_earlier(times->device_us, stretch->device_us, more->device, texts.device)) {
        changed = changed || !slice_equal(texts.device, more->device);
        texts.device = more->device;
        stretch->device_us = times->device_us;
    }
    if (!changed) return;
    buffer_clear(&stretches->scratch);
    texts_put(stretches, stretch, &texts);
}

static struct stretch times_none(void)
{
    return (struct stretch){.user_us = INT64_MIN,
                            .source_us = INT64_MAX,
                            .device_us = INT64_MAX,
                            .product_us = INT64_MIN};
}

/* Nearly always an event says nothing new: a later one does not change what was
 * first, and the user is the same. */
static bool says_nothing_new(struct stretch *stretch, const struct fact *fact)
{
    if (fact->source.kind == KIND_STRING && fact->time_us <= stretch->source_us) return false;
    if (fact->device.kind == KIND_STRING && fact->time_us <= stretch->device_us) return false;
    if (fact->user.kind != KIND_STRING) return true;
    if (fact->time_us < stretch->user_us || stretch->user_us == INT64_MIN) return false;
    if (!slice_equal(texts_of(stretch).user, value_slice(fact->user))) return false;
    stretch->user_us = fact->time_us;
    return true;
}

static void fact_texts(struct stretches *stretches, struct stretch *stretch,
                       const struct fact *fact)
{
    if (says_nothing_new(stretch, fact)) return;
    struct stretch times = times_none();
    struct texts texts = {.user = {NULL, 0}};

    if (fact->user.kind == KIND_STRING) {
        texts.user = value_slice(fact->user);
        times.user_us = fact->time_us;
    }
    if (fact->source.kind == KIND_STRING) {
        texts.source = value_slice(fact->source);
        times.source_us = fact->time_us;
    }
    if (fact->device.kind == KIND_STRING) {
        texts.device = value_slice(fact->device);
        times.device_us = fact->time_us;
    }
    texts_add(stretches, stretch, &times, &texts);
}

void stretch_add(struct stretches *stretches, struct stretch *stretch, const struct fact *fact)
{
    const int64_t time_us = fact->time_us;
    const int64_t reach_us = time_us > fact->watermark_us ? time_us : fact->watermark_us;

    if (time_us < stretch->start_us) stretch->start_us = time_us;
    if (time_us > stretch->last_us) stretch->last_us = time_us;
    if (reach_us < stretch->reach_us) stretch->reach_us = reach_us;
    if (++stretch->deeds[fact->deed] == UINT32_MAX)
        die("more than %u events in one session", UINT32_MAX - 1);
    fact_texts(stretches, stretch, fact);
    if (fact->product.kind == KIND_STRING)
        product_add(stretches, stretch, time_us, value_slice(fact->product));
}

uint32_t stretch_new_empty(struct stretches *stretches, int64_t start_us, int64_t last_us)
{
    const uint32_t number = pool_take(&stretches->pool);
    struct stretch *stretch = stretch_at(stretches, number);

    *stretch = times_none();
    stretch->start_us = start_us;
    stretch->last_us = last_us;
    stretch->reach_us = INT64_MAX;
    return number;
}

uint32_t stretch_new(struct stretches *stretches, const struct fact *fact)
{
    const uint32_t number = stretch_new_empty(stretches, fact->time_us, fact->time_us);

    stretch_add(stretches, stretch_at(stretches, number), fact);
    return number;
}

void stretch_free(struct stretches *stretches, uint32_t number)
{
    free(stretch_at(stretches, number)->block);
    pool_give(&stretches->pool, number);
}

void stretch_merge(struct stretches *stretches, struct stretch *into, struct stretch *from)
{
    const struct texts more = texts_of(from);

    if (from->start_us < into->start_us) into->start_us = from->start_us;
    if (from->last_us > into->last_us) into->last_us = from->last_us;
    if (from->reach_us < into->reach_us) into->reach_us = from->reach_us;
    for (int deed = 0; deed < DEED_COUNT; deed++)
        if (__builtin_add_overflow(into->deeds[deed], from->deeds[deed], &into->deeds[deed]))
            die("more than %u events in one session", UINT32_MAX - 1);
    texts_add(stretches, into, from, &more);
    if (from->products > 0) {
        struct texts texts = texts_of(into);
        texts.products =
            products_merge(stretches, products_of(into), products_of(from), &into->product_us);
        texts_put(stretches, into, &texts);
        products_count(into, from->products);
    }
    free(from->block);
    from->block = NULL;
    from->block_len = 0;
}

uint64_t stretch_events(const struct stretch *stretch)
{
    uint64_t events = 0;

    for (int deed = 0; deed < DEED_COUNT; deed++)
        events += stretch->deeds[deed];
    return events;
}

struct value stretch_user(const struct stretch *stretch)
{
    return stretch->user_us == INT64_MIN ? VALUE_NULL : value_string(texts_of(stretch).user);
}

struct value stretch_source(const struct stretch *stretch)
{
    return stretch->source_us == INT64_MAX ? VALUE_NULL : value_string(texts_of(stretch).source);
}

struct value stretch_device(const struct stretch *stretch)
{
    return stretch->device_us == INT64_MAX ? VALUE_NULL : value_string(texts_of(stretch).device);
}

void stretch_print_products(const struct stretch *stretch, struct buffer *out)
{
    struct products products = products_of(stretch);

    buffer_add_char(out, '[');
    while (products.left > 0) {
        json_add_string(out, products.text);
        products_next(&products);
        if (products.left > 0) buffer_add_char(out, ',');
    }
    buffer_add_char(out, ']');
}

void stretch_pack(const struct stretch *stretch, struct buffer *out)
{
    pack_i64(out, stretch->start_us);
    pack_i64(out, stretch->last_us);
    pack_i64(out, stretch->reach_us);
    pack_i64(out, stretch->user_us);
    pack_i64(out, stretch->source_us);
    pack_i64(out, stretch->device_us);
    pack_i64(out, stretch->product_us);
    for (int deed = 0; deed < DEED_COUNT; deed++)
        pack_u32(out, stretch->deeds[deed]);
    pack_u32(out, stretch->products);
    pack_u32(out, stretch->flags);
    pack_text(out, (struct slice){.text = stretch->block, .len = stretch->block_len});
}

/* One text of a block from a file; false: it does not end within it. */
static bool text_whole(const char **at, const char *end)
{
    if (!varint_whole(*at, end)) return false;
    const uint64_t len = varint_read(at);
    if (len > (uint64_t)(end - *at)) return false;
    *at += len;
    return true;
}

/* Is this a block with as many products? */
static bool block_whole(struct slice block, uint32_t products)
{
    const char *at = block.text;
    const char *end = block.text + block.len;

    if (block.len == 0) return products == 0;
    for (int i = 0; i < 3; i++)
        if (!text_whole(&at, end)) return false;
    for (uint32_t i = 0; i < products; i++) {
        if (!varint_whole(at, end)) return false;
        (void)varint_read(&at);
        if (!text_whole(&at, end)) return false;
    }
    return at == end;
}

uint32_t stretch_unpack(struct stretches *stretches, struct unpack *in)
{
    const int64_t start_us = unpack_i64(in);
    const int64_t last_us = unpack_i64(in);
    const uint32_t number = stretch_new_empty(stretches, start_us, last_us);
    struct stretch *stretch = stretch_at(stretches, number);

    stretch->reach_us = unpack_i64(in);
    stretch->user_us = unpack_i64(in);
    stretch->source_us = unpack_i64(in);
    stretch->device_us = unpack_i64(in);
    stretch->product_us = unpack_i64(in);
    for (int deed = 0; deed < DEED_COUNT; deed++)
        stretch->deeds[deed] = unpack_u32(in);
    stretch->products = unpack_u32(in);
    stretch->flags = unpack_u32(in);
    const struct slice block = unpack_text(in);
    if (start_us > last_us || !block_whole(block, products_kept(stretch))) {
        in->broken = true;
        stretch->products = 0;
        return number;
    }
    block_resize(stretch, block.len);
    if (block.len > 0) memcpy(stretch->block, block.text, block.len);
    return number;
}
