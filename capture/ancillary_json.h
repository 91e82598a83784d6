/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Ancillary data in a recording, as sockfixture-recording(5) describes it. */
#ifndef CAPTURE_ANCILLARY_JSON_H
#define CAPTURE_ANCILLARY_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "capture/ancillary.h"

/* Writes the fields that a message with this ancillary data has, each after a comma. */
void ancillary_write(FILE *file, const struct ancillary *ancillary);

/*
 * What a message's fields say of it, in *out for the caller to free; NULL when they say nothing.
 * Returns 0 or -ENOMEM; -EINVAL with, in *wrong, the field that is not what it must be.
 */
int ancillary_read(struct ancillary **out, const json_t *message, const char **wrong);

#endif
