#include "base/nearest.h"

#include <string.h>

#include "base/compat.h"

#define SLIPS_MAX 3
#define BY_WORD (SLIPS_MAX + 1)
#define BY_SHARED_WORD (BY_WORD + SLIPS_MAX + 1)

/* Shorter words are in names of every kind: event, user, page, time. */
#define SHARED_WORD_MIN 6

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool stands_between(char c)
{
    return c == '_' || c == '-' || c == '.' || c == ' ';
}

/* The name as it is compared; its length, or -1: it is too long. */
static int plain(char *to, struct slice name)
{
    int len = 0;
    if (name.len > 2 * NEAREST_NAME_MAX) return -1;
    for (size_t i = 0; i < name.len; i++) {
        if (stands_between(name.text[i])) continue;
        if (len == NEAREST_NAME_MAX) return -1;
        to[len++] = lower(name.text[i]);
    }
    return len;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* The slips between two plain names, or more than SLIPS_MAX. */
static int slips(const char *a, int a_len, const char *b, int b_len)
{
    int rows[3][NEAREST_NAME_MAX + 1];
    int *before = rows[0], *above = rows[1], *row = rows[2];

    if (a_len > b_len + SLIPS_MAX || b_len > a_len + SLIPS_MAX) return SLIPS_MAX + 1;
    for (int j = 0; j <= b_len; j++)
        above[j] = j;
    for (int i = 1; i <= a_len; i++) {
        row[0] = i;
        for (int j = 1; j <= b_len; j++) {
            const int other = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(other, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        int *const oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_len];
}

/* How many are taken for slips in a name so long. */
static int slips_allowed(int len)
{
    return least(len / 3, SLIPS_MAX);
}

void nearest_begin(struct nearest *nearest, struct slice wanted)
{
    *nearest = (struct nearest){.whole = wanted, .apart = BY_SHARED_WORD + 1};
    nearest->len = plain(nearest->wanted, wanted);
}

/* Does a word begin there: behind what stands between, or as in sessionId? */
static bool word_begins(struct slice name, size_t at)
{
    if (at == 0 || stands_between(name.text[at - 1])) return true;
    const char c = name.text[at], before = name.text[at - 1];
    return c >= 'A' && c <= 'Z' && !(before >= 'A' && before <= 'Z');
}

/* Is the plain name a word of wanted, and long enough to say something? */
static bool is_word_of(const char *plain_name, int len, const char *wanted, size_t wanted_len)
{
    const struct slice whole = {.text = wanted, .len = wanted_len};
    for (size_t from = 0; len >= 4 && from + (size_t)len <= wanted_len; from++) {
        const size_t to = from + (size_t)len;
        if (!word_begins(whole, from)) continue;
        if (to < wanted_len && !word_begins(whole, to) && !stands_between(wanted[to])) continue;
        char word[NEAREST_NAME_MAX];
        const int word_len = plain(word, (struct slice){.text = wanted + from, .len = (size_t)len});
        if (word_len == len && memcmp(word, plain_name, (size_t)len) == 0) return true;
    }
    return false;
}

/* Where the word that begins there ends. */
static size_t word_end(struct slice name, size_t from)
{
    size_t to = from + 1;
    while (to < name.len && !word_begins(name, to) && !stands_between(name.text[to]))
        to++;
    return to;
}

bool nearest_has_word(struct slice name, struct slice word)
{
    for (size_t at = 0; at < name.len; at = word_end(name, at))
        if (word_begins(name, at) &&
            nearest_same(word,
                         (struct slice){.text = name.text + at, .len = word_end(name, at) - at}))
            return true;
    return false;
}

/* Have both a word in common that is long enough to say something? */
static bool shares_word(struct slice wanted, struct slice name)
{
    for (size_t from = 0; from < wanted.len; from = word_end(wanted, from)) {
        const struct slice word = {.text = wanted.text + from,
                                   .len = word_end(wanted, from) - from};
        if (!word_begins(wanted, from) || word.len < SHARED_WORD_MIN) continue;
        if (nearest_has_word(name, word)) return true;
    }
    return false;
}

/* The fewest slips between wanted and some of the name's words that stand together. */
static int slips_by_word(const struct nearest *nearest, struct slice name)
{
    int fewest = SLIPS_MAX + 1;
    for (size_t from = 0; from < name.len; from++) {
        if (!word_begins(name, from)) continue;
        for (size_t to = from + 1; to <= name.len; to++) {
            if (to < name.len && !word_begins(name, to) && !stands_between(name.text[to])) continue;
            char words[NEAREST_NAME_MAX];
            const struct slice part = {.text = name.text + from, .len = to - from};
            const int len = plain(words, part);
            if (len > 0) fewest = least(fewest, slips(nearest->wanted, nearest->len, words, len));
        }
    }
    return fewest;
}

void nearest_offer(struct nearest *nearest, struct slice name)
{
    char offered[NEAREST_NAME_MAX];
    const int len = plain(offered, name);
    if (len <= 0 || nearest->len <= 0) return;
    int apart = slips(nearest->wanted, nearest->len, offered, len);
    if (apart > slips_allowed(least(len, nearest->len))) {
        /* Short words are in many names. */
        const int by_word = nearest->len < 3 ? SLIPS_MAX + 1 : slips_by_word(nearest, name);
        if (by_word <= slips_allowed(nearest->len) / 2)
            apart = BY_WORD + by_word;
        else if (is_word_of(offered, len, nearest->whole.text, nearest->whole.len))
            apart = BY_WORD + SLIPS_MAX;
        else if (shares_word(nearest->whole, name))
            apart = BY_SHARED_WORD;
        else
            return;
    }
    if (apart == BY_SHARED_WORD && nearest->several) return;
    if (apart == BY_SHARED_WORD && nearest->apart == BY_SHARED_WORD) {
        nearest->several = true;
        nearest->name = (struct slice){.text = NULL};
        return;
    }
    if (apart >= nearest->apart) return;
    nearest->apart = apart;
    nearest->name = name;
}

struct slice nearest_word(struct slice wanted, const char *words)
{
    struct nearest nearest;
    nearest_begin(&nearest, wanted);
    for (const char *word = words; *word != '\0';) {
        const char *const bar = strchrnul(word, '|');
        nearest_offer(&nearest, (struct slice){.text = word, .len = (size_t)(bar - word)});
        word = *bar == '|' ? bar + 1 : bar;
    }
    return nearest.name;
}

bool nearest_same(struct slice a, struct slice b)
{
    char one[NEAREST_NAME_MAX], other[NEAREST_NAME_MAX];
    const int len = plain(one, a);
    return len >= 0 && plain(other, b) == len && memcmp(one, other, (size_t)len) == 0;
}
