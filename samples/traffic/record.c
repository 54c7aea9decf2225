#include "record.h"

#include <endian.h>
#include <string.h>

#include "calendar.h"
#include "catalog.h"

#define SALT_EVENT_ID 11
#define SALT_SESSION_ID 12
#define EMPTY_PPM 30000
#define SHOP "https://www.shop.example"

const char *const member_names[MEMBER_COUNT] = {
    "event_id",    "session_id",   "user_id",        "event_type",  "page_url",    "product_id",
    "category_id", "search_query", "traffic_source", "campaign_id", "device_type", "event_time",
    "price",       "quantity",     "currency",       "user_agent",
};

static const char *const type_names[] = {
    [PAGE_VIEW] = "page_view",
    [PRODUCT_VIEW] = "product_view",
    [SEARCH] = "search",
    [ADD_TO_CART] = "add_to_cart",
    [REMOVE_FROM_CART] = "remove_from_cart",
    [USER_IDENTIFIED] = "user_identified",
    [CHECKOUT_START] = "checkout_start",
    [PURCHASE] = "purchase",
};

/* Eight hexadecimal digits at once: one digit a byte, then '0' or 'a' - 10 added to each. */
static void hex8_print(char *out, uint32_t number)
{
    uint64_t x = number;
    x = ((x << 16) | x) & UINT64_C(0x0000ffff0000ffff);
    x = ((x << 8) | x) & UINT64_C(0x00ff00ff00ff00ff);
    x = ((x << 4) | x) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    const uint64_t letters =
        ((x + UINT64_C(0x0606060606060606)) >> 4) & UINT64_C(0x0101010101010101);
    x = htobe64(x + UINT64_C(0x3030303030303030) + letters * ('a' - 10 - '0'));
    memcpy(out, &x, sizeof(x));
}

char *uuid_print(char *out, uint64_t seed, uint64_t salt, uint64_t number)
{
    const uint64_t high = mix64(number + mix64(seed ^ mix64(salt)));
    const uint64_t low = mix64(high ^ seed);
    char hex[32];
    hex8_print(hex, (uint32_t)(high >> 32));
    hex8_print(hex + 8, (uint32_t)((high & ~UINT64_C(0xf000)) | 0x4000));
    hex8_print(hex + 16, (uint32_t)((low >> 32) & 0x3fffffff) | UINT32_C(0x80000000));
    hex8_print(hex + 24, (uint32_t)low);
    memcpy(out, hex, 8);
    out[8] = '-';
    memcpy(out + 9, hex + 8, 4);
    out[13] = '-';
    memcpy(out + 14, hex + 12, 4);
    out[18] = '-';
    memcpy(out + 19, hex + 16, 4);
    out[23] = '-';
    memcpy(out + 24, hex + 20, 12);
    return out + 36;
}

/* Sets a member to the text between begin and end. */
static void member_set(struct record *record, enum member_id id, enum value_kind kind,
                       const char *begin, const char *end)
{
    record->members[id] = (struct member){kind, (uint32_t)(end - begin), begin};
}

static void member_set_static(struct record *record, enum member_id id, enum value_kind kind,
                              const char *text)
{
    member_set(record, id, kind, text, text + strlen(text));
}

static const char *category_name(uint32_t category, bool unicode)
{
    return unicode && category % 2 == 0 ? catalog_unicode_categories[category]
                                        : catalog_categories[category];
}

/* The query as it was typed, in one of several ways. */
static char *query_print(char *out, const struct event *event, const struct options *options)
{
    char *const begin = out;
    if (event->term < TERM_COUNT) {
        out = catalog_term_print(out, event->term);
    } else {
        out = text_print(out, options->search_spikes.list[event->term - TERM_COUNT].term);
    }
    const uint32_t taste = event->detail % 16; /* mostly lower case or as it is */
    text_recase(begin, (size_t)(out - begin), taste < 6 ? 0 : taste < 13 ? 1 : taste < 14 ? 2 : 3);
    if (options->unicode && (event->detail >> 8) % 24 == 0)
        out = text_print(out, (event->detail & 0x8000) ? "\nnew line" : "\ttab");
    return out;
}

static char *percent_print(char *out, const char *text, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '.' || c == '_') {
            *out++ = (char)c;
        } else if (c == ' ') {
            *out++ = '+';
        } else {
            *out++ = '%';
            *out++ = hex[c >> 4];
            *out++ = hex[c & 15];
        }
    }
    return out;
}

static char *page_print(char *out, const struct event *event, const struct options *options)
{
    const uint32_t kind = event->detail % 8;
    const uint32_t more = event->detail >> 8;
    switch (kind) {
    case 0:
    case 1: return text_print(out, "/");
    case 2: return text_print(out, event->user ? "/account/orders" : "/help/shipping-and-returns");
    case 3: return text_print(out, "/sale/january-offers");
    default:
        out = text_print(out, "/c/");
        out = text_print(out, category_name(more % CATEGORY_COUNT, options->unicode));
        if (kind > 5) {
            out = text_print(out, "?sort=popular&page=");
            out = number_print(out, 1 + more % 7, 1);
        }
        return out;
    }
}

static char *product_page_print(char *out, const struct event *event, const struct options *options)
{
    out = text_print(out, "/c/");
    out = text_print(out, category_name(catalog_category(event->product), options->unicode));
    *out++ = '/';
    out = catalog_slug_print(out, event->product);
    out = text_print(out, "-p");
    return number_print(out, event->product, 5);
}

static char *url_print(char *out, const struct event *event, const struct options *options,
                       const struct member *query)
{
    const char *const begin = out;
    out = text_print(out, SHOP);
    switch ((enum event_type)event->type) {
    case PAGE_VIEW:
        out = event->page ? text_print(out, catalog_pages[event->page - 1])
                          : page_print(out, event, options);
        break;
    case SEARCH:
        out = text_print(out, "/search?q=");
        out = percent_print(out, query->text, query->len);
        break;
    case USER_IDENTIFIED: out = text_print(out, "/account/login"); break;
    case CHECKOUT_START: out = text_print(out, "/checkout"); break;
    case PURCHASE: out = text_print(out, "/checkout/confirmation"); break;
    case PRODUCT_VIEW:
    case ADD_TO_CART: out = product_page_print(out, event, options); break;
    case REMOVE_FROM_CART: out = text_print(out, "/cart"); break;
    }
    if (event->landing && event->campaign) {
        out = text_print(out, memchr(begin, '?', (size_t)(out - begin)) ? "&" : "?");
        out = text_print(out, "utm_medium=paid&utm_source=");
        out = text_print(out, catalog_sources[event->source].name);
    }
    if (options->unicode && (event->detail >> 16) % 6 == 0) out = text_print(out, "#\"né\\\" 日/😀");
    return out;
}

/* With --unicode every eighth id has something of its own at its end. */
static char *id_end_print(char *out, uint64_t number, const struct options *options)
{
    if (options->unicode && mix64(number) % 8 == 0) out = text_print(out, "-é\"😀");
    return out;
}

/* Prices in hundredths as a decimal without needless zeros. */
static char *price_print(char *out, uint32_t hundredths)
{
    out = number_print(out, hundredths / 100, 1);
    *out++ = '.';
    *out++ = (char)('0' + hundredths / 10 % 10);
    if (hundredths % 10) *out++ = (char)('0' + hundredths % 10);
    return out;
}

static char *extras_fill(struct record *record, const struct event *event, char *out)
{
    static const char *const currencies[] = {"EUR", "USD", "GBP", "EUR"};
    for (int id = MEMBER_PRICE; id <= MEMBER_CURRENCY; id++)
        record->members[id].kind = VALUE_ABSENT;
    if (event->type != ADD_TO_CART && event->type != PURCHASE) return out;
    char *begin = out;
    out = price_print(out, catalog_price(event->product));
    member_set(record, MEMBER_PRICE, VALUE_RAW, begin, out);
    begin = out;
    out = number_print(out, event->quantity, 1);
    member_set(record, MEMBER_QUANTITY, VALUE_RAW, begin, out);
    member_set_static(record, MEMBER_CURRENCY, VALUE_PLAIN, currencies[event->session % 4]);
    return out;
}

static char *ids_fill(struct record *record, const struct event *event,
                      const struct options *options, char *out)
{
    const enum value_kind kind = options->unicode ? VALUE_TEXT : VALUE_PLAIN;
    char *begin = out;
    out = uuid_print(out, options->seed, SALT_EVENT_ID, event->number);
    out = id_end_print(out, event->number, options);
    member_set(record, MEMBER_EVENT_ID, kind, begin, out);
    begin = out;
    out = uuid_print(out, options->seed, SALT_SESSION_ID, event->session);
    out = id_end_print(out, event->session, options);
    member_set(record, MEMBER_SESSION_ID, kind, begin, out);
    if (event->user) {
        begin = out;
        *out++ = 'u';
        out = number_print(out, UINT64_C(100000) + event->user, 6);
        out = id_end_print(out, event->user, options);
        member_set(record, MEMBER_USER_ID, kind, begin, out);
    }
    if (event->product) {
        begin = out;
        *out++ = 'p';
        out = number_print(out, event->product, 5);
        out = id_end_print(out, event->product, options);
        member_set(record, MEMBER_PRODUCT_ID, kind, begin, out);
        member_set_static(record, MEMBER_CATEGORY_ID, kind,
                          category_name(catalog_category(event->product), options->unicode));
    }
    if (event->campaign) {
        begin = out;
        out = text_print(out, "cmp-");
        out = number_print(out, 1000u + event->source * 100u + event->campaign, 4);
        member_set(record, MEMBER_CAMPAIGN_ID, VALUE_PLAIN, begin, out);
    }
    return out;
}

void record_fill(struct record *record, const struct event *event, const struct options *options)
{
    const struct source *source = &catalog_sources[event->source];
    const bool foreign = options->unicode && mix64(event->session) % 3 == 0;
    for (int id = 0; id < MEMBER_COUNT; id++) {
        record->members[id].kind = VALUE_NULL;
        record->order[id] = (uint8_t)id;
    }
    char *out = ids_fill(record, event, options, record->text);
    member_set_static(record, MEMBER_EVENT_TYPE, VALUE_PLAIN, type_names[event->type]);
    member_set_static(record, MEMBER_TRAFFIC_SOURCE, foreign ? VALUE_TEXT : VALUE_PLAIN,
                      foreign ? source->unicode_name : source->name);
    member_set_static(record, MEMBER_DEVICE_TYPE, VALUE_PLAIN, catalog_devices[event->device].name);
    char *begin = out;
    if (event->type == SEARCH) {
        out = query_print(out, event, options);
        member_set(record, MEMBER_SEARCH_QUERY, VALUE_TEXT, begin, out);
    }
    begin = out;
    out = url_print(out, event, options, &record->members[MEMBER_SEARCH_QUERY]);
    member_set(record, MEMBER_PAGE_URL, options->unicode ? VALUE_TEXT : VALUE_PLAIN, begin, out);
    begin = out;
    calendar_print(out, event->time_us);
    out += CALENDAR_BYTES;
    member_set(record, MEMBER_EVENT_TIME, VALUE_PLAIN, begin, out);
    if (options->extras) extras_fill(record, event, out);
    if (options->agents)
        member_set_static(record, MEMBER_USER_AGENT, options->csv ? VALUE_TEXT : VALUE_PLAIN,
                          event->agent ? catalog_crawlers[event->agent - 1].agent
                                       : catalog_browser(event->session, event->device));
}

void record_shuffle(struct record *record, const struct options *options, struct rng *rng)
{
    for (uint32_t i = options->agents ? MEMBER_USER_AGENT : MEMBER_CURRENCY; i > 0; i--) {
        const uint32_t other = rng_below(rng, i + 1);
        const uint8_t id = record->order[i];
        record->order[i] = record->order[other];
        record->order[other] = id;
    }
}

void record_dress(struct record *record, const struct options *options, struct rng *rng)
{
    for (int id = 0; id < MEMBER_PRICE && (options->nulls_ppm || options->empty); id++) {
        const uint32_t part = id == MEMBER_EVENT_ID || id == MEMBER_SESSION_ID ? 10 : 1;
        struct member *member = &record->members[id];
        if (id == MEMBER_EVENT_TYPE || id == MEMBER_EVENT_TIME) continue;
        if (options->empty && rng_chance(rng, EMPTY_PPM / part))
            member_set_static(record, (enum member_id)id, VALUE_PLAIN, "");
        if (rng_chance(rng, options->nulls_ppm / part))
            member->kind = rng_chance(rng, 500000) ? VALUE_NULL : VALUE_ABSENT;
    }
}

#define PICK(rng, array) (array)[rng_below(rng, sizeof(array) / sizeof((array)[0]))]

void record_break(struct record *record, enum defect defect, struct rng *rng)
{
    static const char *const times[] = {
        "yesterday", "2026-13-45T99:99:99Z", "2026-01-01", "01/Jan/2026 00:00", "12:30", "T",
        "NaN"};
    static const char *const bad_utf8[] = {
        "caf\xe9",            /* Latin-1 */
        "\xff\xfe",           /* no such bytes */
        "abc\xc3",            /* cut */
        "\xc0\xaf",           /* overlong */
        "\xed\xa0\x80",       /* a surrogate */
        "x\xf4\x90\x80\x80y", /* beyond U+10FFFF */
        "\x80https://",       /* continuation alone */
    };
    static const char *const controls[] = {"a\001b", "\037", "tab\there", "esc\033[31m"};
    static const char *const surrogates[] = {"\\ud83d", "x\\udc00", "\\ud83d\\u0041", "\\uD83Dxyz",
                                             "\\udfff\\ud800"};
    static const char nul[] = "a\0b";
    const enum member_id texts[] = {MEMBER_PAGE_URL, MEMBER_SEARCH_QUERY, MEMBER_TRAFFIC_SOURCE,
                                    MEMBER_SESSION_ID};
    const enum member_id id = PICK(rng, texts);
    switch (defect) {
    case DEFECT_NO_TIME:
        record->members[MEMBER_EVENT_TIME].kind =
            rng_chance(rng, 500000) ? VALUE_NULL : VALUE_ABSENT;
        break;
    case DEFECT_BAD_TIME:
        member_set_static(record, MEMBER_EVENT_TIME, VALUE_PLAIN, PICK(rng, times));
        break;
    case DEFECT_BAD_UTF8: member_set_static(record, id, VALUE_BROKEN, PICK(rng, bad_utf8)); break;
    case DEFECT_NESTED_ID:
        member_set_static(record, MEMBER_SESSION_ID, VALUE_RAW,
                          rng_chance(rng, 500000) ? "{\"id\":\"s1\"}" : "[\"s1\"]");
        break;
    case DEFECT_NUL: member_set(record, id, VALUE_BROKEN, nul, nul + sizeof(nul) - 1); break;
    case DEFECT_CONTROL: member_set_static(record, id, VALUE_BROKEN, PICK(rng, controls)); break;
    case DEFECT_SURROGATE:
        member_set_static(record, id, VALUE_BROKEN, PICK(rng, surrogates));
        break;
    case DEFECT_COUNT: break;
    }
}
