/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Secrets in what is said: found by their shapes or a user's patterns, and replaced by filler. */
#ifndef CAPTURE_SECRET_H
#define CAPTURE_SECRET_H

#include "capture/range_option.h"

enum { SECRET_FILLER = 'X' };

/* A pattern or a range that a user has named, or the shapes of known secrets. */
struct secrets;

enum { SECRET_WHY_SIZE = 128 };

/*
 * The texts stay the caller's, and must outlive the secrets. Reads what the user has named: ranges,
 * "secrets" for the known shapes, or extended regular expressions, of which what stands in
 * parentheses is the secret, or all where nothing does. Returns 0; -ENOMEM; or -EINVAL with, in
 * *wrong, which one is wrong and in why, the reason.
 */
int secrets_new(struct secrets **out, const char *const *texts, size_t count, const char **wrong,
                char why[SECRET_WHY_SIZE]);

void secrets_free(struct secrets *secrets);

/* What secrets_redact() asks of who calls it. */
struct secrets_caller {
    void *context;
    void (*name_of)(void *context, size_t conversation, size_t exchange, const char **name);
    /* Is shown each secret before there is filler in its place. Returns 0 or -ENOMEM. */
    int (*show)(void *context, const uint8_t *secret, size_t length);
};

/*
 * Puts filler in the place of each secret in the table's messages, and tells in the ranges where.
 * All are looked for in what was said, before there is filler in it: where two overlap, they are
 * one. Returns how many there were, or -ENOMEM.
 */
int secrets_redact(struct secrets *secrets, struct table *table,
                   const struct secrets_caller *caller);

/* Puts filler where patterns match the text, but into a copy of it. Returns 0 or -ENOMEM. */
int secrets_redact_text(struct secrets *secrets, const char *text, char *filled);

/*
 * The next pattern or range, from *index on, that was nowhere to be found in what was redacted;
 * NULL when there is none. That shapes are not found is as it should be.
 */
const char *secrets_missed(const struct secrets *secrets, size_t *index, bool *is_pattern);

/*
 * Looks in a message for shapes, if "secrets" were named. Returns what was found, as "a bearer
 * token", and where in *offset and *found; NULL when nothing was. Redacted bytes are no secret.
 */
const char *secrets_find(const struct secrets *known, const uint8_t *data, size_t length,
                         size_t *offset, size_t *found);

#endif
