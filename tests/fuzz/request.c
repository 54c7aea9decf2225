/*
 * request.c - fuzz target: a head means the same however it comes, and one that is taken has none
 * of the shapes that two readers read differently, as a second look finds, line by line. What
 * follows is read as chunks, at once and byte by byte.
 */
#include "collect/request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collect/chunks.h"
#include "collect/forwarded.h"

enum { MOST = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good) abort();
}

/* How many lines of the head are of that field, blanks before the colon or not. */
static int lines_of(const char *head, const char *end, const char *name)
{
    const size_t len = strlen(name);
    int count = 0;
    for (const char *at = head; at < end;
         at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1) {
        if ((size_t)(end - at) <= len || strncasecmp(at, name, len) != 0) continue;
        count += at[len] == ':' || at[len] == ' ' || at[len] == '\t';
    }
    return count;
}

static void taken(const struct request *request, const char *head)
{
    const char *const end = head + request->head_len;
    const int lengths = lines_of(head, end, "content-length");
    const int codings = lines_of(head, end, "transfer-encoding");
    check(lengths + codings <= 1);
    check((request->length >= 0) == (lengths == 1) && request->chunked == (codings == 1));
    check(lines_of(head, end, "host") <= 1);
    check(request->close || lines_of(head, end, "host") == 1);
    for (const char *at = head; at < end; at++) {
        const unsigned char c = (unsigned char)*at;
        if (c == '\n') check(at > head && at[-1] == '\r');
        if (c == '\r') check(at[1] == '\n');
        if (c == '\n' && at + 1 < end) check(at[1] != ' ' && at[1] != '\t');
        check(c >= 0x20 || c == '\r' || c == '\n' || c == '\t');
    }
}

static void chunks_compare(const char *data, size_t size)
{
    struct chunks chunks = {.left = 0}, single = {.left = 0};
    char *const copy = malloc(size + 1), *const bytes = malloc(size + 1);
    size_t total = 0, some = 0, behind = 0, body = 0, each = 0, at = 0;
    memcpy(copy, data, size);
    const enum chunks_found whole = chunks_read(&chunks, copy, size, MOST, &total, &some, &behind);
    enum chunks_found last = CHUNKS_PART;
    while (at < size && last == CHUNKS_PART) {
        char byte = data[at++];
        size_t got = 0, used = 0;
        last = chunks_read(&single, &byte, 1, MOST, &each, &got, &used);
        if (last != CHUNKS_PART && last != CHUNKS_WHOLE) break;
        if (got == 1) bytes[body++] = byte;
    }
    check(whole == last || size == 0);
    check(total <= MOST && each <= MOST);
    if (whole == CHUNKS_WHOLE) check(behind == at);
    if (whole == CHUNKS_PART || whole == CHUNKS_WHOLE)
        check(some == body && memcmp(copy, bytes, body) == 0);
    free(copy);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct peer proxy = {.is_unix = true};
    struct network trusted[] = {{.base = {.is_unix = true}}};
    struct request request, other;
    char *const head = malloc(size + 1);
    memcpy(head, data, size);
    size_t seen = 0, step_seen = 0;
    const enum request_found found = request_read(&request, head, size, &seen);
    enum request_found last = REQUEST_PART;
    for (size_t len = 1; len <= size && last == REQUEST_PART; len++)
        last = request_read(&other, head, len, &step_seen);
    if (size != 0) check(last == found);
    if (found == REQUEST_WHOLE) {
        taken(&request, head);
        check(other.head_len == request.head_len);
        for (int standard = 0; standard < 2; standard++) {
            const struct forwarded forwarded = {
                .trusted = trusted, .count = 1, .standard = standard != 0};
            (void)forwarded_client(&forwarded, &request, proxy);
        }
        chunks_compare(head + request.head_len, size - request.head_len);
    } else {
        chunks_compare(head, size);
    }
    free(head);
    return 0;
}
