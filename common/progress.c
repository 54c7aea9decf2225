#include "progress.h"

#include <stdio.h>

#include "instant.h"

void progress_init(struct progress *progress, bool on)
{
    *progress = (struct progress){.on = on, .began_us = instant_steady()};
    progress->next_us = progress->began_us + 500000;
}

void progress_show(struct progress *progress, uint64_t bytes, uint64_t total)
{
    if (!progress->on) return;
    const int64_t now_us = instant_steady();
    if (now_us < progress->next_us) return;
    progress->next_us = now_us + 1000000;
    progress->shown = true;
    const double seconds = (double)(now_us - progress->began_us) / 1e6;
    const double rate = (double)bytes / seconds;
    if (total >= bytes && bytes != 0)
        fprintf(stderr, "\r%.1f of %.1f MB, %.0f MB/s, %.0f s left   ", (double)bytes / 1e6,
                (double)total / 1e6, rate / 1e6, (double)(total - bytes) / rate);
    else
        fprintf(stderr, "\r%.1f MB, %.0f MB/s   ", (double)bytes / 1e6, rate / 1e6);
}

void progress_end(struct progress *progress)
{
    if (progress->shown) fputc('\n', stderr);
    progress->shown = false;
}
