#include "session/account.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/varint.h"
#include "session/name.h"
#include "window/window.h"

/* A value that a set has seen, and for which of its aggregates. */
struct seen {
    struct id id;
    uint64_t mask;
};

bool accounts_init(struct accounts *accounts, const struct option_list *agg, struct schema *schema,
                   struct buffer *why)
{
    struct aggregates *all = &accounts->aggregates;

    aggregates_init(all);
    for (size_t i = 0; i < agg->count; i++)
        if (!aggregates_add(all, agg->text[i], schema, why)) return false;
    if (!aggregates_complete(all, why)) return false;
    if (!aggregates_in_order(all)) return true;
    buffer_add_literal(why, "top depends on the order of events from some size on, and a session "
                            "is put together of pieces (cs-window has it)");
    return false;
}

void accounts_begin(struct accounts *accounts, struct run *run)
{
    accounts->run = run;
    accounts->extremes = aggregates_extremes(&accounts->aggregates, run);
}

void accounts_release(struct accounts *accounts)
{
    aggregates_release(&accounts->aggregates);
}

/* --- the event at hand --- */

static void operand_look(struct accounts *accounts, const struct event *ev, int operand)
{
    if (operand >= 0) (void)operand_once(&accounts->aggregates, &accounts->values, ev, operand);
}

void accounts_look(struct accounts *accounts, const struct event *ev)
{
    struct aggregates *all = &accounts->aggregates;

    accounts->values.known = 0;
    accounts->is_odd = false;
    accounts->selected = aggregates_select(all, ev);
    for (int i = 0; i < all->count; i++)
        if ((accounts->selected >> all->item[i].condition & 1) != 0)
            operand_look(accounts, ev, all->item[i].operand);
}

void accounts_used(struct accounts *accounts, const struct event *ev, bool learned)
{
    if (learned && !accounts->is_odd &&
        !extremes_have_texts(accounts->extremes, &accounts->run->misnumbers, ev))
        return;
    aggregates_misnumbers(&accounts->aggregates, accounts->run, &accounts->values, ev,
                          accounts->selected);
}

void accounts_note(const struct accounts *accounts, struct buffer *out)
{
    char *to = buffer_reserve(out, 2 * VARINT_MAX);
    char *end = to + varint_write(to, accounts->selected);

    end += varint_write(end, accounts->values.known);
    out->len += (size_t)(end - to);
    for (int i = 0; i < accounts->aggregates.operand_count; i++)
        if ((accounts->values.known >> i & 1) != 0) name_add(out, accounts->values.value[i]);
}

bool accounts_recall(struct accounts *accounts, struct slice note)
{
    const char *at = note.text, *end = note.text + note.len;
    const int operands = accounts->aggregates.operand_count;

    if (!varint_whole(at, end)) return false;
    accounts->selected = varint_read(&at);
    if (!varint_whole(at, end)) return false;
    accounts->values.known = varint_read(&at);
    if (operands < 64 && accounts->values.known >> operands != 0) return false;
    struct slice rest = {.text = at, .len = (size_t)(end - at)};
    for (int i = 0; i < operands; i++) {
        if ((accounts->values.known >> i & 1) == 0) continue;
        if (!name_whole(rest)) return false;
        accounts->values.value[i] = name_value(&rest);
    }
    return rest.len == 0;
}

/* --- one account --- */

static struct account *account_new(const struct accounts *accounts)
{
    const struct aggregates *all = &accounts->aggregates;
    struct account *account = memory_zero(1, sizeof *account);

    account->cells = memory_zero(1, all->cell_bytes + 8);
    account->ids = memory_zero((size_t)all->set_count + 1, sizeof *account->ids);
    for (int i = 0; i < all->set_count; i++)
        table_init(&account->ids[i], sizeof(struct seen), HELD_IDS);
    return account;
}

void account_free(struct accounts *accounts, struct account *account)
{
    if (account == NULL) return;
    for (int i = 0; i < accounts->aggregates.set_count; i++) {
        accounts->ids -= account->ids[i].count;
        table_release(&account->ids[i]);
    }
    buffer_release(&account->text);
    free(account->ids);
    free(account->cells);
    free(account);
}

/* A set has seen a value, for these of its aggregates. */
static void id_add(struct accounts *accounts, struct account *account, int number, struct id id,
                   uint64_t mask)
{
    const struct distinct_set *set = &accounts->aggregates.set[number];
    bool is_new;
    struct seen *seen = table_put(&account->ids[number], id, &is_new);

    accounts->ids += is_new;
    for (int i = 0; i < set->count; i++)
        if ((mask & ~seen->mask) >> i & 1) ++*cell_count(account->cells, set->cell[i]);
    seen->mask |= mask;
}

static struct id value_id(struct value value)
{
    const struct id id = id_of(value_slice(value));

    return value.kind == KIND_STRING ? id : id_mix(id, (struct id){value.kind, 1});
}

void account_learn(struct accounts *accounts, struct account **account, int64_t time_us)
{
    const struct aggregates *all = &accounts->aggregates;
    const struct event ev = {.time_us = time_us}; /* what is needed beside it is known */

    if (*account == NULL) *account = account_new(accounts);
    for (int i = 0; i < all->set_count; i++) {
        const uint32_t mask = aggregates_set_mask(&all->set[i], accounts->selected);
        if (mask == 0) continue;
        const struct value value = accounts->values.value[all->set[i].operand];
        if (value.kind != KIND_NULL) id_add(accounts, *account, i, value_id(value), mask);
    }
    if (all->only_distinct) return;
    const unsigned wrong = aggregates_event(all, (*account)->cells, &(*account)->text, &ev,
                                            &accounts->values, accounts->selected);
    accounts->run->counters.not_numbers += wrong % AGGREGATE_HUGE;
    accounts->is_odd |= wrong != 0;
}

void account_join(struct accounts *accounts, struct account **account, struct account *more)
{
    const struct aggregates *all = &accounts->aggregates;

    if (more == NULL) return;
    if (*account == NULL) {
        *account = more;
        return;
    }
    aggregates_combine(all, aggregates_additive(all), (*account)->cells, &(*account)->text,
                       more->cells, &more->text);
    for (int i = 0; i < all->set_count; i++)
        for (const struct seen *seen = NULL; (seen = table_next(&more->ids[i], seen)) != NULL;)
            id_add(accounts, *account, i, seen->id, seen->mask);
    account_free(accounts, more);
}

void account_print(const struct accounts *accounts, const struct account *account, int index,
                   struct rows *rows, int member)
{
    aggregates_print(&accounts->aggregates, index, account->cells, &account->text, rows, member);
}

void account_print_extra(const struct accounts *accounts, const struct account *account, int index,
                         struct rows *rows, int member)
{
    aggregates_print_extra(&accounts->aggregates, index, account->cells, &account->text, rows,
                           member);
}

void account_printed(const struct accounts *accounts, const struct account *account)
{
    aggregates_too_large(&accounts->aggregates, accounts->run, account->cells, &account->text);
}

/* --- for the state --- */

static int seen_compare(const void *a, const void *b)
{
    const struct seen *const *left = a, *const *right = b;

    return id_compare((*left)->id, (*right)->id);
}

static void ids_pack(const struct table *ids, struct buffer *out)
{
    const struct seen **sorted = memory_zero(ids->count + 1, sizeof *sorted);
    size_t count = 0;

    for (const struct seen *seen = NULL; (seen = table_next(ids, seen)) != NULL;)
        sorted[count++] = seen;
    if (count > 0) qsort(sorted, count, sizeof *sorted, seen_compare);
    pack_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        pack_id(out, sorted[i]->id);
        pack_u64(out, sorted[i]->mask);
    }
    free(sorted);
}

void account_pack(const struct accounts *accounts, const struct account *account,
                  struct buffer *out)
{
    pack_u8(out, account != NULL);
    if (account == NULL) return;
    aggregates_save(&accounts->aggregates, account->cells, &account->text, false, out);
    for (int i = 0; i < accounts->aggregates.set_count; i++)
        ids_pack(&account->ids[i], out);
}

void account_unpack(struct accounts *accounts, struct account **account, struct unpack *in)
{
    *account = NULL;
    if (unpack_u8(in) == 0) return;
    *account = account_new(accounts);
    aggregates_load(&accounts->aggregates, (*account)->cells, &(*account)->text, false, in);
    for (int i = 0; i < accounts->aggregates.set_count; i++) {
        const uint64_t count = unpack_u64(in);
        for (uint64_t j = 0; j < count && !in->broken; j++) {
            const struct id id = unpack_id(in);
            const uint64_t mask = unpack_u64(in);
            if (id_is_none(id) || in->broken) {
                in->broken = true;
                break;
            }
            id_add(accounts, *account, i, id, mask);
        }
    }
}
