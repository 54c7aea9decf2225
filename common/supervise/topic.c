#include "supervise/topic.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/memory.h"

#define LOG_BEGINNING (-2)
#define LOG_END (-1)
#define DIGITS_MAX 6

/* Takes a number of a list off. */
static bool digits_take(const char **at, int64_t *number)
{
    int digits = 0;
    *number = 0;
    for (; isdigit((unsigned char)**at); (*at)++, digits++) {
        if (digits == DIGITS_MAX) return false;
        *number = *number * 10 + (**at - '0');
    }
    return digits > 0;
}

/* Takes a range of a list off, with the comma behind it. */
static bool range_take(const char **at, int64_t *first, int64_t *last)
{
    if (!digits_take(at, first)) return false;
    *last = *first;
    if (**at == '-') {
        (*at)++;
        if (!digits_take(at, last)) return false;
    }
    if (**at == '\0') return true;
    if (**at != ',') return false;
    (*at)++;
    return **at != '\0';
}

bool topic_list_good(const char *text)
{
    int64_t first, last;
    if (strcmp(text, "all") == 0) return true;
    do
        if (!range_take(&text, &first, &last)) return false;
    while (*text != '\0');
    return true;
}

void topic_choose(struct topic *topic, const char *list)
{
    bool *const chosen = memory_zero((size_t)topic->count, sizeof chosen[0]);
    topic->all = strcmp(list, "all") == 0;
    for (int64_t first, last; !topic->all && *list != '\0';) {
        const char *const from = list;
        (void)range_take(&list, &first, &last);
        const int len = (int)(list - from) - (*list != '\0');
        if (first > last) die_usage("--partitions: '%.*s' is upside down", len, from);
        if (last >= topic->count)
            die_usage("--partitions: %s has only %lld partitions, and no %lld", topic->name,
                      (long long)topic->count, (long long)last);
        for (; first <= last; first++)
            chosen[first] = true;
    }
    topic->log = memory_zero((size_t)topic->count, sizeof topic->log[0]);
    topic->read = 0;
    for (int64_t i = 0; i < topic->count; i++)
        if (topic->all || chosen[i]) topic->log[topic->read++].number = i;
    free(chosen);
}

/* How many partitions the topic has; false: that is not known, and why has been said where it is
 * for want of an answer. */
static bool topic_ask(const struct kcat *kcat, const char *name, bool *answered, int64_t *count)
{
    struct words question = {0};
    struct buffer answer = {0};
    words_add(&question, "-L");
    words_add(&question, "-t");
    words_add(&question, name);
    *answered = kcat_ask(kcat, &question, &answer);
    const bool known = *answered && kcat_count(buffer_slice(&answer), count);
    buffer_release(&answer);
    words_release(&question);
    return known;
}

bool topic_exists(const struct kcat *kcat, const char *name)
{
    bool answered;
    int64_t count;
    return !topic_ask(kcat, name, &answered, &count) || count > 0;
}

void topic_find(struct topic *topic, const struct kcat *kcat, const char *name, const char *list)
{
    bool answered;
    *topic = (struct topic){.name = name, .kcat = kcat};
    const bool known = topic_ask(kcat, name, &answered, &topic->count);
    if (!answered) die("%s: does not say which partitions %s has", kcat->brokers, name);
    if (!known) die("%s: kcat does not understand what the broker says", name);
    if (topic->count == 0) die("%s: no such topic", name);
    topic_choose(topic, list);
}

int64_t topic_index(const struct topic *topic, int64_t number)
{
    for (size_t i = 0; i < topic->read; i++)
        if (topic->log[i].number == number) return (int64_t)i;
    return -1;
}

void topic_offsets(const struct topic *topic, int64_t when_ms, int64_t *offset)
{
    struct words question = {0};
    struct buffer answer = {0};
    words_add(&question, "-Q");
    for (size_t i = 0; i < topic->read; i++) {
        words_add(&question, "-t");
        words_printf(&question, "%s:%lld:%lld", topic->name, (long long)topic->log[i].number,
                     (long long)when_ms);
        offset[i] = INT64_MIN;
    }
    if (!kcat_ask(topic->kcat, &question, &answer))
        die("%s: does not say which offsets %s has", topic->kcat->brokers, topic->name);
    struct slice rest = buffer_slice(&answer);
    for (int64_t number, at; kcat_offset(&rest, &number, &at);) {
        const int64_t i = topic_index(topic, number);
        if (i >= 0) offset[i] = at;
    }
    for (size_t i = 0; i < topic->read; i++)
        if (offset[i] == INT64_MIN)
            die("%s [%lld]: no answer about its offsets", topic->name,
                (long long)topic->log[i].number);
    buffer_release(&answer);
    words_release(&question);
}

void topic_ends(struct topic *topic)
{
    int64_t *const offset = memory_zero(topic->read, sizeof offset[0]);
    topic_offsets(topic, LOG_BEGINNING, offset);
    for (size_t i = 0; i < topic->read; i++)
        topic->log[i].low = offset[i];
    topic_offsets(topic, LOG_END, offset);
    for (size_t i = 0; i < topic->read; i++)
        topic->log[i].high = offset[i];
    free(offset);
}

void topic_write_ends(const struct topic *topic, const char *path)
{
    struct buffer text = {0};
    char *fresh;
    if (asprintf(&fresh, "%s.new", path) < 0) die("no memory");
    for (size_t i = 0; i < topic->read; i++)
        buffer_printf(&text, "%s [%lld] offset %lld\n", topic->name,
                      (long long)topic->log[i].number, (long long)topic->log[i].high);
    (void)unlink(fresh);
    const int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    const bool good = fd >= 0 && write(fd, text.data, text.len) == (ssize_t)text.len;
    if (fd >= 0) close(fd);
    if (!good || rename(fresh, path) != 0) message("%s: %s", path, strerror(errno));
    buffer_release(&text);
    free(fresh);
}

void topic_numbers(const struct topic *topic, struct buffer *out, char between)
{
    for (size_t i = 0; i < topic->read; i++) {
        if (i > 0) buffer_add_char(out, between);
        buffer_add_int(out, topic->log[i].number);
    }
}

void topic_release(struct topic *topic)
{
    free(topic->log);
    *topic = (struct topic){0};
}
