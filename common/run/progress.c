#include "run/progress.h"

#include <stdio.h>

#include "base/instant.h"

void progress_init(struct progress *progress, bool asked, bool if_long)
{
    *progress =
        (struct progress){.on = asked || if_long, .asked = asked, .began_us = instant_steady()};
    progress->next_us = progress->began_us + 500000;
}

static double rate_of(const struct progress *progress, uint64_t bytes)
{
    const int64_t us = instant_steady() - progress->began_us;
    return (double)bytes * 1e6 / (double)(us > 0 ? us : 1);
}

void progress_show(struct progress *progress, uint64_t bytes, uint64_t total)
{
    if (!progress->on) return;
    const int64_t now_us = instant_steady();
    if (now_us < progress->next_us) return;
    progress->next_us = now_us + 1000000;
    progress->shown = true;
    const double rate = rate_of(progress, bytes);
    if (total >= bytes && bytes != 0)
        fprintf(stderr, "\r%.1f of %.1f MB, %.0f MB/s, %.0f s left   ", (double)bytes / 1e6,
                (double)total / 1e6, rate / 1e6, (double)(total - bytes) / rate);
    else
        fprintf(stderr, "\r%.1f MB, %.0f MB/s   ", (double)bytes / 1e6, rate / 1e6);
}

void progress_end(struct progress *progress, uint64_t bytes)
{
    if (progress->shown || progress->asked)
        fprintf(stderr, "%s%.1f MB, %.0f MB/s%s\n", progress->shown ? "\r" : "",
                (double)bytes / 1e6, rate_of(progress, bytes) / 1e6,
                progress->shown ? "                    " : "");
    progress->shown = progress->asked = false;
}
