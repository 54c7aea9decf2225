#include "base/slab.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct slab_free {
    struct slab_free *next;
};

struct slab_long {
    struct slab_long *next, *previous;
    size_t size; /* of all of it */
    size_t unused;
    char bytes[];
};

/* The number of a room: 1 to 8 are 16 to 128 bytes, then there are four for each power of two. */
static unsigned room_number(size_t room)
{
    if (room <= 128) return (unsigned)(room / 16);
    const unsigned power = 63 - (unsigned)__builtin_clzll(room - 1);
    return 4 * (power - 6) + (unsigned)(room >> (power - 2));
}

static void segments_free(struct slab *slab, size_t keep)
{
    while (slab->segments > keep) {
        memory_pages_free(slab->segment[--slab->segments], MEMORY_PAGES_BYTES);
        held_drop(slab->kind, MEMORY_PAGES_BYTES);
    }
}

/* Memory for pieces that was never handed out; what is left of the last segment is forgotten. */
static void slab_extend(struct slab *slab)
{
    slab->segment = memory_resize(slab->segment, slab->segments + 1, sizeof(char *));
    slab->at = slab->segment[slab->segments] = memory_pages(MEMORY_PAGES_BYTES, slab->segments > 0);
    slab->end = slab->at + MEMORY_PAGES_BYTES;
    slab->segments++;
    held_add(slab->kind, MEMORY_PAGES_BYTES);
}

static struct slab_long *long_of(char *bytes)
{
    return (struct slab_long *)(void *)(bytes - sizeof(struct slab_long));
}

static char *long_take(struct slab *slab, size_t room)
{
    struct slab_long *piece = memory_new(sizeof(*piece) + room);

    *piece = (struct slab_long){.next = slab->longs, .size = sizeof(*piece) + room};
    if (slab->longs != NULL) slab->longs->previous = piece;
    slab->longs = piece;
    held_add(slab->kind, piece->size);
    return piece->bytes;
}

/* Where it is, as far as the system can do that: two of a long one may be too much. */
static char *long_resize(struct slab *slab, char *bytes, size_t room)
{
    struct slab_long *piece = long_of(bytes);

    held_drop(slab->kind, piece->size);
    piece = memory_resize(piece, 1, sizeof(*piece) + room);
    piece->size = sizeof(*piece) + room;
    held_add(slab->kind, piece->size);
    *(piece->previous != NULL ? &piece->previous->next : &slab->longs) = piece;
    if (piece->next != NULL) piece->next->previous = piece;
    return piece->bytes;
}

static void long_give(struct slab *slab, char *bytes)
{
    struct slab_long *piece = long_of(bytes);

    if (piece->next != NULL) piece->next->previous = piece->previous;
    if (piece->previous != NULL)
        piece->previous->next = piece->next;
    else
        slab->longs = piece->next;
    held_drop(slab->kind, piece->size);
    free(piece);
}

static char *room_take(struct slab *slab, size_t room)
{
    if (room >= SLAB_LONG) return long_take(slab, room);
    struct slab_free **free_list = &slab->free[room_number(room)];
    struct slab_free *piece = *free_list;
    if (piece != NULL) {
        *free_list = piece->next;
        /* It will be looked at when it is taken, and was given back long ago. */
        __builtin_prefetch(piece->next, 1);
        return (char *)piece;
    }
    if ((size_t)(slab->end - slab->at) < room) slab_extend(slab);
    slab->at += room;
    return slab->at - room;
}

static void room_give(struct slab *slab, char *bytes, size_t room)
{
    if (room >= SLAB_LONG) {
        long_give(slab, bytes);
        return;
    }
    struct slab_free **free_list = &slab->free[room_number(room)];
    struct slab_free *piece = (struct slab_free *)(void *)bytes;
    piece->next = *free_list;
    *free_list = piece;
}

char *slab_take(struct slab *slab, size_t len)
{
    if (len == 0) return NULL;
    slab->live++;
    return room_take(slab, slab_room(len));
}

void slab_give(struct slab *slab, char *piece, size_t len)
{
    if (len == 0) return;
    room_give(slab, piece, slab_room(len));
    if (--slab->live > 0 || slab->segments == 0) return;
    segments_free(slab, 1);
    memset(slab->free, 0, sizeof(slab->free));
    slab->at = slab->segment[0];
    slab->end = slab->at + MEMORY_PAGES_BYTES;
}

char *slab_resize(struct slab *slab, char *piece, size_t old_len, size_t len)
{
    const size_t old_room = slab_room(old_len);
    const size_t room = slab_room(len);

    if (old_room == room) return piece;
    if (old_len == 0) return slab_take(slab, len);
    if (len == 0) {
        slab_give(slab, piece, old_len);
        return NULL;
    }
    if (old_room >= SLAB_LONG && room >= SLAB_LONG) return long_resize(slab, piece, room);
    char *moved = room_take(slab, room);
    memcpy(moved, piece, old_len < len ? old_len : len);
    room_give(slab, piece, old_room);
    return moved;
}

void slab_release(struct slab *slab)
{
    while (slab->longs != NULL)
        long_give(slab, slab->longs->bytes);
    segments_free(slab, 0);
    free(slab->segment);
    *slab = (struct slab){.kind = slab->kind};
}
