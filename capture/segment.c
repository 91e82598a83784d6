/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A cursor goes over the headers; what it is at is what the capture has of it and, behind that,
 * what the packet had. Padding below IP is left where it is, as IP says its own length.
 */
#include "capture/segment.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/big_endian.h"
#include "capture/pcapng.h"

enum { ETHER_IPV4 = 0x0800, ETHER_IPV6 = 0x86dd, ETHER_VLAN_TAG = 4, EXTENSIONS_MAX = 16 };

/* Where we are: `length` bytes are here, of `whole` that there were. */
struct cursor {
    const uint8_t *data;
    size_t length, whole;
};

/* Goes past a header; false when not all of it is here. */
static bool skip(struct cursor *at, size_t size)
{
    if (at->length < size || at->whole < size)
        return false;
    at->data += size;
    at->length -= size;
    at->whole -= size;
    return true;
}

/* What comes is so long in all: what is behind it is padding, and more than that is missing. */
static void set_whole(struct cursor *at, size_t whole)
{
    at->whole = whole;
    if (at->length > whole)
        at->length = whole;
}

static enum segment_result read_udp(struct segment *out, struct cursor at)
{
    const uint8_t *udp = at.data;
    size_t whole;

    if (!skip(&at, 8))
        return SEGMENT_CUT;
    out->from.port = big_u16(udp);
    out->to.port = big_u16(udp + 2);
    whole = big_u16(udp + 4);
    if (whole && whole < 8)
        return SEGMENT_WRONG;
    if (whole) /* 0 stands for what no 16 bits can hold */
        set_whole(&at, whole - 8);
    out->data = at.data;
    out->length = at.length;
    out->missing = at.whole - at.length;
    return SEGMENT_FOUND;
}

static enum segment_result read_tcp(struct segment *out, struct cursor at)
{
    const uint8_t *tcp = at.data;
    size_t header;

    if (at.length < 20)
        return SEGMENT_CUT;
    out->from.port = big_u16(tcp);
    out->to.port = big_u16(tcp + 2);
    out->sequence = big_u32(tcp + 4);
    out->acknowledged = big_u32(tcp + 8);
    header = (size_t)(tcp[12] >> 4) * 4;
    out->flags = tcp[13];
    if (header < 20 || header > at.whole)
        return SEGMENT_WRONG;
    if (!skip(&at, header)) { /* the cut is within the options */
        at.whole -= header;
        at.length = 0;
    }
    out->data = at.data;
    out->length = at.length;
    out->missing = at.whole - at.length;
    return SEGMENT_FOUND;
}

static enum segment_result read_transport(struct segment *out, int protocol, struct cursor at)
{
    out->protocol = protocol;
    if (protocol == IPPROTO_UDP)
        return read_udp(out, at);
    return protocol == IPPROTO_TCP ? read_tcp(out, at) : SEGMENT_OTHER;
}

/* The first of several fragments has the header of what it is a part of. */
static enum segment_result first_fragment(enum segment_result found)
{
    return found == SEGMENT_FOUND ? SEGMENT_BEGINS : found;
}

static enum segment_result read_ipv4(struct segment *out, struct cursor at)
{
    const uint8_t *ip = at.data;
    size_t header, whole;
    unsigned fragment;
    enum segment_result result;

    if (at.length < 20)
        return SEGMENT_CUT;
    header = (size_t)(ip[0] & 15) * 4;
    whole = big_u16(ip + 2);
    if (!whole) /* the kernel has left it to the network card to cut this into packets */
        whole = at.whole;
    if (header < 20 || whole < header)
        return SEGMENT_WRONG;
    if (!skip(&at, header))
        return SEGMENT_CUT;
    set_whole(&at, whole - header);
    out->family = AF_INET;
    memcpy(out->from.host, ip + 12, 4);
    memcpy(out->to.host, ip + 16, 4);
    out->packet = big_u16(ip + 4);
    fragment = big_u16(ip + 6) & 0x3fff;
    if (fragment & 0x1fff)
        return SEGMENT_FRAGMENT;
    result = read_transport(out, ip[9], at);
    return fragment ? first_fragment(result) : result;
}

/* Goes past the extension headers. Returns what result is known by then, or SEGMENT_FOUND. */
static enum segment_result skip_extensions(struct cursor *at, int *next, bool *fragmented)
{
    for (int i = 0; i < EXTENSIONS_MAX; i++) {
        const uint8_t *header = at->data;
        size_t size;

        if (*next != IPPROTO_HOPOPTS && *next != IPPROTO_ROUTING && *next != IPPROTO_DSTOPTS &&
            *next != IPPROTO_FRAGMENT && *next != IPPROTO_AH)
            return SEGMENT_FOUND;
        if (at->length < 8)
            return SEGMENT_CUT;
        size = ((size_t)header[1] + 1) * 8;
        if (*next == IPPROTO_AH)
            size = ((size_t)header[1] + 2) * 4;
        if (*next == IPPROTO_FRAGMENT) {
            size = 8;
            if (big_u16(header + 2) & 0xfff8)
                return SEGMENT_FRAGMENT;
            *fragmented = big_u16(header + 2) & 1;
        }
        *next = header[0];
        if (!skip(at, size))
            return SEGMENT_CUT;
    }
    return SEGMENT_WRONG;
}

static enum segment_result read_ipv6(struct segment *out, struct cursor at)
{
    const uint8_t *ip = at.data;
    bool fragmented = false;
    enum segment_result result;
    int next;

    if (!skip(&at, 40))
        return SEGMENT_CUT;
    next = ip[6];
    if (big_u16(ip + 4)) /* 0 stands for what no 16 bits can hold */
        set_whole(&at, big_u16(ip + 4));
    out->family = AF_INET6;
    memcpy(out->from.host, ip + 8, 16);
    memcpy(out->to.host, ip + 24, 16);
    result = skip_extensions(&at, &next, &fragmented);
    if (result != SEGMENT_FOUND)
        return result;
    result = read_transport(out, next, at);
    return fragmented ? first_fragment(result) : result;
}

static enum segment_result read_ip(struct segment *out, struct cursor at)
{
    if (!at.length)
        return SEGMENT_CUT;
    if (at.data[0] >> 4 == 4)
        return read_ipv4(out, at);
    return at.data[0] >> 4 == 6 ? read_ipv6(out, at) : SEGMENT_OTHER;
}

/* What an Ethernet type says follows, VLAN tags before it. */
static enum segment_result read_typed(struct segment *out, unsigned type, struct cursor at)
{
    while (type == 0x8100 || type == 0x88a8 || type == 0x9100) {
        if (at.length < ETHER_VLAN_TAG)
            return SEGMENT_CUT;
        type = big_u16(at.data + 2);
        skip(&at, ETHER_VLAN_TAG);
    }
    return type == ETHER_IPV4 || type == ETHER_IPV6 ? read_ip(out, at) : SEGMENT_OTHER;
}

/* Link layers: how long their header is, and where in it, if anywhere, an Ethernet type is. */
static const struct {
    int link;
    size_t header;
    int type_at; /* -1: IP follows, and says itself which */
} links[] = {
    {LINK_NULL, 4, -1}, {LINK_LOOP, 4, -1}, {LINK_ETHERNET, 14, 12}, {LINK_SLL, 16, 14},
    {LINK_SLL2, 20, 0}, {LINK_RAW, 0, -1},  {LINK_RAW_BSD, 0, -1},   {LINK_RAW_OPENBSD, 0, -1},
    {LINK_IPV4, 0, -1}, {LINK_IPV6, 0, -1},
};

/*
 * tcpdump -i any writes a packet for each interface that one passes through, and has cooked links,
 * of which the header tells the interface, or which way it went.
 */
static uint64_t place_of(const struct frame_bytes *frame)
{
    uint64_t place = (uint64_t)frame->interface << 40;

    if (frame->link == LINK_SLL && frame->length >= 2)
        return place | big_u16(frame->data);
    if (frame->link == LINK_SLL2 && frame->length >= 11)
        return place | (uint64_t)big_u32(frame->data + 4) << 8 | frame->data[10];
    return place;
}

enum segment_result segment_read(struct segment *out, const struct frame_bytes *frame)
{
    struct cursor at = {frame->data, frame->length, frame->whole};

    memset(out, 0, sizeof(*out));
    out->place = place_of(frame);
    for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
        if (links[i].link != frame->link)
            continue;
        if (!skip(&at, links[i].header))
            return SEGMENT_CUT;
        return links[i].type_at < 0 ? read_ip(out, at)
                                    : read_typed(out, big_u16(frame->data + links[i].type_at), at);
    }
    return SEGMENT_NO_LINK;
}
