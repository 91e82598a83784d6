/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The lines of a recording, each a JSON object, of which nearly all is a message's data. */
#ifndef CAPTURE_RECORDING_LINE_H
#define CAPTURE_RECORDING_LINE_H

#include <jansson.h>
#include <stdio.h>

#include "capture/recording.h"

struct recording_line {
    FILE *file;
    size_t number; /* from 1; 0 before the first */
    char *text;
    size_t room;
    char *rest; /* the line without its data, if that could be taken out, ... */
    size_t rest_room;
    const char *data; /* ... which is here in the line; NULL when it was not taken out */
    size_t data_size;
};

/*
 * Reads the next line, as an object in *out; NULL there at the end of the file. What the line lends
 * lasts until the next one. Returns 0, or -errno with *error filled.
 */
int recording_line_next(struct recording_line *line, json_t **out, struct recording_error *error);
void recording_line_free(struct recording_line *line);

/* Tells what is wrong, and where. Returns -EINVAL. */
int recording_fail(struct recording_error *error, size_t line, size_t column, const char *text);

#endif
