#include "event/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/nearest.h"

#define WORD_BYTES_MAX 63 /* longer ones are no words; a bit of lengths for each */

/* Words are taken of the first events, and then whenever this part more has been looked at. */
#define SPARSE 8

/* What is still waited for says where to look, and for what lengths. */
static void waiting_set(struct vocabulary *vocabulary, uint64_t waiting)
{
    vocabulary->waiting = waiting;
    vocabulary->slots = 0;
    memset(vocabulary->lengths, 0, sizeof vocabulary->lengths);
    for (uint64_t left = waiting; left != 0; left &= left - 1) {
        const int number = __builtin_ctzll(left), slot = vocabulary->slot[number];
        vocabulary->slots |= UINT64_C(1) << slot;
        vocabulary->lengths[slot] |= UINT64_C(1) << vocabulary->schema->text[number].text.len;
    }
}

void vocabulary_begin(struct vocabulary *vocabulary, const struct schema *schema)
{
    uint64_t waiting = 0;
    *vocabulary = (struct vocabulary){.schema = schema};
    for (size_t i = 0; i < schema->text_count; i++) {
        const int slot = vocabulary->slot[i] = schema_find(schema, schema->text[i].name);
        if (slot < 0 || !schema_needs(schema, slot)) continue;
        if (schema->text[i].text.len <= WORD_BYTES_MAX) waiting |= UINT64_C(1) << i;
    }
    waiting_set(vocabulary, waiting);
}

void vocabulary_release(struct vocabulary *vocabulary)
{
    arena_release(&vocabulary->text);
    free(vocabulary->word);
    vocabulary->word = NULL;
    vocabulary->words = 0;
}

/* Where a text has its bit among those of a slot: by how it begins, goes on and ends. */
static uint32_t sign_of(struct slice text)
{
    const unsigned char *const at = (const unsigned char *)text.text;
    const size_t len = text.len;
    return (uint32_t)(len * 37 + at[0] * 5u + at[len / 2] * 113u + at[len - 1] * 17u) %
           (64 * VOCABULARY_SIGNS);
}

static void sign_set(struct vocabulary *vocabulary, int slot, struct slice text)
{
    const uint32_t sign = sign_of(text);
    vocabulary->signs[slot][sign / 64] |= UINT64_C(1) << sign % 64;
}

static bool looks_new(const struct vocabulary *vocabulary, int slot, struct slice text)
{
    const uint32_t sign = text.len == 0 ? 0 : sign_of(text);
    return (vocabulary->signs[slot][sign / 64] >> sign % 64 & 1) == 0 &&
           (vocabulary->many >> slot & 1) == 0;
}

/* Is it waited for there, but for case and what stands between words? */
static bool is_like_wanted(const struct vocabulary *vocabulary, int slot, struct slice text)
{
    for (uint64_t left = vocabulary->waiting; left != 0; left &= left - 1) {
        const int number = __builtin_ctzll(left);
        if (vocabulary->slot[number] != slot) continue;
        if (nearest_same(vocabulary->schema->text[number].text, text)) return true;
    }
    return false;
}

static void word_add(struct vocabulary *vocabulary, int slot, struct slice text)
{
    const uint64_t bit = UINT64_C(1) << slot;
    size_t there = 0;
    if (text.len == 0) return;
    if ((vocabulary->many & bit) != 0 && !is_like_wanted(vocabulary, slot, text)) return;
    for (size_t i = 0; i < vocabulary->words; i++) {
        if (vocabulary->word[i].slot != slot) continue;
        if (slice_equal(vocabulary->word[i].text, text)) return;
        there++;
    }
    if (there >= VOCABULARY_WORDS_MAX || text.len > WORD_BYTES_MAX) {
        vocabulary->many |= bit;
        if (there >= VOCABULARY_WORDS_MOST || !is_like_wanted(vocabulary, slot, text)) return;
    }
    vocabulary->word =
        memory_resize(vocabulary->word, vocabulary->words + 1, sizeof vocabulary->word[0]);
    sign_set(vocabulary, slot, text);
    char *const copy = arena_take(&vocabulary->text, text.len);
    memcpy(copy, text.text, text.len);
    vocabulary->word[vocabulary->words++] =
        (struct vocabulary_word){.slot = slot, .text = {.text = copy, .len = text.len}};
}

/* One of those waited for may have come. */
static void waiting_meet(struct vocabulary *vocabulary, int slot, struct slice text)
{
    uint64_t waiting = vocabulary->waiting;
    for (uint64_t left = waiting; left != 0; left &= left - 1) {
        const int number = __builtin_ctzll(left);
        if (vocabulary->slot[number] != slot) continue;
        if (slice_equal(vocabulary->schema->text[number].text, text)) waiting &= ~(left & -left);
    }
    if (waiting != vocabulary->waiting) waiting_set(vocabulary, waiting);
}

static void slot_look(struct vocabulary *vocabulary, int slot, struct event *const *events,
                      const enum reason *reasons, size_t count, bool takes)
{
    for (size_t i = 0; i < count; i++) {
        const struct value value = events[i]->value[slot];
        if (value.kind != KIND_STRING || value.escaped) continue;
        if (reasons[i] != REASON_NONE || events[i]->line.len == 0) continue;
        if (value.len <= WORD_BYTES_MAX && (vocabulary->lengths[slot] >> value.len & 1) != 0)
            waiting_meet(vocabulary, slot, value_slice(value));
        if (takes || looks_new(vocabulary, slot, value_slice(value)))
            word_add(vocabulary, slot, value_slice(value));
    }
}

void vocabulary_look(struct vocabulary *vocabulary, struct event *const *events,
                     const enum reason *reasons, size_t count)
{
    const bool takes = vocabulary->looked >= vocabulary->next;
    vocabulary->looked += count;
    if (takes) vocabulary->next = vocabulary->looked + vocabulary->looked / SPARSE;
    for (uint64_t left = vocabulary->slots; left != 0; left &= left - 1)
        slot_look(vocabulary, __builtin_ctzll(left), events, reasons, count, takes);
}

struct vocabulary_place vocabulary_place(const struct vocabulary *vocabulary)
{
    return (struct vocabulary_place){
        .waiting = vocabulary->waiting,
        .many = vocabulary->many,
        .looked = vocabulary->looked,
        .next = vocabulary->next,
        .words = vocabulary->words,
    };
}

void vocabulary_return(struct vocabulary *vocabulary, const struct vocabulary_place *place)
{
    waiting_set(vocabulary, place->waiting);
    vocabulary->many = place->many;
    vocabulary->looked = place->looked;
    vocabulary->next = place->next;
    vocabulary->words = place->words;
    /* Words that are forgotten are new when they come again. */
    memset(vocabulary->signs, 0, sizeof vocabulary->signs);
    for (size_t i = 0; i < vocabulary->words; i++)
        sign_set(vocabulary, vocabulary->word[i].slot, vocabulary->word[i].text);
}

void vocabulary_pack(const struct vocabulary *vocabulary, struct buffer *out)
{
    pack_u64(out, vocabulary->waiting);
    pack_u64(out, vocabulary->many);
    pack_u32(out, (uint32_t)vocabulary->words);
    for (size_t i = 0; i < vocabulary->words; i++) {
        pack_u8(out, (uint8_t)vocabulary->word[i].slot);
        pack_text(out, vocabulary->word[i].text);
    }
}

void vocabulary_add(struct vocabulary *vocabulary, struct unpack *in)
{
    const uint64_t waiting = unpack_u64(in), many = unpack_u64(in);
    const uint32_t words = unpack_u32(in);
    for (uint32_t i = 0; i < words && !in->broken; i++) {
        const int slot = unpack_u8(in) % SCHEMA_MAX;
        word_add(vocabulary, slot, unpack_text(in));
    }
    if (in->broken) return;
    vocabulary->many |= many;
    waiting_set(vocabulary, vocabulary->waiting & waiting);
}
