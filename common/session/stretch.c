/*
 * A block is
 *     name user source device { time - time of the one before, product }
 * where a text is its length and its bytes. User, source and device have a length that is one more,
 * 0 for never said, and a time behind it: of the user, which changes often, in eight bytes, of the
 * others since the start. The first product's time counts from the start, too. Lengths and times
 * are varints (varint.h). Products are sorted by time, then bytes.
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
    struct said user;           /* INT64_MIN: never */
    struct said source, device; /* INT64_MAX: never */
    struct slice products;      /* as encoded */
    int64_t base_us;            /* from which the first one's time counts */
};

enum deed deed_of(struct value event_type)
{
    static const struct slice names[DEED_COUNT] = {
        [DEED_PAGE_VIEW] = {"page_view", 9},
        [DEED_PRODUCT_VIEW] = {"product_view", 12},
        [DEED_ADD_TO_CART] = {"add_to_cart", 11},
        [DEED_PURCHASE] = {"purchase", 8},
    };
    static const uint8_t by_length[] = {
        [8] = DEED_PURCHASE,
        [9] = DEED_PAGE_VIEW,
        [11] = DEED_ADD_TO_CART,
        [12] = DEED_PRODUCT_VIEW,
    };

    if (event_type.kind != KIND_STRING || event_type.len >= sizeof by_length) return DEED_OTHER;
    const enum deed deed = (enum deed)by_length[event_type.len];
    if (deed == DEED_OTHER) return DEED_OTHER;
    /* Two words that may overlap are all of it. */
    const char *name = names[deed].text;
    const size_t rest = event_type.len - 8;
    return slice_word(event_type.text) == slice_word(name) &&
                   slice_word(event_type.text + rest) == slice_word(name + rest)
               ? deed
               : DEED_OTHER;
}

void stretches_init(struct stretches *stretches)
{
    *stretches = (struct stretches){0};
    pool_init(&stretches->pool, STRETCH_RECORD_BYTES);
}

void stretches_release(struct stretches *stretches)
{
    pool_release(&stretches->pool);
    slab_release(&stretches->blocks);
    buffer_release(&stretches->scratch);
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

/* Makes the block these bytes, which do not lie in it. */
static void block_set(struct stretches *stretches, struct stretch *stretch, const char *bytes,
                      size_t len)
{
    if (len > UINT32_MAX) die("no memory for more than 4 GiB of one session");
    if (slab_room(len) != slab_room(stretch->block_len)) {
        slab_give(&stretches->blocks, stretch->block, stretch->block_len);
        stretch->block = slab_take(&stretches->blocks, len);
    }
    stretch->block_len = (uint32_t)len;
    memcpy(stretch->block, bytes, len);
}

static inline struct slice bytes_read(const char **at, size_t len)
{
    const struct slice text = {.text = *at, .len = len};

    *at += len;
    return text;
}

static inline struct slice text_read(const char **at)
{
    const size_t len = (size_t)varint_read(at);

    return bytes_read(at, len);
}

static inline void user_read(struct said *user, const char **at)
{
    const size_t len = (size_t)varint_read(at);

    *user = (struct said){.time_us = INT64_MIN};
    if (len == 0) return;
    user->time_us = (int64_t)slice_word(*at);
    *at += sizeof user->time_us;
    user->text = bytes_read(at, len - 1);
}

static inline void said_read(struct said *said, const char **at, int64_t start_us)
{
    const size_t len = (size_t)varint_read(at);

    *said = (struct said){.time_us = INT64_MAX};
    if (len == 0) return;
    said->time_us = (int64_t)((uint64_t)start_us + varint_read(at));
    said->text = bytes_read(at, len - 1);
}

static void texts_read(struct texts *texts, const struct stretch *stretch)
{
    const char *at = stretch->block;
    const char *end = at + stretch->block_len;

    texts->name = text_read(&at);
    user_read(&texts->user, &at);
    said_read(&texts->source, &at, stretch->start_us);
    said_read(&texts->device, &at, stretch->start_us);
    texts->products = (struct slice){.text = at, .len = (size_t)(end - at)};
    texts->base_us = stretch->start_us;
}

/* Nearly always these are a few: two pieces that may overlap. */
static inline char *bytes_write(char *to, struct slice bytes)
{
    const size_t len = bytes.len;

    if (len >= 8 && len <= 16) {
        memcpy(to, bytes.text, 8);
        memcpy(to + len - 8, bytes.text + len - 8, 8);
    } else if (len >= 4 && len < 8) {
        memcpy(to, bytes.text, 4);
        memcpy(to + len - 4, bytes.text + len - 4, 4);
    } else if (len > 0) {
        memcpy(to, bytes.text, len);
    }
    return to + len;
}

static char *text_write(char *to, struct slice text)
{
    return bytes_write(to + varint_write(to, text.len), text);
}

static char *time_write(char *to, int64_t time_us)
{
    const uint64_t little = htole64((uint64_t)time_us);

    memcpy(to, &little, sizeof little);
    return to + sizeof little;
}

static char *user_write(char *to, const struct said *user)
{
    if (user->time_us == INT64_MIN) return to + varint_write(to, 0);
    to += varint_write(to, user->text.len + 1);
    return bytes_write(time_write(to, user->time_us), user->text);
}

static char *said_write(char *to, const struct said *said, int64_t start_us)
{
    if (said->time_us == INT64_MAX) return to + varint_write(to, 0);
    to += varint_write(to, said->text.len + 1);
    to += varint_write(to, (uint64_t)said->time_us - (uint64_t)start_us);
    return bytes_write(to, said->text);
}

/* Products whose first time counts from base_us, with one that counts from start_us. */
static char *products_write(char *to, struct slice products, int64_t base_us, int64_t start_us)
{
    const char *at = products.text;

    if (products.len == 0 || base_us == start_us) return bytes_write(to, products);
    const uint64_t since = varint_read(&at) + (uint64_t)base_us - (uint64_t)start_us;
    const struct slice rest = {.text = at, .len = (size_t)(products.text + products.len - at)};
    return bytes_write(to + varint_write(to, since), rest);
}

/* Room for a block of these texts. */
static size_t texts_most(const struct texts *texts)
{
    return texts->name.len + texts->user.text.len + texts->source.text.len +
           texts->device.text.len + texts->products.len + 8 * VARINT_MAX;
}

static char *texts_write(char *to, const struct texts *texts, int64_t start_us)
{
    to = text_write(to, texts->name);
    to = user_write(to, &texts->user);
    to = said_write(to, &texts->source, start_us);
    to = said_write(to, &texts->device, start_us);
    return products_write(to, texts->products, texts->base_us, start_us);
}

static void said_note(struct stretch *stretch, const struct texts *texts)
{
    stretch->said = (uint8_t)((texts->user.time_us != INT64_MIN ? SAID_USER : 0) |
                              (texts->source.time_us != INT64_MAX ? SAID_SOURCE : 0) |
                              (texts->device.time_us != INT64_MAX ? SAID_DEVICE : 0));
}

/* Makes the block anew. What texts borrow may lie in it, and products in the scratch. */
static void texts_put(struct stretches *stretches, struct stretch *stretch, struct texts *texts)
{
    /* Room first: it may move the scratch, never the texts in the old block. */
    const bool in_scratch =
        stretches->scratch.len > 0 && texts->products.text == stretches->scratch.data;
    char *begin = buffer_reserve(&stretches->scratch, texts_most(texts));

    if (in_scratch) texts->products.text = stretches->scratch.data;
    const char *end = texts_write(begin, texts, stretch->start_us);
    block_set(stretches, stretch, begin, (size_t)(end - begin));
    said_note(stretch, texts);
    buffer_clear(&stretches->scratch);
}

/* --- products --- */

static uint32_t products_kept(const struct stretch *stretch)
{
    return stretch->products < STRETCH_PRODUCTS_MAX ? stretch->products : STRETCH_PRODUCTS_MAX;
}

/* A walk through products. */
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

/* So many products as in a block, from the first on. */
static struct products products_walk(struct slice encoded, uint32_t count, int64_t base_us)
{
    struct products products = {.at = encoded.text, .left = count, .time_us = base_us};

    if (count > 0) products_step(&products);
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

/* Merges two walks into the scratch, as many as are kept, the first counting from *time_us; then
 * that is the time of the last one. */
static struct slice products_merge(struct stretches *stretches, struct products a,
                                   struct products b, int64_t *time_us)
{
    struct buffer *out = &stretches->scratch;
    uint64_t time = (uint64_t)*time_us;

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

/* --- adding --- */

/* Does a text said at some time stand for more than the one known? The last user: later, or
 * greater. */
static bool user_learn(struct said *known, const struct said *more)
{
    if (more->time_us < known->time_us || more->time_us == INT64_MIN) return false;
    if (more->time_us == known->time_us && slice_compare(more->text, known->text) <= 0)
        return false;
    *known = *more;
    return true;
}

/* The first source or device: earlier, or smaller. */
static bool said_learn(struct said *known, const struct said *more)
{
    if (more->time_us > known->time_us || more->time_us == INT64_MAX) return false;
    if (more->time_us == known->time_us && slice_compare(more->text, known->text) >= 0)
        return false;
    *known = *more;
    return true;
}

static struct said said_at(struct value value, int64_t time_us, int64_t never_us)
{
    if (value.kind != KIND_STRING) return (struct said){.time_us = never_us};
    return (struct said){.text = value_slice(value), .time_us = time_us};
}

static struct texts texts_said(const struct fact *fact)
{
    return (struct texts){
        .user = said_at(fact->user, fact->time_us, INT64_MIN),
        .source = said_at(fact->source, fact->time_us, INT64_MAX),
        .device = said_at(fact->device, fact->time_us, INT64_MAX),
    };
}

/* Adds texts and products to a stretch, which then starts at start_us. */
static void stretch_learn(struct stretches *stretches, struct stretch *stretch, int64_t start_us,
                          const struct texts *more, struct products products)
{
    struct texts texts;
    texts_read(&texts, stretch);
    bool changed = user_learn(&texts.user, &more->user);
    changed = said_learn(&texts.source, &more->source) || changed;
    changed = said_learn(&texts.device, &more->device) || changed;
    if (start_us < stretch->start_us) {
        stretch->start_us = start_us;
        changed = true;
    }
    if (products.left > 0) {
        const struct products known =
            products_walk(texts.products, products_kept(stretch), texts.base_us);
        stretch->product_us = texts.base_us = stretch->start_us;
        texts.products = products_merge(stretches, known, products, &stretch->product_us);
        changed = true;
    }
    if (changed) texts_put(stretches, stretch, &texts);
}

/* Nearly always an event says nothing new: it is later than all before it, so does not change what
 * was first, and the user is the same. */
static bool says_nothing_new(struct stretch *stretch, const struct fact *fact)
{
    const int first = (fact->source.kind == KIND_STRING ? SAID_SOURCE : 0) |
                      (fact->device.kind == KIND_STRING ? SAID_DEVICE : 0);

    if (fact->time_us <= stretch->last_us && (first != 0 || fact->time_us < stretch->start_us))
        return false;
    if ((first & ~stretch->said) != 0) return false;
    if (fact->user.kind != KIND_STRING) return true;
    if (fact->time_us < stretch->last_us || (stretch->said & SAID_USER) == 0) return false;

    const char *at = stretch->block;
    (void)text_read(&at);
    const size_t len = (size_t)varint_read(&at) - 1;
    if (len != fact->user.len || memcmp(at + sizeof fact->time_us, fact->user.text, len) != 0)
        return false;
    time_write(stretch->block + (at - stretch->block), fact->time_us);
    return true;
}

void stretch_add(struct stretches *stretches, struct stretch *stretch, const struct fact *fact)
{
    const int64_t time_us = fact->time_us;
    const int64_t reach_us = time_us > fact->watermark_us ? time_us : fact->watermark_us;
    const bool has_product = fact->product.kind == KIND_STRING;
    const bool appends = !has_product || time_us > stretch->product_us;
    const struct products product = {
        .left = appends ? 0 : 1, .time_us = time_us, .text = value_slice(fact->product)};

    if (!says_nothing_new(stretch, fact) || !appends) {
        const struct texts texts = texts_said(fact);
        stretch_learn(stretches, stretch, time_us, &texts, product);
    }
    if (has_product) {
        if (appends && stretch->products < STRETCH_PRODUCTS_MAX)
            product_append(stretches, stretch, time_us, value_slice(fact->product));
        products_count(stretch, 1);
    }
    if (time_us > stretch->last_us) stretch->last_us = time_us;
    if (reach_us < stretch->reach_us) stretch->reach_us = reach_us;
    if (++stretch->deeds[fact->deed] == UINT32_MAX)
        die("more than %u events in one session", UINT32_MAX - 1);
}

struct said stretch_user(const struct stretch *stretch)
{
    struct texts texts;

    texts_read(&texts, stretch);
    return texts.user;
}

void stretch_say_user(struct stretches *stretches, struct stretch *stretch, const struct said *user)
{
    struct texts texts;

    texts_read(&texts, stretch);
    texts.user = *user;
    texts_put(stretches, stretch, &texts);
}

void stretch_merge(struct stretches *stretches, struct stretch *into, struct stretch *from)
{
    struct texts more;
    texts_read(&more, from);
    const struct products products =
        products_walk(more.products, products_kept(from), more.base_us);

    stretch_learn(stretches, into, from->start_us, &more, products);
    products_count(into, from->products);
    if (from->last_us > into->last_us) into->last_us = from->last_us;
    if (from->reach_us < into->reach_us) into->reach_us = from->reach_us;
    for (int deed = 0; deed < DEED_COUNT; deed++)
        if (__builtin_add_overflow(into->deeds[deed], from->deeds[deed], &into->deeds[deed]))
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
    struct texts texts = texts_said(&(struct fact){0});

    texts.name = name;
    texts_put(stretches, stretch, &texts);
}

void stretch_begin(struct stretches *stretches, uint32_t number, struct slice name,
                   const struct fact *fact)
{
    const int64_t time_us = fact->time_us;
    struct stretch *stretch = stretch_clear(stretches, number, time_us, time_us);
    struct texts texts = texts_said(fact);

    texts.name = name;
    char *begin =
        buffer_reserve(&stretches->scratch, texts_most(&texts) + VARINT_MAX + fact->product.len);
    char *end = texts_write(begin, &texts, time_us);
    if (fact->product.kind == KIND_STRING) {
        *end++ = 0; /* it comes 0 after the start */
        end = text_write(end, value_slice(fact->product));
        stretch->product_us = time_us;
        stretch->products = 1;
    }
    block_set(stretches, stretch, begin, (size_t)(end - begin));
    said_note(stretch, &texts);
    stretch->reach_us = time_us > fact->watermark_us ? time_us : fact->watermark_us;
    stretch->deeds[fact->deed] = 1;
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

    for (int deed = 0; deed < DEED_COUNT; deed++)
        events += stretch->deeds[deed];
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

void stretch_pack(const struct stretch *stretch, struct buffer *out)
{
    const struct slice name = stretch_name(stretch);
    const char *texts = name.text + name.len;

    pack_i64(out, stretch->start_us);
    pack_i64(out, stretch->last_us);
    pack_i64(out, stretch->reach_us);
    pack_i64(out, stretch->product_us);
    for (int deed = 0; deed < DEED_COUNT; deed++)
        pack_u32(out, stretch->deeds[deed]);
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
    for (int deed = 0; deed < DEED_COUNT; deed++)
        stretch->deeds[deed] = unpack_u32(in);
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
