#include "look/sieve.h"

#include <stdlib.h>
#include <string.h>

#include "base/lower.h"
#include "base/memory.h"
#include "look/values.h"

static bool value_has(struct value value, struct slice text, struct buffer *scratch)
{
    struct buffer plain = {0};
    values_add_text(&plain, value);
    const struct slice lower = lower_text(buffer_slice(&plain), scratch);
    const bool has = lower.len >= text.len &&
                     (text.len == 0 || memmem(lower.text, lower.len, text.text, text.len) != NULL);
    buffer_release(&plain);
    return has;
}

bool sieve_finds(struct slice values, struct slice text, struct buffer *scratch)
{
    struct value value;
    if (text.len == 0) return true;
    const char *at = values.text + 1;
    while (values_next(&at, &value))
        if (value_has(value, text, scratch)) return true;
    return false;
}

/* Which of the group's members is called so; SIZE_MAX: none is. */
static size_t member_named(const struct layout *layout, struct slice name)
{
    size_t number = 0;
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] != ROLE_GROUP) continue;
        if (slice_equal(layout->name[i], name)) return number;
        number++;
    }
    return SIZE_MAX;
}

void sieve_make(struct sieve *sieve, const struct grid *grid, struct slice text)
{
    struct buffer lowered = {0}, scratch = {0};
    *sieve = (struct sieve){.passing = grid->group_count};
    if (text.len == 0) return;
    size_t member = SIZE_MAX;
    const char *const equals = memchr(text.text, '=', text.len);
    if (equals != NULL) {
        const struct slice name = {.text = text.text, .len = (size_t)(equals - text.text)};
        member = member_named(grid->layout, name);
        if (member != SIZE_MAX)
            text = (struct slice){.text = equals + 1, .len = text.len - name.len - 1};
    }
    const struct slice lower = lower_text(text, &lowered);
    sieve->passes = memory_zero(grid->group_count + 1, sizeof sieve->passes[0]);
    sieve->passing = 0;
    for (size_t i = 0; i < grid->group_count; i++) {
        const struct slice values = grid->group[i].text;
        sieve->passes[i] = member == SIZE_MAX
                               ? sieve_finds(values, lower, &scratch)
                               : value_has(values_get(values, member), lower, &scratch);
        sieve->passing += sieve->passes[i];
    }
    buffer_release(&lowered);
    buffer_release(&scratch);
}

void sieve_release(struct sieve *sieve)
{
    free(sieve->passes);
    *sieve = (struct sieve){0};
}
