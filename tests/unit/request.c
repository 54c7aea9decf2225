/* request.c - heads of requests: what is read of them, what is refused, and that it does not matter
 * how they come. */
#include "collect/request.h"

#include <stdlib.h>

#include "collect/chunks.h"
#include "collect/forwarded.h"
#include "collect/gunzip.h"
#include "tap.h"

static struct request request;

static enum request_found found(const char *text)
{
    size_t seen = 0;
    return request_read(&request, text, strlen(text), &seen);
}

static void refused(const char *text, int status, const char *name)
{
    ok(found(text) == REQUEST_BAD && request.status == status, name);
}

static void heads(void)
{
    ok(found("POST /e?x=1 HTTP/1.1\r\nhOST: shop\r\nContent-Length:  12 \r\nUser-Agent:\tA b \r\n"
             "X-Forwarded-For: 1\r\nx-forwarded-for: 2\r\n\r\nrest") == REQUEST_WHOLE,
       "a head is read, whatever the case of its names");
    is_text(request.method, "POST", "its method");
    is_text(request.path, "/e", "its path");
    is_text(request.query, "x=1", "its query");
    is_text(request.host, "shop", "its host");
    is_text(request.agent, "A b", "a value is without the blanks around it");
    ok(request.length == 12 && !request.chunked && !request.close, "its length");
    ok(request.forwarded_for.count == 2, "lines of a repeated field are kept");
    ok(found("GET http://shop/e HTTP/1.1\r\nHost: shop\r\n\r\n") == REQUEST_WHOLE,
       "a target as proxies get it");
    is_text(request.path, "/e", "of which the path counts");
    ok(found("GET / HTTP/1.0\r\n\r\n") == REQUEST_WHOLE && request.close,
       "HTTP/1.0 needs no Host, and closes");
    ok(found("GET / HTTP/1.1\r\nHost: x\r\nConnection: foo, Close\r\n\r\n") == REQUEST_WHOLE &&
           request.close,
       "Connection: close in a list");
    ok(found("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n") == REQUEST_WHOLE,
       "one empty line before it is forgiven");
    refused("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "two are not");
    refused("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505, "another version");
    refused("GET e HTTP/1.1\r\nHost: x\r\n\r\n", 400, "a target that is no path");
    refused("G(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400, "a method that is no token");
    refused("GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", 400, "no name");
    refused("GET / HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n", 400, "another Expect");
    refused("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1234567890123456789\r\n\r\n", 400,
            "a length that is too long to be one");
    refused("GET / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", 400, "an empty length");
}

static void many_fields(void)
{
    struct buffer text = {0};
    buffer_printf(&text, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < REQUEST_FIELDS_MOST; i++)
        buffer_printf(&text, "A%d: b\r\n", i);
    buffer_printf(&text, "\r\n%c", '\0');
    refused(text.data, 431, "more fields than a head may have");
    buffer_release(&text);
}

/* A part of a head is never taken for one, and is refused no earlier than it can be known. */
static void parts(void)
{
    static const char text[] = "POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n";
    size_t seen = 0;
    bool good = true;
    for (size_t len = 0; len < sizeof text - 1; len++)
        good = good && request_read(&request, text, len, &seen) == REQUEST_PART;
    ok(good, "no part of a head is one");
    ok(request_read(&request, text, sizeof text - 1, &seen) == REQUEST_WHOLE,
       "byte by byte it is the same");
    seen = 0;
    ok(request_read(&request, "GET / HTTP/1.1\n", 15, &seen) == REQUEST_BAD,
       "LF alone is refused as soon as it is there");
    seen = 0;
    ok(request_read(&request, "GET /\0", 6, &seen) == REQUEST_BAD, "and so is NUL");
}

static bool chunks_same(const char *text, size_t step, const char *body, enum chunks_found end)
{
    struct chunks chunks = {.left = 0};
    struct buffer got = {0};
    size_t total = 0;
    enum chunks_found found = CHUNKS_PART;
    for (size_t at = 0, len = strlen(text); at < len && found == CHUNKS_PART; at += step) {
        char piece[64];
        size_t some = 0, taken = 0;
        const size_t size = len - at < step ? len - at : step;
        memcpy(piece, text + at, size);
        found = chunks_read(&chunks, piece, size, 20, &total, &some, &taken);
        if (found == CHUNKS_PART || found == CHUNKS_WHOLE) buffer_add(&got, piece, some);
    }
    const bool same =
        found == end && (end != CHUNKS_WHOLE || slice_equal(buffer_slice(&got), slice_of(body)));
    buffer_release(&got);
    return same;
}

static void chunked(void)
{
    static const struct {
        const char *text, *body;
        enum chunks_found end;
    } cases[] = {
        {"5\r\nhello\r\n0\r\n\r\n", "hello", CHUNKS_WHOLE},
        {"0\r\n\r\n", "", CHUNKS_WHOLE},
        {"000a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789",
         CHUNKS_WHOLE},
        {"b\r\n0123456789x\r\nA\r\n0123456789\r\n0\r\n\r\n", "", CHUNKS_LARGE},
        {"FFFFFFFF\r\n", "", CHUNKS_LARGE},
        {"5\r\nhello\r\n", "", CHUNKS_PART},
        {"5\r\nhello0\r\n\r\n", "", CHUNKS_BAD},
        {"5 \r\nhello\r\n0\r\n\r\n", "", CHUNKS_BAD},
        {"\r\n", "", CHUNKS_BAD},
        {"-5\r\n", "", CHUNKS_BAD},
        {"5\rhello", "", CHUNKS_BAD},
        {"0\r\nA: b\r\n\r\n", "", CHUNKS_BAD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool good = true;
        for (size_t step = 1; step <= 32; step++)
            good = good && chunks_same(cases[i].text, step, cases[i].body, cases[i].end);
        char name[100];
        snprintf(name, sizeof name, "chunks %zu, cut anywhere", i);
        ok(good, name);
    }
}

/* --- addresses --- */

static void address(const char *text, const char *printed, const char *cut)
{
    struct peer peer;
    char out[PEER_TEXT_BYTES];
    const bool good = peer_parse(slice_of(text), &peer);
    if (printed == NULL) {
        ok(!good, text);
        return;
    }
    if (good) (void)peer_print(&peer, out);
    ok(good && strcmp(out, printed) == 0, text);
    peer = peer_cut(peer);
    (void)peer_print(&peer, out);
    ok(strcmp(out, cut) == 0, "and cut");
}

static void addresses(void)
{
    address("192.0.2.77", "192.0.2.77", "192.0.2.0");
    address("192.0.2.77:80", "192.0.2.77", "192.0.2.0");
    address("2001:DB8:1:2::3", "2001:db8:1:2::3", "2001:db8:1::");
    address("[2001:db8:1:2::3]:443", "2001:db8:1:2::3", "2001:db8:1::");
    address("fe80::1%eth0", "fe80::1", "fe80::");
    address("::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0");
    address("192.0.2.777", NULL, NULL);
    address("192.0.2.77:", NULL, NULL);
    address("192.0.2.77:http", NULL, NULL);
    address("192.0.2.77 ", NULL, NULL);
    address("shop.example", NULL, NULL);
    address("", NULL, NULL);
}

static bool within(const char *network_text, const char *peer_text)
{
    struct network network;
    struct peer peer;
    return network_parse(slice_of(network_text), &network) == NULL &&
           peer_parse(slice_of(peer_text), &peer) && network_has(&network, &peer);
}

static void networks(void)
{
    struct network network;
    ok(within("10.0.0.0/8", "10.255.0.1") && !within("10.0.0.0/8", "11.0.0.1"),
       "a network of IPv4");
    ok(within("10.128.0.0/9", "10.200.0.1") && !within("10.128.0.0/9", "10.127.0.1"),
       "whose border is within a byte");
    ok(within("0.0.0.0/0", "203.0.113.1") && !within("0.0.0.0/0", "2001:db8::1"),
       "all of IPv4 is nothing of IPv6");
    ok(within("2001:db8::/33", "2001:db8:7fff::") && !within("2001:db8::/33", "2001:db8:8000::"),
       "a network of IPv6");
    ok(within("192.0.2.1", "192.0.2.1") && !within("192.0.2.1", "192.0.2.2"), "one address");
    ok(within("10.0.0.0/8", "::ffff:10.1.1.1"), "an IPv4 address however it is written");
    static const char *const wrong[] = {"10.0.0.0/33", "10.0.0.1/8",     "10.0.0/8",
                                        "x",           "10.0.0.0/",      "10.0.0.0/-1",
                                        "10.0.0.0:80", "2001:db8::/129", "unix/8"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ok(network_parse(slice_of(wrong[i]), &network) != NULL, wrong[i]);
}

/* --- what is compressed --- */

static void compressed(void)
{
    /* printf hello | gzip -n, twice. */
    static const unsigned char hello[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                          0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x86,
                                          0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00};
    unsigned char twice[2 * sizeof hello];
    struct buffer out = {0};
    memcpy(twice, hello, sizeof hello);
    memcpy(twice + sizeof hello, hello, sizeof hello);
    struct slice text = {.text = (const char *)twice, .len = sizeof twice};
    ok(gunzip(&out, text, 10) == GUNZIP_WHOLE, "two members");
    is_text(buffer_slice(&out), "hellohello", "are one text");
    buffer_clear(&out);
    ok(gunzip(&out, text, 9) == GUNZIP_LARGE, "a byte less is too few");
    bool bad = true;
    for (text.len = 0; text.len < sizeof hello; text.len++) {
        buffer_clear(&out);
        bad = bad && gunzip(&out, text, 10) == GUNZIP_BAD;
    }
    ok(bad, "cut off anywhere, it is none");
    twice[sizeof hello - 6] ^= 1;
    text.len = sizeof hello;
    buffer_clear(&out);
    ok(gunzip(&out, text, 10) == GUNZIP_BAD, "nor with a wrong sum");
    buffer_release(&out);
}

int main(void)
{
    heads();
    many_fields();
    parts();
    chunked();
    addresses();
    networks();
    compressed();
    return plan();
}
