/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* JSON from outside. */
#ifndef CAPTURE_JSON_PARSE_H
#define CAPTURE_JSON_PARSE_H

#include <jansson.h>

/*
 * Parses as json_loadb() does, and refuses keys that are there twice; but when memory runs out, it
 * fails, and always with errno ENOMEM: jansson may go on, with a byte of a string left out.
 */
json_t *json_parse(const char *text, size_t length, json_error_t *wrong);

#endif
