/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Ranges in a recording, as sockfixture-recording(5) describes them. */
#ifndef CAPTURE_RANGE_JSON_H
#define CAPTURE_RANGE_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "capture/message.h"

/* Writes the fields that say what is volatile or redacted in the message, each after a comma. */
void range_write(FILE *file, const struct message *message);

/*
 * Reads them: into message->seen and runs, and into *ranges, which the caller frees. Returns 0 or
 * -ENOMEM; -EINVAL with, in *wrong, the field that is not what it must be for such a message.
 */
int range_read(struct message *message, struct ranges *ranges, const json_t *object,
               const char **wrong);

#endif
