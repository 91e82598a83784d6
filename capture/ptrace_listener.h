/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Filters by which a program asks another of its own about calls (seccomp_unotify(2)). */
#ifndef CAPTURE_PTRACE_LISTENER_H
#define CAPTURE_PTRACE_LISTENER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Whether a thread that stands before a seccomp() with these arguments puts up a filter that asks
 * about calls: of those, ours is told nothing, as SECCOMP_RET_USER_NOTIF outranks
 * SECCOMP_RET_TRACE.
 */
bool listener_hides_calls(pid_t tid, const uint64_t arguments[6]);

#endif
