/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/pdu.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/big_endian.h"
#include "capture/pcapng.h"

/* The tags that say who talks. */
enum {
    HAS_SOURCE = 1,
    HAS_DESTINATION = 2,
    HAS_SOURCE_PORT = 4,
    HAS_DESTINATION_PORT = 8,
    HAS_ALL = 15,
};

/* Takes in a tag. Returns what is then known of the ends. */
static int read_tag(struct segment *out, unsigned tag, const uint8_t *value, size_t length)
{
    bool v6 = tag == PDU_IPV6_SOURCE || tag == PDU_IPV6_DESTINATION;

    switch (tag) {
    case PDU_IPV4_SOURCE:
    case PDU_IPV4_DESTINATION:
    case PDU_IPV6_SOURCE:
    case PDU_IPV6_DESTINATION:
        if (length != (v6 ? 16 : 4))
            return 0;
        out->family = v6 ? AF_INET6 : AF_INET;
        if (tag == PDU_IPV4_SOURCE || tag == PDU_IPV6_SOURCE) {
            memcpy(out->from.host, value, length);
            return HAS_SOURCE;
        }
        memcpy(out->to.host, value, length);
        return HAS_DESTINATION;
    case PDU_PORT_TYPE:
        if (length == 4 && big_u32(value) == PDU_PORT_TCP)
            out->protocol = IPPROTO_TCP;
        if (length == 4 && big_u32(value) == PDU_PORT_UDP)
            out->protocol = IPPROTO_UDP;
        return 0;
    case PDU_SOURCE_PORT:
        out->from.port = length == 4 ? (uint16_t)big_u32(value) : 0;
        return HAS_SOURCE_PORT;
    case PDU_DESTINATION_PORT:
        out->to.port = length == 4 ? (uint16_t)big_u32(value) : 0;
        return HAS_DESTINATION_PORT;
    }
    return 0;
}

enum segment_result pdu_read(struct segment *out, const struct frame_bytes *frame)
{
    const uint8_t *at = frame->data;
    size_t left = frame->length;
    int known = 0;

    memset(out, 0, sizeof(*out));
    for (;;) {
        unsigned tag;
        size_t length;

        if (left < 4)
            return SEGMENT_CUT;
        tag = big_u16(at);
        length = big_u16(at + 2);
        at += 4;
        left -= 4;
        if (length > left)
            return SEGMENT_CUT;
        known |= read_tag(out, tag, at, length);
        at += length;
        left -= length;
        if (tag == PDU_END)
            break;
    }
    out->data = at;
    out->length = left;
    out->missing = frame->whole - frame->length;
    return known == HAS_ALL && out->protocol ? SEGMENT_FOUND : SEGMENT_OTHER;
}
