/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * CLONE_UNTRACED makes a process that no tracer follows. It keeps the filter all the same, under
 * which calls fail without a tracer: so it is made without that flag.
 */
#ifndef CAPTURE_PTRACE_CLONE_H
#define CAPTURE_PTRACE_CLONE_H

#include <sys/ptrace.h>
#include <sys/types.h>

/*
 * The thread stands before a call. Sees to it that a process it makes in it is traced, too. Returns
 * 0, or -errno when it will not be. Async-signal-safe.
 */
int clone_keep_traced(pid_t tid, const struct __ptrace_syscall_info *info);

#endif
