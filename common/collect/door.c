#include "collect/door.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/instant.h"
#include "collect/gunzip.h"
#include "collect/judge.h"
#include "collect/peer.h"

/* Whoever is told to come back later comes after so long. */
enum { RETRY_S = 5 };

#define TEXT SLICE("text/plain; charset=utf-8")

static bool method_is(const struct exchange *exchange, const char *method)
{
    return slice_equal(exchange->request->method, slice_of(method));
}

/* --- other sites' pages --- */

/* May pages of the request's origin send? Nothing is said of where no browser sent it from. */
static bool origin_good(const struct door *door, const struct request *request)
{
    const struct list *const origin = &door->options->origin;
    if (origin->count == 0 || request->origin.text == NULL) return true;
    for (size_t i = 0; i < origin->count; i++)
        if (slice_equal(origin->item[i].name, request->origin)) return true;
    return false;
}

/* What lets the page see the answer. Good until the next call. */
static struct slice origin_fields(const struct door *door, const struct request *request)
{
    static struct buffer fields;
    if (request->origin.text == NULL) return SLICE("");
    if (door->options->origin.count == 0) return SLICE("Access-Control-Allow-Origin: *\r\n");
    buffer_clear(&fields);
    buffer_add_literal(&fields, "Vary: Origin\r\n");
    if (origin_good(door, request)) {
        buffer_add_literal(&fields, "Access-Control-Allow-Origin: ");
        buffer_add_slice(&fields, request->origin);
        buffer_add_literal(&fields, "\r\n");
    }
    return buffer_slice(&fields);
}

static struct answer preflight(const struct door *door, const struct request *request)
{
    static struct buffer fields;
    buffer_clear(&fields);
    buffer_add_slice(&fields, origin_fields(door, request));
    buffer_add_literal(&fields, "Access-Control-Allow-Methods: POST\r\n"
                                "Access-Control-Allow-Headers: Content-Type, Content-Encoding\r\n"
                                "Access-Control-Max-Age: 86400\r\n");
    if (request_word_is(request->from_network, SLICE("true")))
        buffer_add_literal(&fields, "Access-Control-Allow-Private-Network: true\r\n");
    return (struct answer){.status = 204, .fields = buffer_slice(&fields)};
}

/* --- answers --- */

static struct answer told(int status, const char *why)
{
    static struct buffer text;
    buffer_clear(&text);
    buffer_printf(&text, "%s\n", why);
    return (struct answer){.status = status, .type = TEXT, .body = buffer_slice(&text)};
}

static struct answer events_told(const struct door *door, const struct request *request,
                                 struct answer answer)
{
    answer.fields = origin_fields(door, request);
    return answer;
}

static struct answer busy(const char *why)
{
    struct answer answer = told(503, why);
    answer.retry_after_s = RETRY_S;
    return answer;
}

static struct answer health(struct door *door, const struct exchange *exchange)
{
    struct answer answer = told(200, "taking events");
    if (door->stopping)
        answer = busy("stopping");
    else if (!door->has_room(door->context))
        answer = busy("no room for events");
    else if (door->failing)
        answer = busy("the last events could not be written");
    answer.head_only = method_is(exchange, "HEAD");
    return answer;
}

static struct answer metrics(struct door *door, const struct exchange *exchange)
{
    static struct buffer text;
    buffer_clear(&text);
    door->figures(door->context, &text);
    return (struct answer){.status = 200,
                           .head_only = method_is(exchange, "HEAD"),
                           .type = SLICE("text/plain; version=0.0.4; charset=utf-8"),
                           .body = buffer_slice(&text)};
}

/* Everything but events. */
static struct answer page(struct door *door, const struct exchange *exchange)
{
    const struct slice path = exchange->request->path;
    const bool snippet = slice_equal(path, SLICE("/s.js"));
    const bool is_health = slice_equal(path, SLICE("/health"));
    if (!snippet && !is_health && !(exchange->admin && slice_equal(path, SLICE("/metrics"))))
        return told(404, "nothing is here");
    if (!method_is(exchange, "GET") && !method_is(exchange, "HEAD")) {
        struct answer answer = told(405, "only GET");
        answer.fields = SLICE("Allow: GET, HEAD\r\n");
        return answer;
    }
    if (snippet) return snippet_answer(&door->snippet, exchange->request);
    return is_health ? health(door, exchange) : metrics(door, exchange);
}

/* --- events: before their body has come --- */

/* Is the address over its rate? Then how many seconds until it is not; 0: no. */
static int rate_seconds(struct door *door, const struct exchange *exchange)
{
    const struct collect_options *const options = door->options;
    if (options->rate.each_us == 0) return 0;
    const struct peer client =
        forwarded_client(&options->forwarded, exchange->request, *exchange->peer);
    const int64_t over_us = buckets_take(&door->options->rate, &client, instant_steady());
    if (over_us == 0) return 0;
    door->counters.limited++;
    if (options->shadow) return 0;
    return over_us > INT64_C(3600000000) ? 3600 : (int)((over_us + 999999) / 1000000);
}

static bool is_gzip(struct slice encoding)
{
    return request_word_is(encoding, SLICE("gzip")) || request_word_is(encoding, SLICE("x-gzip"));
}

static void events_head(struct door *door, struct exchange *exchange)
{
    const struct request *const request = exchange->request;
    if (method_is(exchange, "OPTIONS")) {
        exchange->answer = preflight(door, request);
        return;
    }
    if (!method_is(exchange, "POST")) {
        exchange->answer = told(405, "only POST");
        exchange->answer.fields = SLICE("Allow: POST, OPTIONS\r\n");
        return;
    }
    if (!origin_good(door, request)) {
        door->counters.foreign++;
        exchange->answer = events_told(door, request, told(403, "not from this site"));
        return;
    }
    const int seconds = rate_seconds(door, exchange);
    if (seconds != 0) {
        exchange->answer = events_told(door, request, told(429, "too many requests"));
        exchange->answer.retry_after_s = seconds;
    } else if (request->encoding.text != NULL && !is_gzip(request->encoding) &&
               !request_word_is(request->encoding, SLICE("identity"))) {
        exchange->answer = events_told(door, request, told(415, "neither gzip nor identity"));
    } else if (request->length > door->options->body_bytes) {
        exchange->answer = events_told(door, request, told(413, "too long a body"));
    } else if (!door->has_room(door->context)) {
        exchange->answer = events_told(door, request, busy("no room for events"));
    }
}

void door_head(void *context, struct exchange *exchange)
{
    struct door *const door = context;
    if (slice_equal(exchange->request->path, slice_of(door->options->path)))
        events_head(door, exchange);
    else
        exchange->answer = page(door, exchange);
}

/* --- events --- */

/* The address as the row has it, in text; its length. */
static size_t address_print(struct door *door, struct peer client, char text[PEER_TEXT_BYTES])
{
    struct sha256_ctx hash;
    uint8_t digest[16];
    if (client.is_unix) return 0;
    switch ((enum address_mode)door->options->address) {
    case ADDRESS_NONE: return 0;
    case ADDRESS_FULL: return peer_print(&client, text);
    case ADDRESS_CUT: {
        const struct peer cut = peer_cut(client);
        return peer_print(&cut, text);
    }
    case ADDRESS_HASH: break;
    }
    sha256_init(&hash);
    sha256_update(&hash, sizeof door->secret, (const uint8_t *)door->secret);
    sha256_update(&hash, sizeof client.bytes, client.bytes);
    sha256_digest(&hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return 2 * sizeof digest;
}

/* Browsers say so of pages that nobody has opened yet. */
static bool is_prefetch(const struct request *request)
{
    return request->purpose.len != 0 &&
           memmem(request->purpose.text, request->purpose.len, "prefetch", 8) != NULL;
}

/* Does the sender's being a crawler, or not, keep the events out? */
static bool unwanted(struct door *door, bool is_bot)
{
    const enum bots_mode mode = (enum bots_mode)door->options->bots;
    const bool out = mode == BOTS_DROP ? is_bot : mode == BOTS_ONLY && !is_bot;
    if (mode != BOTS_TAKE && is_bot) door->counters.bots++;
    return out && !door->options->shadow;
}

static void debug_add(struct answer *answer, const struct judgement *judgement, bool is_cut)
{
    static struct buffer fields;
    buffer_clear(&fields);
    buffer_add_slice(&fields, answer->fields);
    buffer_printf(&fields, "X-Clickstream: accepted=%llu rejected=%llu",
                  (unsigned long long)judgement->used, (unsigned long long)judgement->rejected);
    if (judgement->reason != NULL) buffer_printf(&fields, " (%s)", judgement->reason);
    if (is_cut) buffer_add_literal(&fields, " (ends inside of an array)");
    buffer_add_literal(&fields, "\r\n");
    answer->fields = buffer_slice(&fields);
}

static void dropped_add(const struct door *door, struct answer *answer, const char *why)
{
    static struct buffer fields;
    if (!door->options->debug) return;
    buffer_clear(&fields);
    buffer_add_slice(&fields, answer->fields);
    buffer_printf(&fields, "X-Clickstream: dropped (%s)\r\n", why);
    answer->fields = buffer_slice(&fields);
}

/* The body as it was before it was compressed; false: the answer says what is wrong with it. */
static bool body_plain(struct door *door, struct exchange *exchange, struct slice *body)
{
    const size_t most = (size_t)door->options->body_bytes;
    *body = exchange->body;
    if (!is_gzip(exchange->request->encoding)) return true;
    buffer_trim(&door->unzipped, (size_t)1 << 20);
    switch (gunzip(&door->unzipped, *body, most)) {
    case GUNZIP_WHOLE:
        door->counters.unzipped++;
        *body = buffer_slice(&door->unzipped);
        return true;
    case GUNZIP_LARGE: exchange->answer = told(413, "too long a body, uncompressed"); break;
    case GUNZIP_BAD: exchange->answer = told(400, "no gzip"); break;
    }
    return false;
}

static void events_take(struct door *door, struct exchange *exchange)
{
    const struct request *const request = exchange->request;
    char text[PEER_TEXT_BYTES];
    struct slice plain;
    struct agent agent = {.bot = {.text = NULL}};

    exchange->answer = (struct answer){.status = 204, .fields = origin_fields(door, request)};
    if (is_prefetch(request)) {
        door->counters.prefetches++;
        dropped_add(door, &exchange->answer, "prefetch");
        return;
    }
    if (door->options->bots != BOTS_TAKE)
        agent =
            agents_judge(&door->agents, request->agent.text == NULL ? SLICE("") : request->agent);
    if (unwanted(door, agent.bot.len != 0)) {
        dropped_add(door, &exchange->answer, agent.bot.len != 0 ? "bot" : "no bot");
        return;
    }
    if (!body_plain(door, exchange, &plain)) {
        exchange->answer.fields = origin_fields(door, request);
        return;
    }
    body_split(&door->body, plain);
    if (door->body.count > (size_t)door->options->events || !door->body.is_json) {
        if (door->body.is_json)
            exchange->answer = told(413, "too many events (--max-events)");
        else
            exchange->answer = told(400, slice_is_blank(plain) ? "an empty body" : "no JSON");
        exchange->answer.fields = origin_fields(door, request);
        return;
    }
    const struct peer client =
        forwarded_client(&door->options->forwarded, request, *exchange->peer);
    const struct sender sender = {
        .received_us = instant_now(),
        .address = {.text = text, .len = address_print(door, client, text)},
        .agent = request->agent,
        .bot = agent.bot,
    };
    door->received_us = sender.received_us;
    door->counters.cut += door->body.is_cut;
    const struct judgement judgement = judge_take(&door->body, &sender);
    if (judgement.nothing) {
        exchange->answer = told(400, "no JSON");
        exchange->answer.fields = origin_fields(door, request);
    }
    if (door->options->debug) debug_add(&exchange->answer, &judgement, door->body.is_cut);
    exchange->waits = judgement.records != 0;
}

void door_request(void *context, struct exchange *exchange)
{
    struct door *const door = context;
    if (slice_equal(exchange->request->path, slice_of(door->options->path)))
        events_take(door, exchange);
    else
        exchange->answer = page(door, exchange);
}

bool door_commit(void *context)
{
    struct door *const door = context;
    const bool good = door->put(door->context, judge_rows());
    door->failing = !good;
    if (good) {
        judge_clear();
    } else {
        door->counters.undone++;
        judge_undo();
    }
    return good;
}

void door_failed(void *context, struct exchange *exchange)
{
    const struct door *const door = context;
    exchange->answer = events_told(door, exchange->request, busy("events cannot be written now"));
}

void door_open(struct door *door)
{
    if (door->options->bots != BOTS_TAKE) {
        agents_init(&door->agents);
        agents_read(&door->agents, door->options->parsing.changes.lists);
    }
    snippet_read(&door->snippet, door->options->snippet);
    buckets_open(&door->options->rate);
    if (!random_bytes(door->secret, sizeof door->secret)) die_errno("getrandom");
}

void door_release(struct door *door)
{
    if (door->options->bots != BOTS_TAKE) agents_release(&door->agents);
    snippet_release(&door->snippet);
    buckets_release(&door->options->rate);
    buffer_release(&door->unzipped);
    body_release(&door->body);
}
