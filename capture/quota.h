/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Lets the messages of the first so many exchanges pass, and knows when those are complete.
 *
 * An exchange counts once its response has begun, and until then its request is kept here: many
 * conversations at once may have asked, and some will never get an answer, but so many exchanges
 * are wanted and no more. Each conversation's messages stay in order.
 */
#ifndef CAPTURE_QUOTA_H
#define CAPTURE_QUOTA_H

#include <stdbool.h>

#include "capture/message.h"

struct quota;

struct quota_options {
    size_t exchanges; /* how many are wanted */
    uint64_t quiet;   /* an exchange is complete when nothing has come for so many nanoseconds */

    /* Gets what passes, its conversations numbered anew without gaps. Returns 0 or -errno. */
    int (*message)(void *context, const struct message *message);
    void *context;
};

/* Returns 0 and the quota in *out, or -ENOMEM. Free it with quota_free(). */
int quota_new(struct quota **out, const struct quota_options *options);
void quota_free(struct quota *quota);

/*
 * Adds the next message; now is a time in nanoseconds, of any clock that does not jump. Returns 1
 * when it has passed or is kept, 0 when it is past what is wanted, or -errno.
 */
int quota_add(struct quota *quota, const struct message *message, uint64_t now);

/*
 * How many nanoseconds from now all that is wanted will be complete, if nothing comes meanwhile: 0
 * when it is. Returns false as long as exchanges are wanted that nobody has answered.
 */
bool quota_left(const struct quota *quota, uint64_t now, uint64_t *left);

/* No more will come: passes on what was not answered, as far as it is wanted. Returns 0 or -errno.
 */
int quota_finish(struct quota *quota);

/* How many exchanges have passed. */
size_t quota_passed(const struct quota *quota);

/* How many messages of requests were left out, as others were answered first. */
size_t quota_left_out(const struct quota *quota);

#endif
