/* The shapes of lines: see scan_inside.h. */
#include <string.h>

#include "event/scan_inside.h"

/* So many lines are looked at in a turn; where fewer of them than this are of another shape than
 * the usual one, nobody looks at more. */
#define TURN 256
#define TURN_OTHERS 8

/* A line that is not of the usual shape counts for as many groups that were. */
#define STRAYED 8
#define STRAYED_MANY 16

/* Is the literal `,"name":`, or with '{' in front for the first? */
static bool literal_is(const struct node *node, char front, struct slice name)
{
    return node->len == name.len + 4 && node->literal[0] == front && node->literal[1] == '"' &&
           memcmp(node->literal + 2, name.text, name.len) == 0 &&
           memcmp(node->literal + 2 + name.len, "\":", 2) == 0;
}

/* Is a line of these nodes canonical? Every canonical member in order, then any others; no blanks.
 */
static bool trail_canonical(const struct scanner *scanner, const uint16_t *trail, int len)
{
    if (!scanner->as_is || len <= SLOT_CANONICAL) return false;
    for (int i = 0; i < len - 1; i++) {
        const struct node *node = &scanner->node[trail[i]];
        if (i < SLOT_CANONICAL) {
            if (!literal_is(node, i == 0 ? '{' : ',', scanner->schema->name[i])) return false;
        } else if (!node->rest || node->literal[1] != '"' || node->literal[node->len - 1] != ':' ||
                   node->literal[node->len - 2] != '"') {
            return false;
        }
    }
    const struct node *last = &scanner->node[trail[len - 1]];
    return last->len == 2 && last->literal[0] == '}' && last->literal[1] == '\n';
}

/* Makes a shape of nodes. */
static void shape_make(const struct scanner *scanner, struct shape *shape, const uint16_t *trail,
                       int len, uint32_t hash)
{
    *shape =
        (struct shape){.len = len, .hash = hash, .canonical = trail_canonical(scanner, trail, len)};
    memcpy(shape->node, trail, (size_t)len * sizeof trail[0]);
    uint64_t absent = scanner->needed;
    for (int i = 0; i < len; i++) {
        const struct node *node = &scanner->node[trail[i]];
        if (node->slot != scanner->dummy) absent &= ~(UINT64_C(1) << node->slot);
        shape->alone |= node->rest && !shape->canonical;
    }
    for (; absent != 0; absent &= absent - 1)
        shape->missing[shape->missing_count++] = (int8_t)__builtin_ctzll(absent);
}

static bool shape_is(const struct shape *shape, const uint16_t *trail, int len, uint32_t hash)
{
    return shape->hash == hash && shape->len == len &&
           memcmp(shape->node, trail, (size_t)len * sizeof trail[0]) == 0;
}

/* Room for one more, or in place of another where it comes twice in a row: one odd line is not yet
 * worth a known shape. */
static int shape_place(struct shapes *shapes, const uint16_t *trail, int len)
{
    const size_t bytes = (size_t)len * sizeof trail[0];
    if (shapes->count < SHAPES_MAX) return shapes->count++;
    if (len != shapes->candidate_len || memcmp(trail, shapes->candidate, bytes) != 0) {
        memcpy(shapes->candidate, trail, bytes);
        shapes->candidate_len = len;
        return SHAPE_NONE;
    }
    const int place = shapes->next;
    shapes->next = (place + 1) % SHAPES_MAX;
    shapes->able -= !shapes->shape[place].alone;
    return place;
}

int shape_learn(struct scanner *scanner, const uint16_t *trail, int len, uint32_t hash)
{
    struct shapes *const shapes = &scanner->shapes;
    for (int i = 0; i < shapes->count; i++)
        if (shape_is(&shapes->shape[i], trail, len, hash)) return SHAPE_NONE;
    const int place = shape_place(shapes, trail, len);
    if (place == SHAPE_NONE) return SHAPE_NONE;
    shape_make(scanner, &shapes->shape[place], trail, len, hash);
    shapes->able += !shapes->shape[place].alone;
    if (shapes->shape[shapes->usual].alone) shapes->usual = place;
    return place;
}

void shape_sign(struct shapes *shapes, int shape, uint32_t sign)
{
    shapes->sign[shape] = sign;
    shapes->by_sign[sign & (BY_SIGN - 1)] = (uint8_t)(shape + 1);
}

bool shape_strayed(struct shapes *shapes)
{
    shapes->strayed += STRAYED;
    if (shapes->count < 2 || shapes->strayed < STRAYED_MANY) return false;
    shapes->varied = true;
    shapes->strayed = shapes->looked = shapes->unknown = 0;
    memset(shapes->seen, 0, sizeof shapes->seen);
    return true;
}

/* A turn is over: are nearly all lines of one shape? */
static void turn_end(struct shapes *shapes)
{
    for (int i = 0; i < shapes->count; i++) {
        if (shapes->seen[i] + TURN_OTHERS > TURN) {
            shapes->usual = i;
            shapes->varied = false;
        }
        shapes->seen[i] = 0;
    }
    shapes->looked = 0;
}

int shape_find(struct shapes *shapes, uint32_t sign)
{
    int shape = shapes->by_sign[sign & (BY_SIGN - 1)] - 1;
    if (++shapes->looked == TURN) turn_end(shapes);
    if (shape == SHAPE_NONE || shapes->sign[shape] != sign) {
        for (shape = shapes->count - 1; shape != SHAPE_NONE; shape--)
            if (shapes->sign[shape] == sign) break;
    }
    if (shape != SHAPE_NONE) shapes->seen[shape]++;
    return shape;
}
