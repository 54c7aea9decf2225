#include "raw/derive.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/list.h"
#include "base/utf8.h"
#include "event/members.h"
#include "raw/host.h"
#include "raw/lists.h"
#include "raw/url.h"

enum derive_item {
    DERIVE_DEVICE = 1,
    DERIVE_BOT = 2,
    DERIVE_SOURCE = 4,
    DERIVE_CAMPAIGN = 8,
    DERIVE_IP = 16,
    DERIVE_ALL = 31
};

static const struct {
    struct slice name;
    unsigned item;
} items[] = {
    {SLICE("device_type"), DERIVE_DEVICE},
    {SLICE("bot"), DERIVE_BOT},
    {SLICE("traffic_source"), DERIVE_SOURCE},
    {SLICE("campaign_id"), DERIVE_CAMPAIGN},
    {SLICE("ip"), DERIVE_IP},
    {SLICE("all"), DERIVE_ALL},
};

/* What an advertiser adds to a link says whose link it was. */
static const struct {
    struct slice name;
    char source[16 + VALUE_PADDING];
} clicks[] = {
    {SLICE("gclid"), "google"},     {SLICE("gbraid"), "google"},
    {SLICE("wbraid"), "google"},    {SLICE("dclid"), "google"},
    {SLICE("gclsrc"), "google"},    {SLICE("fbclid"), "facebook"},
    {SLICE("igshid"), "instagram"}, {SLICE("igsh"), "instagram"},
    {SLICE("msclkid"), "bing"},     {SLICE("ttclid"), "tiktok"},
    {SLICE("twclid"), "twitter"},   {SLICE("li_fat_id"), "linkedin"},
    {SLICE("yclid"), "yandex"},     {SLICE("epik"), "pinterest"},
    {SLICE("sccid"), "snapchat"},   {SLICE("rdt_cid"), "reddit"},
    {SLICE("mc_cid"), "mailchimp"},
};

/* Where a campaign is named, the surest first. */
static const struct slice campaigns[] = {SLICE("utm_id"), SLICE("utm_campaign"),
                                         SLICE("gad_campaignid"), SLICE("mc_cid")};
enum { CAMPAIGNS = sizeof(campaigns) / sizeof(campaigns[0]) };

static unsigned item_of(struct slice name)
{
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++)
        if (slice_equal(name, items[i].name)) return items[i].item;
    die_usage("--derive: '%.*s' is none of device_type, bot, traffic_source, campaign_id, ip, all",
              (int)name.len, name.text);
}

/* What somebody may have meant who gave an address, a port, a pattern, or blanks: the host in it.
 */
static struct slice host_in(struct slice text, struct buffer *scratch)
{
    text = text_trim(text);
    buffer_clear(scratch);
    if (memmem(text.text, text.len, "//", 2) == NULL) buffer_add_literal(scratch, "//");
    buffer_add_slice(scratch, text);
    struct slice host = url_of(buffer_slice(scratch)).host;
    while (host.len > 0 && (*host.text == '*' || *host.text == '.')) {
        host.text++;
        host.len--;
    }
    return host;
}

/* What is no host's name is that of no referrer, and all that is internal would be said to come
 * from other sites. */
static void own_host_check(struct slice name)
{
    struct buffer scratch = {0};

    if (*name.text != '[' && host_of(name) != HOST_NONE) return;
    if (!utf8_is_ascii(name))
        die_usage("--own-host: '%s': referrers have other letters than those of ASCII as xn--...",
                  name.text);
    const struct slice host = host_in(name, &scratch);
    if (host_of(host) != HOST_NONE)
        die_usage("--own-host: '%s' is not the name of a host alone; did you mean %.*s?", name.text,
                  (int)host.len, host.text);
    die_usage("--own-host: '%s' is not the name of a host, as shop.example is", name.text);
}

/* What an item is made of. Who has not named the item asks for what there is to be had, and is told
 * only of a member that looks like it. */
static int source_expect(struct schema *schema, struct slice name, bool named)
{
    const int slot = member_need(schema, name, "derive");
    (void)schema_expect(schema, name, "derive");
    if (!named) schema_look(schema, name, false, true);
    return slot;
}

void derive_options(struct derive *derive, const struct option_list *names,
                    const struct option_list *own_hosts, const char *lists, struct schema *schema)
{
    struct list list = {0};
    unsigned named = 0;

    option_items(&list, "derive", names, LIST_NAMES);
    for (size_t i = 0; i < list.count; i++) {
        const unsigned item = item_of(list.item[i].name);
        derive->items |= item;
        if (item != DERIVE_ALL) named |= item;
    }
    list_release(&list);
    option_items(&derive->own, "own-host", own_hosts, LIST_NAMES);
    for (size_t i = 0; i < derive->own.count; i++)
        own_host_check(derive->own.item[i].name);
    if (derive->own.count > 0 && (derive->items & DERIVE_SOURCE) == 0)
        die_usage("--own-host is for --derive=traffic_source");
    if (lists != NULL && (derive->items & (DERIVE_BOT | DERIVE_SOURCE)) == 0)
        die_usage("--lists is for --derive=bot and --derive=traffic_source");
    if (derive->items == 0) return;
    agents_init(&derive->agents);
    if ((derive->items & DERIVE_BOT) != 0) agents_read(&derive->agents, lists);
    if ((derive->items & DERIVE_SOURCE) != 0) referrers_read(&derive->referrers, lists);
    derive->bot_slot =
        (derive->items & DERIVE_BOT) == 0 ? -1 : member_need(schema, SLICE("bot"), "derive");
    derive->ip_slot =
        (derive->items & DERIVE_IP) == 0 ? -1 : member_need(schema, SLICE("ip"), "derive");
    if ((derive->items & (DERIVE_BOT | DERIVE_DEVICE)) != 0)
        derive->agent_slot =
            source_expect(schema, SLICE("user_agent"), (named & (DERIVE_BOT | DERIVE_DEVICE)) != 0);
    if ((derive->items & (DERIVE_SOURCE | DERIVE_CAMPAIGN)) != 0)
        (void)source_expect(schema, SLICE("page_url"),
                            (named & (DERIVE_SOURCE | DERIVE_CAMPAIGN)) != 0);
    if ((derive->items & DERIVE_SOURCE) != 0) {
        derive->referrer_slot = source_expect(schema, SLICE("referrer"), false);
        derive->vhost_slot = member_need(schema, SLICE("vhost"), "derive");
    }
    if (derive->bot_slot >= 0) schema->made |= UINT64_C(1) << derive->bot_slot;
    if ((derive->items & DERIVE_DEVICE) != 0) schema->made |= UINT64_C(1) << SLOT_DEVICE_TYPE;
    if ((derive->items & DERIVE_SOURCE) != 0) schema->made |= UINT64_C(1) << SLOT_TRAFFIC_SOURCE;
    if ((derive->items & DERIVE_CAMPAIGN) != 0) schema->made |= UINT64_C(1) << SLOT_CAMPAIGN_ID;
    /* An expression may want the line: then it has to be the one with what was derived. */
    if ((derive->items & (DERIVE_BOT | DERIVE_IP)) != 0 && option_given("where"))
        schema->whole = true;
}

/* A member's text without escapes; empty where it is null. */
static struct slice plain_of(struct value value, struct buffer *scratch)
{
    if (value.kind == KIND_NULL || value.kind >= KIND_ARRAY)
        return (struct slice){.text = "", .len = 0};
    buffer_clear(scratch);
    return value_slice(value_plain(value, scratch));
}

static void value_set(struct event *ev, int slot, struct value value)
{
    ev->value[slot] = value;
    ev->recast = true;
}

static void agent_derive(struct derive *derive, struct event *ev, uint64_t *changed)
{
    const struct value value = ev->value[derive->agent_slot];
    struct agent agent = {0};

    if (value.text != NULL && value.kind < KIND_ARRAY)
        agent = agents_judge(&derive->agents, plain_of(value, &derive->agent));
    if ((derive->items & DERIVE_DEVICE) != 0 && agent.device.text != NULL &&
        ev->value[SLOT_DEVICE_TYPE].kind == KIND_NULL)
        value_set(ev, SLOT_DEVICE_TYPE, value_string(agent.device));
    if (derive->bot_slot < 0 || ev->value[derive->bot_slot].kind != KIND_NULL) return;
    value_set(ev, derive->bot_slot, agent.bot.text == NULL ? VALUE_NULL : value_string(agent.bot));
    *changed |= UINT64_C(1) << derive->bot_slot;
}

static bool name_is(struct slice name, struct slice wanted)
{
    return name.len == wanted.len && strncasecmp(name.text, wanted.text, wanted.len) == 0;
}

/* What the page's own address says. */
struct said {
    struct slice source;              /* utm_source */
    const char *click;                /* whose click id it has */
    struct slice campaign[CAMPAIGNS]; /* by the places they were found in */
};

static void parameters_read(struct slice query, struct said *said)
{
    struct slice name, value;

    while (url_parameter(&query, &name, &value)) {
        if (value.len == 0) continue;
        if (name_is(name, SLICE("utm_source")) && said->source.len == 0) said->source = value;
        for (size_t i = 0; i < CAMPAIGNS; i++)
            if (name_is(name, campaigns[i]) && said->campaign[i].len == 0)
                said->campaign[i] = value;
        for (size_t i = 0; said->click == NULL && i < sizeof(clicks) / sizeof(clicks[0]); i++)
            if (name_is(name, clicks[i].name)) said->click = clicks[i].source;
    }
}

static bool is_own(const struct derive *derive, struct slice host, struct slice page_host,
                   struct slice vhost)
{
    if (url_same_site(host, page_host) || url_same_site(host, vhost)) return true;
    for (size_t i = 0; i < derive->own.count; i++)
        if (url_same_site(host, derive->own.item[i].name)) return true;
    return false;
}

/* By the referrer; text NULL: nothing is known. */
static struct slice referrer_source(struct derive *derive, const struct event *ev,
                                    struct slice page_host)
{
    static const char direct[8 + VALUE_PADDING] = "direct";
    static const char internal[8 + VALUE_PADDING] = "internal";
    const struct value value = ev->value[derive->referrer_slot];
    struct slice text = plain_of(value, &derive->referrer);

    if (value.text == NULL) return (struct slice){.text = NULL};
    if (slice_is_blank(text) || slice_equal(text, SLICE("-"))) return slice_of(direct);
    const struct url url = url_of(text);
    struct slice vhost = plain_of(ev->value[derive->vhost_slot], &derive->host);
    const char *const colon = memchr(vhost.text, ':', vhost.len);
    if (colon != NULL) vhost.len = (size_t)(colon - vhost.text);
    if (is_own(derive, url.host, page_host, vhost)) return slice_of(internal);
    return referrers_source(&derive->referrers, &url);
}

static void address_derive(struct derive *derive, struct event *ev)
{
    const bool wants_source =
        (derive->items & DERIVE_SOURCE) != 0 && ev->value[SLOT_TRAFFIC_SOURCE].kind == KIND_NULL;
    const bool wants_campaign =
        (derive->items & DERIVE_CAMPAIGN) != 0 && ev->value[SLOT_CAMPAIGN_ID].kind == KIND_NULL;
    struct said said = {.click = NULL};

    if (!wants_source && !wants_campaign) return;
    const struct url page = url_of(plain_of(ev->value[SLOT_PAGE_URL], &derive->url));
    parameters_read(page.query, &said);
    for (size_t i = 0; wants_campaign && i < CAMPAIGNS; i++) {
        if (said.campaign[i].len == 0) continue;
        value_set(ev, SLOT_CAMPAIGN_ID,
                  value_string(url_decode(&derive->campaign, said.campaign[i])));
        break;
    }
    if (!wants_source) return;
    struct slice source;
    if (said.source.len > 0)
        source = url_decode(&derive->source, said.source);
    else if (said.click != NULL)
        source = slice_of(said.click);
    else
        source = referrer_source(derive, ev, page.host);
    if (source.text != NULL) value_set(ev, SLOT_TRAFFIC_SOURCE, value_string(source));
}

/* Puts the address without its last bits in derive->address; false: it is none. */
static bool address_cut(struct derive *derive, struct slice text)
{
    struct slice host;
    enum host_kind kind;
    char copy[DERIVE_ADDRESS_MOST];
    unsigned char bits[16];

    const char *const behind = host_take(text, &host, &kind);
    if (behind == NULL || (kind != HOST_IPV4 && kind != HOST_IPV6)) return false;
    /* A port, or further addresses of a list. */
    if (behind < text.text + text.len && strchr(":, ", *behind) == NULL) return false;
    if (kind == HOST_IPV4) {
        const char *const dot = memrchr(host.text, '.', host.len);
        const size_t len = (size_t)(dot + 1 - host.text);
        memcpy(derive->address, host.text, len);
        memcpy(derive->address + len, "0", 2);
        return true;
    }
    const char *const zone = memchr(host.text, '%', host.len);
    if (zone != NULL) host.len = (size_t)(zone - host.text);
    if (host.len >= sizeof(copy)) return false;
    memcpy(copy, host.text, host.len);
    copy[host.len] = '\0';
    if (inet_pton(AF_INET6, copy, bits) != 1) return false;
    /* ::ffff:203.0.113.9 is one of the other kind. */
    if (memcmp(bits, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0)
        bits[15] = 0;
    else
        memset(bits + 6, 0, 10);
    return inet_ntop(AF_INET6, bits, derive->address, DERIVE_ADDRESS_MOST) != NULL;
}

static void ip_derive(struct derive *derive, struct event *ev, uint64_t *changed)
{
    const struct value value = ev->value[derive->ip_slot];

    if (value.kind == KIND_NULL) return;
    const struct slice text = plain_of(value, &derive->agent);
    const bool good = value.kind == KIND_STRING && address_cut(derive, text);
    if (good && slice_equal(text, slice_of(derive->address))) return;
    value_set(ev, derive->ip_slot, good ? value_string(slice_of(derive->address)) : VALUE_NULL);
    *changed |= UINT64_C(1) << derive->ip_slot;
}

uint64_t derive_event(struct derive *derive, struct event *ev)
{
    uint64_t changed = 0;

    if ((derive->items & (DERIVE_BOT | DERIVE_DEVICE)) != 0) agent_derive(derive, ev, &changed);
    address_derive(derive, ev);
    if (derive->ip_slot >= 0) ip_derive(derive, ev, &changed);
    return changed;
}

void derive_release(struct derive *derive)
{
    if (derive->items == 0) return;
    agents_release(&derive->agents);
    if ((derive->items & DERIVE_SOURCE) != 0) referrers_release(&derive->referrers);
    list_release(&derive->own);
    buffer_release(&derive->url);
    buffer_release(&derive->referrer);
    buffer_release(&derive->agent);
    buffer_release(&derive->host);
    buffer_release(&derive->source);
    buffer_release(&derive->campaign);
    lists_release();
}
