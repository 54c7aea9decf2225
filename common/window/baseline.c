#include "window/baseline.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/ratio.h"

/* How one window is kept. */
struct narrow {
    int64_t end_us, value;
};

struct wide {
    int64_t end_us;
    decimal value;
} __attribute__((packed, aligned(8)));

#define NARROW_MISSING INT64_MIN

static size_t past_bytes(const struct series *series)
{
    return series->is_wide ? sizeof(struct wide) : sizeof(struct narrow);
}

void baseline_init(struct baseline *baseline)
{
    table_init(&baseline->table, sizeof(struct series_entry), HELD_SERIES);
}

static void series_free(struct series *series)
{
    held_drop(HELD_SERIES, sizeof *series + series->key.len + series->cap * past_bytes(series));
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

static bool is_narrow(decimal value)
{
    return value == PAST_MISSING || (value > INT64_MIN && value <= INT64_MAX);
}

static void past_put(struct series *series, uint32_t at, struct past past)
{
    if (series->is_wide)
        ((struct wide *)series->past)[at] =
            (struct wide){.end_us = past.end_us, .value = past.value};
    else
        ((struct narrow *)series->past)[at] = (struct narrow){
            .end_us = past.end_us,
            .value = past.value == PAST_MISSING ? NARROW_MISSING : (int64_t)past.value};
}

struct past series_at(const struct series *series, uint32_t place)
{
    const uint32_t at = series->head + place;
    if (series->is_wide) {
        const struct wide *wide = (const struct wide *)series->past + at;
        return (struct past){.end_us = wide->end_us, .value = wide->value};
    }
    const struct narrow *narrow = (const struct narrow *)series->past + at;
    return (struct past){.end_us = narrow->end_us,
                         .value = narrow->value == NARROW_MISSING ? PAST_MISSING : narrow->value};
}

void series_forget(struct series *series, int64_t until_us)
{
    while (series->count > 0) {
        const struct past past = series_at(series, 0);
        if (past.end_us > until_us) break;
        if (past.value == PAST_MISSING)
            series->missing--;
        else
            series->sum -= past.value;
        series->head++;
        series->count--;
    }
    if (series->count == 0) series->head = 0;
}

/* The same windows, the first in front, in room for so many. */
static void series_move(struct series *series, uint32_t cap, bool is_wide)
{
    struct series old = *series;
    series->is_wide = is_wide;
    series->past = memory_zero(cap, past_bytes(series));
    series->head = 0;
    series->cap = cap;
    for (uint32_t i = 0; i < series->count; i++)
        past_put(series, i, series_at(&old, i));
    held_add(HELD_SERIES, cap * past_bytes(series));
    held_drop(HELD_SERIES, old.cap * past_bytes(&old));
    free(old.past);
}

/* Makes room behind the last one: that in front, if it is an eighth, so that few are moved often
 * enough. Memory grows by half: the windows of two hours need room for 28. */
static void series_room(struct series *series)
{
    if (series->count <= series->cap - series->cap / 8 && series->head > 0) {
        const size_t bytes = past_bytes(series);
        memmove(series->past, series->past + series->head * bytes, series->count * bytes);
        series->head = 0;
    } else {
        series_move(series, series->cap == 0 ? 4 : series->cap + series->cap / 2, series->is_wide);
    }
}

void series_add(struct series *series, struct past past)
{
    if (!series->is_wide && !is_narrow(past.value)) series_move(series, series->cap, true);
    if (series->head + series->count == series->cap) series_room(series);
    past_put(series, series->head + series->count, past);
    series->count++;
    if (past.value == PAST_MISSING)
        series->missing++;
    else
        series->sum += past.value;
}

bool series_find(const struct series *series, int64_t end_us, decimal *value)
{
    uint32_t low = 0, high = series->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (series_at(series, middle).end_us < end_us)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == series->count || series_at(series, low).end_us != end_us) return false;
    *value = series_at(series, low).value;
    return true;
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
        for (uint32_t j = 0; j < series->count; j++) {
            const struct past past = series_at(series, j);
            pack_i64(out, past.end_us);
            pack_i128(out, past.value);
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
        if (in->broken ||
            (series->count > 0 && series_at(series, series->count - 1).end_us >= past.end_us))
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
