#include "collect/snippet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/die.h"
#include "base/id.h"
#include "base/share.h"

/* More is no snippet. */
#define SNIPPET_BYTES ((size_t)1 << 20)

static void file_read(struct buffer *text, const char *file)
{
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t got = -1;
    while (fd >= 0 && text->len <= SNIPPET_BYTES) {
        got = read(fd, buffer_reserve(text, 4096), 4096);
        if (got <= 0) break;
        text->len += (size_t)got;
    }
    if (fd < 0 || got < 0) die_usage("--snippet: %s: %s", file, strerror(errno));
    if (text->len > SNIPPET_BYTES || text->len == 0)
        die_usage("--snippet: %s: is %s", file, text->len == 0 ? "empty" : "longer than 1 MiB");
    close(fd);
}

void snippet_read(struct snippet *snippet, const char *file)
{
    struct buffer path = {0};
    if (file == NULL && share_find(&path, "", "cs.js", "")) file = path.data;
    if (file != NULL) {
        file_read(&snippet->text, file);
        const struct id id = id_of(buffer_slice(&snippet->text));
        snprintf(snippet->etag, sizeof snippet->etag, "\"%016llx\"", (unsigned long long)id.low);
    }
    buffer_release(&path);
}

struct answer snippet_answer(const struct snippet *snippet, const struct request *request)
{
    const struct slice etag = slice_of(snippet->etag);
    const struct slice asked = request->none_match;
    struct answer answer = {.status = 200,
                            .etag = etag,
                            .cache = SLICE("public, max-age=3600"),
                            .head_only = slice_equal(request->method, SLICE("HEAD"))};
    if (snippet->text.len == 0) return (struct answer){.status = 404};
    /* Behind a proxy that compresses, it may be a weak one: W/"...". */
    if (asked.len != 0 && memmem(asked.text, asked.len, etag.text, etag.len) != NULL) {
        answer.status = 304;
        return answer;
    }
    answer.type = SLICE("text/javascript; charset=utf-8");
    answer.body = buffer_slice(&snippet->text);
    return answer;
}

void snippet_release(struct snippet *snippet)
{
    buffer_release(&snippet->text);
}
