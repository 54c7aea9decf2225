#include "window/baseline.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/ratio.h"

void baseline_init(struct baseline *baseline)
{
    table_init(&baseline->table, sizeof(struct series_entry), HELD_SERIES);
}

static void series_free(struct series *series)
{
    held_drop(HELD_SERIES, sizeof *series + series->key.len + series->cap * sizeof *series->past);
    free((char *)series->key.text);
    free(series->past);
    free(series);
}

void baseline_release(struct baseline *baseline)
{
    struct series_entry *entry = NULL;
    while ((entry = table_next(&baseline->table, entry)) != NULL)
        series_free(entry->series);
    table_release(&baseline->table);
}

struct series *baseline_series(struct baseline *baseline, struct id id, struct slice key)
{
    bool is_new;
    struct series_entry *entry = table_put(&baseline->table, id, &is_new);
    if (is_new) {
        entry->series = memory_zero(1, sizeof *entry->series);
        entry->series->key = (struct slice){.text = memory_text(key.text, key.len), .len = key.len};
        held_add(HELD_SERIES, sizeof *entry->series + key.len);
        entry->series->last_start_us = INT64_MIN;
        entry->series->last_end_us = INT64_MIN;
    }
    return entry->series;
}

void baseline_drop(struct baseline *baseline, struct id id)
{
    struct series_entry *entry = table_find(&baseline->table, id);
    if (entry == NULL) return;
    series_free(entry->series);
    table_remove(&baseline->table, entry);
}

void series_forget(struct series *series, int64_t until_us)
{
    while (series->count > 0 && series->past[series->head].end_us <= until_us) {
        const struct past past = series->past[series->head];
        if (past.value == PAST_MISSING)
            series->missing--;
        else
            series->sum -= past.value;
        series->head++;
        series->count--;
    }
    if (series->count == 0) series->head = 0;
}

/* Makes room behind the last one: that in front, if it is an eighth, so that few are moved often
 * enough. Memory grows by half: the windows of two hours need room for 28. */
static void series_room(struct series *series)
{
    if (series->count <= series->cap - series->cap / 8 && series->head > 0) {
        memmove(series->past, series->past + series->head, series->count * sizeof series->past[0]);
    } else {
        const uint32_t cap = series->cap == 0 ? 4 : series->cap + series->cap / 2;
        struct past *bigger = memory_zero(cap, sizeof series->past[0]);
        if (series->count != 0)
            memcpy(bigger, series->past + series->head, series->count * sizeof series->past[0]);
        held_add(HELD_SERIES, (cap - series->cap) * sizeof series->past[0]);
        free(series->past);
        series->past = bigger;
        series->cap = cap;
    }
    series->head = 0;
}

void series_add(struct series *series, struct past past)
{
    if (series->head + series->count == series->cap) series_room(series);
    series->past[series->head + series->count] = past;
    series->count++;
    if (past.value == PAST_MISSING)
        series->missing++;
    else
        series->sum += past.value;
}

const struct past *series_find(const struct series *series, int64_t end_us)
{
    uint32_t low = series->head, high = series->head + series->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (series->past[middle].end_us < end_us)
            low = middle + 1;
        else
            high = middle;
    }
    const bool found = low < series->head + series->count && series->past[low].end_us == end_us;
    return found ? &series->past[low] : NULL;
}

#define HUNDREDTH (DECIMAL_ONE / 100)
#define TENTH (DECIMAL_ONE / 10)
#define PERCENT_MAX ((decimal)(~(unsigned __int128)0 >> 1))
#define TENTHS_OF_A_PERCENT 3 /* of 1: a thousand of them */

bool percent_printable(decimal percent)
{
    return percent != 0 && percent != PERCENT_MAX && percent != -PERCENT_MAX;
}

struct deviation deviation_of(const decimal *value, decimal sum, int64_t count)
{
    struct deviation out = {0};
    if (count <= 0) return out;
    out.has_mean = decimal_ratio(sum, (decimal)count * HUNDREDTH, 0, &out.mean);
    out.mean *= HUNDREDTH;
    if (value == NULL || sum == 0) return out;
    const decimal away = *value * count - sum;
    /* Of the mean without its sign: above it is up, whatever side of 0 it is on. */
    const decimal whole = sum < 0 ? -sum : sum;
    out.has_percent = decimal_ratio(away, whole, TENTHS_OF_A_PERCENT, &out.percent) &&
                      !__builtin_mul_overflow(out.percent, TENTH, &out.percent);
    if (!out.has_percent) out.percent = away < 0 ? -PERCENT_MAX : PERCENT_MAX;
    return out;
}

/* The state. */

static int entries_compare(const void *a, const void *b)
{
    return id_compare(((const struct series_entry *)a)->id, ((const struct series_entry *)b)->id);
}

void baseline_save(const struct baseline *baseline, struct buffer *out)
{
    struct series_entry *list = memory_zero(baseline->table.count + 1, sizeof *list);
    const struct series_entry *entry = NULL;
    size_t count = 0;
    while ((entry = table_next(&baseline->table, entry)) != NULL)
        list[count++] = *entry;
    qsort(list, count, sizeof *list, entries_compare);
    pack_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        const struct series *series = list[i].series;
        pack_text(out, series->key);
        pack_i64(out, series->last_start_us);
        pack_i64(out, series->last_end_us);
        incident_save(&series->incident, out);
        pack_u64(out, series->count);
        for (uint32_t j = series->head; j < series->head + series->count; j++) {
            pack_i64(out, series->past[j].end_us);
            pack_i128(out, series->past[j].value);
        }
    }
    free(list);
}

static bool series_load(struct baseline *baseline, struct unpack *in)
{
    const struct slice key = unpack_text(in);
    if (in->broken) return false;
    struct series *series = baseline_series(baseline, id_of(key), key);
    const int64_t start_us = unpack_i64(in);
    const int64_t end_us = unpack_i64(in);
    if (start_us > series->last_start_us) {
        series->last_start_us = start_us;
        series->last_end_us = end_us;
    }
    if (!incident_load(&series->incident, in)) return false;
    const uint64_t count = unpack_u64(in);
    for (uint64_t i = 0; i < count && !in->broken; i++) {
        const int64_t past_us = unpack_i64(in);
        const struct past past = {.end_us = past_us, .value = unpack_i128(in)};
        if (past.value != PAST_MISSING &&
            (past.value > BASELINE_VALUE_MAX || past.value < -BASELINE_VALUE_MAX))
            return false;
        const uint32_t end = series->head + series->count;
        if (in->broken || (series->count > 0 && series->past[end - 1].end_us >= past.end_us))
            continue;
        series_add(series, past);
    }
    return !in->broken;
}

bool baseline_load(struct baseline *baseline, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);
    for (uint64_t i = 0; i < count; i++)
        if (!series_load(baseline, in)) return false;
    return !in->broken;
}
