/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The line that sockdump.py prints before what was sent:
 *
 *     >>> docker[3412] len 83                                           the first version
 *     07:05:03.123 >>> process docker [3412 -> 370] len 83(83)          later ones: shown(whole)
 *     07:05:03.123 >>> process docker [3412 -> 370] path /run/docker.sock len 83(83)
 */
#ifndef CAPTURE_SOCKDUMP_HEADER_H
#define CAPTURE_SOCKDUMP_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/address.h"
#include "capture/message.h"

struct sockdump_header {
    uint64_t time; /* since midnight */
    char comm[COMM_SIZE];
    uint32_t pid, peer;
    bool has_peer; /* sockets that are connected to none have 0 there */
    char path[ADDRESS_TEXT_SIZE];
    size_t shown, length;
};

/* Reads the line at text as a header. Returns where the bytes are, or NULL when it is none. */
const char *sockdump_header_parse(const char *text, const char *end,
                                  struct sockdump_header *header);

/* Where the next header is, or the end; what is in front of it need not end with a newline. */
const char *sockdump_header_find(const char *at, const char *end);

#endif
