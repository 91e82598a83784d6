/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a packet of a network capture carries for TCP and UDP: its headers taken off. */
#ifndef CAPTURE_SEGMENT_H
#define CAPTURE_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

/* A packet as it stands in a capture. */
struct frame_bytes {
    int link; /* enum link_type */
    const uint8_t *data;
    size_t length;
    size_t whole; /* bytes that there were, of which the first are in data */
    size_t interface;
};

/* One end, such that all that is not used is zero. */
struct segment_end {
    uint8_t host[16]; /* the first 4 bytes for IPv4 */
    uint16_t port;
};

enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };

struct segment {
    int family;   /* AF_INET or AF_INET6 */
    int protocol; /* IPPROTO_TCP or IPPROTO_UDP */
    struct segment_end from, to;
    uint32_t sequence, acknowledged; /* TCP */
    int flags;                       /* TCP */
    uint16_t packet;                 /* the number of an IPv4 packet, which may be 0 for all */
    uint64_t place; /* where it was captured: the interface, and which way it went */
    const uint8_t *data;
    size_t length;
    size_t missing; /* bytes that were behind data, and are not here */
};

enum segment_result {
    SEGMENT_FOUND,
    SEGMENT_BEGINS, /* found, in the first fragment of an IP packet; others are SEGMENT_FRAGMENTs */
    SEGMENT_FRAGMENT,
    SEGMENT_OTHER,   /* another protocol */
    SEGMENT_CUT,     /* the capture ends within the headers */
    SEGMENT_WRONG,   /* the headers contradict themselves */
    SEGMENT_NO_LINK, /* link layers of that type are not known here */
};

/* Finds what the packet carries; *out is what it says only when there is something found. */
enum segment_result segment_read(struct segment *out, const struct frame_bytes *frame);

#endif
