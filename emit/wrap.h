/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Messages as the IP packets they might have been sent in: with --as, a conversation over a Unix
 * socket is one that any tool for network captures takes.
 */
#ifndef EMIT_WRAP_H
#define EMIT_WRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/message.h"

/* What --as says. */
struct wrapping {
    int protocol;  /* IPPROTO_TCP or IPPROTO_UDP; 0: nothing is wrapped */
    uint16_t port; /* of the server */
};

/* Reads tcp:PORT or udp:PORT. Returns 0, or -EINVAL and leaves *out alone. */
int wrapping_parse(struct wrapping *out, const char *text);

struct wrap_end {
    uint8_t host[16]; /* the first 4 bytes of it for IPv4 */
    uint16_t port;
    uint32_t sequence; /* of the next byte it sends, TCP */
};

/* One conversation. */
struct wrap {
    int protocol;
    bool is_v6;
    bool open;               /* the handshake has been made */
    struct wrap_end ends[2]; /* by the direction of what they send */
};

enum { WRAP_HEADERS_MAX = 14 + 40 + 20 + 8, WRAP_PACKET_MAX = 65535 };

/*
 * Begins a conversation, the number-th: the ends have their own addresses where they have any on
 * the internet, but for the server's port, and others of loopback where not.
 */
void wrap_begin(struct wrap *wrap, const struct wrapping *wrapping, uint32_t number,
                const struct message *message);

/* A packet as it is to be written. */
struct packet {
    uint8_t headers[WRAP_HEADERS_MAX];
    size_t headers_length;
    const uint8_t *data; /* what follows the headers */
    size_t length;
    size_t missing; /* bytes that follow those in the packet, but are not here */
};

/* A piece of a message, on its way into packets. All of it must be packed, the empty ones too. */
struct wrap_piece {
    enum direction direction;
    bool stream; /* the message's boundaries mean nothing */
    const uint8_t *data;
    size_t length, missing;
    bool done;
    bool cut; /* the rest did not fit into a packet, and is left out */
};

/* The packets of a handshake: step 0 to 2. Returns false when there are no more. */
bool wrap_open(struct wrap *wrap, int step, struct packet *packet);

/* The next packet of the piece; false when all of it is packed. */
bool wrap_next(struct wrap *wrap, struct wrap_piece *piece, struct packet *packet);

/* Messages were lost, of unknown length: what follows does not continue what was before. */
void wrap_lose(struct wrap *wrap, enum direction direction);

#endif
