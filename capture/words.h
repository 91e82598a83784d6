/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A command as the words that it is of, in memory of their own; the array ends with NULL. */
#ifndef CAPTURE_WORDS_H
#define CAPTURE_WORDS_H

#include <jansson.h>

/*
 * Takes a line apart as a shell would: at spaces, but for what is quoted by ', " or a backslash;
 * nothing is expanded. Returns 0 and the words in *out, to be freed by words_free(); -EINVAL when a
 * quote does not end or there is no word; or -ENOMEM.
 */
int words_split(char ***out, const char *line);

/* A copy of such an array. Returns 0 or -ENOMEM. */
int words_copy(char ***out, char *const *words);

/*
 * The words of a list in JSON, as text_escape() left them. Returns 0; -EINVAL when it is no list of
 * strings; or -ENOMEM.
 */
int words_from_json(char ***out, const json_t *list);

/* words may be NULL. */
void words_free(char **words);

#endif
