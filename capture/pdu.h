/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Exported PDUs, as Wireshark and we write them: what their tags say (LINK_UPPER_PDU). */
#ifndef CAPTURE_PDU_H
#define CAPTURE_PDU_H

#include "capture/segment.h"

/*
 * Finds what follows the tags in the packet. Returns SEGMENT_FOUND with *out the message and its
 * ends; SEGMENT_OTHER when its ends are not told, and then only data, length and missing of *out
 * are filled in; or SEGMENT_CUT.
 */
enum segment_result pdu_read(struct segment *out, const struct frame_bytes *frame);

#endif
