/* session.c - sessions against what a look at all events at once gives, for any order and
 * interleaving. */
#include "session/session.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "samples.h"
#include "tap.h"

static int64_t gap_us, max_us;

/* The line a session is compared by. */
static void line_print(struct buffer *out, int id, int64_t start_us, int64_t last_us,
                       uint64_t events, const uint64_t *counts, struct value user,
                       struct value source)
{
    buffer_printf(out, "%d %" PRId64 "-%" PRId64 " %" PRIu64 " ", id, start_us, last_us, events);
    for (int action = 0; action < ACTION_COUNT; action++)
        buffer_printf(out, "%" PRIu64 " ", counts[action]);
    buffer_printf(out, "%.*s %.*s ", (int)user.len, user.text, (int)source.len, source.text);
}

static void products_line(const struct overview *overview, struct buffer *out)
{
    struct products products =
        products_walk(overview->products, overview->products_kept, overview->start_us);
    const char *comma = "";

    buffer_add_char(out, '[');
    for (; products.left > 0; products_next(&products)) {
        buffer_printf(out, "%s\"%.*s\"", comma, (int)products.text.len, products.text.text);
        comma = ",";
    }
    buffer_add_literal(out, "]\n");
}

struct printing {
    struct sessions *sessions;
    struct buffer *out;
};

static void session_line(void *context, const struct session *session)
{
    const struct printing *printing = context;
    struct overview overview;
    uint64_t counts[ACTION_COUNT];

    stretch_overview(&overview, &printing->sessions->timelines.stretches, session->stretch);
    struct slice name = overview.name;
    const struct value id = name_value(&name);
    for (int action = 0; action < ACTION_COUNT; action++)
        counts[action] = overview.count[action];
    line_print(printing->out, id.text[1] - 'a', overview.start_us, overview.last_us,
               overview.events, counts, attribute_value(&overview.attributes, 0, overview.present),
               attribute_value(&overview.attributes, 1, overview.present));
    products_line(&overview, printing->out);
}

static bool session_take(struct sessions *sessions, struct slice name, const struct click *click)
{
    const struct id id = timeline_id(name);
    const uint32_t number = timelines_find(&sessions->timelines, id);

    if (number == POOL_NONE) return sessions_begin(sessions, id, name, click);
    const bool used = sessions_add(sessions, number, click);
    if (used && sessions->timelines.notes) timelines_note(&sessions->timelines, number);
    return used;
}

static bool world_add(struct sessions *sessions, const struct sample *sample)
{
    struct buffer name = {0};
    struct sample_event event;

    sample_click(sample, &event, &name);
    const bool used = session_take(sessions, buffer_slice(&name), &event.click);
    buffer_release(&name);
    return used;
}

/* Saves, and goes on with what was loaded. Saved again, it must be the same bytes. */
static bool world_resume(struct sessions *sessions)
{
    struct buffer saved = {0}, again = {0};
    struct sessions loaded;

    sessions_save(sessions, &saved);
    sessions_init(&loaded, &sample_kept, gap_us, max_us);
    struct unpack in = {.at = saved.data, .end = saved.data + saved.len};
    bool good = sessions_load(&loaded, &in) && in.at == in.end;
    sessions_save(&loaded, &again);
    good = good && slice_equal(buffer_slice(&saved), buffer_slice(&again));
    sessions_release(sessions);
    *sessions = loaded;
    buffer_release(&saved);
    buffer_release(&again);
    return good;
}

/* Runs the events; advances once in `often` events (0: only at the end). */
static bool world_run(struct world *world, int64_t often, bool resume, struct buffer *out)
{
    struct sessions sessions;
    bool good = true;
    int64_t end_us = INT64_MIN;
    struct printing printing = {.sessions = &sessions, .out = out};

    sessions_init(&sessions, &sample_kept, gap_us, max_us);
    for (int i = 0; i < world->count; i++) {
        struct sample *sample = &world->sample[i];
        sample->used = world_add(&sessions, sample);
        if (sample->time_us > end_us) end_us = sample->time_us;
        if (often > 0 && random_below(often) == 0)
            sessions_advance(&sessions, sample->advance_us, session_line, &printing);
        if (resume && random_below(10) == 0) good = world_resume(&sessions) && good;
    }
    sessions_advance(&sessions, end_us, session_line, &printing);
    sessions_finish(&sessions, session_line, &printing);
    good = good && timelines_count(&sessions.timelines) == 0 &&
           sessions.timelines.stretches.pool.live == 0;
    sessions_release(&sessions);
    return good;
}

/* b is not before a. */
static bool within_gap(const struct sample *a, const struct sample *b)
{
    const int64_t reach_us = b->time_us > b->watermark_us ? b->time_us : b->watermark_us;
    return stretch_near(a->time_us, gap_us, reach_us);
}

/* Marks what is connected with one event. */
static void component(const struct sample *samples, int count, int seed, bool *in)
{
    bool grown = true;

    memset(in, 0, (size_t)count);
    in[seed] = true;
    while (grown) {
        grown = false;
        for (int a = 0; a < count; a++)
            for (int b = 0; b < count; b++) {
                if (in[a] == in[b] || samples[a].time_us > samples[b].time_us) continue;
                if (!within_gap(&samples[a], &samples[b]) &&
                    samples[a].time_us != samples[b].time_us)
                    continue;
                in[a] = in[b] = grown = true;
            }
    }
}

struct line {
    int64_t last_us, start_us;
    int id;
    struct buffer text;
};

static int line_order(const void *a, const void *b)
{
    const struct line *left = a;
    const struct line *right = b;

    if (left->last_us != right->last_us) return left->last_us < right->last_us ? -1 : 1;
    if (left->id != right->id) return left->id - right->id;
    return (left->start_us > right->start_us) - (left->start_us < right->start_us);
}

/* One part, its events sorted. */
static struct line part_line(const struct sample *part, int count)
{
    struct line line = {
        .id = part[0].id, .start_us = part[0].time_us, .last_us = part[count - 1].time_us};
    int user = -1, source = -1;
    int64_t user_us = 0, source_us = 0;
    uint64_t counts[ACTION_COUNT] = {0};
    char user_text[2], source_text[2];
    const char *comma = "";

    for (int i = 0; i < count; i++) {
        const struct sample *sample = &part[i];
        counts[sample->action]++;
        if (sample->user >= 0 && (user < 0 || sample->time_us > user_us || sample->user > user)) {
            user = sample->user;
            user_us = sample->time_us;
        }
        if (sample->source >= 0 &&
            (source < 0 || (sample->time_us == source_us && sample->source < source))) {
            source = sample->source;
            source_us = sample->time_us;
        }
    }
    line_print(&line.text, line.id, line.start_us, line.last_us, (uint64_t)count, counts,
               text_of(user_text, 'u', user), text_of(source_text, 's', source));
    buffer_add_char(&line.text, '[');
    for (int i = 0; i < count; i++) {
        if (part[i].product < 0) continue;
        buffer_printf(&line.text, "%s\"p%c\"", comma, 'a' + part[i].product);
        comma = ",";
    }
    buffer_add_literal(&line.text, "]\n");
    return line;
}

/* What the used events must give: connected ones, sorted, one pass. */
static void world_expect(const struct world *world, struct buffer *out)
{
    static struct line lines[EVENTS_MAX];
    int line_count = 0;

    for (int id = 0; id < IDS; id++) {
        struct sample samples[EVENTS_MAX];
        bool in[EVENTS_MAX];
        int count = 0;
        for (int i = 0; i < world->count; i++)
            if (world->sample[i].used && world->sample[i].id == id)
                samples[count++] = world->sample[i];
        while (count > 0) {
            struct sample session[EVENTS_MAX];
            int session_count = 0, rest = 0;
            component(samples, count, 0, in);
            for (int i = 0; i < count; i++) {
                if (in[i])
                    session[session_count++] = samples[i];
                else
                    samples[rest++] = samples[i];
            }
            count = rest;
            qsort(session, (size_t)session_count, sizeof(session[0]), sample_order);
            for (int begin = 0; begin < session_count;) {
                int end = begin + 1;
                while (end < session_count &&
                       session[end].time_us - session[begin].time_us <= max_us)
                    end++;
                lines[line_count++] = part_line(session + begin, end - begin);
                begin = end;
            }
        }
    }
    qsort(lines, (size_t)line_count, sizeof(lines[0]), line_order);
    for (int i = 0; i < line_count; i++) {
        buffer_add_slice(out, buffer_slice(&lines[i].text));
        buffer_release(&lines[i].text);
    }
}

/* Without a longest duration: is the event late among those used before it? */
static bool expect_late(const struct world *world, int number)
{
    struct sample samples[EVENTS_MAX];
    bool in[EVENTS_MAX];
    const struct sample *sample = &world->sample[number];
    int count = 0;
    int64_t last_us = sample->time_us;

    samples[count++] = *sample;
    for (int i = 0; i < number; i++)
        if (world->sample[i].used && world->sample[i].id == sample->id)
            samples[count++] = world->sample[i];
    component(samples, count, 0, in);
    for (int i = 0; i < count; i++)
        if (in[i] && samples[i].time_us > last_us) last_us = samples[i].time_us;
    return last_us + gap_us < sample->watermark_us;
}

struct tally {
    int wrong_rows, wrong_order, lost, wrong_late, wrong_state, other_late, late;
};

static void check_world(struct world *world, bool in_time, struct tally *tally)
{
    struct buffer got = {0}, again = {0}, wanted = {0};
    bool used[EVENTS_MAX];

    tally->wrong_state += !world_run(world, 1, false, &got);
    for (int i = 0; i < world->count; i++) {
        used[i] = world->sample[i].used;
        tally->late += !used[i];
        tally->lost += in_time && !used[i];
        tally->wrong_late += max_us == INT64_MAX && used[i] == expect_late(world, i);
    }
    world_expect(world, &wanted);
    tally->wrong_rows += !slice_equal(buffer_slice(&got), buffer_slice(&wanted));
    for (int often = 0; often <= 9; often += 3) {
        buffer_clear(&again);
        tally->wrong_state += !world_run(world, often, often == 6, &again);
        tally->wrong_order += !slice_equal(buffer_slice(&got), buffer_slice(&again));
        for (int i = 0; i < world->count; i++)
            tally->other_late += used[i] != world->sample[i].used;
    }
    buffer_release(&got);
    buffer_release(&again);
    buffer_release(&wanted);
}

static void test_worlds(bool in_time, bool cut, const char *const *names)
{
    struct tally tally = {0};
    struct world world = {.most = EVENTS_FEW};

    for (int i = 0; i < rounds(2000); i++) {
        gap_us = random_below(5);
        world.lateness_us = random_below(5);
        max_us = cut ? gap_us + world.lateness_us + 1 + random_below(4) : INT64_MAX;
        world_random(&world, in_time);
        check_world(&world, in_time, &tally);
    }
    is_int(tally.wrong_rows, 0, names[0]);
    is_int(tally.wrong_order, 0, names[1]);
    is_int(tally.other_late, 0, names[2]);
    is_int(tally.wrong_state, 0, names[3]);
    if (names[4] != NULL) is_int(in_time ? tally.lost : tally.wrong_late, 0, names[4]);
    if (!in_time) ok(tally.late > rounds(1000), "and there were late ones");
}

/* An id has a hundred stretches and more, which come, and are closed, in any order. */
static void test_many(bool in_time)
{
    struct tally tally = {0};
    struct world world = {.most = EVENTS_MAX};

    for (int i = 0; i < rounds(25); i++) {
        gap_us = random_below(2);
        world.lateness_us = 100 + random_below(400);
        max_us = i % 2 == 0 ? INT64_MAX : gap_us + world.lateness_us + 1 + random_below(20);
        world_random(&world, in_time);
        check_world(&world, in_time, &tally);
    }
    is_int(tally.wrong_rows + tally.wrong_order + tally.other_late, 0,
           in_time ? "all of that is so of ids with many stretches" : "also beyond the lateness");
    is_int(tally.wrong_state + tally.lost + tally.wrong_late, 0,
           "and a state of them goes on, and what is late is late");
}

static bool loads(struct slice saved)
{
    struct sessions sessions;
    char *exact = malloc(saved.len + 1); /* reading behind it is seen */

    memcpy(exact, saved.text, saved.len);
    sessions_init(&sessions, &sample_kept, gap_us, max_us);
    struct unpack in = {.at = exact, .end = exact + saved.len};
    const bool good = sessions_load(&sessions, &in) && in.at == in.end;
    sessions_release(&sessions);
    free(exact);
    return good;
}

/* A state may be whole by its checksum and yet not by us. */
static void test_senseless(void)
{
    struct sessions sessions;
    const struct sample sample = {.time_us = 7, .watermark_us = 3, .action = ACTION_PURCHASE};
    struct buffer saved = {0};

    sessions_init(&sessions, &sample_kept, gap_us, max_us);
    (void)world_add(&sessions, &sample);
    sessions_save(&sessions, &saved);
    ok(loads(buffer_slice(&saved)), "a session that is open comes back");
    int cut = 0;
    for (size_t len = 0; len < saved.len; len++)
        cut += loads((struct slice){.text = saved.data, .len = len});
    is_int(cut, 0, "but not from a state that is cut anywhere");

    const struct stretch *stretch =
        stretch_at(&sessions.timelines.stretches, timeline_first(&sessions.timelines, 1));
    const size_t block_len = stretch->block.len - stretch_name(stretch).len - 1;
    char *flags = saved.data + saved.len - block_len - sizeof(uint32_t) - 1;
    is_int(*flags, 0, "its flags stand before the texts");
    *flags = STRETCH_PRINTED;
    ok(!loads(buffer_slice(&saved)), "nor as what others follow when nothing does");
    *flags = 0;
    const int64_t beyond_us = (int64_t)htole64((uint64_t)INSTANT_MAX + 1);
    char *last = memmem(saved.data, saved.len, "\7\0\0\0\0\0\0\0\7\0\0\0\0\0\0\0", 16);
    memcpy(last + sizeof beyond_us, &beyond_us, sizeof beyond_us);
    ok(!loads(buffer_slice(&saved)), "nor with a time that no event can have");
    buffer_release(&saved);
    sessions_release(&sessions);
}

/* --- sessions that are open --- */

/* The line from at on, with its end. */
static struct slice line_at(const struct buffer *lines, size_t at)
{
    const char *end = memchr(lines->data + at, '\n', lines->len - at);
    return (struct slice){lines->data + at, (size_t)(end + 1 - lines->data) - at};
}

/* Are all lines among others, in the same order? */
static bool lines_among(const struct buffer *lines, const struct buffer *all)
{
    size_t at = 0;

    for (size_t i = 0; i < all->len && at < lines->len;) {
        const struct slice line = line_at(all, i);
        i += line.len;
        if (slice_equal(line, line_at(lines, at))) at += line.len;
    }
    return at == lines->len;
}

/* Of each line, is the last printed of the same id and start the line itself? */
static bool lines_stand(const struct buffer *lines, const struct buffer *printed)
{
    for (size_t at = 0; at < lines->len;) {
        const struct slice line = line_at(lines, at);
        /* A start may have a sign of its own. */
        const char *const behind = memchr(line.text + 3, '-', line.len - 3);
        const size_t key = (size_t)(behind - line.text);
        struct slice last = {0};
        for (size_t i = 0; i < printed->len;) {
            const struct slice other = line_at(printed, i);
            if (other.len > key && memcmp(other.text, line.text, key + 1) == 0) last = other;
            i += other.len;
        }
        if (!slice_equal(last, line)) return false;
        at += line.len;
    }
    return true;
}

/* What would be printed if the input ended here. */
static void open_lines(struct sessions *sessions, struct buffer *out)
{
    struct buffer saved = {0};
    struct sessions copy;
    struct printing printing = {.sessions = &copy, .out = out};

    sessions_save(sessions, &saved);
    sessions_init(&copy, &sample_kept, gap_us, max_us);
    struct unpack in = {.at = saved.data, .end = saved.data + saved.len};
    if (sessions_load(&copy, &in)) sessions_finish(&copy, session_line, &printing);
    sessions_release(&copy);
    buffer_release(&saved);
}

struct updates_tally {
    int not_open, not_said, said_twice, rows, not_final;
};

static void check_updates(struct world *world, struct updates_tally *tally)
{
    struct sessions sessions;
    struct buffer closed = {0}, wanted = {0}, now = {0}, ever = {0}, open = {0};
    struct printing to_closed = {.sessions = &sessions, .out = &closed};
    struct printing to_now = {.sessions = &sessions, .out = &now};

    sessions_init(&sessions, &sample_kept, gap_us, max_us);
    sessions.timelines.notes = true;
    for (int i = 0; i < world->count; i++) {
        (void)world_add(&sessions, &world->sample[i]);
        if (random_below(3) == 0)
            sessions_advance(&sessions, world->sample[i].advance_us, session_line, &to_closed);
        if (random_below(3) > 0) continue;
        buffer_clear(&now);
        buffer_clear(&open);
        sessions_updates(&sessions, session_line, &to_now);
        buffer_add_slice(&ever, buffer_slice(&now));
        open_lines(&sessions, &open);
        tally->rows += now.len > 0;
        tally->not_open += !lines_among(&now, &open);
        tally->not_said += !lines_stand(&open, &ever);
        buffer_clear(&now);
        sessions_updates(&sessions, session_line, &to_now);
        tally->said_twice += now.len > 0;
    }
    sessions_finish(&sessions, session_line, &to_closed);
    sessions_release(&sessions);
    (void)world_run(world, 0, false, &wanted);
    tally->not_final +=
        max_us == INT64_MAX && !slice_equal(buffer_slice(&closed), buffer_slice(&wanted));
    struct buffer *const all[] = {&closed, &wanted, &now, &ever, &open};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buffer_release(all[i]);
}

static void test_updates(void)
{
    struct updates_tally tally = {0};
    struct world world = {0};

    for (int i = 0; i < rounds(600); i++) {
        world.most = i % 100 == 0 ? EVENTS_MAX : EVENTS_FEW;
        gap_us = random_below(5);
        world.lateness_us = random_below(i % 3 == 0 ? 40 : 5);
        max_us = i % 2 == 0 ? INT64_MAX : gap_us + world.lateness_us + 1 + random_below(4);
        world_random(&world, i % 4 < 2);
        check_updates(&world, &tally);
    }
    is_int(tally.not_open, 0, "an update is of sessions that are open, as they are now, in order");
    is_int(tally.not_said, 0, "what was said last of an open session is how it is now");
    is_int(tally.said_twice, 0, "nothing is said again of what has not changed");
    is_int(tally.not_final, 0, "and final rows are the same");
    ok(tally.rows > rounds(1000), "there were updates");
}

int main(void)
{
    static const char *const in_time[] = {
        "any order within the lateness gives the sessions of a look at all events",
        "they come in the same order however often the tool advances",
        "and the same events are late", "a saved state goes on as if nothing had happened",
        "nothing in time is late"};
    static const char *const in_time_cut[] = {
        "sessions that last too long are cut as by one pass over all events",
        "cut sessions come in the same order however often the tool advances",
        "the same events are late when sessions are cut", "a saved state goes on with cut sessions",
        "nothing in time is late when sessions are cut"};
    static const char *const late[] = {
        "events beyond the lateness join what they are within the gap of",
        "beyond the lateness, too, rows do not depend on how often the tool advances",
        "nor does what is late", "a saved state goes on beyond the lateness",
        "an event is late if what comes out would have closed before it came"};
    static const char *const late_cut[] = {"sessions are cut by one pass over whatever was used",
                                           "which does not depend on how often the tool advances",
                                           "nor does what is late when sessions are cut",
                                           "a saved state goes on with all of that", NULL};

    test_worlds(true, false, in_time);
    test_worlds(true, true, in_time_cut);
    test_worlds(false, false, late);
    test_worlds(false, true, late_cut);
    test_many(true);
    test_many(false);
    test_updates();
    test_senseless();
    return plan();
}
