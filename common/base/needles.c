#include "base/needles.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { ROOT = 0, NONE = 0 }; /* nothing leads to the root */
#define NO_NEEDLE UINT32_MAX

struct needle_branch {
    uint32_t child, sibling; /* NONE: there is none */
    uint32_t number;         /* of the needle that ends here, or NO_NEEDLE */
    unsigned char byte;
};

struct needle_node {
    uint32_t child;    /* the first; the others follow it */
    uint32_t children; /* how many */
    uint32_t fail;     /* the longest proper end of this text that is a node, too */
    uint32_t number;   /* of the needle that ends here, or NO_NEEDLE */
    uint32_t shorter;  /* the longest such end at which a needle ends; ROOT: none */
};

static uint32_t branch_new(struct needles *needles, unsigned char byte)
{
    if ((needles->count & (needles->count - 1)) == 0)
        needles->branch =
            memory_resize(needles->branch, needles->count == 0 ? 1 : 2 * (size_t)needles->count,
                          sizeof(*needles->branch));
    needles->branch[needles->count] = (struct needle_branch){.number = NO_NEEDLE, .byte = byte};
    return needles->count++;
}

bool needles_add(struct needles *needles, struct slice needle, uint32_t number)
{
    if (needles->count == 0) branch_new(needles, 0);
    uint32_t at = ROOT;
    for (size_t i = 0; i < needle.len; i++) {
        const unsigned char byte = (unsigned char)needle.text[i];
        uint32_t child = needles->branch[at].child;
        while (child != NONE && needles->branch[child].byte != byte)
            child = needles->branch[child].sibling;
        if (child == NONE) {
            child = branch_new(needles, byte);
            needles->branch[child].sibling = needles->branch[at].child;
            needles->branch[at].child = child;
        }
        at = child;
    }
    if (needles->branch[at].number != NO_NEEDLE) return false;
    needles->branch[at].number = number;
    return true;
}

/* The child of a node that a byte leads to, or NONE. */
static inline uint32_t node_child(const struct needles *needles, uint32_t at, unsigned char byte)
{
    if (at == ROOT) return needles->root[byte];
    const struct needle_node *const node = &needles->node[at];
    const unsigned char *const from = needles->byte + node->child;
    const unsigned char *const found = memchr(from, byte, node->children);
    return found == NULL ? NONE : node->child + (uint32_t)(found - from);
}

/* Where a byte leads: as deep as the text read so far allows. */
static inline uint32_t node_next(const struct needles *needles, uint32_t at, unsigned char byte)
{
    for (;;) {
        const uint32_t child = node_child(needles, at, byte);
        if (child != NONE || at == ROOT) return child;
        at = needles->node[at].fail;
    }
}

/* The children of the node made of a branch get their numbers: they lie behind all so far. */
static void children_number(struct needles *needles, uint32_t at, uint32_t *branches,
                            uint32_t *count)
{
    struct needle_node *const node = &needles->node[at];
    const struct needle_branch *const branch = &needles->branch[branches[at]];

    node->number = branch->number;
    node->child = *count;
    for (uint32_t next = branch->child; next != NONE; next = needles->branch[next].sibling) {
        const uint32_t child = (*count)++;
        branches[child] = next;
        needles->byte[child] = needles->branch[next].byte;
        if (at == ROOT) needles->root[needles->byte[child]] = child;
    }
    node->children = *count - node->child;
}

/* A node's links lead to levels above it, so they are known when its parent's are. */
static void children_link(struct needles *needles, uint32_t at)
{
    const struct needle_node *const node = &needles->node[at];
    for (uint32_t child = node->child; child < node->child + node->children; child++) {
        struct needle_node *const below = &needles->node[child];
        below->fail = at == ROOT ? ROOT : node_next(needles, node->fail, needles->byte[child]);
        const struct needle_node *const end = &needles->node[below->fail];
        below->shorter =
            below->fail != ROOT && end->number != NO_NEEDLE ? below->fail : end->shorter;
    }
}

void needles_build(struct needles *needles)
{
    if (needles->count == 0) branch_new(needles, 0);
    uint32_t *const branches = memory_zero(needles->count, sizeof(*branches));
    uint32_t count = 1;

    needles->node = memory_zero(needles->count, sizeof(*needles->node));
    needles->byte = memory_zero(needles->count, 1);
    for (uint32_t at = 0; at < needles->count; at++)
        children_number(needles, at, branches, &count);
    for (uint32_t at = 0; at < needles->count; at++)
        children_link(needles, at);
    free(branches);
    free(needles->branch);
    needles->branch = NULL;
}

void needles_find(const struct needles *needles, struct slice text,
                  void (*found)(void *context, uint32_t number, size_t behind), void *context)
{
    uint32_t at = ROOT;
    for (size_t i = 0; i < text.len; i++) {
        at = node_next(needles, at, (unsigned char)text.text[i]);
        const struct needle_node *const node = &needles->node[at];
        if (node->number != NO_NEEDLE) found(context, node->number, i + 1);
        for (uint32_t end = node->shorter; end != ROOT; end = needles->node[end].shorter)
            found(context, needles->node[end].number, i + 1);
    }
}

void needles_release(struct needles *needles)
{
    free(needles->branch);
    free(needles->node);
    free(needles->byte);
    *needles = (struct needles){0};
}
