/* queue.c - what is due in the order in which it came. */
#include "base/queue.h"

#include "tap.h"

/* Pushes so many, three for each time, and pops what is due lag_us before it; returns
 * what is wrong. */
static int check(uint32_t pushes, int64_t lag_us)
{
    struct queue queue;
    struct timer_item item;
    uint32_t popped = 0;
    int wrong = 0;

    queue_init(&queue, HELD_SESSIONS);
    for (uint32_t i = 0; i < pushes; i++) {
        wrong += !queue_push(&queue, (struct timer_item){.due_us = i / 3, .number = i});
        while (queue_pop(&queue, i / 3 - lag_us, &item)) {
            wrong += item.number != popped || item.due_us != popped / 3;
            wrong += item.due_us >= i / 3 - lag_us;
            popped++;
        }
        wrong += i % 3 == 2 && i / 3 > lag_us && popped != (i / 3 - lag_us) * 3;
    }
    while (queue_pop(&queue, INT64_MAX, &item))
        wrong += item.number != popped++;
    wrong += popped != pushes;
    queue_release(&queue);
    return wrong;
}

int main(void)
{
    struct queue queue;
    struct timer_item item;

    queue_init(&queue, HELD_SESSIONS);
    ok(!queue_pop(&queue, INT64_MAX, &item), "an empty queue hands out nothing");
    ok(queue_push(&queue, (struct timer_item){.due_us = 100, .number = 7}),
       "any item is the first");
    ok(!queue_push(&queue, (struct timer_item){.due_us = 99, .number = 8}),
       "what is due earlier than the last one is not taken");
    ok(queue_push(&queue, (struct timer_item){.due_us = 100, .number = 9}),
       "what is due at the same time is");
    ok(!queue_pop(&queue, 100, &item), "what is due now is not yet due before now");
    ok(queue_pop(&queue, 101, &item) && item.number == 7 && queue_pop(&queue, 101, &item) &&
           item.number == 9 && item.due_us == 100,
       "what is due before now is handed out in its order");
    ok(!queue_pop(&queue, 101, &item), "and only once");
    ok(queue_push(&queue, (struct timer_item){.due_us = 5, .number = 1}),
       "an empty one takes any item again");
    queue_release(&queue);

    is_int(check(5000, 20), 0, "a few wait");
    is_int(check(5000, 900), 0, "chunks of them wait");
    is_int(check(QUEUE_CHUNK * 3, -1), 0, "none waits");
    return plan();
}
