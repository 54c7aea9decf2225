#include "raw/agent.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/id.h"
#include "base/memory.h"
#include "base/value.h"
#include "raw/lists.h"

/* How many agents are remembered: then all are forgotten. */
enum { KNOWN_MOST = 65536 };

/* A line of the list. */
struct agent_pattern {
    struct slice name;
    regex_t *regex; /* owned; NULL: a text, */
    char *text;     /* owned: /^TEXT/, /TEXT$/ or both; NULL: a needle */
    size_t len;
    bool begin, end;
};

enum { DEVICE_NONE, DESKTOP, MOBILE, TABLET, TV, BOT };

/* What an agent has in it, as bits. */
enum {
    HAS_DESKTOP = 2,
    HAS_MOBILE = 4,
    HAS_TABLET = 8,
    HAS_ANDROID = 16,
    HAS_TV = 32,
    HAS_BOT = 64,
    HAS_PHONE = 128, /* MOBILE whatever else is there */
    HAS_NO_BOT = 256,
};

static const struct {
    struct slice text;
    unsigned bit;
} words[] = {
    {SLICE("Windows NT"), HAS_DESKTOP},
    {SLICE("Macintosh"), HAS_DESKTOP},
    {SLICE("X11"), HAS_DESKTOP},
    {SLICE("CrOS"), HAS_DESKTOP},
    {SLICE("Linux x86_64"), HAS_DESKTOP},
    {SLICE("Linux i686"), HAS_DESKTOP},
    {SLICE("Android"), HAS_ANDROID},
    {SLICE("Mobile"), HAS_MOBILE},
    {SLICE("mobile"), HAS_MOBILE},
    {SLICE("iPhone"), HAS_PHONE},
    {SLICE("iPod"), HAS_PHONE},
    {SLICE("Windows Phone"), HAS_PHONE},
    {SLICE("IEMobile"), HAS_PHONE},
    {SLICE("Opera Mini"), HAS_PHONE},
    {SLICE("Opera Mobi"), HAS_PHONE},
    {SLICE("BlackBerry"), HAS_PHONE},
    {SLICE("BB10"), HAS_PHONE},
    {SLICE("KAIOS"), HAS_PHONE},
    {SLICE("Symbian"), HAS_PHONE},
    {SLICE("MIDP"), HAS_PHONE},
    {SLICE("DoCoMo"), HAS_PHONE},
    {SLICE("iPad"), HAS_TABLET},
    {SLICE("Tablet;"), HAS_TABLET}, /* "Tablet PC" is what a Windows can do */
    {SLICE("Tablet)"), HAS_TABLET},
    {SLICE("PlayBook"), HAS_TABLET},
    {SLICE("Kindle"), HAS_TABLET},
    {SLICE("Silk/"), HAS_TABLET},
    {SLICE("SmartTV"), HAS_TV},
    {SLICE("SMART-TV"), HAS_TV},
    {SLICE("Smart TV"), HAS_TV},
    {SLICE("AppleTV"), HAS_TV},
    {SLICE("Apple TV"), HAS_TV},
    {SLICE("GoogleTV"), HAS_TV},
    {SLICE("Android TV"), HAS_TV},
    {SLICE("BRAVIA"), HAS_TV},
    {SLICE("HbbTV"), HAS_TV},
    {SLICE("Roku"), HAS_TV},
    {SLICE("CrKey"), HAS_TV},
    {SLICE("Web0S"), HAS_TV},
    {SLICE("AFTT"), HAS_TV},
    {SLICE("bot"), HAS_BOT},
    {SLICE("Bot"), HAS_BOT},
    {SLICE("BOT"), HAS_BOT},
    {SLICE("crawl"), HAS_BOT},
    {SLICE("Crawl"), HAS_BOT},
    {SLICE("spider"), HAS_BOT},
    {SLICE("Spider"), HAS_BOT},
    {SLICE("CUBOT"), HAS_NO_BOT}, /* telephones */
    {SLICE("Cubot"), HAS_NO_BOT},
};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

/* With room behind for VALUE_PADDING. */
static const char device_names[][8 + VALUE_PADDING] = {
    [DESKTOP] = "desktop", [MOBILE] = "mobile", [TABLET] = "tablet", [TV] = "tv", [BOT] = "bot"};

/* What was found of an agent. */
struct agent_known {
    struct id id;
    uint32_t bot; /* the line's number and 1, or 0 */
    uint32_t device;
};

void agents_init(struct agents *agents)
{
    *agents = (struct agents){.known_most = KNOWN_MOST};
    table_init(&agents->known, sizeof(struct agent_known), HELD_TEXTS);
    for (uint32_t i = 0; i < WORDS; i++)
        needles_add(&agents->devices, words[i].text, i);
    needles_build(&agents->devices);
}

/* Takes a text apart with its anchors, if the expression is no more than that. */
static bool regex_is_text(struct slice regex, struct agent_pattern *pattern)
{
    static const char special[] = "\\^$.|?*+()[]{}";
    struct buffer text = {0};
    const bool begin = regex.text[0] == '^';
    const bool end =
        regex.len > 1 && regex.text[regex.len - 1] == '$' && regex.text[regex.len - 2] != '\\';
    const size_t behind = regex.len - end;
    size_t i = begin;

    for (; i < behind; i++) {
        char c = regex.text[i];
        if (c == '\\' && i + 1 < behind && strchr(special, regex.text[i + 1]) != NULL)
            c = regex.text[++i];
        else if (strchr(special, c) != NULL)
            break;
        buffer_add_char(&text, c);
    }
    const bool is_text = i == behind && text.len > 0;
    if (is_text)
        *pattern = (struct agent_pattern){.name = pattern->name,
                                          .text = memory_text(text.data, text.len),
                                          .len = text.len,
                                          .begin = begin,
                                          .end = end};
    buffer_release(&text);
    return is_text;
}

static void regex_compile(struct agent_pattern *pattern, struct slice text)
{
    char *const copy = memory_text(text.text, text.len);

    pattern->regex = memory_zero(1, sizeof(*pattern->regex));
    const int problem = regcomp(pattern->regex, copy, REG_EXTENDED);
    if (problem != 0) {
        char why[200];
        regerror(problem, pattern->regex, why, sizeof(why));
        die_usage("--lists: bots.txt: /%s/: %s", copy, why);
    }
    free(copy);
}

/* Adds a line; a text that was there before adds nothing. */
static void pattern_add(struct agents *agents, struct slice entry, struct slice name)
{
    const uint32_t number = agents->bot_count;
    struct agent_pattern pattern = {.name = name};

    if (entry.len > 2 && *entry.text == '/' && entry.text[entry.len - 1] == '/') {
        const struct slice regex = {.text = entry.text + 1, .len = entry.len - 2};
        if (!regex_is_text(regex, &pattern)) {
            regex_compile(&pattern, regex);
        } else if (!pattern.begin && !pattern.end) {
            const struct slice text = {.text = pattern.text, .len = pattern.len};
            const bool is_new = needles_add(&agents->bots, text, number);
            free(pattern.text);
            pattern.text = NULL;
            if (!is_new) return;
        }
    } else if (!needles_add(&agents->bots, entry, number)) {
        return;
    }
    if (pattern.regex != NULL || pattern.text != NULL) {
        agents->apart =
            memory_resize(agents->apart, agents->apart_count + 1, sizeof(*agents->apart));
        agents->apart[agents->apart_count++] = number;
    }
    if ((number & (number - 1)) == 0)
        agents->bot =
            memory_resize(agents->bot, number == 0 ? 1 : 2 * (size_t)number, sizeof(*agents->bot));
    agents->bot[agents->bot_count++] = pattern;
}

void agents_read(struct agents *agents, const char *directory)
{
    struct slice entry, name;

    lists_read(&agents->list, directory, "bots.txt", "bot");
    struct slice rest = buffer_slice(&agents->list);
    while (lists_next(&rest, &entry, &name))
        pattern_add(agents, entry, name.len > 0 ? name : entry);
    needles_build(&agents->bots);
}

static void bot_found(void *context, uint32_t number, size_t behind)
{
    uint32_t *const first = context;
    (void)behind;
    if (number < *first) *first = number;
}

static bool pattern_fits(const struct agent_pattern *pattern, struct slice text)
{
    if (pattern->regex != NULL) {
#ifdef REG_STARTEND
        regmatch_t whole = {.rm_so = 0, .rm_eo = (regoff_t)text.len};
        return regexec(pattern->regex, text.text, 1, &whole, REG_STARTEND) == 0;
#else
        char *const copy = memory_text(text.text, text.len);
        const bool fits = regexec(pattern->regex, copy, 0, NULL, 0) == 0;
        free(copy);
        return fits;
#endif
    }
    if (text.len < pattern->len || (pattern->begin && pattern->end && text.len != pattern->len))
        return false;
    const char *const from = pattern->begin ? text.text : text.text + text.len - pattern->len;
    return memcmp(from, pattern->text, pattern->len) == 0;
}

/* The number of the first line that fits and 1, or 0. */
static uint32_t bot_find(const struct agents *agents, struct slice text)
{
    uint32_t first = UINT32_MAX;

    if (agents->bot_count == 0) return 0;
    needles_find(&agents->bots, text, bot_found, &first);
    for (uint32_t i = 0; i < agents->apart_count && agents->apart[i] < first; i++)
        if (pattern_fits(&agents->bot[agents->apart[i]], text)) first = agents->apart[i];
    return first + 1;
}

static void word_found(void *context, uint32_t number, size_t behind)
{
    unsigned *const has = context;
    (void)behind;
    *has |= words[number].bit;
}

static uint32_t device_find(const struct agents *agents, struct slice text)
{
    unsigned has = 0;

    needles_find(&agents->devices, text, word_found, &has);
    if ((has & HAS_BOT) != 0 && (has & HAS_NO_BOT) == 0) return BOT;
    if ((has & HAS_TV) != 0) return TV;
    if ((has & HAS_PHONE) != 0) return MOBILE;
    if ((has & HAS_TABLET) != 0) return TABLET;
    if ((has & HAS_ANDROID) != 0) return (has & HAS_MOBILE) != 0 ? MOBILE : TABLET;
    if ((has & HAS_DESKTOP) != 0) return DESKTOP;
    return (has & HAS_MOBILE) != 0 ? MOBILE : DEVICE_NONE;
}

static void agent_find(const struct agents *agents, struct slice text, struct agent_known *known)
{
    if (text.len > AGENT_MOST_BYTES) text.len = AGENT_MOST_BYTES;
    known->bot = bot_find(agents, text);
    known->device = known->bot != 0 ? BOT : device_find(agents, text);
}

struct agent agents_judge(struct agents *agents, struct slice text)
{
    static const char empty[8 + VALUE_PADDING] = "empty";
    struct agent_known found = {0};
    struct agent_known *known = &found;
    bool is_new = true;

    if (slice_is_blank(text) || slice_equal(text, SLICE("-")))
        return (struct agent){.bot = slice_of(empty), .device = slice_of(device_names[BOT])};
    if (agents->known_most > 0) {
        if (agents->known.count >= agents->known_most) table_clear(&agents->known);
        known = table_put(&agents->known, id_of(text), &is_new);
    }
    if (is_new) agent_find(agents, text, known);
    struct agent agent = {0};
    if (known->bot != 0) agent.bot = agents->bot[known->bot - 1].name;
    if (known->device != DEVICE_NONE) agent.device = slice_of(device_names[known->device]);
    return agent;
}

void agents_release(struct agents *agents)
{
    for (uint32_t i = 0; i < agents->bot_count; i++) {
        if (agents->bot[i].regex != NULL) regfree(agents->bot[i].regex);
        free(agents->bot[i].regex);
        free(agents->bot[i].text);
    }
    free(agents->bot);
    free(agents->apart);
    needles_release(&agents->bots);
    needles_release(&agents->devices);
    table_release(&agents->known);
    buffer_release(&agents->list);
}
