/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Messages for people to watch as they pass. */
#ifndef CAPTURE_SHOW_H
#define CAPTURE_SHOW_H

#include <stdio.h>

#include "capture/message.h"

/* Prints a line on the message and its bytes as a hexdump, with nothing that drives a terminal. */
void show_message(FILE *file, const struct message *message);

#endif
