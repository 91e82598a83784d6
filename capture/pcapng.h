/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The numbers of pcapng (draft-ietf-opsawg-pcapng), of the link types it names, and of the tags
 * that Wireshark's exported PDUs begin with (LINKTYPE_WIRESHARK_UPPER_PDU), as far as we write or
 * read them.
 */
#ifndef CAPTURE_PCAPNG_H
#define CAPTURE_PCAPNG_H

enum pcapng_block {
    PCAPNG_INTERFACE = 1,
    PCAPNG_OLD_PACKET = 2, /* what enhanced packets replaced */
    PCAPNG_SIMPLE_PACKET = 3,
    PCAPNG_STATISTICS = 5,
    PCAPNG_PACKET = 6, /* an "enhanced" one */
    PCAPNG_SECTION = 0x0a0d0d0a,
};

#define PCAPNG_BYTE_ORDER 0x1a2b3c4dU

/* Options; what a number means depends on the block, but for these two. */
enum { PCAPNG_END = 0, PCAPNG_COMMENT = 1 };
enum { SECTION_APPLICATION = 4 };
enum {
    INTERFACE_NAME = 2,
    INTERFACE_DESCRIPTION = 3,
    INTERFACE_TSRESOL = 9,
    INTERFACE_OFFSET = 14
};
enum { PACKET_FLAGS = 2, PACKET_DROPPED = 4 };
enum { STATISTICS_RECEIVED = 4, STATISTICS_DROPPED = 5, STATISTICS_OS_DROPPED = 7 };

/* In a packet's flags. */
enum { PACKET_INBOUND = 1, PACKET_OUTBOUND = 2, PACKET_DIRECTION = 3 };

enum link_type {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_RAW_BSD = 12, /* what raw IP is called where a system's own number got into a file */
    LINK_RAW_OPENBSD = 14,
    LINK_RAW = 101,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_USER0 = 147,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_UPPER_PDU = 252,
    LINK_SLL2 = 276,
};

/* What no program that reads captures takes more of in one packet. */
enum { PACKET_MAX = 262144 };

enum pdu_tag {
    PDU_END = 0,
    PDU_DISSECTOR = 12,
    PDU_DISSECTOR_TABLE = 14,
    PDU_IPV4_SOURCE = 20,
    PDU_IPV4_DESTINATION = 21,
    PDU_IPV6_SOURCE = 22,
    PDU_IPV6_DESTINATION = 23,
    PDU_PORT_TYPE = 24,
    PDU_SOURCE_PORT = 25,
    PDU_DESTINATION_PORT = 26,
    PDU_TABLE_NUMBER = 32,
    PDU_P2P_DIRECTION = 35,
};

enum { PDU_PORT_NONE = 0, PDU_PORT_TCP = 2, PDU_PORT_UDP = 3 };
enum { PDU_SENT = 0, PDU_RECEIVED = 1 };

#endif
