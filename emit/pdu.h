/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The tags in front of a message in a capture of what is no network traffic: which dissector reads
 * it, and who said it to whom (LINKTYPE_WIRESHARK_UPPER_PDU).
 */
#ifndef EMIT_PDU_H
#define EMIT_PDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/message.h"

enum { PDU_HEADERS_MAX = 512, PDU_DISSECTOR_MAX = 128 };

/* Is that a dissector's name, or TABLE:NUMBER? */
bool pdu_dissector_is_one(const char *dissector);

/*
 * Writes the tags for the message into out. dissector is a name, or a table of them and a number
 * (udp.port:323); NULL: by the server's port where it has one, or none. Returns their length.
 */
size_t pdu_headers(uint8_t out[PDU_HEADERS_MAX], const struct message *message,
                   const char *dissector);

/* The dissector for what that framer frames; NULL when there is none. */
const char *pdu_dissector(const char *framer);

#endif
