/*
 * derive.h - --derive: members that are null are made of those that a server or a browser gives.
 *
 *     device_type     user_agent (agent.h)
 *     bot             user_agent: the crawler's name, or null; the member comes behind the others
 *     traffic_source  page_url (utm_source, click ids), else the referrer (referrer.h): "internal"
 *                     from the own site, "direct" where the referrer is there and empty
 *     campaign_id     page_url (utm_id, utm_campaign, ...)
 *     ip              cut to 24 bits of IPv4, 48 of IPv6, whatever it was; what is no address is
 * null
 *
 * A user_agent or referrer that an event does not have at all says nothing; one that is there and
 * null is what a log has a dash for.
 */
#ifndef CS_DERIVE_H
#define CS_DERIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/option.h"
#include "event/event.h"
#include "event/schema.h"
#include "raw/agent.h"
#include "raw/referrer.h"

enum { DERIVE_ADDRESS_MOST = 64 };

/* A zeroed struct derives nothing. */
struct derive {
    unsigned items; /* bits of enum derive_item */
    int bot_slot, agent_slot, referrer_slot, ip_slot, vhost_slot;
    struct agents agents;
    struct referrers referrers;
    struct list own;                                            /* --own-host */
    struct buffer url, referrer, agent, host, source, campaign; /* plain texts of the event */
    char address[DERIVE_ADDRESS_MOST + VALUE_PADDING];
};

/* Reads the options (lists: --lists, or NULL), and the lists that are needed; asks for members.
 * Anything wrong is die_usage. */
void derive_options(struct derive *derive, const struct option_list *items,
                    const struct option_list *own_hosts, const char *lists, struct schema *schema);

/* Fills the event's members, good until the next call. Returns a bit for each slot of a member
 * behind the canonical ones that is not as it came (canonical.h). */
uint64_t derive_event(struct derive *derive, struct event *ev);

void derive_release(struct derive *derive);

#endif
