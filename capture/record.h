/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Chooses a backend and records a command with it, or what runs already. */
#ifndef CAPTURE_RECORD_H
#define CAPTURE_RECORD_H

#include <stdbool.h>
#include <stdio.h>

#include "capture/backend.h"

/* All backends, in the order in which `auto` tries them; ends with NULL. */
extern const struct backend *const backends[];

struct user;

/* A backend that is ready to record. */
struct session {
    const struct backend *backend;
    struct recorder *recorder;
    char refused[4 * REASON_SIZE]; /* the backends before it, and why not they */
};

/*
 * Opens the backend of that name, or with "auto" the first that works here. Returns 0; -EINVAL when
 * there is no backend of that name; -ENOTSUP when none works, with the reasons in session->refused.
 */
int session_open(struct session *session, const char *name, const struct backend_options *options,
                 const struct sink *sink);
void session_close(struct session *session);

/*
 * Finds out whether a backend works here. Returns 0, or -errno with the reason in reason.
 */
int backend_try(const struct backend *backend, char reason[REASON_SIZE]);

struct scope_request;

struct session_command {
    const struct scope_request *scope; /* what to observe: the one in the backend's options */
    char *const *command;              /* ends with NULL; NULL itself: nothing is run */
    bool output_to_error;              /* the command's standard output goes to standard error */
    const struct user *user;           /* whom it runs as; NULL: as we do */
};

struct session_result {
    int exec_error;   /* -errno when the command could not be run; else 0 */
    int status;       /* the command's wait status */
    bool ended;       /* false: it still runs, as the user would not wait for it */
    bool interrupted; /* a signal was passed on to it */
    struct losses losses;
};

/*
 * Runs the command and records until it has ended, or until a second SIGINT or SIGTERM; without a
 * command, until the processes of the scope have ended, or the first such signal.
 * Returns 0 with *result filled, or -errno when recording itself failed.
 */
int session_run(struct session *session, const struct session_command *command,
                struct session_result *result);

#endif
