/*
 * picture_inside.h - what the files of picture share.
 */
#ifndef CS_PICTURE_INSIDE_H
#define CS_PICTURE_INSIDE_H

#include "look/grid_inside.h"
#include "look/picture.h"
#include "look/pivot.h"
#include "look/values.h"
#include "look/wording.h"

/* Lines of the canvas from y on. */
struct area {
    int y, x, width, lines;
};

static inline struct place area_line(struct area area)
{
    return (struct place){.y = area.y, .x = area.x, .width = area.width};
}

/* What is left below so many lines. */
static inline struct area area_below(struct area area, int lines)
{
    area.y += lines;
    area.lines -= lines;
    return area;
}

static inline struct slice text_slice(const struct buffer *text)
{
    return buffer_slice(text);
}

/* A grid as it is looked at: of which window, compared with which, and what passes the filter. */
struct frame {
    struct grid *grid;
    size_t window; /* AXIS_NONE: there is none */
    struct base base;
    struct sieve sieve;
    decimal *series; /* the sums of all windows */
    decimal *then;   /* those of the base */
};

/* The window that the view is at: of the panel that is shown or, on the first screen, of the first
 * one; for all others, the last one that begins no later. INT64_MAX: there is none. */
int64_t picture_at(const struct picture *picture);

/* With the window that the view is at; released with frame_release. */
void frame_make(struct frame *frame, const struct picture *picture, struct grid *grid);
void frame_release(struct frame *frame);

static inline const decimal *frame_now(const struct frame *frame)
{
    return frame->series + frame->window * frame->grid->measures;
}

/* "04:00-04:10" */
void window_print(struct buffer *out, const struct axis_window *window);

/* "a week ago", "the 60 windows before"; empty where nothing is compared. */
void base_print(struct buffer *out, const struct base *base);

/* What a base's sum is to be multiplied with and divided by to be like one window: shares need
 * neither. */
decimal base_value(const struct base *base, decimal sum);

/* The member's place among all of the layout, for a measure's number. */
size_t layout_measure(const struct layout *layout, size_t measure);
/* Which measure has that name; SIZE_MAX: none. */
size_t measure_named(const struct layout *layout, struct slice name);
/* Which member has; SIZE_MAX: none. */
size_t member_named(const struct layout *layout, struct slice name);

/* The first panel of such a kind; NULL: there is none. */
struct panel *panel_of_kind(const struct picture *picture, const char *kind);

/* What a panel is called. */
void panel_title(const struct panel *panel, struct buffer *out);

bool panel_is(const struct panel *panel, const char *kind);

/* Each draws into its area and says how many lines it has taken. */
int funnel_draw(const struct picture *picture, const struct frame *frame, struct area area,
                bool with_sparks_below);
int headline_draw(const struct picture *picture, const struct frame *frame, struct area area);
int incidents_draw(const struct picture *picture, struct area area);
int carts_draw(const struct picture *picture, struct area area);
int there_now_draw(const struct picture *picture, struct area area);
int table_draw(const struct picture *picture, const struct frame *frame, struct area area,
               bool is_whole);
int roll_draw(const struct picture *picture, struct panel *panel, struct area area);
int figures_draw(const struct picture *picture, const struct panel *panel, struct area area);
void first_draw(const struct picture *picture, struct area area);

#endif
