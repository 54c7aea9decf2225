#include "base/nearest.h"
#include "base/option.h"
#include "run/hint.h"
#include "run/hint_inside.h"

/* So many texts are told of, and so many words of others. */
#define TEXTS_TOLD 3
#define OTHERS_TOLD 8

/* A run with a state may be a short one of many. */
#define STATE_EVENTS 10000

static const struct schema_text *text_of(const struct vocabulary *vocabulary, uint64_t bits)
{
    return &vocabulary->schema->text[__builtin_ctzll(bits)];
}

static int slot_of(const struct vocabulary *vocabulary, const struct schema_text *text)
{
    return vocabulary->slot[text - vocabulary->schema->text];
}

/* Numbered things are near to each other, and each is its own. */
static bool has_digit(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.text[i] >= '0' && text.text[i] <= '9') return true;
    return false;
}

/* What events had that may be meant; text NULL: nothing. */
static struct slice meant(const struct vocabulary *vocabulary, const struct schema_text *wanted)
{
    const int slot = slot_of(vocabulary, wanted);
    const bool only_same = (vocabulary->many >> slot & 1) != 0 || has_digit(wanted->text);
    struct nearest nearest;
    nearest_begin(&nearest, wanted->text);
    for (size_t i = 0; i < vocabulary->words; i++) {
        const struct slice word = vocabulary->word[i].text;
        if (vocabulary->word[i].slot == slot && (!only_same || nearest_same(word, wanted->text)))
            nearest_offer(&nearest, word);
    }
    return nearest.name;
}

static void begin_add(struct buffer *out, const struct schema_text *text, uint64_t events)
{
    const struct option_mention mention = option_mentions(text->text);
    struct buffer what = {0};
    if (mention.option != NULL && mention.here) buffer_printf(out, "--%s: ", mention.option);
    buffer_printf(&what, "%.*s \"%.*s\"", (int)text->name.len, text->name.text, (int)text->text.len,
                  text->text.text);
    buffer_add_char(&what, '\0');
    hint_none_add(out, events, "the", what.data);
    buffer_release(&what);
}

/* The whole shop calls it otherwise, where it is no slip of whoever wrote the command. */
static void map_add(struct buffer *out, const struct schema_text *text, struct slice name)
{
    if (!slice_equal(text->name, SLICE("event_type")) || option_mentions(text->text).here) return;
    if (!hint_is_plain(name)) return;
    buffer_printf(out, " (cs-parse --recode='event_type:%.*s=%.*s')", (int)name.len, name.text,
                  (int)text->text.len, text->text.text);
}

/* True: some word was near to it. */
static bool near_tell(const struct vocabulary *vocabulary, const struct schema_text *wanted,
                      uint64_t events)
{
    const struct slice name = meant(vocabulary, wanted);
    struct buffer out = {0};
    if (name.text == NULL) return false;
    begin_add(&out, wanted, events);
    buffer_printf(&out, "; did you mean \"%.*s\"?", (int)name.len, name.text);
    map_add(&out, wanted, name);
    hint_tell(&out);
    return true;
}

/* Is nothing that the member is compared with anywhere? */
static bool is_all_strange(const struct vocabulary *vocabulary, int slot)
{
    const struct schema *const schema = vocabulary->schema;
    for (size_t i = 0; i < schema->text_count; i++)
        if (vocabulary->slot[i] == slot && (vocabulary->waiting >> i & 1) == 0) return false;
    return (vocabulary->many >> slot & 1) == 0;
}

static void strange_tell(const struct vocabulary *vocabulary, const struct schema_text *wanted,
                         uint64_t events)
{
    const int slot = slot_of(vocabulary, wanted);
    struct buffer out = {0};
    size_t told = 0;
    begin_add(&out, wanted, events);
    for (size_t i = 0; i < vocabulary->words && told <= OTHERS_TOLD; i++) {
        const struct slice word = vocabulary->word[i].text;
        if (vocabulary->word[i].slot != slot) continue;
        buffer_printf(&out, "%s", told == 0 ? "; they have " : ", ");
        if (told++ == OTHERS_TOLD)
            buffer_add_literal(&out, "...");
        else
            buffer_printf(&out, "\"%.*s\"", (int)word.len, word.text);
    }
    if (told == 0) buffer_release(&out); /* the member itself is told of */
    if (told != 0) hint_tell(&out);
}

void hint_words(struct loop *l, uint64_t events)
{
    const struct vocabulary *const vocabulary = &l->admission.witness.vocabulary;
    uint64_t strange = 0;
    int left = TEXTS_TOLD;
    if (l->run.settings.has_state && events < STATE_EVENTS) return;
    for (uint64_t bits = vocabulary->waiting; bits != 0 && left > 0; bits &= bits - 1) {
        const struct schema_text *const wanted = text_of(vocabulary, bits);
        const int slot = slot_of(vocabulary, wanted);
        if (near_tell(vocabulary, wanted, events))
            left--;
        else if (is_all_strange(vocabulary, slot))
            strange |= bits & -bits;
    }
    /* One of them stands for all that the member is compared with. */
    uint64_t slots = 0;
    for (; strange != 0 && left == TEXTS_TOLD && !l->run.settings.has_state;
         strange &= strange - 1) {
        const struct schema_text *const wanted = text_of(vocabulary, strange);
        const int slot = slot_of(vocabulary, wanted);
        if ((slots >> slot & 1) == 0) strange_tell(vocabulary, wanted, events);
        slots |= UINT64_C(1) << slot;
    }
}

/* An expression that is longer is shown once. */
#define SHOWN_AGAIN ((size_t)60)

static void several_tell(void *context, const char *text, uint64_t events)
{
    struct buffer said = {0};
    hint_count_add(&said, events);
    buffer_add_literal(&said, " of ");
    hint_count_add(&said, *(const uint64_t *)context);
    buffer_printf(&said, " events had several values for '%s', and only the first was looked at",
                  text);
    if (strlen(text) < SHOWN_AGAIN)
        buffer_printf(&said, " ([%s] is one value, [%s] | add their sum)", text, text);
    hint_tell(&said);
}

void hint_several(uint64_t events)
{
    expr_several_each(several_tell, &events);
}
