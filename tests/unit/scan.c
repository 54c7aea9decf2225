/*
 * scan.c - the scanner against a straightforward reading of the same lines (reference.h), over a
 * million of them.
 *
 * A line's fate may not depend on what was scanned before, on the instruction set, or on whether
 * lines are scanned one by one or side by side; and every line lies at the very end of readable
 * memory, so reading too far is a crash.
 */
#include "event/scan.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/numeral.h"
#include "base/json.h"
#include "base/memory.h"
#include "event/cpu.h"
#include "event/scan_inside.h"
#include "reference.h"
#include "tap.h"

#define CASES 1000000
#define GROUP_MAX 40          /* lines in one block */
#define ARENA_BYTES (4 << 20) /* readable, before the page that is not */

/* --- chance
 * ------------------------------------------------------------------------------------------ */

static uint64_t chance_state = 88172645463325252U;

static uint64_t chance(void)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 7;
    chance_state ^= chance_state << 17;
    return chance_state;
}

static unsigned below(unsigned bound)
{
    return (unsigned)((chance() >> 33) % bound);
}

#define PICK(list) ((list)[below(sizeof(list) / sizeof((list)[0]))])

/* --- lines
 * ------------------------------------------------------------------------------------------- */

#define LONG_NAME "a_name_of_a_member_longer_than_most_"

static const char *const names[] = {
    "event_id",
    "session_id",
    "user_id",
    "event_type",
    "page_url",
    "product_id",
    "category_id",
    "search_query",
    "traffic_source",
    "campaign_id",
    "device_type",
    "event_time",
    "price",
    "qty",
    "cost",
    "sid",
    "session_id2",
    "sessionid",
    "s",
    "",
    "\\u0073ession_id",
    "pr\\u0069ce",
    "a\\\"b",
    "\xd1\x86\xd0\xb5\xd0\xbd\xd0\xb0",
    "a_name_that_is_longer_than_any_literal_that_is_remembered_by_the_scanner",
    "event_time ",
};

static const char *const numbers[] = {
    "0",     "-0",    "1",        "12.50",
    "-3e5",  "1E+2",  "1e-400",   "123456789012345678901234567890",
    "0.1e1", "01",    "-",        "-01",
    "1.",    ".5",    "1e",       "1e+",
    "+1",    "0x1",   "--1",      "NaN",
    "1.e3",  "1e5.",  "1 2",      "0e0",
    "-a",    "1_0",   "Infinity", "-Infinity",
    "1,",    "2.5.6",
};

static const char *const words[] = {"true",   "false", "null", "nul", "tru",
                                    "falsee", "nullx", "True", "n",   ""};

static const char *const odd_strings[] = {
    "\\ud83d\\ude00",
    "\\ud83d",
    "\\ude00",
    "\\ud83dx",
    "\\ud83d\\n",
    "\\ud83d\\u0041",
    "\\uD83D\\uDE00",
    "\\u12",
    "\\u12g4",
    "\\x",
    "\\",
    "\\\"",
    "\\\\",
    "\\/\\b\\f\\n\\r\\t",
    "\xc3\xa9",
    "\xe2\x82\xac",
    "\xf0\x9f\x98\x80",
    "\xc0\x80",
    "\xed\xa0\x80",
    "\xf4\x90\x80\x80",
    "\x80",
    "\xff",
    "\xe2\x82",
    "\xf0\x9f\x98",
    "\x01",
    "\x1f",
    "\x7f",
    "\t",
    "\\u0000",
    "\\ud83d\\u",
    "\\ud83d\\ud83d\\ude00",
    "\xef\xbf\xbf",
    "\xe0\x80\x80",
    "\xf8\x88\x80\x80\x80",
};

static void add_blanks(struct buffer *out)
{
    for (unsigned count = below(4); count > 0; count--)
        buffer_add_char(out, PICK(" \t \r"));
}

/* The style of a line's blanks. */
enum style { TIGHT, SPACED, WILD };

static void add_gap(struct buffer *out, enum style style, bool behind_colon)
{
    if (style == WILD)
        add_blanks(out);
    else if (style == SPACED && behind_colon)
        buffer_add_char(out, ' ');
}

static void add_string(struct buffer *out, bool odd)
{
    buffer_add_char(out, '"');
    const unsigned shape = below(8);
    unsigned len = shape < 6 ? below(40) : shape == 6 ? 50 + below(90) : below(3);
    if (odd && below(3) == 0) { /* any byte anywhere */
        while (len-- > 0)
            buffer_add_char(out, (char)(below(6) == 0 ? below(256) : 'a'));
    } else {
        const unsigned at = odd ? below(len + 1) : len + 1;
        for (unsigned i = 0; i < len; i++) {
            if (i == at) buffer_add_slice(out, slice_of(PICK(odd_strings)));
            buffer_add_char(out, "abcdefghijklmnopqrstuvwxyz0123456789-./:?"[below(41)]);
        }
        if (at == len) buffer_add_slice(out, slice_of(PICK(odd_strings)));
    }
    buffer_add_char(out, '"');
}

/* What most strings of a line have. */
enum oddity { ODDITY_NONE, ODDITY_ESCAPES, ODDITY_FOREIGN };

/* With an escape, or what is not ASCII, at every tenth place or so, now and then a wrong one. */
static void add_odd_string(struct buffer *out, enum oddity oddity)
{
    static const char *const escapes[] = {
        "\\u0041", "\\u006f", "\\u002D",        "\\/", "\\n", "\\t", "\\u007f",
        "\\u0080", "\\u20ac", "\\u0030\\u0000", "\\b", "\\f"};
    static const char *const rare[] = {
        "\\\\", "\\\"", "\\ud83d\\ude00", "\\udc00", "\\u00g0", "\\u12", "\\x", "\\u"};
    static const char *const foreign[] = {
        "\xc3\xa9",     "\xc2\xa0",         "\xdf\xbf",         "\xd0\xb6\xd0\xb0",
        "\xe0\xa0\x80", "\xe2\x82\xac",     "\xed\x9f\xbf",     "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
    static const char *const wrong[] = {"\xc2\x9f",
                                        "\xc0\x80",
                                        "\xc1\xbf",
                                        "\xe0\x9f\xbf",
                                        "\xed\xa0\x80",
                                        "\xf0\x8f\xbf\xbf",
                                        "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80",
                                        "\xff",
                                        "\x80",
                                        "\xbf\xc3",
                                        "\xe2\x82",
                                        "\xf0\x9f\x98",
                                        "\xc3",
                                        "\xf1",
                                        "\x7f"};
    const unsigned len = below(8) == 0 ? below(200) : below(40);
    buffer_add_char(out, '"');
    for (unsigned i = 0; i < len; i++) {
        const unsigned chosen = below(3000);
        const bool is_foreign = oddity == ODDITY_FOREIGN && below(8) != 0;
        if (chosen < 300)
            buffer_add_slice(out, slice_of(is_foreign ? PICK(foreign) : PICK(escapes)));
        else if (chosen == 300)
            buffer_add_slice(out, slice_of(is_foreign ? PICK(wrong) : PICK(rare)));
        else
            buffer_add_char(out, "abcdef0123456789u/"[below(18)]);
    }
    buffer_add_char(out, '"');
}

/* One over many blocks, also of what is not ASCII. */
static void add_long_string(struct buffer *out)
{
    static const unsigned lens[] = {500, 3500, 4500, 60000, 70000};
    const bool odd = below(2) == 0;
    buffer_add_char(out, '"');
    for (unsigned left = PICK(lens) / (odd ? 10 : 1); left > 0; left--)
        buffer_add_slice(out, odd ? SLICE("\xc3\xa9") : SLICE("x"));
    buffer_add_char(out, '"');
}

static void add_value(struct buffer *out, unsigned wildness, int depth, enum style style);

static void add_nested(struct buffer *out, unsigned wildness, int depth, enum style style)
{
    const bool object = below(2) == 0;
    buffer_add_char(out, object ? '{' : '[');
    for (unsigned count = below(4), i = 0; i < count; i++) {
        if (i != 0) buffer_add_char(out, ',');
        add_gap(out, style, true);
        if (object) {
            add_string(out, below(8) == 0);
            add_gap(out, style, false);
            buffer_add_char(out, ':');
            add_gap(out, style, true);
        }
        add_value(out, wildness, depth + 1, style);
        add_gap(out, style, false);
    }
    buffer_add_char(out, object ? '}' : ']');
}

static void add_value(struct buffer *out, unsigned wildness, int depth, enum style style)
{
    const unsigned kind = below(100);
    if (kind < 60 - wildness) {
        add_string(out, false);
    } else if (kind < 75 - wildness) {
        buffer_add_literal(out, "null");
    } else if (kind < 80) {
        buffer_add_slice(out, slice_of(numbers[below(8)]));
    } else if (kind < 84) {
        buffer_add_slice(out, slice_of(words[below(3)]));
    } else if (kind < 88 && depth < 5) {
        add_nested(out, wildness, depth, style);
    } else if (kind < 90) {
        buffer_add_slice(out, slice_of(PICK(numbers)));
    } else if (kind < 91) {
        buffer_add_slice(out, slice_of(PICK(words)));
    } else {
        add_string(out, true);
    }
}

static void add_key(struct buffer *out, const char *name, enum style style)
{
    add_gap(out, style, false);
    buffer_add_char(out, '"');
    buffer_add_slice(out, slice_of(name));
    buffer_add_char(out, '"');
    add_gap(out, style, false);
    buffer_add_char(out, ':');
    add_gap(out, style, true);
}

/* An object: mostly the usual members in the usual order, as a shop would send them. */
static void add_object(struct buffer *out, unsigned wildness)
{
    const enum style style = below(10) < 7 ? TIGHT : below(2) == 0 ? SPACED : WILD;
    const bool usual = below(4) != 0;
    const unsigned count = usual ? 12 + below(4) : below(20);
    if (style == WILD) add_blanks(out);
    buffer_add_char(out, '{');
    for (unsigned i = 0; i < count; i++) {
        if (i != 0) {
            if (style == WILD) add_blanks(out);
            buffer_add_char(out, ',');
            if (style == SPACED) buffer_add_char(out, ' ');
        }
        add_key(out, usual && below(60) != 0 ? names[i] : PICK(names), style);
        if (usual && wildness < 10 && below(30) != 0) {
            if (below(4) == 0)
                buffer_add_literal(out, "null");
            else
                add_string(out, false);
        } else {
            add_value(out, wildness, 1, style);
        }
    }
    if (style == WILD) add_blanks(out);
    buffer_add_char(out, '}');
    if (below(10) == 0) add_blanks(out);
    if (below(20) == 0) buffer_add_char(out, '\r');
}

/* Nesting around the bound. */
static void add_deep(struct buffer *out)
{
    const unsigned depth = 250 + below(10);
    uint64_t kinds = chance();
    if (below(4) != 0) {
        buffer_add_literal(out, "{\"x\":");
    }
    const bool wrapped = out->len != 0;
    for (unsigned i = 0; i < depth; i++)
        buffer_add_slice(out, (kinds >> i % 64 & 1) != 0 ? SLICE("{\"a\":") : SLICE("["));
    buffer_add_literal(out, "1");
    for (unsigned i = depth; i-- > 0;)
        buffer_add_char(out, (kinds >> i % 64 & 1) != 0 ? '}' : ']');
    if (wrapped) buffer_add_char(out, '}');
}

/* What is done to one line in three: cut, flipped, doubled. */
static void mutate(struct buffer *out)
{
    if (out->len == 0) return;
    const size_t at = below((unsigned)out->len);
    switch (below(7)) {
    case 0: out->len = at; break;
    case 1: out->data[at] ^= (char)(1 << below(8)); break;
    case 2: out->data[at] = (char)below(256); break;
    case 3: out->data[at] = PICK("\"\\{}[]:, \t\r"); break;
    case 4: /* without a byte */
        memmove(out->data + at, out->data + at + 1, out->len - at - 1);
        out->len--;
        break;
    case 5: { /* a piece twice */
        const size_t len = below(8);
        buffer_add(out, "        ", 8);
        memmove(out->data + at + len, out->data + at, out->len - 8 - at);
        out->len += len - 8;
        break;
    }
    default: buffer_add_char(out, PICK("}]\"x,1 ")); break;
    }
}

static void make_line(struct buffer *out)
{
    buffer_clear(out);
    const unsigned shape = below(100);
    if (shape < 50) {
        add_object(out, 0);
    } else if (shape < 92) {
        add_object(out, below(50));
    } else if (shape < 94) {
        add_deep(out);
    } else if (shape < 97) {
        if (below(3) == 0) add_blanks(out);
        add_value(out, 50, 0, WILD);
        if (below(3) == 0) add_blanks(out);
    } else {
        add_object(out, 40);
        mutate(out);
        mutate(out);
    }
    if (below(3) == 0) mutate(out);
    for (size_t i = 0; i < out->len; i++)
        if (out->data[i] == '\n') out->data[i] = ' ';
}

/* --- scanners
 * ---------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    scan_function *scan;
    scan_lines_function *lines;
} kernels[] = {
    {"plain", scan_plain, scan_plain_lines},
#if defined(__x86_64__)
    {"avx2", scan_avx2, scan_avx2_lines},
    {"avx512", scan_avx512, scan_avx512_lines},
#endif
#if defined(__aarch64__)
    {"neon", scan_neon, scan_neon_lines},
#endif
};

#define KERNELS (int)(sizeof kernels / sizeof kernels[0])

static bool kernel_runs(int kernel)
{
#if defined(__x86_64__)
    if (kernels[kernel].scan == scan_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
    if (kernels[kernel].scan == scan_avx512)
        return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("bmi2");
#endif
    return kernel >= 0;
}

/* Two ways to look at a line: some members, with numbers and renamed ones; or all of it, as
 * cs-parse does. */
static struct schema some, all;

static void schemas_init(void)
{
    static const char *const wanted[] = {"session_id", "event_type", "product_id", "event_time",
                                         "price",      "qty",        "s"};
    schema_init(&some);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        schema_need(&some, slice_of(wanted[i]));
    some.number = UINT64_C(1) << schema_find(&some, SLICE("qty"));
    schema_rename(&some, SLICE("session_id"), SLICE("sid"));
    schema_rename(&some, SLICE("price"), SLICE("cost"));
    schema_init(&all);
    for (int slot = 0; slot < SLOT_CANONICAL; slot++)
        schema_need(&all, all.name[slot]);
    all.all = true;
}

/* --- what the reference says
 * --------------------------------------------------------------------------- */

static struct reference ref;
static int ref_slot[2][REFERENCE_MEMBERS]; /* by schema: each member's slot, or -1 */
static enum reason ref_reason;             /* bad-member too */
static char plain[1 << 18];

static int slot_meant(const struct schema *schema, struct slice key)
{
    const struct slice name = {.text = plain, .len = reference_plain(plain, key)};
    for (size_t i = 0; i < schema->alias_count; i++)
        if (slice_equal(schema->alias[i].old, name))
            return schema_find(schema, schema->alias[i].name);
    return schema_find(schema, name);
}

static void reference_judge(struct slice line)
{
    reference_read(&ref, line);
    ref_reason = ref.reason;
    if (ref.reason != REASON_NONE) return;
    for (int i = 0; i < ref.members; i++) {
        ref_slot[0][i] = slot_meant(&some, ref.member[i].key);
        ref_slot[1][i] = slot_meant(&all, ref.member[i].key);
    }
}

/* Is it bad-member under that schema: an array or object as the last of a canonical member's
 * values? */
static enum reason reason_wanted(int which)
{
    if (ref_reason != REASON_NONE) return ref_reason;
    uint32_t bad = 0;
    for (int i = 0; i < ref.members; i++) {
        const int slot = ref_slot[which][i];
        if (slot < 0 || slot >= SLOT_CANONICAL) continue;
        bad &= ~(UINT32_C(1) << slot);
        if (ref.member[i].kind >= KIND_ARRAY) bad |= UINT32_C(1) << slot;
    }
    return bad != 0 ? REASON_BAD_MEMBER : REASON_NONE;
}

static const char *value_wrong(const struct event *ev, int which, const struct schema *schema,
                               int slot)
{
    const struct value got = ev->value[slot];
    const struct reference_member *last = NULL;
    for (int i = 0; i < ref.members; i++)
        if (ref_slot[which][i] == slot) last = &ref.member[i];
    if (last == NULL || last->kind == KIND_NULL)
        return got.kind == KIND_NULL ? NULL : "a missing member has a value";
    struct slice text = last->text;
    enum kind kind = last->kind;
    if (kind == KIND_STRING) {
        text = (struct slice){.text = text.text + 1, .len = text.len - 2};
        if (!got.escaped) text = (struct slice){.text = plain, .len = reference_plain(plain, text)};
        if (got.escaped && !schema->all) return "a value kept its escapes";
        /* --number: text that is a number is one. */
        static char number[65536];
        const bool named = (schema->number >> slot & 1) != 0 && text.len < sizeof(number);
        const size_t len = named ? numeral_write(number, text, false) : 0;
        if (len != 0) {
            kind = KIND_NUMBER;
            text = (struct slice){.text = number, .len = len};
        }
    } else if (slot < SLOT_CANONICAL) {
        kind = KIND_STRING; /* read as its text */
    }
    if (kind != last->kind && !ev->recast) return "a changed kind is not noted";
    if (got.kind != kind) return "the kind is wrong";
    if (kind == KIND_TRUE || kind == KIND_FALSE) return NULL;
    return slice_equal(value_slice(got), text) ? NULL : "the text is wrong";
}

static const char *rest_wrong(const struct event *ev)
{
    size_t at = 0;
    for (int i = 0; i < ref.members; i++) {
        if (ref_slot[1][i] >= 0 && ref_slot[1][i] < SLOT_CANONICAL) continue;
        if (at == ev->rest_count) return "a member is missing in the rest";
        const char *from = ref.member[i].key.text - 1;
        const struct slice want = {
            .text = from, .len = (size_t)(ref.member[i].text.text + ref.member[i].text.len - from)};
        if (!slice_equal(ev->rest[at++], want)) return "a member of the rest is wrong";
    }
    return at == ev->rest_count ? NULL : "the rest has a member too many";
}

/* An event that is said to be clean. */
static const char *clean_wrong(const struct event *ev)
{
    for (size_t i = 0; i < ev->line.len; i++) {
        const unsigned char c = (unsigned char)ev->line.text[i];
        const unsigned char next = (unsigned char)ev->line.text[i + 1];
        if (c < 0x20 || c == 0x7f || (c == 0xc2 && next < 0xa0)) return "it is not clean";
    }
    return NULL;
}

/* What is wrong with a scanner's answer; NULL: nothing. */
static const char *answer_wrong(const struct event *ev, enum reason reason, int which)
{
    const enum reason wanted = reason_wanted(which);
    if (reason != wanted) return reason_name(wanted);
    if (reason != REASON_NONE && reason != REASON_BAD_MEMBER) return NULL;
    if (ref.line.len == 0) return ev->line.len == 0 ? NULL : "a blank line is none";
    if (!slice_equal(ev->line, ref.line)) return "the line's ends are wrong";
    if (reason != REASON_NONE) return NULL;
    if (ev->clean && clean_wrong(ev) != NULL) return clean_wrong(ev);
    const struct schema *schema = which == 0 ? &some : &all;
    for (uint64_t left = schema->needed; left != 0; left &= left - 1) {
        const char *wrong = value_wrong(ev, which, schema, __builtin_ctzll(left));
        if (wrong != NULL) return wrong;
    }
    return which == 1 ? rest_wrong(ev) : NULL;
}

/* --- holding them together
 * ------------------------------------------------------------------------------- */

static char *edge; /* behind the last readable byte */

/* Copies lines, each with its newline, to the very end of readable memory, padding behind. */
static char *place(const struct buffer *text)
{
    char *at = edge - SCAN_PADDING - text->len;
    memcpy(at, text->data, text->len);
    /* Whatever stands behind must not matter. */
    static const char behind[] =
        "\"}\n{\"event_id\":\"\\\xc3\xa9 "
        "null,1e]}\"\"\"\"\n\n\n\n0123456789abcdef\x80\x80\x80\x80\"\"\"}}}}}";
    const size_t shift = below(sizeof behind - 1);
    for (size_t i = 0; i < SCAN_PADDING; i++)
        at[text->len + i] = behind[(i + shift) % (sizeof behind - 1)];
    return at;
}

static int failures;

static void complain(const char *how, int kernel, const char *wrong, enum reason reason,
                     struct slice line)
{
    if (failures++ >= 10) return;
    struct buffer shown = {0};
    for (size_t i = 0; i < line.len && i < 600; i++) {
        const unsigned char c = (unsigned char)line.text[i];
        buffer_printf(&shown, c >= 0x20 && c < 0x7f ? "%c" : "<%02x>", c);
    }
    printf("# %s, %s: wanted: %s, got reason %s: %.*s\n", kernels[kernel].name, how, wrong,
           reason_name(reason), (int)shown.len, shown.data);
    buffer_release(&shown);
}

/* Puts a scanner back to where it was when it was new. Making a new one would cost more than all
 * the rest. */
struct pristine {
    struct scanner scanner;
    struct node nodes[2];
};

static void pristine_keep(struct pristine *pristine, const struct scanner *scanner)
{
    pristine->scanner = *scanner;
    memcpy(pristine->nodes, scanner->node, sizeof pristine->nodes);
}

static void pristine_restore(const struct pristine *pristine, struct scanner *scanner)
{
    struct scanner old = *scanner;
    *scanner = pristine->scanner;
    scanner->scratch = old.scratch;
    scanner->rest = old.rest;
    scanner->rest_cap = old.rest_cap;
    scanner->node = old.node;
    memcpy(scanner->name, old.name, sizeof old.name); /* some of it is its own */
    memcpy(scanner->node, pristine->nodes, sizeof pristine->nodes);
    memset(scanner->node + 2, 0, (size_t)(old.nodes - 2) * sizeof scanner->node[0]);
}

static struct scanner *fresh[2], *seasoned[2][3], *beside[2][3];
static struct pristine pristine[2];
static struct value slots[GROUP_MAX][SCHEMA_MAX + 1];

static void one_answer(const char *how, int kernel, struct scanner *scanner, const char *text,
                       int which)
{
    struct event ev = {.value = slots[0]};
    const char *next;
    for (int slot = 0; slot <= SCHEMA_MAX; slot++)
        slots[0][slot] = (struct value){.text = "rubbish", .len = 7, .kind = KIND_OBJECT};
    const enum reason reason = kernels[kernel].scan(scanner, text, &ev, &next);
    const char *end = memchr(text, '\n', (size_t)(edge - text));
    const char *wrong =
        next != end + 1 ? "the next line's place" : answer_wrong(&ev, reason, which);
    if (wrong != NULL)
        complain(how, kernel, wrong, reason,
                 (struct slice){.text = text, .len = (size_t)(end - text)});
    scanner_clear(scanner);
}

static uint64_t accepted;

/* One line, by itself: new scanners and old ones, every kernel. */
static void line_check(struct buffer *line, unsigned number)
{
    buffer_add_char(line, '\n');
    const char *text = place(line);
    reference_judge((struct slice){.text = text, .len = line->len - 1});
    accepted += ref_reason == REASON_NONE && ref.line.len != 0;
    const int which = (int)(number & 1);
    const int kernel = (int)(number / 2 % (unsigned)KERNELS);
    for (int i = 0; i < KERNELS; i++)
        if (kernel_runs(i)) one_answer("after other lines", i, seasoned[which][i], text, which);
    if (!kernel_runs(kernel)) return;
    pristine_restore(&pristine[which], fresh[which]);
    one_answer("with a new scanner", kernel, fresh[which], text, which);
}

/* Lines side by side. Most are alike: that is what they are scanned side by side for. */
static void group_check(struct buffer *group, const size_t *ends, size_t count, unsigned number)
{
    const char *text = place(group);
    const char *const end = text + group->len;
    const int which = (int)(number & 1);
    const int kernel = (int)(number / 2 % (unsigned)KERNELS);
    if (!kernel_runs(kernel)) return;
    struct event events[GROUP_MAX];
    struct event *pointers[GROUP_MAX];
    enum reason reasons[GROUP_MAX];
    for (size_t i = 0; i < count; i++) {
        events[i] = (struct event){.value = slots[i]};
        pointers[i] = &events[i];
        for (int slot = 0; slot <= SCHEMA_MAX; slot++)
            slots[i][slot] = (struct value){.text = "rubbish", .len = 7, .kind = KIND_OBJECT};
    }
    const char *p = text;
    size_t done = 0;
    if (below(4) == 0) pristine_restore(&pristine[which], beside[which][kernel]);
    while (p < end && done < count)
        done += kernels[kernel].lines(beside[which][kernel], p, end, count - done, pointers + done,
                                      reasons + done, &p);
    if (p != end || done != count)
        complain("side by side", kernel, "all the lines", REASON_NONE, SLICE(""));
    for (size_t i = 0; i < done; i++) {
        const size_t from = i == 0 ? 0 : ends[i - 1];
        const struct slice line = {.text = text + from, .len = ends[i] - from - 1};
        reference_judge(line);
        const char *wrong = answer_wrong(&events[i], reasons[i], which);
        if (wrong != NULL) complain("side by side", kernel, wrong, reasons[i], line);
    }
    scanner_clear(beside[which][kernel]);
}

/* What most lines of a group have in common. */
struct usual_shape {
    unsigned members;
    enum style style;
    bool mixed; /* the last members are numbers, arrays and objects */
    bool long_names;
    enum oddity oddity;
    unsigned odd; /* one string of so many has something odd */
};

static struct usual_shape shape_pick(enum oddity oddity)
{
    static const unsigned counts[] = {12, 12, 13, 14, 16, 17, 30};
    static const unsigned odd[] = {2, 40, 1000};
    return (struct usual_shape){.members = PICK(counts),
                                .style = below(8) == 0 ? SPACED : TIGHT,
                                .mixed = below(3) == 0,
                                .long_names = below(8) == 0,
                                .oddity = oddity,
                                .odd = PICK(odd)};
}

static void make_usual(struct buffer *line, struct usual_shape shape)
{
    buffer_clear(line);
    buffer_add_char(line, '{');
    for (unsigned i = 0; i < shape.members; i++) {
        if (i != 0) buffer_add_slice(line, shape.style == SPACED ? SLICE(", ") : SLICE(","));
        char extra[64];
        snprintf(extra, sizeof extra, "%s%u", shape.long_names ? LONG_NAME : "extra", i);
        add_key(line, i < 16 ? names[i] : extra, shape.style);
        const unsigned kind = below(40);
        if (shape.mixed && i >= 12 && kind > 8)
            add_value(line, 0, 1, TIGHT);
        else if (kind < 8)
            buffer_add_literal(line, "null");
        else if (below(2000) == 0)
            add_long_string(line);
        else if (shape.oddity != ODDITY_NONE)
            add_odd_string(line, shape.oddity);
        else
            add_string(line, below(shape.odd) == 0);
    }
    buffer_add_char(line, '}');
}

/* Where AVX-512 can press bytes together, what does it elsewhere is tried, too. */
static void presses_choose(unsigned number)
{
#if defined(__x86_64__)
    static int has = -1;
    if (has < 0) has = cpu_has_avx512_press();
    scan_presses = has != 0 && number / 40 % 2 == 0;
#else
    (void)number;
#endif
}

static void test_random(void)
{
    struct buffer line = {0}, group = {0};
    size_t ends[GROUP_MAX];
    struct usual_shape shapes[5];
    const unsigned most = (unsigned)rounds(CASES);
    unsigned cases = 0;
    for (unsigned number = 0; cases < most; number++) {
        presses_choose(number);
        make_line(&line);
        line_check(&line, number);
        cases++;
        if (number % 20 != 0) continue;
        buffer_clear(&group);
        if (number % 2000 == 0) {
            const enum oddity oddity = (enum oddity)below(3);
            for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
                shapes[i] = shape_pick(oddity);
        }
        const unsigned kinds = 1 + below(5);
        const size_t count = 1 + below(GROUP_MAX);
        for (size_t i = 0; i < count; i++) {
            if (below(12) == 0)
                make_line(&line);
            else
                make_usual(&line, shapes[below(kinds)]);
            if (below(30) == 0) mutate(&line);
            for (size_t j = 0; j < line.len; j++)
                if (line.data[j] == '\n') line.data[j] = ' ';
            buffer_add_slice(&group, buffer_slice(&line));
            buffer_add_char(&group, '\n');
            ends[i] = group.len;
        }
        group_check(&group, ends, count, number / 20);
        cases += (unsigned)count;
    }
    is_int(failures, 0,
           "a million lines: one judgement, however and after whatever they are scanned");
    ok(accepted > most / 10 && accepted < (uint64_t)most * 9 / 10,
       "some of them are good and some are not");
    buffer_release(&line);
    buffer_release(&group);
}

/* --- cases by hand
 * ------------------------------------------------------------------------------------------ */

static enum reason reason_of(struct slice text)
{
    struct buffer line = {0};
    buffer_add_slice(&line, text);
    failures = 0;
    line_check(&line, 0);
    const enum reason reason = ref_reason == REASON_NONE ? reason_wanted(0) : ref_reason;
    buffer_release(&line);
    return failures == 0 ? reason : REASON_COUNT;
}

static void test_reasons(void)
{
    static const struct {
        const char *line;
        enum reason reason;
        const char *name;
    } cases[] = {
        {"{}", REASON_NONE, "an empty object is an event as far as JSON goes"},
        {" \t\r", REASON_NONE, "blanks are a blank line"},
        {"[1]", REASON_NOT_AN_OBJECT, "an array is valid JSON, but no object"},
        {"1", REASON_NOT_AN_OBJECT, "so is a number"},
        {"\"a\" ", REASON_NOT_AN_OBJECT, "and a string"},
        {"\"a\" x", REASON_NOT_JSON, "something behind a document is not JSON"},
        {"{\"a\":1}}", REASON_NOT_JSON, "nor is a brace too many"},
        {"{\"a\":1,}", REASON_NOT_JSON, "nor a comma too many"},
        {"{\"session_id\":[1]}", REASON_BAD_MEMBER, "an array where text belongs is a bad member"},
        {"{\"user_id\":{}}", REASON_BAD_MEMBER, "even in a member that nobody looks at"},
        {"{\"session_id\":[1],\"session_id\":\"a\"}", REASON_NONE,
         "the last value of a repeated name counts"},
        {"{\"session_id\":\"a\",\"sessi\\u006fn_id\":[1]}", REASON_BAD_MEMBER,
         "also when the name is escaped"},
        {"{\"session_id\":[1", REASON_NOT_JSON,
         "a bad member in a line that is not JSON is not JSON"},
        {"{\"a\":\"\xff\",x}", REASON_BAD_UTF8,
         "the first violation from the left gives the reason"},
        {"{x,\"a\":\"\xff\"}", REASON_NOT_JSON, "whichever that is"},
        {"{\"a\":\"\\ud800\"}", REASON_BAD_UTF8, "a lone surrogate is bad UTF-8"},
        {"\xef\xbb\xbf{}", REASON_NOT_JSON, "a BOM in the middle of the input is not JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        is_int(reason_of(slice_of(cases[i].line)), cases[i].reason, cases[i].name);
    ok(reason_of((struct slice){.text = "{\"a\":\"b\0c\"}", .len = 11}) == REASON_NOT_JSON,
       "a NUL in a string is not JSON");
    ok(reason_of((struct slice){.text = "{}\0", .len = 3}) == REASON_NOT_JSON,
       "nor is one behind the object");
    for (int depth = 255; depth <= 257; depth++) {
        struct buffer line = {0};
        buffer_add_literal(&line, "{\"a\":");
        for (int i = 1; i < depth; i++)
            buffer_add_char(&line, '[');
        for (int i = 1; i < depth; i++)
            buffer_add_char(&line, ']');
        buffer_add_char(&line, '}');
        is_int(reason_of(buffer_slice(&line)), depth > 256 ? REASON_TOO_DEEP : REASON_NONE,
               depth > 256    ? "257 deep is too deep"
               : depth == 256 ? "256 deep is not"
                              : "nor is 255");
        buffer_release(&line);
    }
}

/* Lines that are as usual but for one thing, among others that are. */
static void test_nearly_usual(void)
{
    static const char *const usual =
        "{\"event_id\":\"e1\",\"session_id\":null,\"user_id\":\"u1\"}\n";
    static const char *const lines[] = {
        "{\"event_id\":\",\"session_id\":null,\"user_id\":\"u\"1\"}\n", /* one quote, and three */
        "{\"event_id\":\"e\"1\",\"session_id\":null,\"user_id\":\"}\n",
        "{\"event_id\":\"e\"1\",\"session_id\":null,\"user_id\":\"u1\"}\n",
        "{\"event_id\":,\"session_id\":null,\"user_id\":\"u1\"}\n",
        "{\"event_id\":\"e1\"x,\"session_id\":null,\"user_id\":\"u1\"}\n",
        "{\"event_id\":x\"e1\",\"session_id\":null,\"user_id\":\"u1\"}\n",
        "{\"event_id\":\"e1\",\"session_id\":nnull,\"user_id\":\"u1\"}\n",
        "{\"event_id\":\"e1\",\"session_id\":1null,\"user_id\":\"u1\"}\n",
        "{\"event_id\":\"e1\",\"session_id\":nul,\"user_id\":\"u1\"}\n",
        "{\"event_id\":\"e1\",\"session_id\":nulL,\"user_id\":\"u1\"}\n",
        "{\"event_id\":\"e1\",\"session_id\":true,\"user_id\":\"u1\"}\n",
        "{\"event_id\":\"e1\",\"session_id\":null,\"user_id\":\"u1\"} \n",
        "{\"event_id\":\"e1\",\"session_id\":null,\"user_id\":\"u1\"}}\n",
        "{\"event_id\":\"e1\",\"session_id\":null,\"user_id\":\"u1\",\"s\":1}\n",
        "{\"event_id\":\"e1\",\"session_id\":null,\"user_id\":\":u1\"}\n",
        "{\"event_id\":\"e1\",\"session_id\":\":\",\"user_id\":null}\n",
        "{\"event_id\":\"e1\",\"session_id\":null,\"user_id\":{\"event_id\":\"e1\"}}\n",
        "{\"event_id\":\"e1\",\"session_id\":null,\"user_ie\":\"u1\"}\n",
        "x{\"event_id\":\"e1\",\"session_id\":null,\"user_id\":\"u1\"}\n",
        " {\"event_id\":\"e1\",\"session_id\":null,\"user_id\":\"u1\"}\n",
        "{\"event_id\":\"e1\",\"session_id\":null\"user_id\":\"u1\"}\n",
        "{\"event_id\":\"e\\u00e9\",\"session_id\":null,\"user_id\":\"\\u12x4\"}\n",
        "{\"event_id\":\"e\xc3\xa9\",\"session_id\":null,\"user_id\":\"\xc3\"}\n",
        "{\"event_id\":\"\",\"session_id\":\"\",\"user_id\":\"\"}\n",
    };
    struct buffer group = {0};
    failures = 0;
    for (unsigned number = 0; number < 2 * KERNELS; number++)
        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
            size_t ends[16];
            buffer_clear(&group);
            for (size_t j = 0; j < 16; j++) {
                buffer_add_slice(&group, slice_of(j % 5 == 4 ? lines[i] : usual));
                ends[j] = group.len;
            }
            /* Its lines of before would make it cautious. */
            if (kernel_runs((int)number / 2))
                pristine_restore(&pristine[number & 1], beside[number & 1][number / 2]);
            group_check(&group, ends, 16, number);
        }
    is_int(failures, 0, "lines that are as usual but for one thing are judged like any others");
    buffer_release(&group);
}

/* --- JSONTestSuite
 * ------------------------------------------------------------------------------------------- */

static bool file_read(const char *path, struct buffer *text)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    buffer_clear(text);
    text->len = fread(buffer_reserve(text, 1 << 18), 1, 1 << 18, file);
    fclose(file);
    return true;
}

static void test_suite(const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        tap_count++;
        printf("ok %d - JSONTestSuite # SKIP ../shared/data/json-test-suite is absent\n",
               tap_count);
        return;
    }
    struct buffer text = {0}, path = {0};
    int yes = 0, no = 0, wrong = 0, broken = 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const char kind = entry->d_name[0];
        if (entry->d_name[1] != '_') continue;
        buffer_clear(&path);
        buffer_printf(&path, "%s/%s%c", folder, entry->d_name, '\0');
        if (!file_read(path.data, &text)) continue;
        if (text.len != 0 && text.data[text.len - 1] == '\n') text.len--;
        if (text.len != 0 && memchr(text.data, '\n', text.len) != NULL) {
            broken++; /* no line; cs-parse.bats meets these */
            continue;
        }
        const enum reason reason = reason_of(buffer_slice(&text));
        const bool blank = reason == REASON_NONE && ref.line.len == 0;
        const bool is_json = (reason == REASON_NONE && !blank) || reason == REASON_NOT_AN_OBJECT ||
                             reason == REASON_BAD_MEMBER;
        yes += kind == 'y';
        no += kind == 'n';
        if (reason == REASON_COUNT || (kind == 'y' && !is_json) || (kind == 'n' && is_json)) {
            wrong++;
            printf("# %s: %s\n", entry->d_name,
                   reason == REASON_COUNT ? "differs" : reason_name(reason));
        }
    }
    closedir(dir);
    is_int(wrong, 0, "JSONTestSuite: every y_ is accepted, every n_ is refused");
    ok(yes > 85 && no > 150 && broken < 30, "nearly all of its files were one line");
    buffer_release(&text);
    buffer_release(&path);
}

/* ------------------------------------------------------------------------------------------------------------
 */

int main(int argc, char **argv)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory =
        mmap(NULL, ARENA_BYTES + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + ARENA_BYTES, page, PROT_NONE) != 0) return 1;
    edge = memory + ARENA_BYTES;
    if (argc > 1) chance_state ^= strtoull(argv[1], NULL, 10) * UINT64_C(0x9e3779b97f4a7c15);
    schemas_init();
    for (int which = 0; which < 2; which++) {
        const struct schema *schema = which == 0 ? &some : &all;
        fresh[which] = scanner_new(schema);
        pristine_keep(&pristine[which], fresh[which]);
        for (int i = 0; i < KERNELS; i++) {
            seasoned[which][i] = scanner_new(schema);
            beside[which][i] = scanner_new(schema);
        }
    }
    test_reasons();
    failures = 0;
    test_random();
    test_nearly_usual();
    failures = 0;
    const char *folder = getenv("JSON_TEST_SUITE");
    test_suite(folder != NULL ? folder : "../shared/data/json-test-suite/test_parsing");
    for (int which = 0; which < 2; which++) {
        scanner_free(fresh[which]);
        for (int i = 0; i < KERNELS; i++) {
            scanner_free(seasoned[which][i]);
            scanner_free(beside[which][i]);
        }
    }
    schema_release(&some);
    schema_release(&all);
    munmap(memory, ARENA_BYTES + page);
    return plan();
}
