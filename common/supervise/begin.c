#include "supervise/begin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/paths.h"

bool beginning_read(struct beginning *from, const char *text)
{
    int64_t time_us;
    *from = (struct beginning){.text = text};
    if (text == NULL) return true;
    if (strcmp(text, "beginning") == 0) {
        from->kind = FROM_BEGINNING;
    } else if (strcmp(text, "end") == 0) {
        from->kind = FROM_END;
    } else {
        if (!instant_parse_text(slice_of(text), NULL, &time_us)) return false;
        from->kind = FROM_TIME;
        from->time_ms = time_us / 1000 + (time_us > 0 && time_us % 1000 != 0);
    }
    return true;
}

static char *begin_path(const struct program *program, const char *suffix)
{
    char *path;
    if (asprintf(&path, "%s/begin%s", program->dir, suffix) < 0) die("no memory");
    return path;
}

static bool number_read(const char *text, int64_t *number)
{
    char *end;
    errno = 0;
    const long long read = strtoll(text, &end, 10);
    *number = read;
    return end != text && *end == '\0' && errno == 0 && read >= 0;
}

/* A line of a file that makes no sense. */
static bool line_refuse(const struct program *program, const char *line)
{
    message("%s/begin: makes no sense at '%s'", program->dir, line);
    return false;
}

/* "PARTITION OFFSET". */
static bool begin_partition(struct program *program, const struct topic *topic, const char *which,
                            const char *value)
{
    int64_t number, offset;
    if (!number_read(which, &number) || !number_read(value, &offset))
        return line_refuse(program, which);
    const int64_t i = topic_index(topic, number);
    if (i < 0 && number >= topic->count)
        message(
            "%s: has only %lld partitions now, and %s counts partition %lld: is it the topic it "
            "was?",
            topic->name, (long long)topic->count, program->dir, (long long)number);
    else if (i < 0)
        message("%s: also counts partition %lld, which is not read now (-p)", program->dir,
                (long long)number);
    if (i < 0) return false;
    program->place[i].begun = offset;
    return true;
}

/* A line of the file. False: a person is needed. */
static bool begin_line(struct program *program, const struct topic *topic, char *line)
{
    char *const blank = strchrnul(line, ' ');
    const char *const value = *blank == ' ' ? blank + 1 : blank;
    *blank = '\0';
    if (strcmp(line, "partitions") == 0)
        return number_read(value, &program->begun_count) || line_refuse(program, line);
    if (strcmp(line, "topic") != 0) return begin_partition(program, topic, line, value);
    if (strcmp(value, topic->name) == 0) return true;
    message("%s: was made from the topic %s, not %s", program->dir, value, topic->name);
    return false;
}

static bool begin_read(struct program *program, const struct topic *topic)
{
    char *const path = begin_path(program, "");
    for (size_t i = 0; i < topic->read; i++)
        program->place[i].begun = -1;
    program->begun_count = 0;
    FILE *const file = fopen(path, "re");
    if (file == NULL && errno != ENOENT) die_errno("%s", path);
    char *line = NULL;
    size_t cap = 0;
    bool good = true;
    for (ssize_t len; good && file != NULL && (len = getline(&line, &cap, file)) > 0;) {
        if (line[len - 1] == '\n') line[len - 1] = '\0';
        good = begin_line(program, topic, line);
    }
    free(line);
    if (file != NULL) {
        if (ferror(file)) die_errno("%s", path);
        fclose(file);
    }
    free(path);
    return good;
}

static void begin_write(const struct program *program, const struct topic *topic)
{
    char *const path = begin_path(program, ""), *const fresh = begin_path(program, ".new");
    struct buffer text = {0};
    buffer_printf(&text, "topic %s\npartitions %lld\n", topic->name, (long long)topic->count);
    for (size_t i = 0; i < topic->read; i++)
        buffer_printf(&text, "%lld %lld\n", (long long)topic->log[i].number,
                      (long long)program->place[i].begun);
    (void)unlink(fresh);
    const int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) die_errno("%s", fresh);
    const ssize_t put = write(fd, text.data, text.len);
    if (put != (ssize_t)text.len) die_errno("%s", fresh);
    if (fsync(fd) != 0 || close(fd) != 0) die_errno("%s", fresh);
    if (rename(fresh, path) != 0) die_errno("%s", path);
    directory_sync(path);
    buffer_release(&text);
    free(path);
    free(fresh);
}

/* --from=TIME: the offsets of that time, and the ends where nothing is as late. */
static void begin_at_time(struct program *program, const struct topic *topic,
                          const struct beginning *from)
{
    int64_t *const at = memory_zero(topic->read, sizeof at[0]);
    struct buffer none = {0};
    size_t count = 0;
    topic_offsets(topic, from->time_ms, at);
    for (size_t i = 0; i < topic->read; i++) {
        const struct log *const log = &topic->log[i];
        program->place[i].begun = at[i] >= 0 ? at[i] : log->high;
        if (at[i] >= 0 || log->low == log->high) continue;
        buffer_printf(&none, " %lld", (long long)log->number);
        count++;
    }
    if (count > 0)
        message("%s: no record has a time of %s or later in %zu of %zu partitions, which begin at "
                "their ends:%.*s",
                topic->name, from->text, count, topic->read, (int)none.len, none.data);
    buffer_release(&none);
    free(at);
}

static void begin_make(struct program *program, const struct topic *topic,
                       const struct beginning *from)
{
    switch (from->kind) {
    case FROM_NOTHING:
        die_usage("%s: is new: --from=beginning, --from=end or --from=TIME is needed",
                  program->dir);
    case FROM_TIME: begin_at_time(program, topic, from); break;
    case FROM_BEGINNING:
    case FROM_END:
        for (size_t i = 0; i < topic->read; i++)
            program->place[i].begun =
                from->kind == FROM_END ? topic->log[i].high : topic->log[i].low;
        break;
    }
    begin_write(program, topic);
}

/* Since the directory was made the topic has got more partitions: all that is in them is news. */
static void begin_grow(struct program *program, const struct topic *topic)
{
    message("%s: has %lld partitions now, and had %lld when %s was made: what is in the new ones "
            "is read from their beginning; keys are in other partitions than before",
            topic->name, (long long)topic->count, (long long)program->begun_count, program->dir);
    for (size_t i = 0; i < topic->read; i++)
        if (program->place[i].begun < 0) program->place[i].begun = topic->log[i].low;
    begin_write(program, topic);
}

bool begin_find(struct program *program, const struct topic *topic, const struct beginning *from)
{
    if (!begin_read(program, topic)) return false;
    if (program->begun_count == 0)
        begin_make(program, topic, from);
    else if (program->begun_count != topic->count)
        begin_grow(program, topic);
    return true;
}

static bool place_gone(const struct topic *topic, const struct log *log, struct place *place,
                       bool skip_gone)
{
    message(skip_gone ? "%s [%lld]: position %lld is gone, the log begins at %lld: going on there"
                      : "%s [%lld]: position %lld is gone, the log begins at %lld: events are lost "
                        "for good; --skip-gone goes on without them",
            topic->name, (long long)log->number, (long long)place->next, (long long)log->low);
    place->next = log->low;
    return skip_gone;
}

/* kcat, without topic.auto.offset.reset=error, would go to the end of the log without a word. */
bool begin_go_on(struct program *program, const struct topic *topic, bool skip_gone)
{
    for (size_t i = 0; i < topic->read; i++) {
        const struct log *const log = &topic->log[i];
        struct place *const place = &program->place[i];
        place->next = place->position >= 0 ? place->position + 1 : place->begun;
        if (place->next < 0)
            message("%s/begin: does not say where partition %lld began", program->dir,
                    (long long)log->number);
        else if (place->next > log->high)
            message("%s [%lld]: position %lld is behind the end of the log, %lld: is it the topic "
                    "it was?",
                    topic->name, (long long)log->number, (long long)place->next,
                    (long long)log->high);
        if (place->next < 0 || place->next > log->high) return false;
        if (place->next < log->low && !place_gone(topic, log, place, skip_gone)) return false;
    }
    return true;
}
