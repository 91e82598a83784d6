/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Chooses a backend and records a command with it, or what runs already. */
#ifndef CAPTURE_RECORD_H
#define CAPTURE_RECORD_H

#include <stdbool.h>

#include "capture/backend.h"
#include "capture/launch.h"

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
    int output;                        /* its output and error go there; 0: they are ours */
    const struct user *user;           /* whom it runs as; NULL: as we do */
    const char *directory;             /* as in struct launch_options */
    const char *const *environment;
    bool again; /* there will be another run, for which we must keep our capabilities */
};

/* Who is asked, again and again, while it records; elapsed is in nanoseconds since it began. */
struct session_watcher {
    void *context;

    /* For how many milliseconds more to record: 0 ends it; -1: for as long as the command runs. */
    int (*left)(void *context, uint64_t elapsed);

    /* Nothing more has come for the moment. Returns 0, or -errno, which ends the recording. */
    int (*pause)(void *context);

    /* Shows how far it is; asked is true when somebody wants to know now (SIGUSR1). */
    void (*show)(void *context, uint64_t elapsed, const struct losses *losses, bool asked);
};

struct session_result {
    int exec_error;        /* -errno when the command could not be run; else 0 */
    enum launch_step step; /* of running it, that failed */
    int status;            /* the command's wait status */
    bool ended;            /* false: it still runs, as the user would not wait for it */
    bool interrupted;      /* a signal was passed on to it */
    bool stopped;          /* the recording ended before it, and it was sent SIGTERM */
    bool left;             /* a second signal ended the recording before it, and it still runs */
    struct losses losses;
};

/*
 * Runs the command and records until it has ended, until the watcher ends it, or until a second
 * SIGINT or SIGTERM some time after the first; without a command, until the processes of the scope
 * have ended, the watcher ends it, or the first such signal. A command that still runs when the
 * recording ends is sent SIGTERM, unless it was such a signal that ended it, and given a moment to
 * end.
 * Once it observes, this process has no capabilities but those that recording takes.
 * Returns 0 with *result filled, or -errno when recording itself failed.
 */
int session_run(struct session *session, const struct session_command *command,
                const struct session_watcher *watcher, struct session_result *result);

#endif
