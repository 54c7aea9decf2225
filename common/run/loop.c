#include "run/loop.h"

void loop_flush(struct loop *l)
{
    const struct fates *const fates = &l->admission.fates;
    if (l->analysis->flush != NULL) l->analysis->flush(&l->run);
    rows_flush(l->run.rows);
    if (fates->rejects.output != NULL) output_flush(fates->rejects.output);
    if (fates->late.output != NULL) output_flush(fates->late.output);
}
