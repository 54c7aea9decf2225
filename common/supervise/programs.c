#include "supervise/programs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/memory.h"
#include "run/signals.h"

#define PLACES_SAID 12

void programs_init(struct programs *all, const struct run_options *options, mode_t umask)
{
    size_t printing = 0;
    *all = (struct programs){.program = memory_zero(options->tools, sizeof all->program[0]),
                             .count = options->tools,
                             .options = options};
    for (size_t i = 0; i < all->count; i++) {
        struct program *const one = &all->program[i];
        program_init(one, &options->tool[i], run_options_out(options, i), umask);
        printing += program_prints(one);
        for (size_t j = 0; j < i; j++)
            if (strcmp(one->label, all->program[j].label) == 0)
                die_usage("%s is there twice: name one, as in other=%s", one->label, one->name);
    }
    if (printing > 1)
        die_usage("%zu tools would print rows between each other's: -o TOPIC,... or --output",
                  printing);
}

void programs_settle(struct programs *all)
{
    const char *const dir = all->options->dir;
    char *begin;
    if (asprintf(&begin, "%s/begin", dir) < 0) die("no memory");
    if (all->count > 1 && access(begin, F_OK) == 0)
        die_person("%s: is the directory of one tool alone: its state, begin and spool belong into "
                   "%s/NAME now, as %s/%s",
                   dir, dir, dir, all->program[0].label);
    for (size_t i = 0; i < all->count; i++)
        program_settle(&all->program[i], dir, all->count == 1);
    free(begin);
    bool read = false;
    for (size_t i = 0; i < all->count; i++)
        read = read || program_reads_ends(&all->program[i]);
    if (read && asprintf(&all->ends, "%s/ends", dir) < 0) die("no memory");
}

void programs_check_part(const struct programs *all, const struct topic *topic)
{
    for (size_t i = 0; i < all->count; i++)
        program_check_part(&all->program[i], topic);
}

bool programs_may_begin_anew(const struct programs *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (program_flushes(&all->program[i])) return false;
    return !all->options->once;
}

bool programs_reopen(const struct programs *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (program_reopens(&all->program[i])) return true;
    return false;
}

bool programs_read_keys(const struct programs *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (words_have(&all->program[i].words, "--kafka-m")) return true;
    return false;
}

/* Where one begins, in one line: the offsets in the order of the partitions. */
static void place_say(const struct programs *all, const struct program *one,
                      const struct topic *topic)
{
    struct buffer text = {0};
    int64_t behind = 0;
    for (size_t i = 0; i < topic->read; i++) {
        behind += topic->log[i].high - one->place[i].next;
        if (topic->read > PLACES_SAID) continue;
        buffer_printf(&text, " %lld", (long long)one->place[i].next);
    }
    if (topic->read > PLACES_SAID)
        buffer_printf(&text, " %lld (the first partition)", (long long)one->place[0].next);
    buffer_printf(&text, "; %lld offsets before the end", (long long)behind);
    if (all->count > 1) buffer_printf(&text, " (%s)", one->label);
    message("%s: %zu partition%s, from offset%.*s", topic->name, topic->read,
            topic->read == 1 ? "" : "s", (int)text.len, text.data);
    buffer_release(&text);
}

/* All about where one goes on. Returns 0, or what would be the exit status if it were alone. */
static int place_find(const struct programs *all, struct program *one, struct topic *topic)
{
    const int status = program_positions(one, topic);
    if (status != 0) return status;
    if (!begin_find(one, topic, &all->options->beginning)) return EXIT_PERSON;
    return begin_go_on(one, topic, all->options->skip_gone) ? 0 : EXIT_PERSON;
}

void programs_place(struct programs *all, struct topic *topic)
{
    size_t out = 0;
    topic_ends(topic);
    for (size_t i = 0; i < all->count; i++) {
        struct program *const one = &all->program[i];
        one->place = memory_zero(topic->read, sizeof one->place[0]);
        one->left_out = place_find(all, one, topic);
        /* Wrong use is put right, and what has failed now may not do so the next time. */
        if (one->left_out != 0 && one->left_out != EXIT_PERSON) exit(one->left_out);
        /* The key of a table is its unique index. */
        if (one->left_out == 0 && one->out != NULL && all->options->postgres == NULL)
            program_find_key(one);
        out += one->left_out != 0;
    }
    if (out == all->count) exit(EXIT_PERSON);
    for (size_t i = 0; i < all->count; i++) {
        if (all->program[i].left_out != 0)
            message("%s is left out: a person is needed; the others go on", all->program[i].label);
        else if (!all->options->quiet)
            place_say(all, &all->program[i], topic);
    }
}

int programs_place_again(struct programs *all, struct topic *topic)
{
    topic_ends(topic);
    for (size_t i = 0; i < all->count; i++) {
        if (all->program[i].left_out != 0) continue;
        const int status = place_find(all, &all->program[i], topic);
        if (status != 0) return status;
    }
    return 0;
}

static bool is_refusal(int status)
{
    return status == EXIT_USAGE || status == EXIT_PERSON;
}

int programs_refusal(const struct programs *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (is_refusal(all->program[i].status)) return all->program[i].status;
    return 0;
}

int programs_judge(const struct programs *all)
{
    int status = EXIT_DONE;
    for (size_t i = 0; i < all->count; i++) {
        const struct program *const one = &all->program[i];
        if (one->left_out != 0) continue;
        if (is_refusal(one->status)) return one->status;
        if (one->ship_status != 0 && status != EXIT_PERSON)
            status = one->ship_status == EXIT_PERSON ? EXIT_PERSON : EXIT_FAILED;
        if (one->status == 0 || stop_signal == SIGINT) continue;
        message("%s has ended with exit status %d", one->name, one->status);
        if (status != EXIT_PERSON) status = EXIT_FAILED;
    }
    return status;
}

int programs_left_out(const struct programs *all, int status)
{
    for (size_t i = 0; i < all->count; i++) {
        const int out = all->program[i].left_out;
        if (is_refusal(out)) return out;
        if (out != 0) status = EXIT_FAILED;
    }
    return status;
}

void programs_release(struct programs *all)
{
    for (size_t i = 0; i < all->count; i++)
        program_release(&all->program[i]);
    free(all->program);
    free(all->ends);
}
