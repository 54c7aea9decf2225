#include "collect/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "raw/host.h"

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct peer peer_of(const struct sockaddr *address, socklen_t len)
{
    struct peer peer = {.is_unix = true};
    if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *const in = (const struct sockaddr_in *)(const void *)address;
        memcpy(peer.bytes, mapped, sizeof mapped);
        memcpy(peer.bytes + sizeof mapped, &in->sin_addr, 4);
        peer.is_unix = false;
    } else if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *const in = (const struct sockaddr_in6 *)(const void *)address;
        memcpy(peer.bytes, &in->sin6_addr, 16);
        peer.is_unix = false;
    }
    return peer;
}

/* A port behind a colon, or nothing? */
static bool is_port(const char *at, const char *end)
{
    if (at == end) return true;
    if (*at != ':' || at + 1 == end || end - at > 6) return false;
    while (++at < end)
        if (*at < '0' || *at > '9') return false;
    return true;
}

bool peer_parse(struct slice text, struct peer *peer)
{
    struct slice host;
    enum host_kind kind;
    char copy[INET6_ADDRSTRLEN];
    const char *const behind = host_take(text, &host, &kind);
    if (behind == NULL || (kind != HOST_IPV4 && kind != HOST_IPV6)) return false;
    if (!is_port(behind, text.text + text.len)) return false;
    const char *const zone = memchr(host.text, '%', host.len);
    if (zone != NULL) host.len = (size_t)(zone - host.text);
    if (host.len >= sizeof copy) return false;
    memcpy(copy, host.text, host.len);
    copy[host.len] = '\0';
    *peer = (struct peer){.is_unix = false};
    if (kind == HOST_IPV6) return inet_pton(AF_INET6, copy, peer->bytes) == 1;
    memcpy(peer->bytes, mapped, sizeof mapped);
    return inet_pton(AF_INET, copy, peer->bytes + sizeof mapped) == 1;
}

bool peer_is_ipv4(const struct peer *peer)
{
    return !peer->is_unix && memcmp(peer->bytes, mapped, sizeof mapped) == 0;
}

struct peer peer_cut(struct peer peer)
{
    if (peer_is_ipv4(&peer))
        peer.bytes[15] = 0;
    else
        memset(peer.bytes + 6, 0, 10);
    return peer;
}

size_t peer_print(const struct peer *peer, char text[PEER_TEXT_BYTES])
{
    const bool is_ipv4 = peer_is_ipv4(peer);
    if (peer->is_unix) {
        memcpy(text, "unix", 5);
    } else if (inet_ntop(is_ipv4 ? AF_INET : AF_INET6,
                         is_ipv4 ? peer->bytes + sizeof mapped : peer->bytes, text,
                         PEER_TEXT_BYTES) == NULL) {
        text[0] = '\0';
    }
    return strlen(text);
}

/* All of text, digits only and at most three; -1: it is no number. */
static int small_number(struct slice text)
{
    int number = 0;
    if (text.len == 0 || text.len > 3) return -1;
    for (size_t i = 0; i < text.len; i++) {
        if (text.text[i] < '0' || text.text[i] > '9') return -1;
        number = number * 10 + (text.text[i] - '0');
    }
    return number;
}

static bool bits_equal(const unsigned char *a, const unsigned char *b, int bits)
{
    const size_t whole = (size_t)bits / 8;
    if (memcmp(a, b, whole) != 0) return false;
    const int rest = bits % 8;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

const char *network_parse(struct slice text, struct network *network)
{
    *network = (struct network){.bits = 128};
    if (slice_equal(text, SLICE("unix"))) {
        network->base.is_unix = true;
        return NULL;
    }
    const char *const slash = memchr(text.text, '/', text.len);
    struct slice address = text;
    if (slash != NULL) address.len = (size_t)(slash - text.text);
    if (!host_is_address(address) || !peer_parse(address, &network->base))
        return "is neither an address, nor a network like 10.0.0.0/8, nor unix";
    if (slash == NULL) return NULL;
    const bool is_ipv4 = peer_is_ipv4(&network->base);
    const int bits = small_number((struct slice){slash + 1, text.len - address.len - 1});
    if (bits < 0 || bits > (is_ipv4 ? 32 : 128))
        return is_ipv4 ? "needs 0 to 32 bits behind the slash"
                       : "needs 0 to 128 bits behind the slash";
    network->bits = bits + (is_ipv4 ? 96 : 0);
    struct network whole = *network;
    for (int bit = network->bits; bit < 128; bit++)
        whole.base.bytes[bit / 8] &= (unsigned char)~(0x80 >> bit % 8);
    /* 10.0.0.1/8 may be meant for the address or for the network. */
    if (memcmp(whole.base.bytes, network->base.bytes, 16) != 0)
        return "has bits set behind those that the slash says";
    return NULL;
}

bool network_has(const struct network *network, const struct peer *peer)
{
    if (network->base.is_unix || peer->is_unix) return network->base.is_unix == peer->is_unix;
    return bits_equal(network->base.bytes, peer->bytes, network->bits);
}
