#include "supervise/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/die.h"
#include "base/memory.h"

static void words_take(struct words *words, char *text)
{
    words->word = memory_resize(words->word, words->count + 2, sizeof words->word[0]);
    words->word[words->count++] = text;
    words->word[words->count] = NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

void words_add(struct words *words, const char *text)
{
    words_take(words, memory_text(text, strlen(text)));
}

void words_printf(struct words *words, const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0) die("no memory");
    va_end(arguments);
    words_take(words, text);
}

void words_add_all(struct words *words, char *const *others)
{
    for (; others != NULL && *others != NULL; others++)
        words_add(words, *others);
}

/* Takes a word off, without what it is quoted with. NULL: a quote is not closed. */
static const char *word_take(const char *at, struct buffer *word)
{
    char quote = '\0';
    for (; *at != '\0' && (quote != '\0' || !is_blank(*at)); at++) {
        if (*at == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*at == '\'' || *at == '"')) {
            quote = *at;
        } else if (*at == '\\' && quote != '\'' && at[1] != '\0' &&
                   (quote == '\0' || at[1] == '"' || at[1] == '\\')) {
            buffer_add_char(word, *++at);
        } else {
            buffer_add_char(word, *at);
        }
    }
    return quote == '\0' ? at : NULL;
}

const char *words_split(struct words *words, const char *text)
{
    struct buffer word = {0};
    while (is_blank(*text))
        text++;
    while (text != NULL && *text != '\0') {
        buffer_clear(&word);
        text = word_take(text, &word);
        if (text != NULL)
            words_take(words, memory_text(word.data == NULL ? "" : word.data, word.len));
        while (text != NULL && is_blank(*text))
            text++;
    }
    buffer_release(&word);
    return text == NULL ? "a quote is not closed" : NULL;
}

bool words_have_word(const struct words *words, const char *word)
{
    for (size_t i = 1; i < words->count; i++)
        if (strcmp(words->word[i], word) == 0) return true;
    return false;
}

bool words_have(const struct words *words, const char *beginning)
{
    for (size_t i = 1; i < words->count; i++)
        if (strncmp(words->word[i], beginning, strlen(beginning)) == 0) return true;
    return false;
}

void words_release(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->word[i]);
    free(words->word);
    *words = (struct words){0};
}
