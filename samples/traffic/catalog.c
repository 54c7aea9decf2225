#include "catalog.h"

#include "rng.h"

/* clang-format off */
const struct source catalog_sources[SOURCE_COUNT] = {
    {"google",     "google – été",       330,  450, 560, 1000},
    {"direct",     "direct/übersicht",   220,    0, 480, 1250},
    {"facebook",   "facebook «новости»", 120,  600, 700,  600},
    {"instagram",  "instagram 📷",        90,  550, 850,  550},
    {"email",      "é-mail",              80,  300, 500, 1700},
    {"tiktok",     "tiktok \"日本\"",     60,  700, 900,  350},
    {"newsletter", "infolettre\\ß",       40, 1000, 520, 1500},
    {"bing",       "bing €",              30,  400, 250,  950},
    {"affiliate",  "affilié",             20,  900, 450, 1100},
    {"youtube",    "you/tube ▶️",         10,  600, 750,  500},
};

const struct device catalog_devices[DEVICE_COUNT] = {
    {"mobile",  800, 560},
    {"desktop", 1330, 720},
    {"tablet",  1050, 650},
};

const char *const catalog_categories[CATEGORY_COUNT] = {
    "electronics-audio", "electronics-phones", "electronics-computers", "home-kitchen",
    "home-lighting", "home-textiles", "garden-tools", "garden-plants",
    "fashion-women", "fashion-men", "fashion-kids", "shoes",
    "sports-outdoor", "sports-fitness", "toys", "books",
    "beauty", "health", "grocery", "pets",
    "office", "car-accessories", "music-instruments", "jewellery",
};

const char *const catalog_unicode_categories[CATEGORY_COUNT] = {
    "électronique-audio", "電子-phones", "компьютеры", "küche",
    "beleuchtung/lampen", "wäsche & \"tücher\"", "jardin-à-outils", "植物",
    "женщины", "männer", "niños", "schuhe-größe",
    "été-outdoor", "fitneß", "jouets-d'été", "książki",
    "beauté", "gesundheit-für-alle", "épicerie", "haustiere 🐈",
    "büro", "auto-zubehör", "músic\\a", "bijoux-💎",
};

const struct crawler catalog_crawlers[CRAWLER_COUNT] = {
    {"Googlebot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
    {"bingbot", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"},
    {"AhrefsBot", "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"},
    {"SemrushBot", "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)"},
    {"PetalBot", "Mozilla/5.0 (compatible;PetalBot;+https://webmaster.petalsearch.com/site/petalbot)"},
    {"CCBot", "CCBot/2.0 (https://commoncrawl.org/faq/)"},
    {"MJ12bot", "Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)"},
    {"Scrapy", "Scrapy/2.11.2 (+https://scrapy.org)"},
};

const char *const catalog_pages[PAGE_COUNT] = {
    "/gifts", "/gifts/for-her", "/gifts/for-him", "/gifts/for-kids",
    "/gifts/under-25", "/gifts/under-50", "/gifts/wrapping", "/gifts/delivery",
};

static const char *const browsers[DEVICE_COUNT][3] = {
    {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
     "Mobile Safari/537.36",
     "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/18.1 Mobile/15E148 Safari/604.1",
     "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/131.0.0.0 Safari/537.36",
     "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/18.1 Safari/605.1.15",
     "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"},
    {"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/17.7 Mobile/15E148 Safari/604.1",
     "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/131.0.0.0 Safari/537.36",
     "Mozilla/5.0 (Android 14; Tablet; rv:133.0) Gecko/133.0 Firefox/133.0"},
};

static const char *const famous_terms[] = {
    "iPhone", "running shoes", "desk lamp", "Äpfel", "coffee machine", "headphones",
    "ÉCRAN", "winter jacket", "Ёлка", "日本", "lego", "27\" monitor", "yoga mat",
    "USB-C cable", "bluetooth speaker", "dog food", "garden chair", "Köln T-Shirt",
    "crème brûlée set", "smart watch", "noise cancelling headphones", "Straße Poster",
    "pizza stone", "air fryer", "4k tv", "salt, pepper", "gaming mouse", "sushi 寿司",
    "kids bike", "backpack 30l", "niño zapatos", "vacuum cleaner", "матрёшка", "led strip",
    "a4 paper 80g/m²", "electric kettle", "standing desk", "phone case", "water bottle",
    "Müsli", "rain boots", "board game", "AC\\DC poster", "cat tree 🐈", "power bank",
    "Björk vinyl", "protein powder", "tent 4 person",
};

static const char *const term_adjectives[] = {
    "", "cheap ", "black ", "wireless ", "small ", "organic ", "vintage ", "kids ",
};

static const char *const nouns[] = {
    "desk-lamp", "office-chair", "rain-jacket", "sneakers", "tea-pot", "bookshelf",
    "table-cloth", "frying-pan", "microphone", "keyboard", "hiking-boots", "water-filter",
    "sun-glasses", "bed-sheets", "wall-clock", "puzzle", "drill", "hand-cream",
    "guitar-strings", "notebook", "flower-pot", "bike-helmet", "charger", "curtain",
    "dress", "belt", "scarf", "camping-stove", "football", "dumbbells",
    "teddy-bear", "cook-book", "lipstick", "vitamins", "olive-oil", "cat-litter",
    "stapler", "car-mat", "ukulele", "necklace", "monitor-arm", "router",
    "blender", "toaster", "pillow", "rug", "hose", "lawn-mower",
    "socks", "coat", "wallet", "sleeping-bag", "tennis-racket", "kite",
    "atlas", "perfume", "thermometer", "pasta", "aquarium", "printer",
};

static const char *const product_adjectives[] = {
    "ergonomic", "classic", "compact", "premium", "foldable", "vintage", "organic", "modern",
    "heavy-duty", "lightweight", "waterproof", "adjustable", "handmade", "recycled", "silent",
    "all-season",
};
/* clang-format on */

#define COUNT_OF(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

/* The words make at least as many terms as are promised. */
_Static_assert(sizeof(famous_terms) / sizeof(famous_terms[0]) +
                       (sizeof(nouns) / sizeof(nouns[0])) *
                           (sizeof(term_adjectives) / sizeof(term_adjectives[0])) >=
                   TERM_COUNT,
               "too few search terms");

char *number_print(char *out, uint64_t number, int digits)
{
    char text[20];
    int len = 0;
    do {
        text[len++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (len < digits)
        text[len++] = '0';
    while (len > 0)
        *out++ = text[--len];
    return out;
}

/* A prime above any number of products has no factor in common with it: one to one. */
uint32_t catalog_product(uint32_t rank, uint32_t products)
{
    return (uint32_t)(((uint64_t)rank * UINT64_C(2654435761) + 12345) % products) + 1;
}

uint32_t catalog_category(uint32_t product)
{
    return (uint32_t)(mix64(product) % CATEGORY_COUNT);
}

const char *catalog_browser(uint64_t session, uint8_t device)
{
    return browsers[device][mix64(session) % COUNT_OF(browsers[device])];
}

uint32_t catalog_price(uint32_t product)
{
    const uint64_t hash = mix64(product + UINT64_C(0x7072696365));
    const uint32_t whole =
        (uint32_t)(hash & 7) < 6 ? (uint32_t)(hash >> 8) % 80 : (uint32_t)(hash >> 8) % 600;
    return (4 + whole) * 100 + ((hash & 0x70) ? 99 : 50);
}

char *catalog_slug_print(char *out, uint32_t product)
{
    const uint64_t hash = mix64(product + UINT64_C(0x736c7567));
    out = text_print(out, product_adjectives[hash % COUNT_OF(product_adjectives)]);
    *out++ = '-';
    return text_print(out, nouns[(hash >> 32) % COUNT_OF(nouns)]);
}

char *catalog_term_print(char *out, uint32_t term)
{
    if (term < COUNT_OF(famous_terms)) return text_print(out, famous_terms[term]);
    term -= COUNT_OF(famous_terms);
    const char *noun = nouns[term % COUNT_OF(nouns)];
    out = text_print(out, term_adjectives[term / COUNT_OF(nouns)]);
    for (; *noun; noun++)
        *out++ = *noun == '-' ? ' ' : *noun;
    return out;
}

/* Upper or lower case of a letter of ASCII, Latin-1 or basic Cyrillic; others stay. All of these
 * keep their length in UTF-8. */
static uint32_t letter_recase(uint32_t letter, bool upper)
{
    if (upper) {
        if (letter >= 'a' && letter <= 'z') return letter - 32;
        if (letter >= 0xe0 && letter <= 0xfe && letter != 0xf7) return letter - 32;
        if (letter >= 0x430 && letter <= 0x44f) return letter - 32;
        if (letter >= 0x450 && letter <= 0x45f) return letter - 80;
    } else {
        if (letter >= 'A' && letter <= 'Z') return letter + 32;
        if (letter >= 0xc0 && letter <= 0xde && letter != 0xd7) return letter + 32;
        if (letter >= 0x410 && letter <= 0x42f) return letter + 32;
        if (letter >= 0x400 && letter <= 0x40f) return letter + 80;
    }
    return letter;
}

void text_recase(char *text, size_t len, uint32_t variant)
{
    if (variant == 0) return;
    bool word_start = true;
    for (size_t i = 0; i < len; i++) {
        const uint8_t c = (uint8_t)text[i];
        const bool upper = variant == 2 || (variant == 3 && word_start);
        if (c < 0x80) {
            if (variant != 3 || word_start) text[i] = (char)letter_recase(c, upper);
            word_start = c == ' ';
        } else if (c >= 0xc3 && c <= 0xd1 && i + 1 < len) {
            const uint32_t letter = ((uint32_t)(c & 0x1f) << 6) | ((uint8_t)text[i + 1] & 0x3f);
            const uint32_t other =
                variant != 3 || word_start ? letter_recase(letter, upper) : letter;
            text[i] = (char)(0xc0 | (other >> 6));
            text[++i] = (char)(0x80 | (other & 0x3f));
            word_start = false;
        } else {
            word_start = false;
        }
    }
}

bool text_is_utf8(const char *text)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        const int more = *c < 0x80 ? 0 : *c < 0xe0 ? 1 : *c < 0xf0 ? 2 : 3;
        uint32_t code = more ? *c & (0x3fu >> more) : *c;
        if ((*c & 0xc0) == 0x80 || *c > 0xf7) return false;
        for (int i = 0; i < more; i++) {
            if ((c[1] & 0xc0) != 0x80) return false;
            code = (code << 6) | (*++c & 0x3f);
        }
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return false;
    }
    return true;
}
