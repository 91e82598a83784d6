/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Headers are RFC 791, 8200, 9293 and 768; TCP's window is so large that it never fills. They stand
 * in Ethernet frames between no addresses, as packets of loopback do: there is no tool that does
 * not take these.
 */
#include "emit/wrap.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "capture/inet.h"
#include "capture/text.h"

enum {
    EPHEMERAL = 49152, /* the first port that a client may have by itself, and how many there are */
    EPHEMERALS = 16384,
    ETHERNET_SIZE = 14,
    HOP_LIMIT = 64,
    WINDOW = 65535,
    WINDOW_SCALE = 14,
};

enum { TCP_SYN = 0x02, TCP_PUSH = 0x08, TCP_ACK = 0x10 };

enum { HANDSHAKES = 3 };

int wrapping_parse(struct wrapping *out, const char *text)
{
    static const struct {
        const char *prefix;
        int protocol;
    } kinds[] = {{"tcp:", IPPROTO_TCP}, {"udp:", IPPROTO_UDP}};
    uint16_t port;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (!text_begins(text, kinds[i].prefix) || !inet_port_read(&port, text + 4))
            continue;
        *out = (struct wrapping){kinds[i].protocol, port};
        return 0;
    }
    return -EINVAL;
}

static size_t host_size(const struct wrap *wrap)
{
    return wrap->is_v6 ? 16 : 4;
}

/* An address of loopback for the ends of the number-th conversation, and for no other. */
static void make_end(struct wrap_end *end, const struct wrap *wrap, uint32_t number)
{
    static const uint8_t loopback[2][16] = {{127, 0, 0, 1}, {[15] = 1}};

    memcpy(end->host, loopback[wrap->is_v6], sizeof(end->host));
    end->port = (uint16_t)(EPHEMERAL + (number - 1) % EPHEMERALS);
    if (!wrap->is_v6) {
        end->host[1] = (uint8_t)((number - 1) / EPHEMERALS >> 8);
        end->host[2] = (uint8_t)((number - 1) / EPHEMERALS);
    }
}

void wrap_begin(struct wrap *wrap, const struct wrapping *wrapping, uint32_t number,
                const struct message *message)
{
    struct inet_end found[2];
    const struct end *ends[2] = {message_client(message), message_server(message)};
    bool known[2];

    memset(wrap, 0, sizeof(*wrap));
    for (int i = REQUEST; i <= RESPONSE; i++) {
        known[i] = inet_end_read(&found[i], ends[i]->address);
        wrap->is_v6 = wrap->is_v6 || (known[i] && found[i].family == AF_INET6);
    }
    wrap->protocol = wrapping->protocol;
    for (int i = REQUEST; i <= RESPONSE; i++) {
        make_end(&wrap->ends[i], wrap, i == REQUEST ? number : 1);
        if (!known[i] || (found[i].family == AF_INET6) != wrap->is_v6)
            continue;
        memcpy(wrap->ends[i].host, found[i].host, sizeof(found[i].host));
        wrap->ends[i].port = found[i].port;
    }
    wrap->ends[RESPONSE].port = wrapping->port;
}

/* Numbers go out in network order. */

static void put_u16(uint8_t *to, size_t number)
{
    to[0] = (uint8_t)(number >> 8);
    to[1] = (uint8_t)number;
}

static void put_u32(uint8_t *to, uint32_t number)
{
    put_u16(to, number >> 16);
    put_u16(to + 2, number & 0xffff);
}

/* Adds bytes to an internet checksum; only the last ones of a sum may be an odd number. */
static uint64_t sum(uint64_t so_far, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i + 1 < length; i += 2)
        so_far += (uint64_t)(data[i] << 8 | data[i + 1]);
    return length % 2 ? so_far + ((uint64_t)data[length - 1] << 8) : so_far;
}

static uint16_t fold(uint64_t total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return (uint16_t)~total;
}

static size_t ip_header_size(const struct wrap *wrap)
{
    return wrap->is_v6 ? 40 : 20;
}

/* Where the IP header stands, and what is behind it. */
static uint8_t *ip_of(struct packet *packet)
{
    return packet->headers + ETHERNET_SIZE;
}

static uint8_t *transport_of(const struct wrap *wrap, struct packet *packet)
{
    return ip_of(packet) + ip_header_size(wrap);
}

static void put_ip(const struct wrap *wrap, enum direction direction, struct packet *packet,
                   size_t payload)
{
    const struct wrap_end *from = &wrap->ends[direction], *to = &wrap->ends[!direction];
    uint8_t *ip = ip_of(packet);

    put_u16(ip - 2, wrap->is_v6 ? 0x86dd : 0x0800);
    if (wrap->is_v6) {
        ip[0] = 0x60;
        put_u16(ip + 4, payload);
        ip[6] = (uint8_t)wrap->protocol;
        ip[7] = HOP_LIMIT;
        memcpy(ip + 8, from->host, 16);
        memcpy(ip + 24, to->host, 16);
        return;
    }
    ip[0] = 0x45;
    put_u16(ip + 2, payload + 20);
    ip[6] = 0x40; /* not to be fragmented, and so in need of no identification */
    ip[8] = HOP_LIMIT;
    ip[9] = (uint8_t)wrap->protocol;
    memcpy(ip + 12, from->host, 4);
    memcpy(ip + 16, to->host, 4);
    put_u16(ip + 10, fold(sum(0, ip, 20)));
}

/*
 * Puts in the checksum of what follows the IP header, at that place in it. Of a packet that is not
 * all here it cannot be known, and nobody who has such a packet checks it.
 */
static void put_checksum(const struct wrap *wrap, struct packet *packet, size_t at, size_t payload)
{
    uint8_t *transport = transport_of(wrap, packet);
    size_t hosts = 2 * host_size(wrap);
    uint64_t total = (uint64_t)wrap->protocol + payload;
    uint16_t folded;

    total = sum(total, transport - hosts, hosts);
    total = sum(total, transport, (size_t)(packet->headers + packet->headers_length - transport));
    folded = fold(sum(total, packet->data, packet->length));
    if (!folded && wrap->protocol == IPPROTO_UDP)
        folded = 0xffff; /* 0 says that there is none */
    put_u16(transport + at, folded);
}

static void put_udp(struct wrap *wrap, enum direction direction, struct packet *packet)
{
    size_t payload = 8 + packet->length + packet->missing;
    uint8_t *udp = transport_of(wrap, packet);

    packet->headers_length = (size_t)(udp - packet->headers) + 8;
    put_ip(wrap, direction, packet, payload);
    put_u16(udp, wrap->ends[direction].port);
    put_u16(udp + 2, wrap->ends[!direction].port);
    put_u16(udp + 4, payload);
    put_checksum(wrap, packet, 6, payload);
}

static void put_tcp(struct wrap *wrap, enum direction direction, int flags, struct packet *packet)
{
    static const uint8_t options[8] = {2, 4, 0xff, 0xd7, 1, 3, 3, WINDOW_SCALE};
    size_t length = 20 + (flags & TCP_SYN ? sizeof(options) : 0);
    size_t payload = length + packet->length + packet->missing;
    struct wrap_end *from = &wrap->ends[direction];
    uint8_t *tcp = transport_of(wrap, packet);

    packet->headers_length = (size_t)(tcp - packet->headers) + length;
    put_ip(wrap, direction, packet, payload);
    put_u16(tcp, from->port);
    put_u16(tcp + 2, wrap->ends[!direction].port);
    put_u32(tcp + 4, from->sequence);
    put_u32(tcp + 8, flags & TCP_ACK ? wrap->ends[!direction].sequence : 0);
    tcp[12] = (uint8_t)(length / 4 << 4);
    tcp[13] = (uint8_t)flags;
    put_u16(tcp + 14, WINDOW);
    if (flags & TCP_SYN)
        memcpy(tcp + 20, options, sizeof(options));
    put_checksum(wrap, packet, 16, payload);
    from->sequence += (uint32_t)(packet->length + packet->missing) + !!(flags & TCP_SYN);
}

bool wrap_open(struct wrap *wrap, int step, struct packet *packet)
{
    static const struct {
        enum direction direction;
        int flags;
    } steps[HANDSHAKES] = {{REQUEST, TCP_SYN}, {RESPONSE, TCP_SYN | TCP_ACK}, {REQUEST, TCP_ACK}};

    if (wrap->protocol != IPPROTO_TCP || wrap->open)
        return false;
    memset(packet, 0, sizeof(*packet));
    put_tcp(wrap, steps[step].direction, steps[step].flags, packet);
    wrap->open = step == HANDSHAKES - 1;
    return true;
}

/* How much of the piece the next packet holds, and what becomes of the rest. */
static void take(const struct wrap *wrap, struct wrap_piece *piece, struct packet *packet)
{
    bool tcp = wrap->protocol == IPPROTO_TCP;
    size_t room = WRAP_PACKET_MAX - ip_header_size(wrap) - (tcp ? 20 : 8);

    packet->data = piece->data;
    packet->length = piece->length < room ? piece->length : room;
    piece->data += packet->length;
    piece->length -= packet->length;
    piece->done = piece->length == 0;
    if (!piece->done && !tcp && !piece->stream) {
        piece->done = piece->cut = true;
        return;
    }
    if (!piece->done)
        return;
    room -= packet->length;
    packet->missing = piece->missing < room ? piece->missing : room;
    piece->missing -= packet->missing;
}

bool wrap_next(struct wrap *wrap, struct wrap_piece *piece, struct packet *packet)
{
    struct wrap_end *from = &wrap->ends[piece->direction];

    if (piece->done)
        return false;
    memset(packet, 0, sizeof(*packet));
    take(wrap, piece, packet);
    if (wrap->protocol == IPPROTO_UDP) {
        put_udp(wrap, piece->direction, packet);
        return true;
    }
    put_tcp(wrap, piece->direction, TCP_PUSH | TCP_ACK, packet);
    if (piece->done) /* what no packet shows is a gap in the sequence */
        from->sequence += (uint32_t)piece->missing;
    return true;
}

/* They were at least one byte, and a reader must see that there is a gap. */
void wrap_lose(struct wrap *wrap, enum direction direction)
{
    wrap->ends[direction].sequence++;
}
