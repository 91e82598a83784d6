/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What is to be observed: which processes, by number, name or user, and which sockets, by address.
 * What is not asked for is not limited.
 */
#ifndef CAPTURE_SCOPE_H
#define CAPTURE_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "capture/pattern.h"

enum { SCOPE_PIDS = 256 };

struct scope_request {
    struct patterns *patterns;
    pid_t pids[SCOPE_PIDS]; /* processes that run already */
    size_t pid_count;
    struct glob names[PATTERN_NAMES];
    size_t name_count;
    uid_t users[PATTERN_NAMES];
    size_t user_count;
    bool launches;  /* a command is run, and its process is observed */
    bool no_follow; /* but not its descendants, nor those of the others */
};

/* Begins with none. Returns 0 or -ENOMEM; scope_free() may be called in any case. */
int scope_new(struct scope_request *scope);
void scope_free(struct scope_request *scope);

/*
 * These add what text names: processes by number (several, with commas or blanks between), by name
 * (or glob of one), or by user. Return 0, or -errno with the reason in reason.
 */
int scope_add_pids(struct scope_request *scope, const char *text, char reason[PATTERN_REASON_SIZE]);
int scope_add_name(struct scope_request *scope, const char *text, char reason[PATTERN_REASON_SIZE]);
int scope_add_user(struct scope_request *scope, const char *text, char reason[PATTERN_REASON_SIZE]);

/* True when all that these say is observed: nothing is asked for or left out by what it is. */
bool scope_takes_all(const struct scope_request *scope);

/* Whether a process of the command, launched is its first, is one to be observed. */
bool scope_takes(const struct scope_request *scope, pid_t pid, pid_t launched);

/* In the form that the kernel side reads. */
void scope_compile(const struct scope_request *scope, struct scope *out);

#endif
