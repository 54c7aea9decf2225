#include "window/subject.h"

#include <string.h>

#include "event/members.h"

void subject_release(struct subject *subject)
{
    buffer_release(&subject->value);
    buffer_release(&subject->usual);
}

/* NAME=..., where a name stands before the first '='; else the whole text has no name. */
static struct slice name_split(struct slice text, struct slice *rest)
{
    *rest = text;
    const char *equals = memchr(text.text, '=', text.len);
    if (equals == NULL || equals[1] == '=') return (struct slice){0};
    const struct slice name =
        text_trim((struct slice){.text = text.text, .len = (size_t)(equals - text.text)});
    if (!name_valid(name)) return (struct slice){0};
    *rest = (struct slice){.text = equals + 1, .len = text.len - (size_t)(equals + 1 - text.text)};
    return name;
}

static void subject_name(struct subject *subject, struct slice name, struct slice kind,
                         struct slice usual)
{
    buffer_add_slice(&subject->value, name);
    buffer_add_slice(&subject->usual, kind);
    buffer_add_char(&subject->usual, '_');
    buffer_add_slice(&subject->usual, usual);
}

bool subject_of_events(struct subject *subject, const char *text, struct slice kind,
                       struct aggregates *aggregates, struct schema *schema, struct buffer *why)
{
    struct slice rest = SLICE("distinct(session_id)");
    if (text == NULL) {
        subject_name(subject, SLICE("current_sessions"), kind, SLICE("sessions"));
    } else {
        struct slice name = name_split(slice_of(text), &rest);
        if (name.len == 0) name = SLICE("value");
        subject_name(subject, name, kind, name);
    }
    struct buffer aggregate = {0};
    buffer_add_slice(&aggregate, buffer_slice(&subject->value));
    buffer_add_char(&aggregate, '=');
    buffer_add_slice(&aggregate, rest);
    buffer_add_char(&aggregate, '\0');
    const bool good = aggregates_add(aggregates, aggregate.data, schema, why) &&
                      aggregates_complete(aggregates, why);
    buffer_release(&aggregate);
    return good;
}

bool subject_of_rows(struct subject *subject, const char *text, struct slice kind,
                     struct slice *operand, struct buffer *why)
{
    struct slice name = name_split(slice_of(text), operand);
    if (name.len == 0 && name_bare(*operand)) name = *operand;
    if (name.len == 0) {
        buffer_printf(why, "'%s' needs a name: NAME=%s", text, text);
        return false;
    }
    subject_name(subject, name, kind, name);
    return true;
}
