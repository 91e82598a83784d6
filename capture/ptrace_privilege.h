/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Privileges that programs do not get while they are traced. */
#ifndef CAPTURE_PTRACE_PRIVILEGE_H
#define CAPTURE_PTRACE_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * True when the program that a stopped process runs has a privilege to give (setuid, setgid,
 * capabilities) that the process has not got: the kernel gives none to a program that a tracer
 * without them could read and write. No file system that a process may serve is asked.
 */
bool privilege_is_lost(pid_t tid);

#endif
