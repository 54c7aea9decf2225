/*
 * agent.h - what a user agent says: which crawler it is of, and on what kind of device it runs.
 *
 * Crawlers are those of a list (lists.h), a line each: a text that stands anywhere in the agent, or
 * /REGEX/, POSIX's extended ones, and behind a tab the crawler's name (without: the text). The
 * first line that fits counts. All texts are one automaton; what is left are few.
 *
 * Devices are known by words: desktop, mobile, tablet, tv. An agent is bot where the list knows it
 * for a crawler, where it calls itself one (bot, crawler, spider), and where it is empty.
 *
 * There are far fewer agents than events, so what was found is remembered, under 128 bits of the
 * agent, not its text.
 */
#ifndef CS_AGENT_H
#define CS_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/needles.h"
#include "base/slice.h"
#include "base/table.h"

/* What is said of one: text NULL where nothing is. Good as long as the struct agents. */
struct agent {
    struct slice bot;    /* the crawler's name; "empty": the agent is empty, blank or "-" */
    struct slice device; /* desktop, mobile, tablet, tv, bot */
};

struct agents {
    struct buffer list;        /* bots.txt */
    struct agent_pattern *bot; /* its lines */
    uint32_t bot_count;
    uint32_t *apart; /* of them, those that are no needles: they are tried one by one */
    uint32_t apart_count;
    struct needles bots; /* a needle's number is that of a line in bot */
    struct needles devices;
    struct table known; /* struct agent_known */
    size_t known_most;  /* 0: nothing is remembered */
};

/* Of an agent no more is looked at, and servers take no more in a header. */
enum { AGENT_MOST_BYTES = 8192 };

/* Without a list no crawler has a name. */
void agents_init(struct agents *agents);

/* Reads the list, as lists_read. A line that is no expression is die_usage. */
void agents_read(struct agents *agents, const char *directory);

/* text has no escapes. */
struct agent agents_judge(struct agents *agents, struct slice text);

void agents_release(struct agents *agents);

#endif
