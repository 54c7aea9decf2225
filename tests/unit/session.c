/* session.c - sessions against what a look at all events at once gives, for any order and interleaving. */
#include "session.h"

#include <stdlib.h>

#include "tap.h"

#define EVENTS_MAX 60
#define PARTITIONS_MAX 3
#define IDS 2

static uint64_t random_state = 88172645463325252u;

static int64_t random_below(int64_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (int64_t)(random_state % (uint64_t)bound);
}

/* An event as the test knows it: small numbers stand for texts, -1 for null. */
struct click {
    int64_t time_us, watermark_us;
    int id, user, source, product;
    enum deed deed;
    int64_t advance_us; /* the smallest watermark after it */
    bool used;
};

struct world {
    struct click click[EVENTS_MAX];
    int count;
    int64_t gap_us, max_us, lateness_us;
};

static struct value text_of(char *text, char letter, int number)
{
    if (number < 0) return VALUE_NULL;
    text[0] = letter;
    text[1] = (char)('a' + number);
    return value_string((struct slice){text, 2});
}

/* The line a session is compared by. */
static void line_print(struct buffer *out, int id, int64_t start_us, int64_t last_us, uint64_t events, uint64_t carts,
                       struct value user, struct value source)
{
    buffer_printf(out, "%d %" PRId64 "-%" PRId64 " %" PRIu64 " %" PRIu64 " %.*s %.*s ", id, start_us, last_us, events, carts,
                  (int)user.len, user.text, (int)source.len, source.text);
}

static void session_line(void *context, const struct session *session)
{
    struct buffer *out = context;
    struct slice name = session->name;
    const struct value id = timeline_name_value(&name);
    const struct stretch *stretch = session->stretch;

    line_print(out, id.text[1] - 'a', stretch->start_us, stretch->last_us, stretch_events(stretch),
               stretch->deeds[DEED_ADD_TO_CART], stretch_user(stretch), stretch_source(stretch));
    stretch_print_products(stretch, out);
    buffer_add_char(out, '\n');
}

static void world_random(struct world *world, bool in_time)
{
    const int partitions = 1 + (int)random_below(PARTITIONS_MAX);
    const int64_t span_us = 1 + random_below(60);
    const int64_t disorder_us = in_time ? world->lateness_us : world->lateness_us + random_below(20);
    int64_t clock[PARTITIONS_MAX];
    int64_t greatest[PARTITIONS_MAX];

    for (int i = 0; i < partitions; i++) {
        clock[i] = random_below(span_us);
        greatest[i] = INT64_MIN;
    }
    world->count = 1 + (int)random_below(EVENTS_MAX);
    int partition = 0;
    for (int i = 0; i < world->count; i++) {
        struct click *click = &world->click[i];
        if (random_below(3) == 0) partition = (int)random_below(partitions);
        clock[partition] += random_below(random_below(12) == 0 ? 12 : 3);
        click->time_us = clock[partition] - random_below(disorder_us + 1);
        click->watermark_us = INT64_MIN;
        if (greatest[partition] != INT64_MIN) click->watermark_us = greatest[partition] - world->lateness_us;
        if (in_time && click->time_us < click->watermark_us) click->time_us = click->watermark_us;
        if (click->time_us > greatest[partition]) greatest[partition] = click->time_us;
        click->advance_us = INT64_MAX;
        for (int p = 0; p < partitions; p++) {
            const int64_t watermark_us = greatest[p] == INT64_MIN ? INT64_MIN : greatest[p] - world->lateness_us;
            if (watermark_us < click->advance_us) click->advance_us = watermark_us;
        }
        click->id = (int)random_below(IDS);
        click->user = (int)random_below(4) - 1;
        click->source = (int)random_below(4) - 1;
        click->product = (int)random_below(4) - 1;
        click->deed = (enum deed)random_below(DEED_COUNT);
    }
}

static bool world_add(struct sessions *sessions, const struct click *click)
{
    char id[2], user[2], source[2], product[2];
    const struct value id_value = text_of(id, 'i', click->id);
    struct buffer name = {0};
    const struct fact fact = {.time_us = click->time_us,
                              .watermark_us = click->watermark_us,
                              .deed = click->deed,
                              .user = text_of(user, 'u', click->user),
                              .source = text_of(source, 's', click->source),
                              .device = VALUE_NULL,
                              .product = text_of(product, 'p', click->product)};

    pack_value(&name, id_value);
    const bool used = sessions_add(sessions, timeline_id(buffer_slice(&name)), buffer_slice(&name), &fact);
    buffer_release(&name);
    return used;
}

/* Saves, and goes on with what was loaded. Saved again, it must be the same bytes. */
static bool world_resume(struct sessions *sessions)
{
    struct buffer saved = {0}, again = {0};
    struct sessions loaded;

    sessions_save(sessions, &saved);
    sessions_init(&loaded, sessions->gap_us, sessions->max_us);
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

    sessions_init(&sessions, world->gap_us, world->max_us);
    for (int i = 0; i < world->count; i++) {
        struct click *click = &world->click[i];
        click->used = world_add(&sessions, click);
        if (click->time_us > end_us) end_us = click->time_us;
        if (often > 0 && random_below(often) == 0) sessions_advance(&sessions, click->advance_us, session_line, out);
        if (resume && random_below(10) == 0) good = world_resume(&sessions) && good;
    }
    sessions_advance(&sessions, end_us, session_line, out);
    sessions_finish(&sessions, session_line, out);
    good = good && timelines_count(&sessions.timelines) == 0 && sessions.timelines.stretches.pool.live == 0;
    sessions_release(&sessions);
    return good;
}

static int click_order(const void *a, const void *b)
{
    const struct click *left = a;
    const struct click *right = b;

    if (left->time_us != right->time_us) return left->time_us < right->time_us ? -1 : 1;
    return left->product - right->product;
}

/* b is not before a. */
static bool within_gap(const struct world *world, const struct click *a, const struct click *b)
{
    const int64_t reach_us = b->time_us > b->watermark_us ? b->time_us : b->watermark_us;
    return stretch_near(a->time_us, world->gap_us, reach_us);
}

/* Marks what is connected with one event. */
static void component(const struct world *world, const struct click *clicks, int count, int seed, bool *in)
{
    bool grown = true;

    memset(in, 0, (size_t)count);
    in[seed] = true;
    while (grown) {
        grown = false;
        for (int a = 0; a < count; a++)
            for (int b = 0; b < count; b++) {
                if (in[a] == in[b] || clicks[a].time_us > clicks[b].time_us) continue;
                if (!within_gap(world, &clicks[a], &clicks[b]) && clicks[a].time_us != clicks[b].time_us) continue;
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
static struct line part_line(const struct click *part, int count)
{
    struct line line = {.id = part[0].id, .start_us = part[0].time_us, .last_us = part[count - 1].time_us};
    int user = -1, source = -1;
    int64_t user_us = 0, source_us = 0;
    uint64_t carts = 0;
    char user_text[2], source_text[2];
    const char *comma = "";

    for (int i = 0; i < count; i++) {
        const struct click *click = &part[i];
        carts += click->deed == DEED_ADD_TO_CART;
        if (click->user >= 0 && (user < 0 || click->time_us > user_us || click->user > user)) {
            user = click->user;
            user_us = click->time_us;
        }
        if (click->source >= 0 && (source < 0 || (click->time_us == source_us && click->source < source))) {
            source = click->source;
            source_us = click->time_us;
        }
    }
    line_print(&line.text, line.id, line.start_us, line.last_us, (uint64_t)count, carts, text_of(user_text, 'u', user),
               text_of(source_text, 's', source));
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
        struct click clicks[EVENTS_MAX];
        bool in[EVENTS_MAX];
        int count = 0;
        for (int i = 0; i < world->count; i++)
            if (world->click[i].used && world->click[i].id == id) clicks[count++] = world->click[i];
        while (count > 0) {
            struct click session[EVENTS_MAX];
            int session_count = 0, rest = 0;
            component(world, clicks, count, 0, in);
            for (int i = 0; i < count; i++) {
                if (in[i])
                    session[session_count++] = clicks[i];
                else
                    clicks[rest++] = clicks[i];
            }
            count = rest;
            qsort(session, (size_t)session_count, sizeof(session[0]), click_order);
            for (int begin = 0; begin < session_count;) {
                int end = begin + 1;
                while (end < session_count && (world->max_us == INT64_MAX ||
                                               session[end].time_us <= session[begin].time_us + world->max_us))
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
    struct click clicks[EVENTS_MAX];
    bool in[EVENTS_MAX];
    const struct click *click = &world->click[number];
    int count = 0;
    int64_t last_us = click->time_us;

    clicks[count++] = *click;
    for (int i = 0; i < number; i++)
        if (world->click[i].used && world->click[i].id == click->id) clicks[count++] = world->click[i];
    component(world, clicks, count, 0, in);
    for (int i = 0; i < count; i++)
        if (in[i] && clicks[i].time_us > last_us) last_us = clicks[i].time_us;
    return last_us + world->gap_us < click->watermark_us;
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
        used[i] = world->click[i].used;
        tally->late += !used[i];
        tally->lost += in_time && !used[i];
        tally->wrong_late += world->max_us == INT64_MAX && used[i] == expect_late(world, i);
    }
    world_expect(world, &wanted);
    tally->wrong_rows += !slice_equal(buffer_slice(&got), buffer_slice(&wanted));
    for (int often = 0; often <= 9; often += 3) {
        buffer_clear(&again);
        tally->wrong_state += !world_run(world, often, often == 6, &again);
        tally->wrong_order += !slice_equal(buffer_slice(&got), buffer_slice(&again));
        for (int i = 0; i < world->count; i++)
            tally->other_late += used[i] != world->click[i].used;
    }
    buffer_release(&got);
    buffer_release(&again);
    buffer_release(&wanted);
}

static void test_worlds(bool in_time, bool cut, const char *const *names)
{
    struct tally tally = {0};
    struct world world;

    for (int i = 0; i < 2000; i++) {
        world.gap_us = random_below(5);
        world.lateness_us = random_below(5);
        world.max_us = cut ? world.gap_us + world.lateness_us + 1 + random_below(4) : INT64_MAX;
        world_random(&world, in_time);
        check_world(&world, in_time, &tally);
    }
    is_int(tally.wrong_rows, 0, names[0]);
    is_int(tally.wrong_order, 0, names[1]);
    is_int(tally.other_late, 0, names[2]);
    is_int(tally.wrong_state, 0, names[3]);
    if (names[4] != NULL) is_int(in_time ? tally.lost : tally.wrong_late, 0, names[4]);
    if (!in_time) ok(tally.late > 1000, "and there were late ones");
}

int main(void)
{
    static const char *const in_time[] = {
        "any order within the lateness gives the sessions of a look at all events",
        "they come in the same order however often the tool advances",
        "and the same events are late", "a saved state goes on as if nothing had happened", "nothing in time is late"};
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
    static const char *const late_cut[] = {
        "sessions are cut by one pass over whatever was used", "which does not depend on how often the tool advances",
        "nor does what is late when sessions are cut", "a saved state goes on with all of that", NULL};

    test_worlds(true, false, in_time);
    test_worlds(true, true, in_time_cut);
    test_worlds(false, false, late);
    test_worlds(false, true, late_cut);
    return plan();
}
