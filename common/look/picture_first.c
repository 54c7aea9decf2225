/* The first screen: which step broke, for whom, since when, how much money; and who is there. */
#include <stdlib.h>

#include "base/memory.h"
#include "look/picture_inside.h"

#define WIDE_COLUMNS 140
#define LIST_LINES 5
#define TABLE_LINES 10
/* Carts of which nobody says what became of them are looked at so long. */
#define RISK_US (INT64_C(3600) * 1000000)

/* --- incidents, those that last first --- */

struct incident {
    const struct panel *panel;
    const struct roll_row *row;
    bool lasts;
};

static struct value row_value(const struct panel *panel, const struct roll_row *row,
                              struct slice name)
{
    const size_t member = member_named(&panel->layout, name);
    return member == SIZE_MAX ? VALUE_NULL : values_get(row->text, member);
}

static int incidents_compare(const void *a, const void *b)
{
    const struct incident *const one = a, *const other = b;
    if (one->lasts != other->lasts) return one->lasts ? -1 : 1;
    return one->row->time_us > other->row->time_us ? -1 : one->row->time_us < other->row->time_us;
}

/* All that are held; the caller frees them. */
static struct incident *incidents_list(const struct picture *picture, size_t *count, size_t *last)
{
    size_t room = 1;
    for (size_t i = 0; i < picture->panels; i++)
        if (panel_is(picture->panel[i], "incident")) room += picture->panel[i]->roll.count;
    struct incident *const list = memory_zero(room, sizeof list[0]);
    *count = *last = 0;
    for (size_t i = 0; i < picture->panels; i++) {
        const struct panel *const panel = picture->panel[i];
        if (!panel_is(panel, "incident")) continue;
        for (size_t r = 0; r < panel->roll.count; r++) {
            const struct value state = row_value(panel, &panel->roll.row[r], SLICE("state"));
            const bool lasts = !slice_equal(value_slice(state), SLICE("end"));
            list[(*count)++] =
                (struct incident){.panel = panel, .row = &panel->roll.row[r], .lasts = lasts};
            *last += lasts;
        }
    }
    qsort(list, *count, sizeof list[0], incidents_compare);
    return list;
}

/* "purchases, peak -100 %, since 04:00": of what, how much, when. */
static void add_incident(struct buffer *text, const struct incident *incident)
{
    const struct panel *const panel = incident->panel;
    const struct layout *const layout = &panel->layout;
    struct buffer title = {0};
    panel_title(panel, &title);
    const char *const behind = memchr(title.data, ':', title.len);
    const struct slice of =
        behind == NULL ? text_slice(&title)
                       : (struct slice){.text = behind + 2,
                                        .len = title.len - (size_t)(behind + 2 - title.data)};
    buffer_add_slice(text, of);
    buffer_release(&title);
    buffer_add_literal(text, ", peak ");
    wording_value(text, row_value(panel, incident->row, SLICE("peak")));
    buffer_add_literal(text, " %, ");
    buffer_add_slice(text, incident->lasts ? SLICE("since ") : SLICE("from "));
    wording_clock(text, incident->row->time_us);
    if (!incident->lasts) {
        const struct value end = row_value(panel, incident->row, SLICE("window_start"));
        buffer_add_literal(text, " to ");
        if (end.len > 16) buffer_add(text, end.text + 11, 5);
    }
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] != ROLE_GROUP) continue;
        buffer_add_literal(text, " \xc2\xb7 ");
        const struct value value = values_get(incident->row->text, i);
        if (value.kind == KIND_NULL) buffer_add_literal(text, "null");
        values_add_text(text, value);
    }
}

int incidents_draw(const struct picture *picture, struct area area)
{
    size_t count, last;
    struct buffer text = {0};
    if (panel_of_kind(picture, "incident") == NULL || area.lines < 2) return 0;
    struct incident *const list = incidents_list(picture, &count, &last);
    struct place place = area_line(area);
    place.x += canvas_put(picture->canvas, place, TONE_STRONG, SLICE("Incidents")) + 2;
    place.width -= 11;
    canvas_printf(picture->canvas, place, last > 0 ? TONE_BAD : TONE_DIM, "%zu open, %zu over",
                  last, count - last);
    int line = 1;
    for (size_t i = 0; i < count && line < area.lines && line <= LIST_LINES; i++) {
        buffer_clear(&text);
        buffer_add_slice(&text, list[i].lasts ? SLICE("\xe2\x97\x8f ") : SLICE("  "));
        add_incident(&text, &list[i]);
        canvas_put(picture->canvas, area_line(area_below(area, line++)),
                   list[i].lasts ? TONE_BAD : TONE_PLAIN, text_slice(&text));
    }
    free(list);
    buffer_release(&text);
    return line + 1;
}

/* --- carts --- */

/* Not bought, not emptied, not given up: what stands to be lost. The rows are in order, the newest
 * first. */
static bool is_at_risk(const struct panel *panel, const struct roll_row *row)
{
    if (panel_is(panel, "cart")) return panel->roll.row[0].time_us - row->time_us < RISK_US;
    const struct slice state = value_slice(row_value(panel, row, SLICE("state")));
    return slice_equal(state, SLICE("abandoned")) || slice_equal(state, SLICE("returned"));
}

struct risk {
    size_t carts;
    decimal value; /* of those that have one */
    size_t valued;
};

static struct risk risk_of(const struct panel *panel)
{
    struct risk risk = {.value = NOTHING};
    for (size_t i = 0; i < panel->roll.count; i++) {
        const struct roll_row *const row = &panel->roll.row[i];
        decimal value;
        if (!is_at_risk(panel, row)) continue;
        risk.carts++;
        const struct value worth = row_value(panel, row, SLICE("cart_value"));
        if (worth.kind != KIND_NUMBER || !decimal_parse(value_slice(worth), &value)) continue;
        measure_join(&risk.value, value);
        risk.valued++;
    }
    return risk;
}

int carts_draw(const struct picture *picture, struct area area)
{
    struct buffer text = {0};
    const struct panel *panel = panel_of_kind(picture, "transition");
    if (panel == NULL) panel = panel_of_kind(picture, "cart");
    if (panel == NULL || area.lines < 1) return 0;
    const struct risk risk = risk_of(panel);
    struct place place = area_line(area);
    const int taken = canvas_put(picture->canvas, place, TONE_STRONG, SLICE("Carts at risk"));
    place.x += taken + 2;
    place.width -= taken + 2;
    wording_number(&text, (decimal)risk.carts * DECIMAL_ONE);
    if (risk.value != NOTHING) {
        buffer_add_literal(&text, " worth ");
        wording_number(&text, risk.value);
        if (risk.valued < risk.carts)
            buffer_printf(&text, " (%zu without a price)", risk.carts - risk.valued);
    }
    if (panel_is(panel, "cart")) buffer_add_literal(&text, ", left in the last hour of the rows");
    if (panel->roll.let_go > 0 && is_at_risk(panel, &panel->roll.row[panel->roll.count - 1]))
        buffer_printf(&text, ", of the newest %zu", panel->roll.count);
    canvas_put(picture->canvas, place, risk.carts > 0 ? TONE_WARN : TONE_DIM, text_slice(&text));
    buffer_release(&text);
    return 1;
}

/* --- who is there now --- */

static bool is_number_over(struct value value, decimal least)
{
    decimal number;
    return value.kind == KIND_NUMBER && decimal_parse(value_slice(value), &number) &&
           number > least;
}

int there_now_draw(const struct picture *picture, struct area area)
{
    size_t open = 0, carts = 0, bought = 0;
    const struct panel *const panel = panel_of_kind(picture, "session");
    if (panel == NULL || area.lines < 1) return 0;
    for (size_t i = 0; i < panel->roll.count; i++) {
        const struct roll_row *const row = &panel->roll.row[i];
        if (!row->open) continue;
        const bool has_bought = row_value(panel, row, SLICE("converted")).kind == KIND_TRUE;
        open++;
        bought += has_bought;
        carts += !has_bought && is_number_over(row_value(panel, row, SLICE("add_to_carts")), 0);
    }
    const bool some_are_let_go =
        panel->roll.let_go > 0 && panel->roll.row[panel->roll.count - 1].open;
    struct place place = area_line(area);
    const int taken = canvas_put(picture->canvas, place, TONE_STRONG, SLICE("There now"));
    place.x += taken + 2;
    place.width -= taken + 2;
    if (open == 0)
        canvas_printf(picture->canvas, place, TONE_DIM, "nobody; %zu visits have ended",
                      panel->roll.count + (size_t)panel->roll.let_go);
    else
        canvas_printf(picture->canvas, place, TONE_PLAIN,
                      "%zu visits, %zu with something in the cart, %zu have bought%s", open, carts,
                      bought, some_are_let_go ? " (of the newest)" : "");
    return 1;
}

/* --- all of it --- */

static bool is_table(const struct panel *panel)
{
    return panel->layout.kind->store == STORE_WINDOWS && !panel_is(panel, "funnel") &&
           layout_count(&panel->layout, ROLE_GROUP) > 0;
}

/* So many lines a table gets, that all are seen and no room is left. */
static int table_lines(const struct picture *picture, int lines)
{
    int tables = 0;
    for (size_t i = 0; i < picture->panels; i++)
        tables += is_table(picture->panel[i]);
    const int fair = tables > 0 ? lines / tables - 1 : 0;
    return fair > TABLE_LINES ? fair : TABLE_LINES;
}

/* The lists, in what is left: a few lines of each table there is, where there is more room. */
static void tables_draw(const struct picture *picture, struct area left, struct area right)
{
    const int most = table_lines(picture, left.lines + right.lines);
    for (size_t i = 0; i < picture->panels; i++) {
        struct panel *const panel = picture->panel[i];
        struct area *const area = left.lines > right.lines ? &left : &right;
        struct area part = *area;
        struct frame frame;
        if (!is_table(panel) || part.lines < 4) continue;
        frame_make(&frame, picture, &panel->grid);
        if (part.lines > most) part.lines = most;
        if (frame.window != AXIS_NONE)
            *area = area_below(*area, table_draw(picture, &frame, part, false) + 1);
        frame_release(&frame);
    }
}

/* The funnel with what is wrong about it. */
static struct area funnel_part(const struct picture *picture, struct area area)
{
    struct panel *const panel = panel_of_kind(picture, "funnel");
    struct frame frame;
    if (panel == NULL) return area;
    frame_make(&frame, picture, &panel->grid);
    if (frame.window != AXIS_NONE) {
        area = area_below(area, headline_draw(picture, &frame, area));
        area = area_below(area, funnel_draw(picture, &frame, area, false) + 1);
    }
    frame_release(&frame);
    return area;
}

static struct area rolls_part(const struct picture *picture, struct area area)
{
    const int first = area.y;
    area = area_below(area, carts_draw(picture, area));
    area = area_below(area, there_now_draw(picture, area));
    if (area.y > first) area = area_below(area, 1);
    return area_below(area, incidents_draw(picture, area));
}

void first_draw(const struct picture *picture, struct area area)
{
    if (area.width < WIDE_COLUMNS) {
        area = funnel_part(picture, area);
        area = rolls_part(picture, area);
        tables_draw(picture, area, (struct area){0});
        return;
    }
    struct area left = area, right = area;
    left.width = area.width * 3 / 5 - 2;
    right.x += area.width * 3 / 5;
    right.width -= area.width * 3 / 5;
    left = funnel_part(picture, left);
    right = rolls_part(picture, right);
    tables_draw(picture, left, right);
}
