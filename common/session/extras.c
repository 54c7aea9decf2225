#include "session/extras.h"

uint32_t extras_measure(const struct kept *kept)
{
    return (uint32_t)(extras_account_at(kept) + (kept->accounts != NULL ? sizeof(void *) : 0));
}

static void account_set(const struct kept *kept, char *at, struct account *account)
{
    memcpy(at + extras_account_at(kept), &account, sizeof account);
}

static void track_learn(const struct kept *kept, struct slab *slab, char *at,
                        const struct click *click)
{
    const struct value page = click->value[kept->track_slot];
    const bool has_page = page.kind == KIND_STRING;
    const struct step step = {.time_us = click->time_us,
                              .page = has_page ? value_slice(page) : (struct slice){0},
                              .is_view = click->action == kept->view_action};

    if (!has_page && !step.is_view) return;
    struct track track = track_read(at);
    track_add(&track, slab, &step);
    track_write(at, &track);
}

void extras_learn(const struct kept *kept, struct slab *slab, char *at, const struct click *click)
{
    sums_learn(kept, at, click);
    if (kept->has_track) track_learn(kept, slab, at + extras_track_at(kept), click);
    if (kept->accounts == NULL) return;
    struct account *account = extras_account(kept, at);
    account_learn(kept->accounts, &account, click->time_us);
    account_set(kept, at, account);
}

void extras_join(const struct kept *kept, struct slab *slab, char *at, char *more)
{
    sums_join(kept, at, more);
    if (kept->accounts != NULL) {
        struct account *account = extras_account(kept, at);
        account_join(kept->accounts, &account, extras_account(kept, more));
        account_set(kept, at, account);
        account_set(kept, more, NULL);
    }
    if (!kept->has_track) return;
    struct track track = track_read(at + extras_track_at(kept));
    struct track other = track_read(more + extras_track_at(kept));
    track_join(&track, slab, &other);
    track_write(at + extras_track_at(kept), &track);
    track_write(more + extras_track_at(kept), &other);
}

void extras_settle(const struct kept *kept, struct slab *slab, char *at)
{
    if (!kept->has_track) return;
    struct track track = track_read(at + extras_track_at(kept));
    for (uint32_t at_byte = 0; at_byte < track.len && at_byte < 512; at_byte += 64)
        __builtin_prefetch(track.data + at_byte); /* it will be walked through soon */
    if (track.loose == 0) return;
    track_settle(&track, slab);
    track_write(at + extras_track_at(kept), &track);
}

void extras_release(const struct kept *kept, struct slab *slab, char *at)
{
    if (kept->accounts != NULL) {
        account_free(kept->accounts, extras_account(kept, at));
        account_set(kept, at, NULL);
    }
    if (!kept->has_track) return;
    struct track track = track_read(at + extras_track_at(kept));
    track_release(&track, slab);
    track_write(at + extras_track_at(kept), &track);
}

void extras_pack(const struct kept *kept, const char *at, char *copy, struct buffer *out)
{
    if (kept->has_track) memset(copy + extras_track_at(kept), 0, TRACK_BYTES);
    if (kept->accounts != NULL) account_set(kept, copy, NULL);
    if (kept->has_track) {
        const struct track track = track_read(at + extras_track_at(kept));
        track_pack(&track, out);
    }
    if (kept->accounts != NULL) account_pack(kept->accounts, extras_account(kept, at), out);
}

void extras_unpack(const struct kept *kept, struct slab *slab, char *at, struct unpack *in)
{
    if (kept->has_track) {
        struct track track;
        track_unpack(&track, slab, in);
        track_write(at + extras_track_at(kept), &track);
    }
    if (kept->accounts != NULL) {
        struct account *account;
        account_unpack(kept->accounts, &account, in);
        account_set(kept, at, account);
    }
}
