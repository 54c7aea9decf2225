#include "funnel/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/memory.h"

#define SECOND_US 1000000
#define MILLISECOND_US 1000

/* Behind the steps. */
#define EXCLUDED(course) ((course)->steps)
#define IN_PROGRESS(course) ((course)->steps + 1)

static size_t numbers_of(const struct course *course)
{
    return (size_t)course->steps + 2;
}

static size_t sketches_of(const struct course *course)
{
    return (size_t)course->steps - 1;
}

static uint64_t *group_numbers(const struct tally *tally, const struct course *course, size_t group)
{
    return tally->number + group * numbers_of(course);
}

/* The first is of the second step. */
static struct sketch *group_sketch(const struct tally *tally, const struct course *course,
                                   size_t group, int step)
{
    return tally->seconds + group * sketches_of(course) + (size_t)(step - 1);
}

void tally_release(struct tally *tally, const struct course *course)
{
    for (size_t i = 0; i < tally->cap * sketches_of(course); i++)
        sketch_release(&tally->seconds[i]);
    free(tally->number);
    free(tally->seconds);
    *tally = (struct tally){0};
}

void tally_begin(struct tally *tally, const struct course *course, size_t groups)
{
    for (size_t i = 0; i < tally->groups * sketches_of(course); i++)
        sketch_clear(&tally->seconds[i]);
    tally->groups = 0;
    tally_extend(tally, course, groups);
}

void tally_extend(struct tally *tally, const struct course *course, size_t groups)
{
    const size_t numbers = numbers_of(course), sketches = sketches_of(course);
    if (groups > tally->cap) {
        const size_t cap = groups + groups / 2;
        tally->number = memory_resize(tally->number, cap * numbers, sizeof tally->number[0]);
        if (sketches > 0) {
            tally->seconds =
                memory_resize(tally->seconds, cap * sketches, sizeof tally->seconds[0]);
            memset(tally->seconds + tally->cap * sketches, 0,
                   (cap - tally->cap) * sketches * sizeof tally->seconds[0]);
        }
        tally->cap = cap;
    }
    if (groups <= tally->groups) return;
    memset(tally->number + tally->groups * numbers, 0,
           (groups - tally->groups) * numbers * sizeof tally->number[0]);
    tally->groups = groups;
}

void tally_add(struct tally *tally, const struct course *course, size_t group,
               const struct verdict *verdict)
{
    const struct attempt *attempt = &verdict->counted;
    uint64_t *number = group_numbers(tally, course, group);
    if (verdict->excluded) {
        number[EXCLUDED(course)]++;
        return;
    }
    number[IN_PROGRESS(course)] += verdict->going_on;
    number[0]++;
    int64_t before_us = attempt->at_us[0];
    for (uint32_t bits = attempt->reached & ~UINT32_C(1); bits != 0; bits &= bits - 1) {
        const int step = __builtin_ctz(bits);
        number[step]++;
        sketch_add(group_sketch(tally, course, group, step),
                   (double)(attempt->at_us[step] - before_us) / SECOND_US);
        before_us = attempt->at_us[step];
    }
}

void tally_merge(struct tally *tally, const struct course *course, size_t group,
                 const struct tally *from, size_t from_group)
{
    uint64_t *number = group_numbers(tally, course, group);
    const uint64_t *more = group_numbers(from, course, from_group);
    for (size_t i = 0; i < numbers_of(course); i++)
        number[i] += more[i];
    for (int step = 1; step < course->steps; step++)
        sketch_merge(group_sketch(tally, course, group, step),
                     group_sketch(from, course, from_group, step));
}

/* --- members --- */

static int declare(struct rows *rows, struct slice step, const char *what, struct buffer *why)
{
    struct buffer name = {0};
    buffer_add_slice(&name, step);
    buffer_add(&name, what, strlen(what));
    const int member = rows_declare(rows, buffer_slice(&name), why);
    buffer_release(&name);
    return member;
}

static void members_describe(const struct tally_members *members, struct rows *rows)
{
    const struct slice before = SLICE("from the step before");
    for (int step = 0; step < members->course->steps; step++)
        rows_describe(rows, members->count[step], COLUMN_COUNT, SLICE("ids that came so far"));
    for (int step = 1; step < members->course->steps; step++) {
        rows_describe(rows, members->rate[step], COLUMN_NUMBER,
                      SLICE("percent of the step before"));
        rows_describe(rows, members->median[step], COLUMN_NUMBER, before);
        rows_describe(rows, members->p95[step], COLUMN_NUMBER, before);
        rows_describe(rows, members->seconds[step], COLUMN_TEXT, SLICE("for --merge"));
    }
    rows_describe(rows, members->overall, COLUMN_NUMBER, SLICE("percent of the first step"));
    rows_describe(rows, members->excluded, COLUMN_COUNT, SLICE("ids whose attempts were voided"));
    rows_describe(rows, members->in_progress, COLUMN_COUNT, SLICE("ids that may still go on"));
}

void tally_declare(struct tally_members *members, struct rows *rows, bool parts, struct buffer *why)
{
    const int steps = members->course->steps;
    for (int step = 0; step < steps; step++)
        members->count[step] = declare(rows, members->name[step], "", why);
    members->overall = rows_declare(rows, SLICE("overall_conversion_rate"), why);
    for (int step = 1; step < steps; step++) {
        members->rate[step] = declare(rows, members->name[step], "_rate", why);
        members->median[step] = declare(rows, members->name[step], "_seconds_median", why);
        members->p95[step] = declare(rows, members->name[step], "_seconds_p95", why);
    }
    members->excluded = rows_declare(rows, SLICE("excluded"), why);
    members->in_progress = rows_declare(rows, SLICE("in_progress"), why);
    for (int step = 1; step < steps; step++)
        members->seconds[step] = parts ? declare(rows, members->name[step], "_seconds", why) : -1;
    members_describe(members, rows);
}

/* Beyond what is exact, digits are not worth more than a millisecond. */
static void seconds_print(const struct sketch *sketch, double q, struct rows *rows, int member)
{
    if (sketch->count == 0) {
        rows_null(rows, member);
        return;
    }
    int64_t us = (int64_t)llround(sketch_quantile(sketch, q) * SECOND_US);
    if (sketch->count > SKETCH_EXACT && us >= SECOND_US)
        us = (us + MILLISECOND_US / 2) / MILLISECOND_US * MILLISECOND_US;
    rows_seconds(rows, member, us);
}

/* The step before that is not optional. */
static int required_before(const struct course *course, int step)
{
    for (step--; (course->optional >> step & 1) != 0;)
        step--;
    return step;
}

static void step_print(const struct tally *tally, const struct tally_members *members,
                       struct rows *rows, size_t group, int step, int only)
{
    const struct course *course = members->course;
    const uint64_t *number = group_numbers(tally, course, group);
    const struct sketch *sketch = group_sketch(tally, course, group, step);
    if (only < 0 || only == members->rate[step])
        rows_percent(rows, members->rate[step], (int64_t)number[step],
                     (int64_t)number[required_before(course, step)]);
    if (only < 0 || only == members->median[step])
        seconds_print(sketch, 0.5, rows, members->median[step]);
    if (only < 0 || only == members->p95[step])
        seconds_print(sketch, 0.95, rows, members->p95[step]);
}

static void sketch_member_print(const struct sketch *sketch, struct rows *rows, int member)
{
    struct buffer text = {0};
    sketch_print(sketch, &text);
    rows_text(rows, member, buffer_slice(&text));
    buffer_release(&text);
}

void tally_print(const struct tally *tally, const struct tally_members *members, struct rows *rows,
                 size_t group, int only)
{
    const struct course *course = members->course;
    const uint64_t *number = group_numbers(tally, course, group);
    for (int step = 0; step < course->steps; step++)
        if (only < 0 || only == members->count[step])
            rows_int(rows, members->count[step], (int64_t)number[step]);
    if (only < 0 || only == members->overall)
        rows_percent(rows, members->overall, (int64_t)number[course->steps - 1],
                     (int64_t)number[0]);
    for (int step = 1; step < course->steps; step++)
        step_print(tally, members, rows, group, step, only);
    if (only < 0 || only == members->excluded)
        rows_int(rows, members->excluded, (int64_t)number[EXCLUDED(course)]);
    if (only < 0 || only == members->in_progress)
        rows_int(rows, members->in_progress, (int64_t)number[IN_PROGRESS(course)]);
    for (int step = 1; step < course->steps; step++)
        if (members->seconds[step] >= 0 && (only < 0 || only == members->seconds[step]))
            sketch_member_print(group_sketch(tally, course, group, step), rows,
                                members->seconds[step]);
}

/* --- rows that are read --- */

bool tally_need(struct tally_members *members, struct schema *schema)
{
    bool good = true;
    struct buffer name = {0};
    for (int step = 0; step < members->course->steps; step++) {
        good &= (members->count_slot[step] = schema_need(schema, members->name[step])) >= 0;
        if (step == 0) continue;
        buffer_clear(&name);
        buffer_add_slice(&name, members->name[step]);
        buffer_add_literal(&name, "_seconds");
        good &= (members->seconds_slot[step] = schema_need(schema, buffer_slice(&name))) >= 0;
    }
    buffer_release(&name);
    good &= (members->excluded_slot = schema_need(schema, SLICE("excluded"))) >= 0;
    return good && (members->in_progress_slot = schema_need(schema, SLICE("in_progress"))) >= 0;
}

static bool count_read(const struct event *ev, int slot, uint64_t *count)
{
    const struct value value = event_written(ev, slot);
    if (value.kind != KIND_NUMBER || value.len == 0 || value.len > 15) return false;
    uint64_t number = 0;
    for (uint32_t i = 0; i < value.len; i++) {
        if (value.text[i] < '0' || value.text[i] > '9') return false;
        number = number * 10 + (uint64_t)(value.text[i] - '0');
    }
    *count = number;
    return true;
}

bool tally_read(struct tally *tally, const struct tally_members *members, const struct event *ev,
                size_t group)
{
    const struct course *course = members->course;
    uint64_t *number = group_numbers(tally, course, group);
    bool good = count_read(ev, members->excluded_slot, &number[EXCLUDED(course)]) &&
                count_read(ev, members->in_progress_slot, &number[IN_PROGRESS(course)]);
    for (int step = 0; step < course->steps && good; step++) {
        good = count_read(ev, members->count_slot[step], &number[step]);
        if (step == 0 || !good) continue;
        struct sketch *sketch = group_sketch(tally, course, group, step);
        const struct value text = event_value(ev, members->seconds_slot[step]);
        sketch_clear(sketch);
        good = text.kind == KIND_STRING && sketch_read(sketch, value_slice(text)) &&
               sketch->count == number[step];
    }
    return good;
}

void tally_pack(const struct tally *tally, const struct course *course, size_t group,
                struct buffer *out)
{
    const uint64_t *number = group_numbers(tally, course, group);
    for (size_t i = 0; i < numbers_of(course); i++)
        pack_u64(out, number[i]);
    for (int step = 1; step < course->steps; step++)
        sketch_pack(group_sketch(tally, course, group, step), out);
}

void tally_unpack(struct tally *tally, const struct course *course, size_t group, struct unpack *in)
{
    uint64_t *number = group_numbers(tally, course, group);
    for (size_t i = 0; i < numbers_of(course); i++)
        number[i] += unpack_u64(in);
    for (int step = 1; step < course->steps; step++)
        sketch_unpack(group_sketch(tally, course, group, step), in);
}
