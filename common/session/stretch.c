#include "session/stretch.h"

#include <string.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/varint.h"
#include "session/stretch_inside.h"

void stretches_init(struct stretches *stretches, const struct kept *kept)
{
    *stretches = (struct stretches){.kept = *kept};
    kept_measure(&stretches->kept);
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

/* --- counters --- */

/* Where the counter of an action stands in a block that has it. */
static size_t counter_at(const struct stretch *stretch, unsigned action)
{
    const struct slice name = stretch_name(stretch);

    return (size_t)(name.text + name.len - stretch->block.data) +
           (action - KEPT_COUNTS) * COUNTER_BYTES;
}

uint32_t stretch_count(const struct stretch *stretch, unsigned action)
{
    if (action < KEPT_COUNTS) return stretch->counts[action];
    return counter_get(stretch->block.data + counter_at(stretch, action));
}

static void too_many_events(void)
{
    die("more than %u events in one session", UINT32_MAX - 1);
}

void stretch_count_add(struct stretch *stretch, unsigned action, uint32_t more)
{
    if (action < KEPT_COUNTS) {
        if (__builtin_add_overflow(stretch->counts[action], more, &stretch->counts[action]))
            too_many_events();
        return;
    }
    char *at = stretch->block.data + counter_at(stretch, action);
    uint32_t sum;
    if (__builtin_add_overflow(counter_get(at), more, &sum)) too_many_events();
    counter_set(at, sum);
}

static inline void count_one(struct stretch *stretch, unsigned action)
{
    if (__builtin_expect(action >= KEPT_COUNTS || ++stretch->counts[action] == 0, 0)) {
        if (action < KEPT_COUNTS) too_many_events();
        stretch_count_add(stretch, action, 1);
    }
}

static const struct track *track_of(const struct stretches *stretches,
                                    const struct stretch *stretch)
{
    return extras_track(&stretches->kept, extras_at(stretches, stretch));
}

void stretch_prefetch_track(const struct stretches *stretches, const struct stretch *stretch)
{
    if (!stretch->is_used) return;
    const struct track *const track = track_of(stretches, stretch);
    const uintptr_t data = (uintptr_t)track->data;
    __builtin_prefetch((const void *)data, 1);
    /* The length of the last page stands in front of it. */
    __builtin_prefetch((const void *)(data + track->page_at - sizeof(uint32_t)));
    __builtin_prefetch((const void *)(data + track->len), 1);
    __builtin_prefetch((const void *)(data + track->len + 64), 1);
}

void stretch_prefetch_steps(const struct stretches *stretches, const struct stretch *stretch)
{
    const struct track *const track = track_of(stretches, stretch);
    if (!stretches->kept.lists_pages) { /* the first page and the last one */
        const uintptr_t data = (uintptr_t)track->data;
        __builtin_prefetch((const void *)data);
        __builtin_prefetch((const void *)(data + 64));
        __builtin_prefetch((const void *)(data + track->page_at));
        __builtin_prefetch((const void *)(data + track->page_at + 64));
        return;
    }
    const uint32_t len = track->len < STEPS_NEAR ? track->len : STEPS_NEAR;
    for (uint32_t at = 0; at < len; at += 64)
        __builtin_prefetch(track->data + at);
}

/* --- blocks --- */

/* Makes the beginning of the block anew, up to the first product's time, which counts from the
 * start. What the parts borrow may lie in it. */
static void parts_put(struct stretches *stretches, struct stretch *stretch,
                      const struct parts *parts)
{
    struct buffer *scratch = &stretches->scratch;
    const struct kept *kept = &stretches->kept;
    char *begin = buffer_reserve(scratch, parts_room(parts, kept));
    char *end = parts_write(begin, parts, kept, stretch->start_us);
    const char *tail = parts->products.text;

    if (parts->products.len > 0)
        end += varint_write(end, varint_read(&tail) + (uint64_t)parts->base_us -
                                     (uint64_t)stretch->start_us);
    block_replace_head(&stretches->blocks, &stretch->block, (size_t)(tail - stretch->block.data),
                       (struct slice){.text = begin, .len = (size_t)(end - begin)});
    present_note(kept, stretch, parts);
}

#define SCRATCH_KEPT ((size_t)1 << 20)

/* Makes the block anew with products that are in the scratch, counting from the start. */
static void products_put(struct stretches *stretches, struct stretch *stretch,
                         const struct parts *parts)
{
    struct buffer *scratch = &stretches->scratch;
    const struct kept *kept = &stretches->kept;
    char *begin = buffer_reserve(scratch, parts_room(parts, kept));
    const char *end = parts_write(begin, parts, kept, stretch->start_us);

    block_set(&stretches->blocks, &stretch->block,
              (struct slice){.text = begin, .len = (size_t)(end - begin)}, buffer_slice(scratch));
    present_note(kept, stretch, parts);
    stretch->loose = 0;
    buffer_trim(scratch, SCRATCH_KEPT);
}

/* --- products --- */

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
    char *to = block_extend(&stretches->blocks, &stretch->block,
                            varint_len(since) + varint_len(product.len) + product.len);

    text_write(to + varint_write(to, since), product);
    stretch->product_us = time_us;
}

/* The loose ones, behind the sorted ones. */
static struct slice products_loose(const struct stretch *stretch)
{
    const char *foot = stretch->block.data + stretch->block.len - PRODUCTS_FOOT_BYTES;
    uint32_t len;

    if (stretch->loose == 0) return (struct slice){.text = foot, .len = 0};
    memcpy(&len, foot, sizeof len);
    return (struct slice){.text = foot - len, .len = len};
}

/* With the sorted and the loose ones of a stretch, whose start is set, merges more; what the
 * parts say then is that of the block. */
static void products_include(struct stretches *stretches, struct stretch *stretch,
                             const struct parts *parts, struct products more)
{
    const struct products known =
        products_walk(parts->products, products_kept(stretch), parts->base_us);

    stretch->product_us = stretch->start_us;
    products_merge(&stretches->scratch, known, more, STRETCH_PRODUCTS_MAX, &stretch->product_us);
    products_put(stretches, stretch, parts);
}

static void products_settle(struct stretches *stretches, struct stretch *stretch)
{
    struct parts parts;

    if (stretch->loose == 0) return;
    products_tighten(&stretches->tight, products_loose(stretch), stretch->loose, INT64_MIN);
    parts_of(&parts, stretches, stretch);
    products_include(stretches, stretch, &parts,
                     products_walk(buffer_slice(&stretches->tight), stretch->loose, INT64_MIN));
    buffer_trim(&stretches->tight, SCRATCH_KEPT);
}

void stretch_settle(struct stretches *stretches, struct stretch *stretch)
{
    if (__builtin_expect(stretches->kept.extras_bytes > 0, 0))
        extras_settle(&stretches->kept, &stretches->blocks, extras_at(stretches, stretch));
    products_settle(stretches, stretch);
}

void stretch_unlist(struct stretches *stretches, struct stretch *stretch)
{
    struct parts parts;

    if (stretch->products == 0) return;
    parts_of(&parts, stretches, stretch);
    stretch->products = 0;
    stretch->product_us = INT64_MIN;
    buffer_clear(&stretches->scratch);
    products_put(stretches, stretch, &parts);
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

    char *to =
        block_extend(&stretches->blocks, &stretch->block, len + PRODUCTS_FOOT_BYTES - foot) - foot;
    memcpy(products_loose_write(to, time_us, product), &all, sizeof all);
    stretch->loose++;
    products_count(stretch, 1);
    if (stretch->loose >= products_worth(stretch) || stretch->loose == PRODUCTS_LOOSE_MAX)
        products_settle(stretches, stretch);
}

/* --- adding --- */

/* Adds attributes to a stretch, which then starts at start_us. */
static void attributes_add(struct stretches *stretches, struct stretch *stretch, int64_t start_us,
                           const struct attributes *more)
{
    struct parts parts;
    parts_of(&parts, stretches, stretch);
    bool changed = attributes_merge(&parts.attributes, &stretches->kept, more);
    if (start_us < stretch->start_us) {
        stretch->start_us = start_us;
        changed = true;
    }
    if (changed) parts_put(stretches, stretch, &parts);
}

/* Nearly always an event changes no attribute: it is later than all before it, so does not change
 * what was first, and what is last stays the same. */
static bool changes_nothing(const struct kept *kept, struct stretch *stretch,
                            const struct click *click)
{
    if (click->time_us > stretch->last_us) {
        if (attributes_any(kept, click, kept->first_bits & ~(unsigned)stretch->present))
            return false;
    } else if (click->time_us < stretch->start_us ||
               attributes_present(kept, click, kept->lasts, kept->attributes) != 0) {
        return false;
    }
    const unsigned last = attributes_present(kept, click, 0, kept->lasts);
    if (last == 0) return true;
    if (click->time_us < stretch->last_us || (last & ~(unsigned)stretch->present) != 0)
        return false;
    const struct slice name = stretch_name(stretch);
    char *at = stretch->block.data + (name.text + name.len - stretch->block.data);
    return attributes_confirm(kept, at + kept->cells_bytes, last, click);
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

static __attribute__((noinline)) void attributes_learn(struct stretches *stretches,
                                                       struct stretch *stretch,
                                                       const struct click *click)
{
    struct attributes attributes;

    attributes_of(&attributes, &stretches->kept, click);
    attributes_add(stretches, stretch, click->time_us, &attributes);
}

void stretch_add(struct stretches *stretches, struct stretch *stretch, const struct click *click)
{
    const struct kept *kept = &stretches->kept;
    const int64_t time_us = click->time_us;
    const int64_t reach_us = time_us > click->watermark_us ? time_us : click->watermark_us;

    if (!changes_nothing(kept, stretch, click)) attributes_learn(stretches, stretch, click);
    if (click->listed.text != NULL) {
        const struct slice product = click->listed;
        if (time_us > stretch->product_us && stretch->loose == 0 &&
            stretch->products < STRETCH_PRODUCTS_MAX) { /* nearly always */
            product_append(stretches, stretch, time_us, product);
            stretch->products++;
        } else {
            product_add_to(stretches, stretch, time_us, product);
        }
    }
    if (time_us > stretch->last_us) stretch->last_us = time_us;
    if (reach_us < stretch->reach_us) stretch->reach_us = reach_us;
    if (__builtin_expect(kept->extras_bytes > 0, 0))
        extras_learn(kept, &stretches->blocks, extras_at(stretches, stretch), click);
    stretch->is_changed = true;
    count_one(stretch, click->action);
}

struct attribute stretch_attribute(const struct stretches *stretches, const struct stretch *stretch,
                                   int number)
{
    struct parts parts;

    parts_of(&parts, stretches, stretch);
    return parts.attributes.of[number];
}

void stretch_set_attribute(struct stretches *stretches, struct stretch *stretch, int number,
                           const struct attribute *attribute)
{
    struct parts parts;

    parts_of(&parts, stretches, stretch);
    parts.attributes.of[number] = *attribute;
    parts_put(stretches, stretch, &parts);
}

/* Adds the products of another stretch. They mostly come behind, or are few: what is there stays as
 * it is. */
static void products_add(struct stretches *stretches, struct stretch *into,
                         const struct stretch *from, const struct parts *more)
{
    struct products products = products_walk(more->products, products_kept(from), more->base_us);

    if (products.left > products_worth(into) && products.time_us <= into->product_us) {
        struct parts parts;
        products_settle(stretches, into);
        parts_of(&parts, stretches, into);
        products_include(stretches, into, &parts, products);
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
        new.is_noted = to[i]->is_noted;
        new.is_listed = to[i]->is_listed;
        new.has_list = to[i]->has_list;
        new.has_id = to[i]->has_id;
        new.due_us = to[i]->due_us; /* or whatever stands there */
        *to[i] = new;
    }
}

void stretch_merge(struct stretches *stretches, struct stretch *into, struct stretch *from)
{
    struct parts more;
    /* The less is added to the more: where it goes in is no matter. */
    if (from->products > into->products) stretch_swap(into, from);
    products_settle(stretches, from); /* the tracks see to it themselves which is the less */
    parts_of(&more, stretches, from);
    attributes_add(stretches, into, from->start_us, &more.attributes);
    products_add(stretches, into, from, &more);
    if (from->last_us > into->last_us) into->last_us = from->last_us;
    if (from->reach_us < into->reach_us) into->reach_us = from->reach_us;
    into->is_changed |= from->is_changed;
    for (unsigned action = 0; action <= (unsigned)stretches->kept.actions; action++)
        stretch_count_add(into, action, stretch_count(from, action));
    if (__builtin_expect(stretches->kept.extras_bytes > 0, 0))
        extras_join(&stretches->kept, &stretches->blocks, extras_at(stretches, into),
                    extras_at(stretches, from));
}

/* --- records --- */

uint32_t stretch_take(struct stretches *stretches)
{
    const uint32_t number = pool_take(&stretches->pool);

    *stretch_at(stretches, number) = (struct stretch){0};
    return number;
}

struct stretch *stretch_clear(struct stretches *stretches, uint32_t number, int64_t start_us,
                              int64_t last_us)
{
    struct stretch *stretch = stretch_at(stretches, number);

    *stretch = (struct stretch){.id = stretch->id,
                                .start_us = start_us,
                                .last_us = last_us,
                                .reach_us = INT64_MAX,
                                .product_us = INT64_MIN,
                                .is_used = true,
                                .is_owned = stretch->is_owned,
                                .is_noted = stretch->is_noted,
                                .has_list = stretch->has_list,
                                .has_id = stretch->has_id,
                                .is_changed = true,
                                .due_us = stretch->due_us}; /* or whatever stands there */
    return stretch;
}

void stretch_begin_empty(struct stretches *stretches, uint32_t number, struct slice name,
                         int64_t start_us, int64_t last_us)
{
    const struct kept *kept = &stretches->kept;
    struct stretch *stretch = stretch_clear(stretches, number, start_us, last_us);
    struct parts parts = {.name = name, .cells = cells_none(kept)};

    attributes_none(&parts.attributes, kept);
    char *begin = buffer_reserve(&stretches->scratch, parts_room(&parts, kept));
    const char *end = parts_write(begin, &parts, kept, start_us);
    block_set(&stretches->blocks, &stretch->block,
              (struct slice){.text = begin, .len = (size_t)(end - begin)}, (struct slice){0});
    present_note(kept, stretch, &parts);
}

void stretch_begin(struct stretches *stretches, uint32_t number, struct slice name,
                   const struct click *click)
{
    const struct kept *kept = &stretches->kept;
    const int64_t time_us = click->time_us;
    struct stretch *stretch = stretch_clear(stretches, number, time_us, time_us);
    size_t room = name.len + 2 * VARINT_MAX;
    unsigned present;

    for (int i = 0; i < kept->attributes; i++)
        room += click->value[kept->slot[i]].len + 2 * VARINT_MAX;
    room += click->listed.len + 2 * VARINT_MAX;
    char *begin = buffer_reserve(&stretches->scratch, room + kept->cells_bytes);
    char *cells = text_write(begin, name);
    char *end = bytes_write(cells, cells_none(kept));
    if (__builtin_expect(kept->extras_bytes > 0, 0))
        extras_learn(kept, &stretches->blocks, cells + kept->counters_bytes, click);
    end = attributes_begin(end, kept, click, &present);
    if (click->listed.text != NULL) {
        *end++ = 0; /* it comes 0 after the start */
        end = text_write(end, click->listed);
        stretch->product_us = time_us;
        stretch->products = 1;
    }
    block_set(&stretches->blocks, &stretch->block,
              (struct slice){.text = begin, .len = (size_t)(end - begin)}, (struct slice){0});
    stretch->present = (uint8_t)present;
    stretch->reach_us = time_us > click->watermark_us ? time_us : click->watermark_us;
    count_one(stretch, click->action);
}

static void record_check(struct stretches *stretches, const struct stretch *stretch,
                         uint32_t number)
{
    if (!stretch->is_used && !stretch->is_owned) pool_give(&stretches->pool, number);
}

void stretch_free(struct stretches *stretches, uint32_t number)
{
    struct stretch *stretch = stretch_at(stretches, number);

    if (__builtin_expect(stretches->kept.extras_bytes > 0, 0))
        extras_release(&stretches->kept, &stretches->blocks, extras_at(stretches, stretch));
    block_release(&stretches->blocks, &stretch->block);
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

uint64_t stretch_events(const struct stretches *stretches, const struct stretch *stretch)
{
    uint64_t events = 0;

    for (int action = 0; action < KEPT_COUNTS; action++)
        events += stretch->counts[action];
    for (int action = KEPT_COUNTS; action <= stretches->kept.actions; action++)
        events += stretch_count(stretch, (unsigned)action);
    return events;
}

struct slice stretch_name(const struct stretch *stretch)
{
    const char *at = stretch->block.data;

    return text_read(&at);
}

void stretch_overview(struct overview *overview, const struct stretches *stretches,
                      const struct stretch *stretch)
{
    const struct kept *kept = &stretches->kept;
    const char *at = stretch->block.data;
    const char *end = at + stretch->block.len;

    overview->name = text_read(&at);
    overview->start_us = stretch->start_us;
    overview->last_us = stretch->last_us;
    overview->events = 0;
    overview->count = stretch->counts;
    for (int action = 0; action < KEPT_COUNTS; action++)
        overview->events += stretch->counts[action];
    if (kept->counters_bytes > 0) {
        memcpy(overview->counts, stretch->counts, sizeof stretch->counts);
        for (int action = KEPT_COUNTS; action <= kept->actions; action++) {
            const uint32_t count = counter_get(at + (size_t)(action - KEPT_COUNTS) * COUNTER_BYTES);
            overview->counts[action] = count;
            overview->events += count;
        }
        overview->count = overview->counts;
    }
    overview->sums = at + kept->counters_bytes;
    overview->track = overview->sums + extras_track_at(kept);
    if (__builtin_expect(kept->accounts != NULL, 0))
        overview->account = extras_account(kept, overview->sums);
    at += kept->cells_bytes;
    attributes_read(&overview->attributes, kept, &at, stretch->start_us);
    overview->present = stretch->present;
    overview->products = (struct slice){.text = at, .len = (size_t)(end - at)};
    overview->products_kept = products_kept(stretch);
    overview->products_cut = stretch->products > STRETCH_PRODUCTS_MAX;
}
