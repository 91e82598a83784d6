/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the user says of the command that is launched, and what is said of its end. */
#ifndef LAUNCHING_H
#define LAUNCHING_H

#include "capture/launch.h"
#include "capture/user.h"
#include "options.h"

/*
 * Checks what was said of where and as whom it runs; --user fills in *user, for user_free(). What
 * is wrong has been said.
 */
enum status launching_begin(const struct options *options, struct user *user);

struct command_end {
    int exec_error;        /* why it could not be run: -errno, or 0 */
    enum launch_step step; /* what could not be done then */
    bool ended;            /* by itself */
    int status;            /* as wait(2) has it, if it has ended */
    const char *kept;      /* what its failure means, unless it is ignored */
};

/* Says how it failed, if it did. */
enum status launching_end(const struct options *options, const struct command_end *end);

#endif
