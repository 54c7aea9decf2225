#include "raw/canonical.h"

#include "base/instant.h"
#include "base/json.h"
#include "base/value.h"

/* What stands before each member's value, as in a canonical line. */
static const struct slice literals[SLOT_CANONICAL] = {
    [SLOT_EVENT_ID] = SLICE("{\"event_id\":"),
    [SLOT_SESSION_ID] = SLICE(",\"session_id\":"),
    [SLOT_USER_ID] = SLICE(",\"user_id\":"),
    [SLOT_EVENT_TYPE] = SLICE(",\"event_type\":"),
    [SLOT_PAGE_URL] = SLICE(",\"page_url\":"),
    [SLOT_PRODUCT_ID] = SLICE(",\"product_id\":"),
    [SLOT_CATEGORY_ID] = SLICE(",\"category_id\":"),
    [SLOT_SEARCH_QUERY] = SLICE(",\"search_query\":"),
    [SLOT_TRAFFIC_SOURCE] = SLICE(",\"traffic_source\":"),
    [SLOT_CAMPAIGN_ID] = SLICE(",\"campaign_id\":"),
    [SLOT_DEVICE_TYPE] = SLICE(",\"device_type\":"),
    [SLOT_EVENT_TIME] = SLICE(",\"event_time\":"),
};

#define MEMBER_BYTES 32

/* The same with null behind, in as many bytes as are copied without a look at how many there are.
 */
static const char nulls[SLOT_CANONICAL][MEMBER_BYTES] = {
    [SLOT_EVENT_ID] = "{\"event_id\":null",
    [SLOT_SESSION_ID] = ",\"session_id\":null",
    [SLOT_USER_ID] = ",\"user_id\":null",
    [SLOT_EVENT_TYPE] = ",\"event_type\":null",
    [SLOT_PAGE_URL] = ",\"page_url\":null",
    [SLOT_PRODUCT_ID] = ",\"product_id\":null",
    [SLOT_CATEGORY_ID] = ",\"category_id\":null",
    [SLOT_SEARCH_QUERY] = ",\"search_query\":null",
    [SLOT_TRAFFIC_SOURCE] = ",\"traffic_source\":null",
    [SLOT_CAMPAIGN_ID] = ",\"campaign_id\":null",
    [SLOT_DEVICE_TYPE] = ",\"device_type\":null",
    [SLOT_EVENT_TIME] = ",\"event_time\":null",
};

/* A piece of the line that is due but not yet copied; begin NULL: none. */
struct run {
    const char *begin, *end;
};

static void run_flush(struct run *run, struct buffer *out)
{
    if (run->begin != NULL) buffer_add(out, run->begin, (size_t)(run->end - run->begin));
    run->begin = NULL;
}

/* Is what follows the run in the line exactly this? Then it is part of the run. */
static inline bool run_extend(struct run *run, const char *line_end, struct slice due)
{
    if (run->begin == NULL || (size_t)(line_end - run->end) < due.len) return false;
    if (memcmp(run->end, due.text, due.len) != 0) return false;
    run->end += due.len;
    return true;
}

static inline bool in_line(const struct event *ev, const char *text)
{
    return (uintptr_t)text - (uintptr_t)ev->line.text < ev->line.len;
}

/* Adds a string with quotes that is not in the line, or not with quotes. */
static void print_string(struct buffer *out, struct value value)
{
    if (!value.escaped && json_add_plain(out, value_slice(value))) return;
    buffer_add_char(out, '"');
    if (value.escaped) {
        buffer_add_slice(out, value_slice(value));
    } else {
        json_add_escaped(out, value_slice(value));
    }
    buffer_add_char(out, '"');
}

static inline void print_member(struct buffer *out, const struct event *ev, int slot,
                                struct run *run)
{
    const char *line_end = ev->line.text + ev->line.len;
    const struct value value = ev->value[slot];
    const bool extended = run_extend(run, line_end, literals[slot]);

    if (value.kind == KIND_NULL) {
        if (extended && run_extend(run, line_end, SLICE("null"))) return;
        if (extended) run->end -= literals[slot].len;
        run_flush(run, out);
        buffer_add_slice(out, literals[slot]);
        buffer_add_literal(out, "null");
        return;
    }
    const char *begin = value.text - 1;
    const bool quoted = in_line(ev, begin) && *begin == '"';
    if (extended && quoted && begin == run->end) {
        run->end += value.len + 2;
        return;
    }
    if (extended) run->end -= literals[slot].len;
    run_flush(run, out);
    buffer_add_slice(out, literals[slot]);
    if (quoted) {
        *run = (struct run){.begin = begin, .end = begin + value.len + 2};
    } else {
        print_string(out, value);
    }
}

/* All canonical members of a line that does not begin as it should: nearly none of them stand where
 * they are due, as in the line of a log. */
static void print_scattered(struct buffer *out, const struct event *ev)
{
    for (int slot = 0; slot < SLOT_CANONICAL; slot++) {
        const struct value value = ev->value[slot];
        const size_t len = literals[slot].len;
        char *const to = buffer_reserve(out, MEMBER_BYTES + value.len + 2);
        memcpy(to, nulls[slot], MEMBER_BYTES);
        out->len += len;
        if (value.kind == KIND_NULL) {
            out->len += 4;
        } else if (in_line(ev, value.text - 1) && value.text[-1] == '"') {
            memcpy(to + len, value.text - 1, value.len + 2);
            out->len += value.len + 2;
        } else {
            print_string(out, value);
        }
    }
}

/* Which of the changed slots that is, by its name; -1: none. */
static int name_slot(const struct schema *schema, struct slice name, uint64_t changed)
{
    for (; changed != 0; changed &= changed - 1) {
        const int slot = __builtin_ctzll(changed);
        if (slice_equal(schema->name[slot], name)) return slot;
    }
    return -1;
}

/* The same of a member in rest, from its `"name":value`. */
static int member_slot(const struct schema *schema, struct slice member, uint64_t changed)
{
    const char *end = member.text + 1;
    bool escaped = false;

    for (; *end != '"'; end++) {
        if (*end != '\\') continue;
        escaped = true;
        end++;
    }
    const struct slice inside = {.text = member.text + 1, .len = (size_t)(end - member.text - 1)};
    if (!escaped) return name_slot(schema, inside, changed);
    struct buffer plain = {0};
    char *text = buffer_reserve(&plain, inside.len);
    const struct slice name = {.text = text, .len = json_unescape(text, inside)};
    const int slot = name_slot(schema, name, changed);
    buffer_release(&plain);
    return slot;
}

static void print_changed(struct buffer *out, const struct schema *schema, const struct event *ev,
                          int slot)
{
    buffer_add_char(out, ',');
    json_add_string(out, schema->name[slot]);
    buffer_add_char(out, ':');
    value_print(out, ev->value[slot]);
}

static inline void print_rest(struct buffer *out, const struct schema *schema,
                              const struct event *ev, uint64_t changed, struct run *run)
{
    uint64_t printed = 0;

    for (size_t i = 0; i < ev->rest_count; i++) {
        const struct slice member = ev->rest[i];
        const int slot = changed == 0 ? -1 : member_slot(schema, member, changed);
        if (slot >= 0) {
            run_flush(run, out);
            print_changed(out, schema, ev, slot);
            printed |= UINT64_C(1) << slot;
        } else if (run->begin != NULL && member.text == run->end + 1 && in_line(ev, member.text) &&
                   *run->end == ',') {
            run->end += member.len + 1;
        } else {
            run_flush(run, out);
            buffer_add_char(out, ',');
            *run = (struct run){.begin = member.text, .end = member.text + member.len};
        }
    }
    if (__builtin_expect(changed == 0, 1)) return;
    const uint64_t canonical = (UINT64_C(1) << SLOT_CANONICAL) - 1;
    for (uint64_t due = changed & ~printed & ~canonical; due != 0; due &= due - 1) {
        run_flush(run, out);
        print_changed(out, schema, ev, __builtin_ctzll(due));
    }
}

/* Some bytes at once. The compiler makes vector instructions of it. */
struct bytes {
    unsigned char vector __attribute__((vector_size(16)));
};

static inline struct bytes bytes_suspect(const char *text)
{
    struct bytes bytes;
    memcpy(&bytes, text, sizeof(bytes));
    bytes.vector = (unsigned char __attribute__((vector_size(16))))(
        (bytes.vector < 0x20) | (bytes.vector == 0x7f) | (bytes.vector == 0xc2));
    return bytes;
}

/* Is there a control, or what may be the first byte of a C1 control? text has at least 16 bytes. */
static inline bool has_suspect(struct slice text)
{
    const char *last = text.text + text.len - sizeof(struct bytes);
    struct bytes found = bytes_suspect(last);

    for (const char *at = text.text; at < last; at += sizeof(struct bytes))
        found.vector |= bytes_suspect(at).vector;
    uint64_t half[2];
    memcpy(half, &found, sizeof(half));
    return (half[0] | half[1]) != 0;
}

/* Is there a control? C0 ones are white space between values. */
static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.text[i] < 0x20 || text.text[i] == 0x7f) return true;
        if (text.text[i] == '\xc2' && (unsigned char)text.text[i + 1] < 0xa0) return true;
    }
    return false;
}

/* Rids what was added from begin on of its controls. */
static void controls_replace(struct buffer *out, size_t begin)
{
    const struct slice row = {.text = out->data + begin, .len = out->len - begin};
    if (!has_control(row)) return;
    struct buffer clean = {0};
    json_add_text(&clean, row);
    out->len = begin;
    buffer_add_slice(out, buffer_slice(&clean));
    buffer_release(&clean);
}

void canonical_tidy(struct buffer *out, size_t begin)
{
    const struct slice row = {.text = out->data + begin, .len = out->len - begin};
    if (__builtin_expect(has_suspect(row), 0)) controls_replace(out, begin);
}

void canonical_print(struct buffer *out, const struct schema *schema, const struct event *ev,
                     uint64_t changed)
{
    const size_t begin = out->len;
    struct run run = {0};

    buffer_reserve(out, ev->line.len + 512); /* nearly always enough: one check pays */
    const struct slice first = literals[SLOT_EVENT_ID];
    if (ev->line.len > first.len && memcmp(ev->line.text, first.text, first.len) == 0) {
        for (int slot = 0; slot < SLOT_CANONICAL; slot++)
            print_member(out, ev, slot, &run);
    } else {
        print_scattered(out, ev);
    }
    print_rest(out, schema, ev, changed, &run);
    run_flush(&run, out);
    buffer_add_char(out, '}');
    if (!ev->clean) canonical_tidy(out, begin);
}

void canonical_line_release(struct canonical_line *made)
{
    buffer_release(&made->line);
}

/* The line with another event_time in it. */
static struct slice line_with_time(struct canonical_line *made, struct slice line, struct slice old,
                                   struct slice new)
{
    struct buffer *const out = &made->line;
    const char *behind = old.text + old.len;

    buffer_clear(out);
    buffer_add(out, line.text, (size_t)(old.text - line.text));
    buffer_add_slice(out, new);
    buffer_add(out, behind, (size_t)(line.text + line.len - behind));
    return buffer_slice(out);
}

void canonical_line_time(struct canonical_line *made, struct event *ev)
{
    struct value *value = &ev->value[SLOT_EVENT_TIME];
    const size_t len = instant_write(made->time, ev->time_us);
    const struct slice text = {.text = made->time, .len = len};

    if (value->kind == KIND_STRING && slice_equal(value_slice(*value), text)) return;
    if (ev->canonical)
        ev->line = line_with_time(made, ev->line, value_slice(*value), text);
    else
        ev->recast = true;
    *value = value_string(text);
}

void canonical_line_make(struct canonical_line *made, const struct schema *schema, struct event *ev,
                         uint64_t changed)
{
    buffer_clear(&made->line);
    canonical_print(&made->line, schema, ev, changed);
    ev->line = buffer_slice(&made->line);
    ev->recast = false;
}
