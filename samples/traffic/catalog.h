/*
 * catalog.h - what there is to see and to say: products, categories, search terms, sources.
 *
 * Products are numbered from 1; category and name of a product follow from its number, so a
 * shop of any size needs no table. Functions named *_print write at a pointer, without a
 * terminator, and return the end.
 */
#ifndef TRAFFIC_CATALOG_H
#define TRAFFIC_CATALOG_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define TERM_COUNT 512
#define CATEGORY_COUNT 24
#define SOURCE_COUNT 10
#define DEVICE_COUNT 3
#define CRAWLER_COUNT 8
#define PAGE_COUNT 8

/* Where visitors come from, and what that says about them. */
struct source {
    const char *name;
    const char *unicode_name; /* what --unicode calls it now and then */
    uint16_t weight;          /* of 1000 visitors */
    uint16_t paid;            /* of 1000 visitors, those with a campaign */
    uint16_t mobile;          /* of 1000 visitors */
    uint16_t interest;        /* how ready to buy: 1000 is the mean */
};

struct device {
    const char *name;
    uint16_t interest;
    uint16_t completion; /* of 1000 who start a checkout, those who mean to finish it */
};

/* A crawler as lists of crawlers call it, and as it calls itself. */
struct crawler {
    const char *name;
    const char *agent;
};

extern const struct source catalog_sources[SOURCE_COUNT];
extern const struct device catalog_devices[DEVICE_COUNT]; /* mobile, desktop, tablet */
extern const char *const catalog_categories[CATEGORY_COUNT];
extern const char *const catalog_unicode_categories[CATEGORY_COUNT];
extern const struct crawler catalog_crawlers[CRAWLER_COUNT];
extern const char *const catalog_pages[PAGE_COUNT]; /* that nobody sees who is not planted */

/* Copies a string; returns the end. */
static inline char *text_print(char *out, const char *text)
{
    const size_t len = strlen(text);
    memcpy(out, text, len);
    return out + len;
}

/* Writes a number in decimal with at least that many digits. */
char *number_print(char *out, uint64_t number, int digits);

/* The product that is sought after in that place (0: most) in a shop of so many. */
uint32_t catalog_product(uint32_t rank, uint32_t products);

uint32_t catalog_category(uint32_t product);

/* What the browser of a visitor says that it is, by the session and the device. */
const char *catalog_browser(uint64_t session, uint8_t device);

/* Price in hundredths. */
uint32_t catalog_price(uint32_t product);

/* The name of a product as URLs have it: ergonomic-desk-lamp. */
char *catalog_slug_print(char *out, uint32_t product);

/* Search term 0 is the most frequent. */
char *catalog_term_print(char *out, uint32_t term);

/* How people type a text: 0 as it is, 1 lower case, 2 upper case, 3 each word's first letter in
 * upper case. ASCII, Latin-1 and Cyrillic letters in place. */
void text_recase(char *text, size_t len, uint32_t variant);

/* True for valid UTF-8: nothing overlong, no surrogates, nothing above U+10FFFF. */
bool text_is_utf8(const char *text);

#endif
