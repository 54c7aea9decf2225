#include "people/names.h"

#include <string.h>

#include "base/json.h"

void names_init(struct names *names)
{
    *names = (struct names){.texts.kind = HELD_PEOPLE};
    pool_init(&names->pool, sizeof(struct name), HELD_PEOPLE);
    roster_init(&names->roster, HELD_PEOPLE);
}

void names_release(struct names *names)
{
    slab_release(&names->texts);
    roster_release(&names->roster);
    pool_release(&names->pool);
}

uint32_t names_take(struct names *names, struct slice text)
{
    const struct id id = id_of(text);
    uint32_t number = roster_find(&names->roster, &names->pool, id);
    if (number != POOL_NONE) {
        names_at(names, number)->users++;
        return number;
    }
    number = pool_take(&names->pool);
    char *const kept = slab_take(&names->texts, text.len);
    memcpy(kept, text.text, text.len);
    *names_at(names, number) = (struct name){.id = id,
                                             .text = kept,
                                             .len = (uint32_t)text.len,
                                             .users = 1,
                                             .plain = json_is_plain(text)};
    roster_put(&names->roster, id, number);
    return number;
}

void names_drop(struct names *names, uint32_t number)
{
    if (number == NAME_NONE) return;
    struct name *const name = names_at(names, number);
    if (--name->users > 0) return;
    roster_remove(&names->roster, name->id, number);
    slab_give(&names->texts, name->text, name->len);
    pool_give(&names->pool, number);
}
