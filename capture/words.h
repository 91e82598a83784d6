/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A command as the words that it is of, in memory of their own; the array ends with NULL. */
#ifndef CAPTURE_WORDS_H
#define CAPTURE_WORDS_H

/*
 * Takes a line apart as a shell would: at spaces, but for what is quoted by ', " or a backslash;
 * nothing is expanded. Returns 0 and the words in *out, to be freed by words_free(); -EINVAL when a
 * quote does not end or there is no word; or -ENOMEM.
 */
int words_split(char ***out, const char *line);

/* A copy of such an array. Returns 0 or -ENOMEM. */
int words_copy(char ***out, char *const *words);

void words_free(char **words);

#endif
