#include "collect/chunks.h"

#include <string.h>

#include "base/hex.h"

/* A byte of a size, or of what ends it. False: it is neither. */
static bool size_take(struct chunks *chunks, char c)
{
    const uint32_t digit = hex_value[(unsigned char)c];
    if (digit < 16) {
        if (chunks->digits == 8) return false;
        chunks->left = chunks->left * 16 + digit;
        chunks->digits++;
        return true;
    }
    if (c != '\r' || chunks->digits == 0) return false;
    chunks->place = CHUNKS_SIZE_LF;
    return true;
}

/* A byte that is none of the body's; false: it cannot stand here. */
static bool byte_take(struct chunks *chunks, char c)
{
    switch (chunks->place) {
    case CHUNKS_SIZE: return size_take(chunks, c);
    case CHUNKS_SIZE_LF:
        chunks->last = chunks->left == 0;
        chunks->place = chunks->last ? CHUNKS_CR : CHUNKS_DATA;
        return c == '\n';
    case CHUNKS_CR: chunks->place = CHUNKS_LF; return c == '\r';
    case CHUNKS_LF:
        chunks->place = chunks->last ? CHUNKS_END : CHUNKS_SIZE;
        chunks->digits = 0;
        chunks->left = 0;
        return c == '\n';
    case CHUNKS_DATA:
    case CHUNKS_END: break;
    }
    return false;
}

enum chunks_found chunks_read(struct chunks *chunks, char *data, size_t len, size_t most,
                              size_t *total, size_t *body, size_t *taken)
{
    size_t at = 0;
    *body = 0;
    while (at < len && chunks->place != CHUNKS_END) {
        if (chunks->place != CHUNKS_DATA) {
            if (!byte_take(chunks, data[at++])) return CHUNKS_BAD;
            if (chunks->place == CHUNKS_DATA && chunks->left > most - *total) return CHUNKS_LARGE;
            continue;
        }
        const size_t some = len - at < chunks->left ? len - at : chunks->left;
        memmove(data + *body, data + at, some);
        *body += some;
        *total += some;
        at += some;
        chunks->left -= some;
        if (chunks->left == 0) chunks->place = CHUNKS_CR;
    }
    *taken = at;
    return chunks->place == CHUNKS_END ? CHUNKS_WHOLE : CHUNKS_PART;
}
