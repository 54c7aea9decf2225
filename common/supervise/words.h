/*
 * words.h - the words of a command line, as execv(3) wants them: they grow, and a NULL ends them.
 *
 * A zeroed struct has none. Each word is a copy that belongs to the struct.
 */
#ifndef CS_WORDS_H
#define CS_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct words {
    char **word; /* NULL while there are none */
    size_t count;
};

/* Adds a word. */
void words_add(struct words *words, const char *text);

/* Adds a word that printf would print. */
void words_printf(struct words *words, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds those words, which end in NULL; NULL: none. */
void words_add_all(struct words *words, char *const *others);

/* Adds the words of a text, between blanks; 'a b', "a b" and a\ b are one word. Returns NULL, or
 * the phrase that says what is wrong. */
const char *words_split(struct words *words, const char *text);

/* Is one of the words behind the first this one? */
bool words_have_word(const struct words *words, const char *word);

/* Is there a word behind the first that is that option, short (-s) or long, with or without a
 * value? What it begins with is enough, as some parsers of options take a part of its name. */
bool words_have(const struct words *words, const char *beginning);

void words_release(struct words *words);

#endif
