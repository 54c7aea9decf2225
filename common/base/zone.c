#include "base/zone.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/digit.h"
#include "base/memory.h"
#include "base/zone_rule.h"

/* Some zones were half an hour from where they are now, for some years. */
#define STEP_SINCE INT64_C(1577836800) /* 2020-01-01 */

#define DIRECTORY "/usr/share/zoneinfo"
#define FILE_MAX ((size_t)1 << 20)
#define HEADER_BYTES 44
#define OFFSET_MAX (26 * 3600) /* RFC 8536, 3.2 */
#define LAST_YEAR 9999

/* --- the table --- */

static void entry_add(struct zone *zone, int64_t at, int64_t from, int64_t offset)
{
    if ((zone->count & (zone->count - 1)) == 0)
        zone->entry = memory_resize(zone->entry, zone->count == 0 ? 1 : 2 * zone->count,
                                    sizeof zone->entry[0]);
    zone->entry[zone->count++] = (struct zone_entry){.at = at, .from = from, .offset = offset};
}

/* From that instant on another offset holds. */
static void transition_add(struct zone *zone, int64_t utc_seconds, int64_t offset)
{
    const struct zone_entry last = zone->entry[zone->count - 1];
    if (last.offset == offset) return;
    const int64_t from = utc_seconds + (offset > last.offset ? offset : last.offset);
    entry_add(zone, utc_seconds, from > last.from ? from : last.from, offset);
}

void zone_seek(struct zone *zone, int64_t local_seconds)
{
    size_t low = 0, high = zone->count; /* of the last entry that begins before or then */
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (zone->entry[middle].from <= local_seconds)
            low = middle;
        else
            high = middle;
    }
    zone->from = zone->entry[low].from;
    zone->until = high < zone->count ? zone->entry[high].from : INT64_MAX;
    zone->offset = zone->entry[low].offset;
    zone->clear_until = INT64_MAX;
    if (high == zone->count) return;
    const int64_t change = zone->entry[high].offset - zone->offset;
    zone->clear_until = zone->until - (change < 0 ? -change : change);
}

int64_t zone_offset_at(struct zone *zone, int64_t utc_seconds)
{
    const struct zone_entry *const entry = zone->entry;
    size_t low = zone->at;

    if (entry[low].at > utc_seconds ||
        (low + 1 < zone->count && entry[low + 1].at <= utc_seconds)) {
        size_t high = zone->count;
        for (low = 0; high - low > 1;) {
            const size_t middle = low + (high - low) / 2;
            if (entry[middle].at <= utc_seconds)
                low = middle;
            else
                high = middle;
        }
        zone->at = low;
    }
    return entry[low].offset;
}

static struct zone *zone_new(int64_t offset)
{
    struct zone *zone = memory_zero(1, sizeof *zone);
    entry_add(zone, INT64_MIN, INT64_MIN, offset);
    return zone;
}

void zone_free(struct zone *zone)
{
    if (zone == NULL) return;
    free(zone->entry);
    free(zone->name);
    free(zone);
}

/* --- zone files --- */

/* What a header says is there, in this order. */
struct block {
    uint64_t is_utc, is_standard, leaps, times, types, chars;
    size_t time_bytes;
    const unsigned char *data; /* behind the header */
    size_t len;
};

static uint64_t big_endian(const unsigned char *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | at[i];
    return number;
}

static int64_t signed_32(const unsigned char *at)
{
    return (int32_t)(uint32_t)big_endian(at, 4);
}

/* Reads the header at the front of text, and checks that all it speaks of is there. */
static bool block_read(struct slice text, size_t time_bytes, struct block *out)
{
    if (text.len < HEADER_BYTES || memcmp(text.text, "TZif", 4) != 0) return false;
    const unsigned char *const at = (const unsigned char *)text.text;
    *out = (struct block){
        .is_utc = big_endian(at + 20, 4),
        .is_standard = big_endian(at + 24, 4),
        .leaps = big_endian(at + 28, 4),
        .times = big_endian(at + 32, 4),
        .types = big_endian(at + 36, 4),
        .chars = big_endian(at + 40, 4),
        .time_bytes = time_bytes,
        .data = at + HEADER_BYTES,
    };
    const uint64_t len = out->times * (time_bytes + 1) + out->types * 6 + out->chars +
                         out->leaps * (time_bytes + 4) + out->is_standard + out->is_utc;
    out->len = (size_t)len;
    return len <= text.len - HEADER_BYTES;
}

/* A type's offset; false: there is no such type, or no such offset. */
static bool type_offset(const struct block *block, uint64_t type, int64_t *offset)
{
    if (type >= block->types) return false;
    *offset = signed_32(block->data + block->times * (block->time_bytes + 1) + type * 6);
    return *offset > -OFFSET_MAX && *offset < OFFSET_MAX;
}

static int64_t block_time(const struct block *block, uint64_t i)
{
    const unsigned char *const at = block->data + i * block->time_bytes;
    return block->time_bytes == 4 ? signed_32(at) : (int64_t)big_endian(at, 8);
}

/* What is before the first second of the year 1 is before all times there are. */
#define TIME_LEAST (-INT64_C(62135596800) - OFFSET_MAX)
#define TIME_MOST INT64_C(253402300800)

static bool block_add(struct zone *zone, const struct block *block)
{
    int64_t before = INT64_MIN;
    for (uint64_t i = 0; i < block->times; i++) {
        int64_t offset, time = block_time(block, i);
        if (!type_offset(block, block->data[block->times * block->time_bytes + i], &offset))
            return false;
        if (i > 0 && time <= before) return false;
        before = time;
        if (time > TIME_MOST) break;
        if (time < TIME_LEAST)
            zone->entry[0].offset = offset;
        else
            transition_add(zone, time, offset);
    }
    return true;
}

/* The rule for what comes behind the last transition, to the end of time. */
static bool rule_add(struct zone *zone, struct slice text, int64_t last)
{
    struct zone_rule rule;
    if (!zone_rule_read(text, &rule)) return false;
    if (!rule.has_summer) {
        if (last < TIME_MOST) transition_add(zone, last, rule.standard);
        return true;
    }
    for (unsigned year = 1970; year <= LAST_YEAR; year++) {
        const int64_t summer = zone_rule_time(&rule.begin, year) - rule.standard;
        const int64_t winter = zone_rule_time(&rule.end, year) - rule.summer;
        const bool summer_first = summer < winter;
        const int64_t first = summer_first ? summer : winter;
        const int64_t second = summer_first ? winter : summer;
        if (first > last) transition_add(zone, first, summer_first ? rule.summer : rule.standard);
        if (second > last) transition_add(zone, second, summer_first ? rule.standard : rule.summer);
    }
    return true;
}

/* The footer: a line between two line ends; all of it may be missing. */
static bool footer_read(struct slice rest, struct slice *out)
{
    *out = (struct slice){0};
    if (rest.len == 0) return true;
    const char *const end = rest.text[0] == '\n' ? memchr(rest.text + 1, '\n', rest.len - 1) : NULL;
    if (end == NULL) return false;
    *out = (struct slice){.text = rest.text + 1, .len = (size_t)(end - rest.text - 1)};
    return true;
}

struct zone *zone_of_file(struct slice bytes)
{
    struct block block;
    struct slice footer = {0};
    int64_t offset;

    if (!block_read(bytes, 4, &block)) return NULL;
    if (bytes.text[4] >= '2') { /* the same again, with times of 64 bits */
        const size_t first = HEADER_BYTES + block.len;
        bytes = (struct slice){.text = bytes.text + first, .len = bytes.len - first};
        if (!block_read(bytes, 8, &block)) return NULL;
        const size_t second = HEADER_BYTES + block.len;
        if (!footer_read((struct slice){.text = bytes.text + second, .len = bytes.len - second},
                         &footer))
            return NULL;
    }
    /* "right/" zones count leap seconds, which nobody's times here do. */
    if (block.leaps != 0 || !type_offset(&block, 0, &offset)) return NULL;
    struct zone *const zone = zone_new(offset);
    int64_t last = TIME_LEAST;
    if (block.times > 0 && block_time(&block, block.times - 1) > last)
        last = block_time(&block, block.times - 1);
    if (block_add(zone, &block) && (footer.len == 0 || rule_add(zone, footer, last))) return zone;
    zone_free(zone);
    return NULL;
}

/* --- names --- */

static const char *directory(void)
{
    const char *const given = getenv("TZDIR");
    return given != NULL && given[0] != '\0' ? given : DIRECTORY;
}

/* Letters, digits and what else there is in names of zones; no way out of the directory. */
static bool name_valid(const char *name)
{
    static const char signs[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    return name[0] != '\0' && name[0] != '/' && name[strspn(name, signs)] == '\0' &&
           strlen(name) < 100;
}

/* Reads a whole file, as long as it is no longer than a zone's may be. */
static bool file_read(const char *path, struct buffer *out)
{
    struct stat stat;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    ssize_t len = -1;
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode))
        while (out->len <= FILE_MAX && (len = read(fd, buffer_reserve(out, 4096), 4096)) > 0)
            out->len += (size_t)len;
    close(fd);
    return len == 0;
}

/* How many letters have to be changed, added or taken away; case does not matter. Names are short.
 */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[128];
    const size_t width = strlen(b);
    if (width >= sizeof row / sizeof row[0]) return UINT32_MAX;
    for (size_t j = 0; j <= width; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        unsigned corner = row[0]++;
        for (size_t j = 0; j < width; j++) {
            const bool same = strncasecmp(&a[i], &b[j], 1) == 0;
            unsigned least = corner + !same;
            if (row[j] + 1 < least) least = row[j] + 1;
            if (row[j + 1] + 1 < least) least = row[j + 1] + 1;
            corner = row[j + 1];
            row[j + 1] = least;
        }
    }
    return row[width];
}

struct nearest {
    const char *wanted;
    unsigned distance;
    struct buffer name;
};

/* A name of a zone: nearer than those before? A city without its continent is meant, too. */
static void nearest_offer(struct nearest *nearest, const char *name)
{
    const char *const slash = strrchr(name, '/');
    unsigned is = distance(nearest->wanted, name) * 2;
    if (slash != NULL && strchr(nearest->wanted, '/') == NULL) {
        const unsigned city = distance(nearest->wanted, slash + 1) * 2 + 1;
        if (city < is) is = city;
    }
    if (is >= nearest->distance) return;
    nearest->distance = is;
    buffer_clear(&nearest->name);
    buffer_printf(&nearest->name, "%s", name);
}

#define DEPTH_MAX 3 /* America/Argentina/Ushuaia */

static void nearest_walk(struct nearest *nearest, const char *below, int depth)
{
    struct buffer path = {0};
    buffer_printf(&path, "%s/%s%c", directory(), below, '\0');
    DIR *const dir = opendir(path.data);
    buffer_release(&path);
    if (dir == NULL) return;
    for (const struct dirent *item; (item = readdir(dir)) != NULL;) {
        if (item->d_name[0] == '.' || strchr(item->d_name, '.') != NULL) continue;
        if (strcmp(item->d_name, "posix") == 0 || strcmp(item->d_name, "right") == 0) continue;
        struct buffer name = {0};
        buffer_printf(&name, "%s%s%s%c", below, below[0] == '\0' ? "" : "/", item->d_name, '\0');
        if (item->d_type != DT_DIR)
            nearest_offer(nearest, name.data);
        else if (depth < DEPTH_MAX)
            nearest_walk(nearest, name.data, depth + 1);
        buffer_release(&name);
    }
    closedir(dir);
}

static void say_unknown(const char *name, struct buffer *why)
{
    struct stat stat_of;
    if (stat(directory(), &stat_of) != 0) {
        buffer_printf(why, "'%s': no time zones are installed in %s: install tzdata", name,
                      directory());
        return;
    }
    buffer_printf(why, "'%s' is no time zone (Europe/Berlin, UTC or +01:00)", name);
    struct nearest nearest = {.wanted = name, .distance = 6};
    if (name[0] != '\0') nearest_walk(&nearest, "", 1);
    if (nearest.name.len > 0)
        buffer_printf(why, ": did you mean %.*s?", (int)nearest.name.len, nearest.name.data);
    buffer_release(&nearest.name);
}

static struct zone *zone_file_open(const char *name, struct buffer *why)
{
    struct buffer path = {0}, bytes = {0};
    struct zone *zone = NULL;
    buffer_printf(&path, "%s/%s%c", directory(), name, '\0');
    if (!name_valid(name) || !file_read(path.data, &bytes)) {
        say_unknown(name, why);
    } else {
        zone = zone_of_file(buffer_slice(&bytes));
        if (zone == NULL)
            buffer_printf(why, "'%s': %s is damaged or no zone file", name, path.data);
    }
    buffer_release(&path);
    buffer_release(&bytes);
    return zone;
}

struct zone *zone_open(const char *name, struct buffer *why)
{
    const bool utc = strcmp(name, "UTC") == 0 || strcmp(name, "GMT") == 0;
    const struct slice text = slice_of(name);
    int64_t offset = 0;
    struct zone *zone;
    if (utc || (text.len > 1 && zone_read(text, NULL, 0, &offset)))
        zone = zone_new(offset);
    else
        zone = zone_file_open(name, why);
    if (zone == NULL) return NULL;
    zone->name = memory_text(name, strlen(name));
    zone_seek(zone, 0);
    return zone;
}

/* --- what stands behind a time --- */

static bool is_in_step(const struct zone *zone, int64_t seconds)
{
    for (size_t i = 0; i < zone->count; i++) {
        const bool is_over = i + 1 < zone->count && zone->entry[i + 1].at <= STEP_SINCE;
        if (!is_over && zone->entry[i].offset % seconds != 0) return false;
    }
    return true;
}

bool zone_in_step(const char *name, int64_t seconds)
{
    struct buffer why = {0};
    struct zone *const zone = name == NULL ? NULL : zone_open(name, &why);
    const bool in_step = zone == NULL || is_in_step(zone, seconds);
    zone_free(zone);
    buffer_release(&why);
    return in_step;
}

/* Two digits as a number; 100 if they are not. */
static unsigned pair_read(const char *text)
{
    if (!is_digit(text[0]) || !is_digit(text[1])) return 100;
    return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

/* Ruby and Go write " +0000" and " +0100 CET": the offset alone. */
static struct slice offset_alone(struct slice text)
{
    if (text.len < 6 || text.text[0] != ' ') return text;
    const struct slice offset = {.text = text.text + 1, .len = 5};
    if (text.len == 6) return offset;
    if (text.text[6] != ' ' || text.len < 8 || text.len > 12) return text;
    for (size_t i = 7; i < text.len; i++)
        if (text.text[i] < 'A' || text.text[i] > 'Z') return text;
    return offset;
}

bool zone_read(struct slice text, struct zone *zone, int64_t local_seconds, int64_t *out_seconds)
{
    *out_seconds = 0;
    if (text.len == 0) {
        if (zone != NULL) *out_seconds = zone_local(zone, local_seconds);
        return zone != NULL;
    }
    if (text.len == 1) return text.text[0] == 'Z' || text.text[0] == 'z';
    if (slice_equal(text, SLICE(" UTC")) || slice_equal(text, SLICE(" GMT"))) return true;
    text = offset_alone(text);
    if (text.text[0] != '+' && text.text[0] != '-') return false;

    const bool colon = text.len == 6 && text.text[3] == ':';
    if (text.len != 3 && text.len != 5 && !colon) return false;
    const unsigned hours = pair_read(text.text + 1);
    const unsigned minutes = text.len == 3 ? 0 : pair_read(text.text + (colon ? 4 : 3));
    if (hours > 23 || minutes > 59) return false;
    const int64_t seconds = hours * 3600 + minutes * 60;
    *out_seconds = text.text[0] == '-' ? -seconds : seconds;
    return true;
}
