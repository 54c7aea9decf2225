#include "base/sum.h"

#include <string.h>

#include "base/compat.h"

static unsigned __int128 low_words(const struct sum *sum)
{
    return (unsigned __int128)sum->word[1] << 64 | sum->word[0];
}

static void low_words_set(struct sum *sum, unsigned __int128 low)
{
    sum->word[1] = (uint64_t)(low >> 64);
    sum->word[0] = (uint64_t)low;
}

bool sum_add(struct sum *sum, struct slice number)
{
    decimal addend;
    const bool fits = decimal_parse(number, &addend);

    if (fits) {
        const unsigned __int128 low = low_words(sum);
        const unsigned __int128 total = low + (unsigned __int128)addend;
        sum->word[2] += (addend < 0 ? UINT64_MAX : 0) + (total < low);
        low_words_set(sum, total);
    } else {
        sum->lost++;
    }
    sum->count++;
    return fits;
}

void sum_join(struct sum *sum, const struct sum *more)
{
    const unsigned __int128 low = low_words(sum);
    const unsigned __int128 total = low + low_words(more);

    sum->word[2] += more->word[2] + (total < low);
    low_words_set(sum, total);
    sum->count += more->count;
    sum->lost += more->lost;
}

void sum_part(struct sum *sum, const struct sum *less)
{
    const unsigned __int128 low = low_words(sum), taken = low_words(less);

    sum->word[2] -= less->word[2] + (low < taken);
    low_words_set(sum, low - taken);
    sum->count -= less->count;
    sum->lost -= less->lost;
}

bool sum_get(const struct sum *sum, decimal *total)
{
    *total = (decimal)low_words(sum);
    return sum->lost == 0 && sum->word[2] == (*total < 0 ? UINT64_MAX : 0);
}

static char *word_write(char *to, uint64_t word)
{
    const uint64_t little = htole64(word);

    memcpy(to, &little, sizeof little);
    return to + sizeof little;
}

static uint64_t word_read(const char **at)
{
    uint64_t little;

    memcpy(&little, *at, sizeof little);
    *at += sizeof little;
    return le64toh(little);
}

char *sum_write(char *to, const struct sum *sum)
{
    for (int word = 0; word < 3; word++)
        to = word_write(to, sum->word[word]);
    to = word_write(to, sum->count);
    return word_write(to, sum->lost);
}

void sum_read(struct sum *sum, const char *at)
{
    for (int word = 0; word < 3; word++)
        sum->word[word] = word_read(&at);
    sum->count = word_read(&at);
    sum->lost = word_read(&at);
}

void sum_pack(const struct sum *sum, struct buffer *out)
{
    char bytes[SUM_BYTES];

    (void)sum_write(bytes, sum);
    buffer_add(out, bytes, sizeof bytes);
}

void sum_unpack(struct sum *sum, struct unpack *in)
{
    for (int word = 0; word < 3; word++)
        sum->word[word] = unpack_u64(in);
    sum->count = unpack_u64(in);
    sum->lost = unpack_u64(in);
}
