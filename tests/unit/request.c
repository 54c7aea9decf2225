/* request.c - heads of requests: what is taken of them, and what is refused. */
#include "collect/request.h"

#include <stdlib.h>

#include "collect/forwarded.h"
#include "collect/gunzip.h"
#include "tap.h"

static struct request request;

/* The head "METHOD TARGET VERSION|Name:value|..."; NULL, or why not. */
static const char *head(const char *text)
{
    static char copy[512];
    snprintf(copy, sizeof copy, "%s", text);
    char *rest = copy;
    const char *const method = strsep(&rest, " "), *const target = strsep(&rest, " ");
    const char *const version = strsep(&rest, "|");
    const char *why = request_line(&request, slice_of(method), slice_of(target), slice_of(version));
    while (why == NULL && rest != NULL) {
        char *value = strsep(&rest, "|");
        const char *const name = strsep(&value, ":");
        why = request_field(&request, slice_of(name), slice_of(value));
    }
    return why != NULL ? why : request_end(&request);
}

static void refused(const char *text, const char *why)
{
    const char *const said = head(text);
    ok(said != NULL && strcmp(said, why) == 0, why);
}

static void heads(void)
{
    ok(head("POST /e HTTP/1.1|hOST:shop|Content-Length:  12 |User-Agent:\tA b |X-Forwarded-For: 1|"
            "x-forwarded-for: 2") == NULL,
       "a head is taken, whatever the case of its names");
    is_text(request.method, "POST", "its method");
    is_text(request.path, "/e", "its path");
    is_text(request.host, "shop", "its host");
    is_text(request.agent, "A b", "a value is without the blanks around it");
    ok(request.length == 12 && !request.chunked, "its length");
    ok(request.forwarded_for.count == 2, "lines of a repeated field are kept");
    ok(head("GET http://shop/e HTTP/1.1|Host: shop") == NULL, "a target as proxies get it");
    is_text(request.path, "/e", "of which the path counts");
    ok(head("GET / HTTP/1.0|A:b") == NULL, "HTTP/1.0 needs no Host");
    ok(head("POST / HTTP/1.1|Host:x|Transfer-Encoding:Chunked") == NULL && request.chunked,
       "chunks");
}

static void wrong_heads(void)
{
    const struct slice with_nul = {.text = "a\0b", .len = 3};
    refused("GET / HTTP/2.0|Host: x", "neither HTTP/1.0 nor HTTP/1.1");
    refused("GET e HTTP/1.1|Host: x", "no target");
    refused("GET /\x7f HTTP/1.1|Host: x", "no target");
    refused("G(T / HTTP/1.1|Host: x", "no method");
    refused("GET / HTTP/1.1|A: b", "no Host");
    refused("GET / HTTP/1.1|Host: x|host: x", "two Host fields");
    refused("GET / HTTP/1.1|Host: x|: y", "a header name that is none");
    refused("GET / HTTP/1.1|Host: x|Content-Length : 1", "a header name that is none");
    refused("GET / HTTP/1.1|Host: x|\tContent-Length: 1", "a header name that is none");
    refused("GET / HTTP/1.1|Host: x|A: b\rc", "a control character in a header");
    refused("GET / HTTP/1.1|Host: x|A: b\x7f", "a control character in a header");
    refused("GET / HTTP/1.1|Host: x|Content-Length: 1|Content-Length: 1",
            "two Content-Length fields");
    refused("GET / HTTP/1.1|Host: x|Content-Length: 1, 1", "a Content-Length that is no length");
    refused("GET / HTTP/1.1|Host: x|Content-Length: +1", "a Content-Length that is no length");
    refused("GET / HTTP/1.1|Host: x|Content-Length:", "a Content-Length that is no length");
    refused("GET / HTTP/1.1|Host: x|Content-Length: 1234567890123456789",
            "a Content-Length that is no length");
    refused("GET / HTTP/1.1|Host: x|Content-Length: 1|Transfer-Encoding: chunked",
            "Content-Length beside Transfer-Encoding");
    refused("GET / HTTP/1.1|Host: x|Transfer-Encoding: chunked|Content-Length: 1",
            "Content-Length beside Transfer-Encoding");
    refused("GET / HTTP/1.1|Host: x|Transfer-Encoding: chunked|Transfer-Encoding: chunked",
            "two Transfer-Encoding fields");
    refused("GET / HTTP/1.1|Host: x|Transfer-Encoding: gzip, chunked",
            "a Transfer-Encoding but chunked");
    refused("GET / HTTP/1.0|Transfer-Encoding: chunked", "Transfer-Encoding in HTTP/1.0");
    refused("GET / HTTP/1.1|Host: x|Origin: a|Origin: b", "two Origin fields");
    (void)head("GET / HTTP/1.1|Host: x");
    ok(request_field(&request, SLICE("A"), with_nul) != NULL, "NUL in a value");
    ok(request_field(&request, with_nul, SLICE("b")) != NULL, "NUL in a name");
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
    wrong_heads();
    addresses();
    networks();
    compressed();
    return plan();
}
