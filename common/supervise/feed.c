#include "supervise/feed.h"

#include <unistd.h>

#include "base/die.h"
#include "base/instant.h"
#include "supervise/process.h"

/* What librdkafka has fetched ahead is bounded by bytes: when that is full it looks again only half
 * a second later, so it is to last that long. All partitions together hold that much at most, when
 * whoever reads is slower than the broker. */
#define AHEAD_ALL_KB (512 * 1024)
#define AHEAD_MOST_KB (64 * 1024)
#define AHEAD_LEAST_KB (4 * 1024)

int feed_open(struct feed *feed, const struct topic *topic, int64_t number, int64_t next)
{
    int ends[2];
    process_pipe(ends);
    *feed = (struct feed){
        .topic = topic, .number = number, .next = next, .pipe = ends[1], .status = -1, .said = -1};
    return ends[0];
}

static void kcat_words(const struct feed *feed, struct words *words)
{
    static char *const first[] = {"kcat", "-e", "-X", "fetch.wait.max.ms=10", NULL};
    static char *const second[] = {"stdbuf", "-oL", "kcat", NULL};
    const struct kcat *const kcat = feed->topic->kcat;
    int64_t ahead = AHEAD_ALL_KB / (int64_t)feed->topic->read;
    if (ahead > AHEAD_MOST_KB) ahead = AHEAD_MOST_KB;
    if (ahead < AHEAD_LEAST_KB) ahead = AHEAD_LEAST_KB;
    words_add_all(words, feed->live ? second : first);
    words_add(words, "-C");
    words_add(words, "-E");
    words_add(words, "-b");
    words_add(words, kcat->brokers);
    words_add(words, "-t");
    words_add(words, feed->topic->name);
    words_add(words, "-p");
    words_printf(words, "%lld", (long long)feed->number);
    words_add(words, "-o");
    words_printf(words, "%lld", (long long)feed->next);
    words_add_all(words, kcat->connection.word);
    words_add(words, "-X");
    words_printf(words, "queued.max.messages.kbytes=%lld", (long long)ahead);
    words_add(words, "-X");
    words_add(words, "queued.min.messages=1000000");
    words_add_all(words, kcat->properties.word);
    words_add(words, "-X");
    words_add(words, "topic.auto.offset.reset=error");
    words_add(words, "-f");
    words_add(words, feed->keyed ? "%p %o @%T %K %S %k %s\\n" : "%p %o %S %s\\n");
}

void feed_start(struct feed *feed, int lock)
{
    struct words words = {0};
    struct buffer end = {0};
    int said[2];
    kcat_words(feed, &words);
    /* A frame that says where the end was: of a log that goes on, only what has been read. What has
     * not come yet may be old, if whoever writes it is behind. */
    if (feed->caught_up)
        buffer_printf(&end, "%lld %lld %d \n", (long long)feed->number, (long long)feed->next,
                      feed->live ? -3 : -2);
    process_pipe(said);
    const struct process process = {.words = words.word,
                                    .out = feed->pipe,
                                    .err = said[1],
                                    .inherited = &lock,
                                    .inherited_count = 1,
                                    .umask = 077,
                                    .bound = true,
                                    .first = buffer_slice(&end),
                                    .only_first = feed->told};
    feed->pid = process_start(&process);
    feed->status = -1;
    feed->said = said[0];
    close(said[1]);
    buffer_release(&end);
    words_release(&words);
}

static void line_judge(struct feed *feed, struct slice line)
{
    int64_t offset;
    const enum kcat_end end = kcat_at_end(line, &offset);
    if (end == KCAT_ENDS) {
        feed->caught_up = true;
        feed->next = offset;
    } else if (end == KCAT_WAITS) {
        feed->reached = offset;
    } else if (kcat_worth_telling(line)) {
        message("kcat: %.*s", (int)line.len, line.text);
    }
}

/* Takes the whole lines; all: also what has no line end yet. */
static void lines_judge(struct feed *feed, bool all)
{
    struct buffer *const text = &feed->text;
    size_t from = 0;
    for (const char *end; from < text->len; from = (size_t)(end - text->data) + 1) {
        end = memchr(text->data + from, '\n', text->len - from);
        if (end == NULL && !all) break;
        if (end == NULL) end = text->data + text->len;
        line_judge(feed, (struct slice){.text = text->data + from,
                                        .len = (size_t)(end - text->data) - from});
    }
    if (from > text->len) from = text->len;
    if (from > 0) memmove(text->data, text->data + from, text->len - from);
    text->len -= from;
}

void feed_listen(struct feed *feed)
{
    const bool more = process_read(&feed->said, &feed->text);
    lines_judge(feed, !more);
}

bool feed_is_over(const struct feed *feed, int64_t now_us)
{
    if (feed->pid == 0 || feed->status < 0) return false;
    return feed->said < 0 || now_us - feed->ended_us > FEED_LINGER_US;
}

bool feed_is_beyond(const struct feed *feed)
{
    return feed->spread.count > 0 && feed->spread.over;
}

enum feed_end feed_end(struct feed *feed, bool once, struct buffer *why)
{
    const char *const topic = feed->topic->name;
    const bool beyond = feed_is_beyond(feed);
    if (feed->said >= 0) close(feed->said);
    feed->said = -1;
    lines_judge(feed, true);
    feed->pid = 0;
    buffer_clear(why);
    if (beyond) return FEED_DONE;
    if (feed->status != 0 || feed->live) {
        buffer_printf(why, "%s [%lld]: the source has ended (kcat's exit status is %d)", topic,
                      (long long)feed->number, feed->status);
        return FEED_FAILED;
    }
    if (!feed->caught_up) {
        buffer_printf(why, "%s [%lld]: the source has ended before the end of the log", topic,
                      (long long)feed->number);
        return FEED_FAILED;
    }
    if (feed->told) return FEED_DONE;
    feed->told = once;
    feed->live = !once;
    return FEED_NEXT;
}

void feed_leave(struct feed *feed, int lock, bool in_time)
{
    if (feed->said >= 0) close(feed->said);
    feed->said = -1;
    lines_judge(feed, true);
    feed->pid = 0;
    const bool whole = feed->live && feed->status == 0; /* what it has read has been written */
    if (!in_time || feed->told || !whole || feed->reached <= feed->next) return;
    feed->next = feed->reached;
    feed->told = true;
    feed_start(feed, lock);
}

void feed_close(struct feed *feed)
{
    if (feed->pipe >= 0) close(feed->pipe);
    feed->pipe = -1;
}

void feed_release(struct feed *feed)
{
    feed_close(feed);
    if (feed->said >= 0) close(feed->said);
    if (feed->spread.count > 0) spread_release(&feed->spread);
    buffer_release(&feed->text);
}
