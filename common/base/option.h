/*
 * option.h - the command line: one option is one row of a typed table.
 *
 * The table feeds getopt_long, --help, the completion and the fingerprint that binds a state file
 * to the options that change rows. A row points at a variable whose initial value is the default.
 */
#ifndef CS_OPTION_H
#define CS_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/list.h"

enum option_type {
    OPTION_FLAG,     /* bool */
    OPTION_TEXT,     /* const char * */
    OPTION_NUMBER,   /* int64_t; least gives the smallest allowed */
    OPTION_DURATION, /* int64_t, microseconds */
    OPTION_CHOICE,   /* int: index into the row's words ("a|b|c") */
    OPTION_LIST,     /* struct option_list: repeatable, kept whole */
    OPTION_CALL, /* value handed to a function; NULL value where the option takes an optional one */
};

/* The values of a repeatable option, in the order given. Texts are borrowed from argv or the view
 * file. */
struct option_list {
    const char **text;
    size_t count;
};

struct option_row {
    const char *name; /* "size" */
    enum option_type type;
    char letter;  /* short form, or 0 */
    void *target; /* the variable; OPTION_CALL: an int64_t that stands for the value in the
                     fingerprint, or NULL: there its text does, where one was given */
    const char *(*call)(
        const char *value); /* OPTION_CALL, and before it is read OPTION_DURATION (optional): NULL,
                               or the phrase that says what is wrong */
    const char *argument;   /* "DUR"; "[DUR]" where it may be left out; NULL: takes none */
    const char
        *words; /* OPTION_CHOICE: "auto|ndjson|kcat" (also its argument in --help); OPTION_DURATION:
                   a word that may stand in its place and reads as INT64_MAX ("max", "none") */
    const char *help;  /* one line, no full stop */
    const char *group; /* its heading in --help; NULL: the tool's own, under "Options" */
    int64_t least; /* OPTION_NUMBER, OPTION_DURATION: the smallest value allowed (a duration of 0
                      needs least <= 0, the default) */
    bool free;     /* may differ between runs on one state: it changes no row */
    bool brings;   /* OPTION_CALL: notes a file of options (option_file), which is read before any
                      other option is set, and cannot name a file itself */
};

#define OPTION_END                                                                                 \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* Before option_parse: the first operand ends the options, as it begins somebody else's command
 * line. The first so many words are defaults, which what follows overrules without a word. */
void option_command_follows(int defaults);

/* Reads argv with the rows of both tables (own first). Sets the variables; --help and --version
 * print and exit 0; anything wrong is die_usage. Returns the index of the first operand in argv. */
int option_parse(int argc, char **argv, const struct option_row *own,
                 const struct option_row *common);

/* Reads a file of options, one a line without quoting ("--size=1h", '#' comments), as defaults
 * below the command line: a single value already given there stays, lists are added to in front.
 * Called by the call of a row that brings such a file, as --view does: it only notes the file;
 * option_parse reads it afterwards. Returns NULL or the phrase that says what is wrong. */
const char *option_file(const char *path);

/* Its path, or NULL. */
const char *option_file_name(void);

/* Was the option named on the command line or in an option file? */
bool option_given(const char *name);

/* Has the tool an option of that name? */
bool option_known(const char *name);

/* The last value given for it on the command line; NULL: none. */
const char *option_value(const char *name);

/* Where somebody has written a member's name. */
struct option_mention {
    const char *option; /* the first option in whose value it stands; NULL: in none */
    bool bare;          /* in one of them as a name, and not as .name in an expression */
    bool here;          /* on the command line, and not in a view only */
};

struct option_mention option_mentions(struct slice name);

/* The same, but for what is said to that option. */
struct option_mention option_mentions_but(struct slice name, const char *option);

/* Adds the items of each value given for that option. Anything wrong is die_usage. */
void option_items(struct list *out, const char *name, const struct option_list *values,
                  enum list_kind kind);

/* Ends the run because the option's value is no such list; why is list.h's phrase. */
_Noreturn void option_refuse_list(const char *name, const char *value, const char *why);

/* Adds "--name=value\n" for every given row that is not free, in table order: what a state is bound
 * to. */
void option_fingerprint(struct buffer *out);

/* What --help prints before and after the options. */
void option_help_texts(const char *head, const char *tail);

/* Adds the --help text with all of option_parse's rows: the tool's own, then those of each group in
 * the order in which the groups are met in the table. */
void option_help(struct buffer *out);

/* Frees the lists. */
void option_release(void);

#endif
