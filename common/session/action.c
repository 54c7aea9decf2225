#include "session/action.h"

int actions_add(struct actions *actions, struct slice event_type)
{
    const size_t len = event_type.len;

    for (int i = 1; i <= actions->count; i++)
        if (actions->of[i].len == len && memcmp(actions->of[i].name, event_type.text, len) == 0)
            return i;
    if (actions->count == ACTIONS_MAX || len > ACTION_BYTES_MAX) return -1;
    const int number = ++actions->count;
    struct action *action = &actions->of[number];
    *action = (struct action){
        .name = event_type.text, .len = (uint8_t)len, .next = actions->by_length[len]};
    if (len >= 8) {
        action->head = slice_word(event_type.text);
        action->tail = slice_word(event_type.text + len - 8);
    }
    actions->by_length[len] = (uint8_t)number;
    return number;
}

void actions_expect(const struct actions *actions, struct schema *schema)
{
    for (int i = 1; i <= actions->count; i++)
        schema_compare(schema, SLICE("event_type"),
                       (struct slice){.text = actions->of[i].name, .len = actions->of[i].len});
}
