#include "session/extras.h"

uint32_t extras_measure(const struct kept *kept)
{
    return (uint32_t)(extras_account_at(kept) + (kept->accounts != NULL ? sizeof(void *) : 0));
}

static void account_set(const struct kept *kept, char *at, struct account *account)
{
    memcpy(at + extras_account_at(kept), &account, sizeof account);
}

static inline struct tracks tracks_of(const struct kept *kept, struct slab *slab)
{
    return (struct tracks){.slab = slab, .cap_us = kept->page_cap_us};
}

/* In whatever way. */
static __attribute__((noinline)) void page_learn(const struct kept *kept, struct slab *slab,
                                                 char *at, const struct click *click)
{
    const struct value page = click->value[kept->track_slot];
    const bool has_page = page.kind == KIND_STRING;
    const struct step step = {.time_us = click->time_us,
                              .page = has_page ? value_slice(page) : (struct slice){0},
                              .is_view = click->action == kept->view_action};

    if (has_page || step.is_view) track_add(extras_track(kept, at), tracks_of(kept, slab), &step);
}

static __attribute__((noinline)) void all_learn(const struct kept *kept, struct slab *slab,
                                                char *at, const struct click *click)
{
    sums_learn(kept, at, click);
    if (kept->accounts != NULL) {
        struct account *account = extras_account(kept, at);
        account_learn(kept->accounts, &account, click->time_us);
        account_set(kept, at, account);
    }
    if (kept->has_track) page_learn(kept, slab, at, click);
}

void extras_learn(const struct kept *kept, struct slab *slab, char *at, const struct click *click)
{
    if (__builtin_expect(kept->sums > 0 || kept->accounts != NULL, 0)) {
        all_learn(kept, slab, at, click);
        return;
    }
    /* Mostly the track is the only one there is. */
    const struct value *const page = &click->value[kept->track_slot];
    if (page->kind != KIND_STRING ||
        !track_append(track_at(at), click->time_us, value_slice(*page),
                      click->action == kept->view_action, kept->page_cap_us))
        page_learn(kept, slab, at, click);
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
    if (kept->has_track)
        track_join(extras_track(kept, at), tracks_of(kept, slab), extras_track(kept, more));
}

void extras_settle(const struct kept *kept, struct slab *slab, char *at)
{
    if (kept->has_track) track_settle(extras_track(kept, at), tracks_of(kept, slab));
}

void extras_release(const struct kept *kept, struct slab *slab, char *at)
{
    if (kept->accounts != NULL) {
        account_free(kept->accounts, extras_account(kept, at));
        account_set(kept, at, NULL);
    }
    if (kept->has_track) track_release(extras_track(kept, at), slab);
}

void extras_pack(const struct kept *kept, const char *at, char *copy, struct buffer *out)
{
    if (kept->has_track) memset(copy + extras_track_at(kept), 0, TRACK_BYTES);
    if (kept->accounts != NULL) account_set(kept, copy, NULL);
    if (kept->has_track) track_pack(track_look(at + extras_track_at(kept)), out);
    if (kept->accounts != NULL) account_pack(kept->accounts, extras_account(kept, at), out);
}

void extras_unpack(const struct kept *kept, struct slab *slab, char *at, struct unpack *in)
{
    if (kept->has_track) track_unpack(extras_track(kept, at), tracks_of(kept, slab), in);
    if (kept->accounts != NULL) {
        struct account *account;
        account_unpack(kept->accounts, &account, in);
        account_set(kept, at, account);
    }
}
