/*
 * die.h - messages on standard error, and the ends of a run that cannot go on.
 *
 * Every message is "tool: text", one line, in one write. Control characters, bidirectional
 * controls and bytes that are not UTF-8 come out as \xNN, so nothing that was read from a
 * file or a topic can reach a terminal raw; a text of more than about 2 KiB ends in "...".
 * What goes wrong ends the process here. It exits elsewhere only where there is nothing to say, or
 * it has been said: after --help and --version (option.c), --explain (tool.c) and --show-position,
 * at the bound on keys (checkpoint.c), and after a process of its own that has failed with a
 * message (range.c, saver.c).
 */
#ifndef CS_DIE_H
#define CS_DIE_H

#include <stdarg.h>
#include <stddef.h>
#include <sys/types.h>

enum exit_code {
    EXIT_DONE = 0,
    EXIT_FAILED = 1, /* I/O, memory, --strict */
    EXIT_USAGE = 2,  /* wrong use; nothing was read */
    EXIT_PERSON = 3, /* a person is needed: state, position, key bound */
};

/* Names the tool in all later messages. The string is borrowed for the process's life. */
void message_name(const char *tool);

/* That name. */
const char *message_tool(void);

/* Prints "tool: text\n" to standard error in one write; errno stays as it was. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on messages, complete lines, go to keep; those that end the process do not. */
void message_keep(void (*keep)(const char *text, size_t len));

/* Writes to standard error what was kept, by this process or another one. */
void message_pass(const char *text, size_t len);

/* A message, then exit 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A message ending in ": " and the text of errno, then exit 1. */
_Noreturn void die_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A message and a second line "Try 'tool --help'.", then exit 2. */
_Noreturn void die_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A message, then exit 3: a person has to decide. */
_Noreturn void die_person(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For a process just forked: it is to die, killed, when its parent does. */
void die_with(pid_t parent);

#endif
