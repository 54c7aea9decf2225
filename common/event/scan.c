#include "event/scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/numeral.h"
#include "event/cpu.h"
#include "event/scan_inside.h"

static uint32_t name_place(struct slice name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.text[i]) * UINT64_C(0x100000001b3);
    return (uint32_t)(hash >> 32) & (BY_NAME - 1);
}

int scanner_name(const struct scanner *scanner, struct slice name)
{
    for (uint32_t place = name_place(name);; place = (place + 1) & (BY_NAME - 1)) {
        const int index = scanner->by_name[place] - 1;
        if (index < 0 || slice_equal(scanner->name[index].text, name)) return index;
    }
}

/* Notes what a name in the input means; the first meaning given to a name stands. */
static void name_add(struct scanner *scanner, struct slice text, struct slice meaning)
{
    if (scanner->names == (int)(sizeof scanner->name / sizeof scanner->name[0])) return;
    if (scanner_name(scanner, text) >= 0) return;
    uint32_t place = name_place(text);
    while (scanner->by_name[place] != 0)
        place = (place + 1) & (BY_NAME - 1);
    const int slot = schema_find(scanner->schema, meaning);
    struct name *name = &scanner->name[scanner->names++];
    scanner->by_name[place] = (int16_t)scanner->names;
    name->text = text;
    name->canonical = slot >= 0 && slot < SLOT_CANONICAL;
    name->member = (int8_t)(name->canonical ? slot : -1);
    name->slot =
        (int16_t)(slot >= 0 && schema_needs(scanner->schema, slot) ? slot : scanner->dummy);
    name->number = slot >= 0 && (scanner->number >> slot & 1) != 0;
    if (!slice_equal(text, meaning) && !name->canonical) {
        struct buffer quoted = {0};
        json_add_string(&quoted, meaning);
        buffer_add_char(&quoted, ':');
        name->new_name = buffer_slice(&quoted); /* freed in scanner_free */
    }
}

struct scanner *scanner_new(const struct schema *schema)
{
    struct scanner *scanner = memory_zero(1, sizeof *scanner);
    scanner->schema = schema;
    scanner->dummy = schema->count;
    scanner->all = schema->all;
    scanner->as_is = schema->as_is && schema->alias_count == 0 && schema->number == 0;
    scanner->needed = schema->needed;
    scanner->number = schema->number;
    scanner->decimal_comma = schema->decimal_comma;
    for (size_t i = 0; i < schema->alias_count; i++)
        name_add(scanner, schema->alias[i].old, schema->alias[i].name);
    for (int slot = 0; slot < schema->count; slot++)
        name_add(scanner, schema->name[slot], schema->name[slot]);
    if (posix_memalign((void **)&scanner->node, 64, NODES_MAX * sizeof scanner->node[0]) != 0)
        abort(); /* 56 KiB at start */
    memset(scanner->node, 0, NODES_MAX * sizeof scanner->node[0]);
    /* A match with the root means "none", so what its literal is does not matter. */
    scanner->node[NODE_ROOT].mask = ~UINT64_C(0);
    memset(scanner->node[NODE_ROOT].cover, 0xff, LITERAL_MAX);
    scanner->node[NODE_ROOT].len = LITERAL_MAX;
    scanner->node[NODE_LOST] = scanner->node[NODE_ROOT];
    scanner->nodes = 2;
    return scanner;
}

void scanner_free(struct scanner *scanner)
{
    if (scanner == NULL) return;
    for (int i = 0; i < scanner->names; i++)
        free((char *)(uintptr_t)scanner->name[i].new_name.text);
    arena_release(&scanner->scratch);
    free(scanner->rest);
    free(scanner->node);
    free(scanner);
}

void scanner_clear(struct scanner *scanner)
{
    arena_clear(&scanner->scratch);
}

/* Makes node follow previous, in front of what was learned before where there is room. */
static void node_follow(struct node *previous, int node)
{
    for (int i = 0; i < SUCCESSORS; i++)
        if (previous->successor[i] == node) return;
    for (int i = 0; i < SUCCESSORS; i++) {
        if (previous->successor[i] != 0) continue;
        previous->successor[i] = (uint16_t)node;
        return;
    }
    previous->successor[previous->next_successor] = (uint16_t)node;
    previous->next_successor = (uint8_t)((previous->next_successor + 1) % SUCCESSORS);
}

int scanner_learn(struct scanner *scanner, int previous, const char *literal, size_t len, int name,
                  bool last)
{
    if (len >= LITERAL_MAX) return NODE_LOST;
    for (int i = NODE_LOST + 1; i < scanner->nodes; i++) {
        const struct node *node = &scanner->node[i];
        if (node->len != len || memcmp(node->literal, literal, len) != 0) continue;
        node_follow(&scanner->node[previous], i);
        return i;
    }
    if (scanner->nodes == NODES_MAX) return NODE_LOST;
    const int index = scanner->nodes++;
    struct node *node = &scanner->node[index];
    const struct name *meant = name < 0 ? NULL : &scanner->name[name];
    memcpy(node->literal, literal, len);
    memset(node->cover, 0xff, len);
    node->mask = (UINT64_C(1) << len) - 1;
    node->len = (uint8_t)len;
    node->last = last;
    node->name = (int16_t)name;
    node->slot = (int16_t)(meant == NULL ? scanner->dummy : meant->slot);
    node->rest = scanner->all && !last && (meant == NULL || !meant->canonical);
    node_follow(&scanner->node[previous], index);
    if (last) scanner->last_node = index;
    const uint32_t place = literal_place(node->literal, (uint32_t)len);
    for (uint32_t i = 0; i < BY_LITERAL_PROBES && !last; i++) {
        uint16_t *const entry = &scanner->by_literal[(place + i) & (BY_LITERAL - 1)];
        if (*entry != 0) continue;
        *entry = (uint16_t)index;
        break;
    }
    return index;
}

struct slice scanner_numeral(struct scanner *scanner, struct slice text)
{
    if (!scanner->decimal_comma && number_valid(text)) return text;
    char *const out = arena_take(&scanner->scratch, text.len + NUMERAL_MORE + VALUE_PADDING);
    const size_t len = numeral_write(out, text, scanner->decimal_comma);
    arena_shrink(&scanner->scratch, out + (len == 0 ? 0 : len + VALUE_PADDING));
    return (struct slice){.text = out, .len = len};
}

/* The member written anew: under its new name, or with its text as the number it is. */
static struct slice member_rewrite(struct scanner *scanner, const struct name *meant,
                                   struct slice member, struct value value)
{
    const char *end = member.text + member.len;
    const char *from = value.kind == KIND_NULL     ? end - 4
                       : value.kind == KIND_STRING ? value.text - 1
                                                   : value.text;
    struct slice key = {.text = member.text, .len = (size_t)(from - member.text)};
    if (meant->new_name.len != 0) key = meant->new_name;
    if (meant->number && value.kind == KIND_STRING) {
        struct slice text = value_slice(value);
        if (value.escaped) {
            char *plain = arena_take(&scanner->scratch, text.len);
            text = (struct slice){.text = plain, .len = json_unescape(plain, text)};
        }
        text = scanner_numeral(scanner, text);
        if (text.len != 0) {
            from = text.text;
            end = from + text.len;
        }
    }
    const size_t len = (size_t)(end - from);
    char *anew = arena_take(&scanner->scratch, key.len + len);
    memcpy(anew, key.text, key.len);
    memcpy(anew + key.len, from, len);
    return (struct slice){.text = anew, .len = key.len + len};
}

void scanner_rest(struct scanner *scanner, int name, struct slice member, struct value value)
{
    const struct name *meant = name < 0 ? NULL : &scanner->name[name];
    if (meant != NULL && (meant->new_name.len != 0 || meant->number))
        member = member_rewrite(scanner, meant, member, value);
    if (scanner->rest_count == scanner->rest_cap) {
        scanner->rest_cap = scanner->rest_cap == 0 ? 16 : scanner->rest_cap * 2;
        scanner->rest = memory_resize(scanner->rest, scanner->rest_cap, sizeof scanner->rest[0]);
    }
    scanner->rest[scanner->rest_count++] = member;
}

static scan_function *kernel;
static scan_lines_function *kernel_lines;
static const char *kernel_name;
#if defined(__x86_64__)
bool scan_presses;
#endif

static void kernel_choose(void)
{
    static const struct {
        const char *name;
        scan_function *scan;
        scan_lines_function *lines;
    } kernels[] = {
#if defined(__x86_64__)
        {"avx512", scan_avx512, scan_avx512_lines},
        {"avx2", scan_avx2, scan_avx2_lines},
#endif
#if defined(__aarch64__)
        {"neon", scan_neon, scan_neon_lines},
#endif
        {"plain", scan_plain, scan_plain_lines},
    };
    const char *wanted = getenv("CS_SIMD");
#if defined(__x86_64__)
    scan_presses = cpu_has_avx512_press();
#endif
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
#if defined(__x86_64__)
        if (kernels[i].scan == scan_avx512 && !cpu_has_avx512()) continue;
        if (kernels[i].scan == scan_avx2 && !cpu_has_avx2()) continue;
#endif
        kernel = kernels[i].scan;
        kernel_lines = kernels[i].lines;
        kernel_name = kernels[i].name;
        if (wanted == NULL || strcmp(wanted, kernel_name) == 0) return;
    }
}

const char *scanner_kernel(void)
{
    if (kernel == NULL) kernel_choose();
    return kernel_name;
}

enum reason scanner_scan(struct scanner *scanner, const char *text, struct event *ev,
                         const char **next)
{
    if (__builtin_expect(kernel == NULL, 0)) kernel_choose();
    return kernel(scanner, text, ev, next);
}

size_t scanner_scan_lines(struct scanner *scanner, const char *text, const char *end, size_t max,
                          struct event *const *events, enum reason *reasons, const char **next)
{
    if (__builtin_expect(kernel == NULL, 0)) kernel_choose();
    return kernel_lines(scanner, text, end, max, events, reasons, next);
}

/* Behind the JSON value at p, which is valid. */
static const char *value_end(const char *p)
{
    int depth = 0;
    for (;; p++) {
        if (*p == '"') {
            for (p++; *p != '"'; p++)
                if (*p == '\\') p++;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            if (depth == 0) return p;
            if (--depth == 0) return p + 1;
        } else if (*p == ',' && depth == 0) {
            return p;
        }
        if (depth == 0 && *p == '"') return p + 1;
    }
}

bool scanner_bad_member(const struct scanner *scanner, struct slice line)
{
    uint32_t bad = 0; /* a bit per canonical member */
    const char *const end = line.text + line.len;
    char *plain = memory_new(line.len);
    for (const char *p = line.text + 1; p < end;) {
        while (p < end && *p != '"')
            p++;
        if (p >= end) break;
        const char *close = value_end(p);
        const struct slice inside = {.text = p + 1, .len = (size_t)(close - p - 2)};
        const int name = scanner_name(
            scanner, (struct slice){.text = plain, .len = json_unescape(plain, inside)});
        p = close;
        while (*p != ':')
            p++;
        p++;
        while (*p == ' ' || *p == '\t' || *p == '\r')
            p++;
        if (name >= 0 && scanner->name[name].canonical) {
            /* Names, not slots: a member nobody needs has no slot, but is judged all the same. */
            const struct name *meant = &scanner->name[name];
            const uint32_t bit = UINT32_C(1) << meant->member;
            bad = *p == '{' || *p == '[' ? bad | bit : bad & ~bit;
        }
        p = value_end(p);
    }
    free(plain);
    return bad != 0;
}
