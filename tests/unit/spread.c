/* What comes out of one pipe goes into several, up to an offset, however it is cut. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "supervise/process.h"
#include "supervise/spread.h"
#include "supervise/words.h"
#include "tap.h"

#define READERS 3

/* Random frames, of payloads that look like frames; wanted is what is before the offset. */
static void frames_make(struct buffer *all, struct buffer *wanted, int64_t until)
{
    static const char bytes[] = "1 2 -3 \n{}9";
    /* The third is one in nanoseconds, as producers write by mistake. */
    static const char *const times[] = {"-1", "1767225600123", "1767225600000000000",
                                        "-9223372036854775808"};
    for (int64_t offset = 5; offset < 60; offset += 1 + rand() % 3) {
        const size_t from = all->len;
        const int kind = rand() % 8;
        const int size = kind == 0 ? -1 : kind == 1 ? -2 : kind == 2 ? -3 : rand() % 300;
        const bool keyed = size >= -1 && rand() % 2 == 0;
        buffer_printf(all, "7 %lld ", (long long)offset);
        if (keyed) buffer_printf(all, "@%s 5 ", times[rand() % 4]);
        buffer_printf(all, keyed ? "%d 1 2 3 " : "%d ", size);
        for (int i = 0; i < size; i++)
            buffer_add_char(all, bytes[rand() % (int)(sizeof bytes - 1)]);
        buffer_add_char(all, '\n');
        if (size == -2 || (size == -3 ? offset <= until : offset < until)) {
            buffer_add(wanted, all->data + from, all->len - from);
            continue;
        }
        buffer_printf(wanted, "7 %lld -3 \n", (long long)until);
        until = -1;
        break;
    }
    /* What follows the first record behind the end is dropped. */
    for (int i = 0; i < 20 && until == -1; i++)
        buffer_printf(all, "7 %d 2 {}\n", 100 + i);
}

static void reader_take(int *fd, struct buffer *got)
{
    char text[200];
    if (*fd < 0) return;
    const ssize_t len = read(*fd, text, 1 + (size_t)rand() % sizeof text);
    if (len > 0) buffer_add(got, text, (size_t)len);
    if (len != 0) return;
    close(*fd);
    *fd = -1;
}

/* One run: writes in pieces, lets readers read in others. Returns how many got what they should. */
static int same_for_all(int64_t until, bool one_leaves)
{
    struct buffer all = {0}, wanted = {0}, got[READERS] = {{0}};
    struct spread spread;
    int ends[2], from[READERS], same = 0;
    frames_make(&all, &wanted, until);
    process_pipe(ends);
    spread_open(&spread, ends[0], READERS, until);
    for (size_t i = 0; i < READERS; i++) {
        from[i] = spread_add(&spread, i, 7, 0);
        (void)fcntl(from[i], F_SETFL, O_NONBLOCK);
    }
    (void)fcntl(ends[1], F_SETFL, O_NONBLOCK);
    for (size_t at = 0; at < all.len || !spread_is_done(&spread) || from[0] >= 0;) {
        size_t piece = 1 + (size_t)rand() % 500;
        if (piece > all.len - at) piece = all.len - at;
        const ssize_t put = piece == 0 ? 0 : write(ends[1], all.data + at, piece);
        if (put > 0) at += (size_t)put;
        if (at == all.len && ends[1] >= 0) {
            close(ends[1]);
            ends[1] = -1;
        }
        spread_turn(&spread);
        for (size_t i = 0; i < READERS; i++) {
            const bool leaves = one_leaves && i == 1 && got[1].len > 50;
            if (leaves && from[1] >= 0) {
                close(from[1]);
                from[1] = -1;
            }
            reader_take(&from[i], &got[i]);
        }
    }
    for (size_t i = 0; i < READERS; i++) {
        while (from[i] >= 0)
            reader_take(&from[i], &got[i]);
        same += slice_equal(buffer_slice(&got[i]), buffer_slice(&wanted)) ||
                (one_leaves && i == 1 && got[1].len <= wanted.len);
        buffer_release(&got[i]);
    }
    spread_release(&spread);
    buffer_release(&all);
    buffer_release(&wanted);
    return same;
}

static void properties(void)
{
    int wrong = 0;
    srand(7);
    for (int i = 0; i < 300; i++)
        wrong += same_for_all(INT64_MAX, false) != READERS;
    is_int(wrong, 0, "each reader gets all bytes, however they are cut");
    for (int i = 0; i < 300; i++)
        wrong += same_for_all(rand() % 70, false) != READERS;
    is_int(wrong, 0, "up to an offset: whole frames, and that what is before it is past");
    for (int i = 0; i < 100; i++)
        wrong += same_for_all(INT64_MAX, true) != READERS;
    is_int(wrong, 0, "one who leaves does not keep the others from it");
}

static void broken(void)
{
    struct spread spread;
    int ends[2];
    process_pipe(ends);
    spread_open(&spread, ends[0], 1, INT64_MAX);
    const int from = spread_add(&spread, 0, 3, 17);
    char text[100];
    const ssize_t len = read(from, text, sizeof text);
    is_text((struct slice){.text = text, .len = len < 0 ? 0 : (size_t)len}, "3 17 -3 \n",
            "what is none of a reader's is said first");
    ok(write(ends[1], "3 1 2 {}\nrubbish\n", 17) == 17, "what is no frame");
    spread_turn(&spread);
    ok(spread.broken && spread.whole == 9, "is seen, and what was before it is passed");
    struct pollfd entry[2];
    is_int((int64_t)spread_wait(&spread, entry), 1, "one descriptor is waited for");
    close(ends[1]);
    close(from);
    spread_release(&spread);
}

static void splits(const char *text, const char *wanted)
{
    struct words words = {0};
    struct buffer joined = {0};
    const char *const why = words_split(&words, text);
    for (size_t i = 0; i < words.count; i++)
        buffer_printf(&joined, "[%s]", words.word[i]);
    if (why != NULL) buffer_printf(&joined, "%s", why);
    is_text(buffer_slice(&joined), wanted, text);
    buffer_release(&joined);
    words_release(&words);
}

static void quoting(void)
{
    splits("--a=b  --c d ", "[--a=b][--c][d]");
    splits("", "");
    splits(" \t ", "");
    splits("--a='b \"c\" \\ d'e", "[--a=b \"c\" \\ de]");
    splits("\"b 'c' \\\"d\\\" \\n\"", "[b 'c' \"d\" \\n]");
    splits("a\\ b \\\\ '' \\'", "[a b][\\][][']");
    splits("a \"b", "[a]a quote is not closed");
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    properties();
    broken();
    quoting();
    return plan();
}
