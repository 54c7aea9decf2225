/*
 * snippet.h - the script that pages load: cs.js, or a file of --snippet.
 *
 * Read once, when the process starts. Its ETag is a hash of it, so that a browser that has it is
 * told so without the script, and sees a new one at once after the time that it may keep the old.
 */
#ifndef CS_SNIPPET_H
#define CS_SNIPPET_H

#include "base/buffer.h"
#include "collect/answer.h"
#include "collect/request.h"

struct snippet {
    struct buffer text; /* empty: there is none */
    char etag[24];
};

/* Reads the file; without one the snippet that came with the tools, if it is there. A file that
 * cannot be read is die_usage. */
void snippet_read(struct snippet *snippet, const char *file);

/* The answer to who asks for it. */
struct answer snippet_answer(const struct snippet *snippet, const struct request *request);

void snippet_release(struct snippet *snippet);

#endif
