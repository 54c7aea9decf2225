#include "base/junk.h"

#include <ctype.h>

#include "base/buffer.h"

static struct id word_id(struct slice word)
{
    struct buffer lower = {0};
    buffer_add_slice(&lower, word);
    for (size_t i = 0; i < lower.len; i++)
        lower.data[i] = (char)tolower((unsigned char)lower.data[i]);
    const struct id id = id_of(buffer_slice(&lower));
    buffer_release(&lower);
    return id;
}

static void byte_note(uint64_t *bytes, char noted)
{
    const unsigned char both[2] = {(unsigned char)tolower((unsigned char)noted),
                                   (unsigned char)toupper((unsigned char)noted)};
    for (int i = 0; i < 2; i++)
        bytes[both[i] / 64] |= UINT64_C(1) << both[i] % 64;
}

void junk_add(struct junk *junk, struct slice word)
{
    bool is_new;
    (void)table_put(&junk->words, word_id(word), &is_new);
    junk->lengths |= UINT64_C(1) << junk_length(word);
    if (word.len == 0) return;
    byte_note(junk->first, *word.text);
    byte_note(junk->last, word.text[word.len - 1]);
}

void junk_init(struct junk *junk)
{
    static const char *const words[] = {
        "null",           "undefined", "0",
        "none",           "nil",       "nan",
        "false",          "true",      "anonymous",
        "guest",          "unknown",   "(null)",
        "(not set)",      "\\n",       "00000000-0000-0000-0000-000000000000",
        "[object object]"};
    *junk = (struct junk){0};
    table_init(&junk->words, sizeof(struct id), HELD_TEXTS);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        junk_add(junk, slice_of(words[i]));
}

void junk_release(struct junk *junk)
{
    table_release(&junk->words);
}

bool junk_look(const struct junk *junk, struct slice id)
{
    return slice_is_blank(id) || table_find(&junk->words, word_id(id)) != NULL;
}
