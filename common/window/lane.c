#include "window/lane.h"

#include <stdlib.h>

#include "base/die.h"
#include "base/memory.h"
#include "window/group.h"

/* With fewer bytes of rows than this it is not worth to look. */
#define DUE_BYTES ((size_t)2 << 20)

/* An entry of lanes.places. */
struct place {
    struct id id;
    struct lane *lane; /* owned */
};

void lanes_init(struct lanes *lanes, struct run *run, int width)
{
    *lanes = (struct lanes){
        .run = run, .width = width, .printed_us = INT64_MIN, .weighed_us = INT64_MIN};
    lanes->used = run->settings.merge;
    table_init(&lanes->places, sizeof(struct place), HELD_PARTITIONS);
}

void lanes_release(struct lanes *lanes)
{
    const struct place *place = NULL;
    while ((place = table_next(&lanes->places, place)) != NULL) {
        held_drop(HELD_PARTITIONS, sizeof *place->lane);
        buffer_release(&place->lane->key);
        free(place->lane);
    }
    table_release(&lanes->places);
    free(lanes->first);
    buffer_release(&lanes->printed);
    *lanes = (struct lanes){0};
}

/* --- which is further behind --- */

static int lanes_compare(const struct lanes *lanes, const struct lane *a, const struct lane *b)
{
    if (a->start_us != b->start_us) return a->start_us < b->start_us ? -1 : 1;
    return group_compare(buffer_slice(&a->key), buffer_slice(&b->key), lanes->width);
}

/* The last of an input's lanes; NULL: no row has come. */
static const struct lane *input_last(const struct lanes *lanes, const struct input *input)
{
    const struct lane *last = lanes->first[input - lanes->run->inputs->input];
    for (const struct lane *lane = last; lane != NULL; lane = lane->next)
        if (lanes_compare(lanes, lane, last) < 0) last = lane;
    return last;
}

static int inputs_order(const void *context, const struct input *a, const struct input *b)
{
    const struct lanes *const lanes = context;
    const struct lane *const one = input_last(lanes, a), *const other = input_last(lanes, b);
    if (one == NULL || other == NULL) return (one != NULL) - (other != NULL);
    return lanes_compare(lanes, one, other);
}

/* --- rows --- */

/* Updates print a row again, ranks compare all rows of a window, a state may be read by a run with
 * other inputs, and --idle does not wait for every one. A single input may have the rows of one
 * partition behind those of the other. */
static bool is_held_whole(const struct run *run)
{
    const struct settings *const settings = &run->settings;
    return settings->updates || settings->has_state || settings->idle_us != 0 ||
           rows_ranked(run->rows) || (run->inputs->count == 1 && !settings->partitions);
}

/* The first row comes: now all is known. */
static void lanes_open(struct lanes *lanes)
{
    struct inputs *const inputs = lanes->run->inputs;
    lanes->used = !is_held_whole(lanes->run);
    if (!lanes->used) return;
    lanes->first = memory_zero((size_t)inputs->count, sizeof lanes->first[0]);
    inputs->order = inputs_order;
    inputs->context = lanes;
}

static bool is_printed(const struct lanes *lanes, const struct event *row, struct slice key)
{
    return row->time_us == lanes->printed_us &&
           group_compare(key, buffer_slice(&lanes->printed), lanes->width) < 0;
}

/* The first row of a partition comes when it cannot be added any more: with all that follow it
 * is missing in what has been printed. */
static void partition_missed(const struct lanes *lanes, const struct partition *partition)
{
    const struct place *place = NULL;
    while ((place = table_next(&lanes->places, place)) != NULL)
        if (place->lane->partition == partition) return; /* another input has brought rows of it */
    rows_flush(lanes->run->rows);
    die_person("--merge: the first row of partition %lld comes when rows have been printed "
               "without it: --partitions=LIST says which to wait for, or give the rows of each "
               "partition a file of their own",
               (long long)partition_number(partition));
}

static struct lane *lane_new(struct lanes *lanes, const struct event *row, struct slice key)
{
    const struct input *const input = row->partition->source;
    struct lane **const first = &lanes->first[input - lanes->run->inputs->input];
    struct lane *const lane = memory_zero(1, sizeof *lane);
    if (is_printed(lanes, row, key)) partition_missed(lanes, row->partition);
    held_add(HELD_PARTITIONS, sizeof *lane);
    lane->key.kind = HELD_PARTITIONS;
    lane->input = input;
    lane->partition = row->partition;
    lane->start_us = INT64_MIN;
    lane->next = *first;
    *first = lane;
    return lane;
}

static struct lane *lane_of(struct lanes *lanes, const struct event *row, struct slice key)
{
    const struct partition *const partition = row->partition;
    struct lane *const recent = lanes->recent;
    if (recent != NULL && recent->partition == partition && recent->input == partition->source)
        return recent;
    const size_t input = (size_t)(partition->source - lanes->run->inputs->input);
    const struct id id = {.low = (uint64_t)partition_number(partition), .high = input + 1};
    struct place *place = table_find(&lanes->places, id);
    if (place == NULL) {
        bool is_new;
        struct lane *const lane = lane_new(lanes, row, key);
        place = table_put(&lanes->places, id, &is_new);
        place->lane = lane;
    }
    return lanes->recent = place->lane;
}

bool lanes_pass(struct lanes *lanes, const struct event *row, struct slice key)
{
    if (lanes->used && lanes->first == NULL) lanes_open(lanes);
    if (!lanes->used) return true;
    struct lane *const lane = lane_of(lanes, row, key);
    if (row->time_us == lanes->weighed_us) lanes->bytes += row->line.len;
    const bool goes_on = row->time_us == lane->start_us && !lane->unordered &&
                         group_compare(key, buffer_slice(&lane->key), lanes->width) >= 0;
    if (!goes_on && is_printed(lanes, row, key)) return false;
    if (row->time_us > lane->start_us) {
        lane->start_us = row->time_us;
        lane->rows = lane->bytes = 0;
        lane->unordered = false;
    } else if (!goes_on) {
        if (row->time_us == lane->start_us) lane->unordered = true;
        return true;
    }
    lane->rows++;
    lane->bytes += row->line.len;
    buffer_clear(&lane->key);
    buffer_add_slice(&lane->key, key);
    return true;
}

/* --- what can be printed --- */

/* Has the lane shown enough of the window to be believed? */
static bool is_ordered(const struct lane *lane)
{
    return !lane->unordered && (lane->rows >= LANE_ROWS ||
                                (lane->rows >= LANE_ROWS_LEAST && lane->bytes >= LANE_BYTES));
}

/* The lane that is furthest behind in that window; NULL: one of them has said too little. */
static const struct lane *lanes_last(const struct lanes *lanes, int64_t start_us)
{
    const struct place *place = NULL;
    const struct lane *last = NULL;
    while ((place = table_next(&lanes->places, place)) != NULL) {
        const struct lane *const lane = place->lane;
        if (lane->input->ended || lane->start_us > start_us) continue;
        if (lane->start_us < start_us || !is_ordered(lane)) return NULL;
        if (last == NULL || lanes_compare(lanes, lane, last) < 0) last = lane;
    }
    return last;
}

bool lanes_due(struct lanes *lanes, int64_t start_us, struct slice *border)
{
    if (!lanes->used) return false;
    if (start_us != lanes->weighed_us) {
        lanes->weighed_us = start_us;
        lanes->bytes = 0;
        lanes->due = DUE_BYTES;
    }
    if (lanes->bytes < lanes->due) return false;
    const struct lane *const last = lanes_last(lanes, start_us);
    lanes->due = lanes->bytes + DUE_BYTES;
    if (last == NULL) return false;
    lanes->printed_us = start_us;
    buffer_clear(&lanes->printed);
    buffer_add_slice(&lanes->printed, buffer_slice(&last->key));
    *border = buffer_slice(&lanes->printed);
    return true;
}

void lanes_printed(struct lanes *lanes, size_t groups, size_t left)
{
    const double share = (double)left / (double)(groups + left);
    lanes->bytes = (size_t)((double)lanes->bytes * share);
    lanes->due = lanes->bytes * 2 > DUE_BYTES ? lanes->bytes * 2 : DUE_BYTES;
}
