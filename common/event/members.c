#include "event/members.h"

#include "base/die.h"
#include "base/list.h"

int member_need(struct schema *schema, struct slice name, const char *option)
{
    const int slot = schema_need(schema, name);
    if (slot < 0) die_usage("--%s: more than %d members are read", option, SCHEMA_MAX);
    return slot;
}

int members_need(struct schema *schema, const char *option, const struct option_list *values,
                 int *slot)
{
    struct list names = {0};

    option_items(&names, option, values, LIST_NAMES);
    const int count = (int)names.count;
    if (names.count > SCHEMA_MAX) die_usage("--%s: more than %d members", option, SCHEMA_MAX);
    for (int i = 0; i < count; i++)
        slot[i] = member_need(schema, names.item[i].name, option);
    list_release(&names);
    return count;
}

void members_rename(struct schema *schema, const char *option, const struct option_list *values)
{
    struct list pairs = {0};

    option_items(&pairs, option, values, LIST_PAIRS);
    for (size_t i = 0; i < pairs.count; i++) {
        const struct list_item *pair = &pairs.item[i];
        if (pair->name.len == 0 || pair->value.len == 0)
            die_usage("--%s: '%s=%s' lacks a name", option, pair->name.text, pair->value.text);
        const struct slice taken = schema_renamed(schema, pair->value);
        if (taken.text != NULL && !slice_equal(taken, pair->name))
            die_usage("--%s: '%s' is read as '%.*s' already, and a member has one name", option,
                      pair->value.text, (int)taken.len, taken.text);
        schema_rename(schema, pair->name, pair->value);
    }
    list_release(&pairs);
}
