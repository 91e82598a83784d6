/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A capture as it is written: its section, interfaces, packets and statistics, block by block. */
#ifndef EMIT_PACKET_FILE_H
#define EMIT_PACKET_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "capture/backend.h"
#include "capture/message.h"
#include "capture/side.h"
#include "emit/block.h"

/* Begins with file and link filled in, and all else zero; packet_file_free() leaves the file open.
 */
struct packet_file {
    FILE *file;
    int link;            /* the type of all its interfaces */
    uint32_t interfaces; /* so far */
    struct block block;
};

void packet_file_free(struct packet_file *file);

/* All of these return 0 or -errno. */

/* Comes first: what was recorded; command may be NULL. */
int packet_file_section(struct packet_file *file, char *const *command, const char *backend);

/*
 * Adds an interface, which has the next number, for the conversation that the message is of; NULL:
 * for one in which nothing was said, as no program takes a capture without interfaces.
 */
int packet_file_interface(struct packet_file *file, const struct message *message);

/* A message, or a frame of a stream, on its way into packets. */
struct unit {
    uint32_t interface;
    uint64_t time;
    bool stream;     /* of a stream, in which its boundaries mean nothing */
    size_t exchange; /* counted from 0 */
    enum direction direction;
    const uint8_t *data;
    size_t length, missing, lost; /* as in struct message */
    const struct carried *carried;
    size_t carried_count;
};

/* One of the unit's packets, or one that nobody has sent. */
struct unit_packet {
    const uint8_t *headers;
    size_t headers_length;
    const uint8_t *data;
    size_t length;
    size_t missing; /* bytes of the packet behind data */
    bool made_up;
    bool first, last;   /* of the unit's */
    size_t part, parts; /* which one, counted from 1; 0 when there is but one, or nobody counts */
};

int packet_file_packet(struct packet_file *file, const struct unit *unit,
                       const struct unit_packet *packet);

/* What became of an interface up to then; losses is NULL, or what the whole recording lacks. */
struct interface_statistics {
    uint32_t interface;
    uint64_t time;
    uint64_t messages;
    uint64_t lost;
    const struct losses *losses;
};

int packet_file_statistics(struct packet_file *file, const struct interface_statistics *statistics);

#endif
