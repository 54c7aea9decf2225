#include "run/partitions.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "admit/arrival.h"
#include "base/die.h"
#include "base/list.h"
#include "base/memory.h"
#include "run/common_options.h"

/* Calls each for the partitions of a list like 0,2,4-11. False: it is none. */
static bool partitions_each(const char *text, void (*each)(struct loop *l, int64_t number),
                            struct loop *l)
{
    struct list items = {0};
    bool good = list_add(&items, LIST_NAMES, slice_of(text)) == NULL;
    for (size_t i = 0; i < items.count && good; i++) {
        const char *item = items.item[i].name.text;
        char *end;
        errno = 0;
        const long long first = strtoll(item, &end, 10);
        long long last = first;
        good = end != item && first >= 0;
        if (good && *end == '-') {
            item = end + 1;
            last = strtoll(item, &end, 10);
            good = end != item && last >= first && last - first < 100000;
        }
        good = good && *end == '\0' && errno == 0;
        for (long long number = first; good && number <= last; number++)
            each(l, number);
    }
    list_release(&items);
    return good;
}

static void partitions_refuse(const char *option, const char *text)
{
    die_usage("--%s: '%s' is no list of partitions (0,1,2 or 0-11)", option, text);
}

static void partition_expect(struct loop *l, int64_t number)
{
    clock_partition(&l->admission.clock, number)->named = true;
}

void partitions_name(struct loop *l)
{
    struct clock *const clock = &l->admission.clock;
    if (options->partitions != NULL && !partitions_each(options->partitions, partition_expect, l))
        partitions_refuse("partitions", options->partitions);
    clock->most = options->max_partitions < INT_MAX ? (int)options->max_partitions : INT_MAX;
    if (clock->most < clock->known) clock->most = clock->known;
}

/* --bind: the next input that is bound to nothing yet brings that partition. */
static void input_bind(struct loop *l, int64_t number)
{
    int i = 0;
    for (; i < l->inputs.count && l->inputs.input[i].bound >= 0; i++)
        if (l->inputs.input[i].bound == number)
            die_usage("--bind: partition %lld is named twice", (long long)number);
    if (i == l->inputs.count) die_usage("--bind: names more partitions than there are inputs");
    l->inputs.input[i].bound = number;
    arrival_assign(&l->inputs.input[i], clock_partition(&l->admission.clock, number));
    if (options->merge) arrival_offset(&l->admission.clock, l->inputs.input[i].partition);
}

/* "TOPIC:LIST": inputs are called by what they bring, "clicks [3]". */
static void inputs_label(struct loop *l, struct slice topic)
{
    struct buffer label = {0};
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *const input = &l->inputs.input[i];
        buffer_clear(&label);
        buffer_add_slice(&label, topic);
        buffer_printf(&label, " [%lld]", (long long)input->bound);
        input->label = memory_text(label.data, label.len);
    }
    buffer_release(&label);
}

static void inputs_bind(struct loop *l)
{
    if (options->bind == NULL) return;
    const char *const colon = strrchr(options->bind, ':');
    const char *const list = colon == NULL ? options->bind : colon + 1;
    if (!partitions_each(list, input_bind, l)) partitions_refuse("bind", options->bind);
    if (l->inputs.input[l->inputs.count - 1].bound < 0)
        die_usage("--bind: names fewer partitions than there are inputs");
    if (colon == NULL) return;
    if (colon == options->bind) partitions_refuse("bind", options->bind);
    inputs_label(l, (struct slice){.text = options->bind, .len = (size_t)(colon - options->bind)});
}

void partitions_of_inputs(struct loop *l)
{
    int64_t number = 0;
    struct partition *files = NULL;
    inputs_bind(l);
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *input = &l->inputs.input[i];
        /* Whether its records are framed shows later: until then a partition of no record's number
         * stands in. */
        const bool is_file = input->regular && !l->run.settings.interleave;
        if (input->bound >= 0) {
            input->number = input->bound;
            continue;
        }
        if (!is_file || files == NULL)
            arrival_assign(input, clock_partition(&l->admission.clock, -1 - number++));
        if (is_file && files == NULL) files = input->partition;
        if (is_file) arrival_assign(input, files);
        input->number = -1 - input->partition->number;
    }
}

/* Files that an earlier run has read side by side with these, and that are left out now: nobody
 * waits for them. Framed records and FIFOs may come one after the other, run by run. */
static void partitions_leave(struct loop *l)
{
    struct clock *const clock = &l->admission.clock;
    for (int i = 0; i < l->inputs.count; i++)
        if (!l->inputs.input[i].regular) return;
    for (int i = 0; i < clock->count; i++) {
        struct partition *partition = clock->partition[i];
        if (partition->offset < 0 && !partition->named && partition->number >= l->inputs.count &&
            l->run.settings.interleave)
            clock_end(clock, partition);
    }
}

void partitions_resume(struct loop *l)
{
    struct clock *const clock = &l->admission.clock;
    if (!options->merge) partitions_leave(l);
    for (int i = 0; i < clock->count && options->merge; i++)
        if (clock->partition[i]->offset >= 0) arrival_offset(clock, clock->partition[i]);
}

void partitions_silent(struct loop *l)
{
    struct clock *const clock = &l->admission.clock;
    int silent = 0;
    clock_sort(clock);
    for (int i = 0; i < clock->count; i++) {
        const struct partition *partition = clock->partition[i];
        if (!partition->named || partition->largest_us != TIME_NONE || partition->holding) continue;
        if (++silent <= 3)
            message("--merge: of partition %lld no row has come: %s", (long long)partition->number,
                    options->state != NULL ? "windows wait for it" : "its share is missing");
    }
    if (silent > 3) message("--merge: nor of %d partitions more", silent - 3);
}
