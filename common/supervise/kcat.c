#include "supervise/kcat.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"
#include "run/ends.h"
#include "supervise/ask.h"

void kcat_connect(struct kcat *kcat, const char *brokers, const struct option_list *files,
                  const struct option_list *properties)
{
    *kcat = (struct kcat){.brokers = brokers};
    for (size_t i = 0; i < files->count; i++) {
        words_add(&kcat->connection, "-F");
        words_add(&kcat->connection, files->text[i]);
    }
    for (size_t i = 0; i < properties->count; i++) {
        words_add(&kcat->properties, "-X");
        words_add(&kcat->properties, properties->text[i]);
    }
    if (files->count > 0) return;
    struct words own = {0};
    const char *const named = getenv("KCAT_CONFIG"), *const home = getenv("HOME");
    if (named != NULL && named[0] != '\0')
        words_add(&own, named);
    else if (home != NULL && home[0] != '\0')
        words_printf(&own, "%s/.config/kcat.conf", home);
    const bool there = own.count > 0 && access(own.word[0], R_OK) == 0;
    words_add(&kcat->connection, "-F");
    words_add(&kcat->connection, there ? own.word[0] : "none");
    words_release(&own);
}

void kcat_release(struct kcat *kcat)
{
    words_release(&kcat->connection);
    words_release(&kcat->properties);
}

void kcat_add(const struct kcat *kcat, struct words *words)
{
    words_add(words, "-b");
    words_add(words, kcat->brokers);
    words_add_all(words, kcat->connection.word);
    words_add_all(words, kcat->properties.word);
}

/* Takes a line off, without its end. */
static bool line_take(struct slice *text, struct slice *line)
{
    if (text->len == 0) return false;
    const char *const end = memchr(text->text, '\n', text->len);
    line->text = text->text;
    line->len = end == NULL ? text->len : (size_t)(end - text->text);
    const size_t taken = line->len + (end != NULL);
    text->text += taken;
    text->len -= taken;
    return true;
}

/* Where stop first stands in text; NULL: nowhere. */
static const char *text_in(struct slice text, struct slice wanted)
{
    return text.len == 0 ? NULL : memmem(text.text, text.len, wanted.text, wanted.len);
}

static struct slice text_behind(struct slice text, const char *at)
{
    return (struct slice){.text = at, .len = (size_t)(text.text + text.len - at)};
}

static bool text_begins(struct slice text, struct slice wanted)
{
    return text.len >= wanted.len && memcmp(text.text, wanted.text, wanted.len) == 0;
}

/* Takes a number off that may have a minus. False: there is none, or it is too large. */
static bool number_take(struct slice *text, int64_t *number)
{
    const bool minus = text->len > 0 && text->text[0] == '-';
    size_t i = minus;
    int64_t value = 0;
    for (; i < text->len && text->text[i] >= '0' && text->text[i] <= '9'; i++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, text->text[i] - '0', &value))
            return false;
    if (i == (size_t)minus) return false;
    *number = minus ? -value : value;
    *text = text_behind(*text, text->text + i);
    return true;
}

static bool literal_take(struct slice *text, struct slice wanted)
{
    if (!text_begins(*text, wanted)) return false;
    *text = text_behind(*text, text->text + wanted.len);
    return true;
}

static void reasons_say(struct slice said)
{
    struct words told = {0};
    for (struct slice line; line_take(&said, &line);) {
        struct words one = {0};
        const struct slice reason = kcat_reason(line);
        words_printf(&one, "%.*s", (int)reason.len, reason.text);
        bool again = reason.len == 0;
        for (size_t i = 0; i < told.count && !again; i++)
            again = strcmp(told.word[i], one.word[0]) == 0;
        if (!again) {
            message("kcat: %s", one.word[0]);
            words_add(&told, one.word[0]);
        }
        words_release(&one);
    }
    words_release(&told);
}

bool kcat_ask(const struct kcat *kcat, const struct words *question, struct buffer *answer)
{
    struct words words = {0};
    struct buffer said = {0};
    words_add(&words, "kcat");
    kcat_add(kcat, &words);
    words_add_all(&words, question->word);
    const struct process process = {.words = words.word, .umask = 077};
    const int status = ask(&process, answer, &said);
    if (status != 0) reasons_say(buffer_slice(&said));
    buffer_release(&said);
    words_release(&words);
    return status == 0;
}

bool kcat_count(struct slice answer, int64_t *count)
{
    const char *at;
    while ((at = text_in(answer, SLICE("with "))) != NULL) {
        answer = text_behind(answer, at + strlen("with "));
        struct slice rest = answer;
        if (number_take(&rest, count) && *count >= 0 && literal_take(&rest, SLICE(" partitions:")))
            return true;
    }
    return false;
}

bool kcat_offset(struct slice *answer, int64_t *partition, int64_t *offset)
{
    struct slice line;
    struct end end;
    if (!line_take(answer, &line) || !ends_line(line, &end)) return false;
    *partition = end.partition;
    *offset = end.offset;
    return true;
}

enum kcat_end kcat_at_end(struct slice line, int64_t *offset)
{
    const char *const found = text_in(line, SLICE("] at offset "));
    if (found == NULL || !text_begins(line, SLICE("% Reached end of topic "))) return KCAT_GOES_ON;
    struct slice rest = text_behind(line, found + strlen("] at offset "));
    if (!number_take(&rest, offset) || *offset < 0) return KCAT_GOES_ON;
    if (rest.len == 0) return KCAT_WAITS;
    return slice_equal(rest, SLICE(": exiting")) ? KCAT_ENDS : KCAT_GOES_ON;
}

bool kcat_worth_telling(struct slice line)
{
    return line.len > 0 && !text_begins(line, SLICE("% Reading configuration")) &&
           !text_begins(line, SLICE("% Reached end")) && text_in(line, SLICE("|CONFWARN|")) == NULL;
}

struct slice kcat_reason(struct slice line)
{
    const char *at = text_in(line, SLICE("|FAIL|"));
    if (at != NULL) at = text_in(text_behind(line, at), SLICE("]: "));
    if (at != NULL) line = text_behind(line, at + 3);
    literal_take(&line, SLICE("% ERROR: "));
    const char *last = NULL;
    for (struct slice rest = line; (at = text_in(rest, SLICE(" (after "))) != NULL;
         rest = text_behind(rest, at + 1))
        last = at;
    if (last != NULL) line.len = (size_t)(last - line.text);
    return line;
}
