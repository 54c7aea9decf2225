#include "run/outputs.h"

#include <sys/stat.h>

#include "base/die.h"
#include "base/paths.h"
#include "run/checkpoint.h"
#include "run/common_options.h"

/* Rows to standard output while a state is kept: only what has a name can be cut back to where the
 * state is. */
static void standard_output_check(struct output *output)
{
    struct stat stat;
    if (options->state == NULL || fstat(output->fd, &stat) != 0) return;
    if (S_ISFIFO(stat.st_mode) || S_ISSOCK(stat.st_mode))
        message("standard output is a pipe: a crash may lose or repeat rows on their way "
                "(--output, --spool do not)");
    output->file = S_ISREG(stat.st_mode);
}

/* Opens a file. Returns whether the state knows nothing of it. */
static bool file_open(struct loop *l, const struct mark *mark, struct output *output,
                      const char *name)
{
    if (l->resumed) return mark_resume(mark, output, name);
    output_file(output, name);
    output_cut(output, 0);
    return false;
}

void outputs_open(struct loop *l)
{
    struct fates *const fates = &l->admission.fates;
    bool other = false;
    if (options->spool != NULL) {
        spool_open(&l->spool, options->spool, l->spool.named, &l->output);
    } else if (options->output != NULL) {
        other |= file_open(l, &l->marks.output, &l->output, options->output);
    } else {
        output_standard(&l->output);
        standard_output_check(&l->output);
    }
    if (options->rejects != NULL) {
        other |= file_open(l, &l->marks.rejects, &l->rejects_output, options->rejects);
        fates->rejects.output = &l->rejects_output;
    }
    if (options->late != NULL && options->rejects != NULL &&
        paths_same(options->late, options->rejects)) {
        fates->late.output = &l->rejects_output;
    } else if (options->late != NULL) {
        other |= file_open(l, &l->marks.late, &l->late_output, options->late);
        fates->late.output = &l->late_output;
    }
    l->output_unknown = other;
}

bool outputs_named(void)
{
    return options->output != NULL || options->rejects != NULL || options->late != NULL;
}

void outputs_reopen(struct loop *l)
{
    loop_flush(l);
    if (options->output != NULL) output_reopen(&l->output);
    if (options->rejects != NULL) output_reopen(&l->rejects_output);
    if (l->admission.fates.late.output == &l->late_output) output_reopen(&l->late_output);
    checkpoint_now(l);
}
