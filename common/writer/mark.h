/*
 * mark.h - where a file of rows stood when the state was saved, and how a run goes on there.
 *
 * What stands behind a mark was printed after the save: the run prints it again, so it is cut off.
 * People move such files away while a run goes on and between two runs (logrotate), hence the mark
 * names the file, not its name:
 *
 *     the same file                       cut to its length of then
 *     the same, emptied since             (copytruncate) what is in it came after the save: all is
 *                                         cut off
 *     the same, shorter but not emptied   rows are missing: exit 3
 *     another one of that name            the run goes on at its end; the file of then is cut to
 *                                         its length when it still is in that directory
 *
 * A file is known by device, inode and its first bytes (base/head.h). What was not done is said.
 */
#ifndef CS_MARK_H
#define CS_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "writer/output.h"

struct mark {
    uint64_t dev, ino; /* both 0: no file was written */
    uint64_t length;   /* in bytes */
    uint32_t head_len;
    struct id head; /* of the first head_len bytes */
};

/* Notes where the output is, which is flushed. An output that is no regular file opened by name
 * leaves no mark. */
void mark_note(struct mark *mark, struct output *output);

/* Opens the file and goes on where the mark says. Returns whether it is another file than that of
 * the mark: then a state has to be saved before a row goes to it. */
bool mark_resume(const struct mark *mark, struct output *output, const char *name);

void mark_save(const struct mark *mark, struct buffer *out);
void mark_load(struct mark *mark, struct unpack *in);

#endif
