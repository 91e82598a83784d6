/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Messages for people to watch as they pass. */
#ifndef CAPTURE_SHOW_H
#define CAPTURE_SHOW_H

#include <stdbool.h>
#include <stdio.h>

#include "capture/message.h"

/*
 * Prints a line on the message and its bytes as a hexdump, in colours if asked, with nothing else
 * that drives a terminal:
 *
 *     12:34:56.789012 chronyc[123] > chronyd[77] /run/chrony/chronyd.sock dgram 104
 *             0x0000:  0601 0000 0021 0000 8a9f e134 0000 0000  .....!.....4....
 *
 * file is best one with a buffer of its own; it is flushed.
 */
void show_message(FILE *file, const struct message *message, bool colors);

#endif
