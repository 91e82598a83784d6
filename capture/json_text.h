/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * JSON from text and to text that fails when memory runs out: jansson by itself may go on then, and
 * leave out a byte of a string or more.
 */
#ifndef CAPTURE_JSON_TEXT_H
#define CAPTURE_JSON_TEXT_H

#include <jansson.h>

/*
 * Parses as json_loadb() does; no key may be there twice. Returns NULL with *wrong filled, and
 * errno ENOMEM when it was memory that lacked.
 */
json_t *json_from_text(const char *text, size_t length, json_error_t *wrong);

/* A string of any bytes, as text_escape() spells them. NULL when there is no memory. */
json_t *json_of_bytes(const void *bytes, size_t length);

/* An array of such strings; words end with NULL, and may be NULL. NULL when there is no memory. */
json_t *json_of_words(char *const *words);

/* Returns the text in one line, to be freed, or NULL when there is no memory, or no object. */
char *json_to_text(const json_t *object);

#endif
