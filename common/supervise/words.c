#include "supervise/words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/memory.h"

static void words_take(struct words *words, char *text)
{
    words->word = memory_resize(words->word, words->count + 2, sizeof words->word[0]);
    words->word[words->count++] = text;
    words->word[words->count] = NULL;
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
