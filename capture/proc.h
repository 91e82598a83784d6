/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The small files of /proc that say what a process or thread is. */
#ifndef CAPTURE_PROC_H
#define CAPTURE_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Reads /proc/PID/NAME into text, of size bytes, as much as fits and without the newline at its
 * end. Returns its length, or -1 when it cannot be read.
 */
ssize_t proc_read(pid_t pid, const char *name, char *text, size_t size);

/*
 * The number in the field of that name in the text of a /proc/PID/status: "\nTgid:" for one.
 * Returns false when there is no such field.
 */
bool proc_field(const char *status, const char *name, int base, unsigned long long *number);

/*
 * Whether /proc is another PID namespace's: its numbers are then not those that we know processes
 * by.
 */
bool proc_is_foreign(void);

#endif
