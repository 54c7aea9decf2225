/* --help, made of the rows. */
#include <string.h>

#include "base/option_inside.h"

bool option_argument_optional(const char *argument)
{
    return argument != NULL && argument[0] == '[' && argument[strlen(argument) - 1] == ']';
}

/* One row of --help: the spelling to column 30, the text behind. */
static void help_row(struct buffer *out, const struct option_row *row)
{
    const size_t from = out->len;
    buffer_add_literal(out, "  ");
    if (row->letter != 0) buffer_printf(out, "-%c, ", row->letter);
    buffer_printf(out, "--%s", row->name);
    const char *argument = row->argument;
    if (argument == NULL && row->type == OPTION_CHOICE) argument = row->words;
    if (argument != NULL) {
        if (option_argument_optional(argument))
            buffer_printf(out, "[=%s", argument + 1);
        else
            buffer_printf(out, "=%s", argument);
        if (row->type == OPTION_DURATION && row->words != NULL)
            buffer_printf(out, "|%s", row->words);
    }
    if (out->len - from > 29) {
        buffer_add_literal(out, "\n                              ");
    } else {
        while (out->len - from < 30)
            buffer_add_char(out, ' ');
    }
    buffer_printf(out, "%s\n", row->help == NULL ? "" : row->help);
}

static const char *help_head, *help_tail;

void option_help_texts(const char *head, const char *tail)
{
    help_head = head;
    help_tail = tail;
}

static bool is_of_group(const struct option_row *row, const char *group)
{
    return row->group == group ||
           (row->group != NULL && group != NULL && strcmp(row->group, group) == 0);
}

/* Has a row before that one the same group? */
static bool group_met(const struct option_row *const *rows, int index)
{
    for (int i = 0; i < index; i++)
        if (is_of_group(rows[i], rows[index]->group)) return true;
    return false;
}

void option_help_rows(struct buffer *out, const struct option_row *const *rows, int count)
{
    if (help_head != NULL) buffer_printf(out, "%s", help_head);
    for (int i = 0; i < count; i++) {
        const char *group = rows[i]->group;
        if (group_met(rows, i)) continue;
        buffer_printf(out, "\n%s:\n", group == NULL ? "Options" : group);
        for (int j = i; j < count; j++)
            if (is_of_group(rows[j], group)) help_row(out, rows[j]);
    }
    if (help_tail != NULL) buffer_printf(out, "%s", help_tail);
}
