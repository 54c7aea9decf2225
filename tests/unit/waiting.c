/* waiting.c - events in order, and their memory. */
#include "people/waiting.h"

#include <stdlib.h>

#include "tap.h"

static struct waiting waiting;

/* An event of that time; known: it has a known id. */
static uint32_t add(int64_t time_us, const char *known, const char *line, size_t more)
{
    const size_t len = strlen(line), known_len = known == NULL ? 0 : strlen(known);
    uint32_t number;
    struct waiter *const waiter = waiting_new(&waiting, 2, len + known_len + more, &number);
    char *const text = waiter_text(waiter);
    memcpy(text, line, len);
    memset(text + len, 'x', known_len + more);
    waiter->len = (uint32_t)len;
    if (known != NULL) memcpy(text + len, known, known_len);
    waiter->own = (struct waiter_part){.at = (uint32_t)len, .len = (uint32_t)known_len};
    waiter->flags = known != NULL ? WAITER_KNOWN : 0;
    waiter->time_us = time_us;
    *waiter_id(waiter, 0) = (struct waiter_id){.link = 1, .next = WAITER_OFF};
    *waiter_id(waiter, 1) = (struct waiter_id){.link = number, .next = WAITER_OFF};
    waiting_add(&waiting, number, time_us);
    return number;
}

static struct slice line_of(uint32_t number)
{
    return waiter_line(waiting_at(&waiting, number));
}

/* Whatever the order in which they come. */
static void test_order(void)
{
    static const struct {
        int64_t time_us;
        const char *known, *line;
    } events[] = {{1, "z", "h"}, {2, NULL, "a"}, {2, NULL, "b"}, {2, "a", "b"},
                  {2, "a", "c"}, {2, "b", "a"},  {3, NULL, "a"}};
    enum { COUNT = sizeof events / sizeof events[0] };
    int wrong = 0;

    srand48(1);
    for (int round = 0; round < 200; round++) {
        int order[COUNT];
        size_t count;
        waiting_init(&waiting);
        for (int i = 0; i < COUNT; i++)
            order[i] = i;
        for (int i = COUNT - 1; i > 0; i--) {
            const int j = (int)(lrand48() % (i + 1)), swap = order[i];
            order[i] = order[j];
            order[j] = swap;
        }
        for (int i = 0; i < COUNT; i++)
            add(events[order[i]].time_us, events[order[i]].known, events[order[i]].line, 0);
        const struct sort_item *due = waiting_loose(&waiting, &count);
        wrong += count != COUNT;
        due = waiting_due(&waiting, 3, &count);
        wrong += count != COUNT - 1;
        for (size_t i = 0; i < count; i++) {
            wrong += !slice_equal(line_of(due[i].number), slice_of(events[i].line));
            wrong += waiting_at(&waiting, due[i].number)->time_us != events[i].time_us;
            waiting_queue(&waiting, due[i]);
        }
        wrong += waiting.queue.count != COUNT - 1;
        waiting_release(&waiting);
    }
    is_int(wrong, 0, "order is by time, known id and bytes, not by how they came");
}

/* Comes and goes, long ones among them: every piece keeps its bytes, and all memory is given back.
 */
static void test_memory(void)
{
    enum { LIVE = 3000 };
    static uint32_t live[LIVE];
    static size_t more[LIVE];
    const size_t held_before = held.bytes[HELD_WAITING];
    int wrong = 0;

    waiting_init(&waiting);
    for (int i = 0; i < 40000; i++) {
        const int place = (int)(lrand48() % LIVE);
        size_t count;
        if (live[place] != WAITING_NONE) {
            const struct waiter *const waiter = waiting_at(&waiting, live[place]);
            wrong += waiter->time_us != place || waiter_id(waiter, 1)->link != live[place] ||
                     !slice_equal(line_of(live[place]), SLICE("line"));
            for (size_t at = 0; at < more[place]; at += 501)
                wrong += waiter_text(waiter)[4 + at] != 'x';
            waiting_free(&waiting, waiting_at(&waiting, live[place]));
        }
        more[place] =
            lrand48() % 500 == 0 ? (size_t)(lrand48() % (5 << 20)) : (size_t)(lrand48() % 2000);
        live[place] = add(place, NULL, "line", more[place]);
        const struct sort_item *const due = waiting_due(&waiting, INT64_MAX, &count);
        wrong += count != 1 || due->number != live[place];
    }
    is_int(wrong, 0, "a piece keeps its bytes while others come and go");
    for (int place = 0; place < LIVE; place++)
        if (live[place] != WAITING_NONE) waiting_free(&waiting, waiting_at(&waiting, live[place]));
    ok(waiting.segments <= waiting.spares + 1, "without events there is no more than spare memory");
    waiting_release(&waiting);
    is_int((int64_t)held.bytes[HELD_WAITING], (int64_t)held_before, "and in the end none is held");
}

/* In order, again and again around the ring, with ties at its end and some that come late. */
static void test_ring(void)
{
    int64_t due_us = 0;
    int wrong = 0, printed = 0;

    waiting_init(&waiting);
    for (int i = 0; i < 20000; i++) {
        const int64_t time_us = i / 3 - (i % 1000 == 999 ? 20 : 0);
        char line[16];
        (void)snprintf(line, sizeof line, "%05d", i);
        add(time_us, NULL, line, 0);
        if (i % 37 != 0) continue;
        size_t count;
        const struct sort_item *const due = waiting_due(&waiting, time_us - 30, &count);
        for (size_t at = 0; at < count; at++) {
            const struct waiter *const waiter = waiting_at(&waiting, due[at].number);
            wrong += waiter->time_us < due_us || waiter->time_us >= time_us - 30;
            wrong += at > 0 && waiter->time_us == due_us &&
                     slice_compare(line_of(due[at - 1].number), line_of(due[at].number)) > 0;
            due_us = waiter->time_us;
            waiting_queue(&waiting, due[at]);
            printed++;
        }
    }
    is_int(wrong, 0, "what is due comes in order around the ring");
    is_int((int64_t)waiting.queue.count, printed, "and all of it is in the queue");
    waiting_release(&waiting);
}

int main(void)
{
    test_order();
    test_ring();
    test_memory();
    return plan();
}
