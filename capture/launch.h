/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Starts the command to be recorded, held back until its recording has begun. */
#ifndef CAPTURE_LAUNCH_H
#define CAPTURE_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct launch;
struct user;

/* What is done for a command to be run, and can fail. */
enum launch_step {
    LAUNCH_COMMAND,
    LAUNCH_USER,
    LAUNCH_DIRECTORY,
};

struct launch_options {
    char *const *command;           /* ends with NULL; must outlive the launch */
    bool output_to_error;           /* the command's standard output goes to standard error */
    int output;                     /* its standard output and error go there; 0: they are ours */
    const struct user *user;        /* whom it runs as; NULL: as we do */
    const char *directory;          /* where it runs; NULL: where we do */
    const char *const *environment; /* what differs from ours, as NAME=VALUE, or NAME for one that
                                       is not to be set; ends with NULL; or NULL */
    int (*prepare)(void);           /* runs in the new process before the command; or NULL */
};

/*
 * Makes the process that will become the command; it waits for launch_go().
 * Returns 0 and a launch in *out, or -errno. launch_free() kills it if it was never let go.
 */
int launch_new(struct launch **out, const struct launch_options *options);
void launch_free(struct launch *launch);

pid_t launch_pid(const struct launch *launch);

/* Lets the process become the command. Returns 0 or -errno. */
int launch_go(struct launch *launch);

/* Becomes readable when the command has ended (or was reaped by launch_reaped). */
int launch_fd(const struct launch *launch);

/*
 * Finds out, without waiting, whether the command has ended. Returns 0, or -errno when the command
 * could not be run at all.
 */
int launch_check(struct launch *launch);

/* What could not be done, once launch_check has said that something could not. */
enum launch_step launch_failed_step(const struct launch *launch);

/*
 * For a backend that waits for processes itself: launch_check no longer does, and is told by
 * launch_reaped that the command ended with this wait status.
 */
void launch_leave_reaping(struct launch *launch);
void launch_reaped(struct launch *launch, int status);

bool launch_ended(const struct launch *launch);

/* The wait status of a command that has ended. */
int launch_status(const struct launch *launch);

/* Waits for so many milliseconds at most. Returns whether the command has ended. */
bool launch_wait(const struct launch *launch, int milliseconds);

/* Sends the command a signal, if it still runs. */
void launch_signal(const struct launch *launch, int signal);

#endif
