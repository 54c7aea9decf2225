#include "session/extras.h"

uint32_t extras_measure(const struct kept *kept)
{
    return (uint32_t)(extras_account_at(kept) + (kept->accounts != NULL ? sizeof(void *) : 0));
}

static void account_set(const struct kept *kept, char *at, struct account *account)
{
    memcpy(at + extras_account_at(kept), &account, sizeof account);
}

static void trail_learn(const struct kept *kept, struct slab *slab, char *at,
                        const struct click *click)
{
    const struct value page = click->value[kept->trail_slot];
    const bool has_page = page.kind == KIND_STRING;
    const struct step step = {.time_us = click->time_us,
                              .page = has_page ? value_slice(page) : (struct slice){0},
                              .is_view = click->action == kept->view_action};

    if (!has_page && !step.is_view) return;
    struct trail trail = trail_read(at);
    trail_add(&trail, slab, &step);
    trail_write(at, &trail);
}

void extras_learn(const struct kept *kept, struct slab *slab, char *at, const struct click *click)
{
    sums_learn(kept, at, click);
    if (kept->has_trail) trail_learn(kept, slab, at + extras_trail_at(kept), click);
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
    if (!kept->has_trail) return;
    struct trail trail = trail_read(at + extras_trail_at(kept));
    struct trail other = trail_read(more + extras_trail_at(kept));
    trail_join(&trail, slab, &other);
    trail_write(at + extras_trail_at(kept), &trail);
    trail_write(more + extras_trail_at(kept), &other);
}

void extras_settle(const struct kept *kept, struct slab *slab, char *at)
{
    if (!kept->has_trail) return;
    struct trail trail = trail_read(at + extras_trail_at(kept));
    for (uint32_t at_byte = 0; at_byte < trail.len && at_byte < 512; at_byte += 64)
        __builtin_prefetch(trail.data + at_byte); /* it will be walked through soon */
    if (trail.loose == 0) return;
    trail_settle(&trail, slab);
    trail_write(at + extras_trail_at(kept), &trail);
}

void extras_release(const struct kept *kept, struct slab *slab, char *at)
{
    if (kept->accounts != NULL) {
        account_free(kept->accounts, extras_account(kept, at));
        account_set(kept, at, NULL);
    }
    if (!kept->has_trail) return;
    struct trail trail = trail_read(at + extras_trail_at(kept));
    trail_release(&trail, slab);
    trail_write(at + extras_trail_at(kept), &trail);
}

void extras_pack(const struct kept *kept, const char *at, char *copy, struct buffer *out)
{
    if (kept->has_trail) memset(copy + extras_trail_at(kept), 0, TRAIL_BYTES);
    if (kept->accounts != NULL) account_set(kept, copy, NULL);
    if (kept->has_trail) {
        const struct trail trail = trail_read(at + extras_trail_at(kept));
        trail_pack(&trail, out);
    }
    if (kept->accounts != NULL) account_pack(kept->accounts, extras_account(kept, at), out);
}

void extras_unpack(const struct kept *kept, struct slab *slab, char *at, struct unpack *in)
{
    if (kept->has_trail) {
        struct trail trail;
        trail_unpack(&trail, slab, in);
        trail_write(at + extras_trail_at(kept), &trail);
    }
    if (kept->accounts != NULL) {
        struct account *account;
        account_unpack(kept->accounts, &account, in);
        account_set(kept, at, account);
    }
}
