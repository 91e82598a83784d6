/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Lets stopped threads go on, as they would if they were not traced. What is left of the command
 * when the recording is over is let through so, call by call: while the fixture is written by
 * handlers of SIGCHLD and of a timer, and afterwards by a process that stays behind (front.h).
 */
#ifndef CAPTURE_PTRACE_PASS_H
#define CAPTURE_PTRACE_PASS_H

#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/types.h>

/* ptrace(how) for a thread that is stopped, with a signal for it or 0. Returns 0 or -errno. */
int pass_resume(pid_t tid, enum __ptrace_request how, int signal);

/* Lets a thread go on that waitpid() says has stopped so. Returns 0 or -errno. */
int pass(pid_t tid, int status);

/* From now on the processes that are left go on by themselves. It takes the timer of SIGALRM. */
void pass_from_now_on(void);

/* As needed and stay in struct backend. */
bool pass_needed(void);
void pass_stay(void);

#endif
