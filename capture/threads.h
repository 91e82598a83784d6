/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The threads that there are, from /proc. */
#ifndef CAPTURE_THREADS_H
#define CAPTURE_THREADS_H

#include <sys/types.h>

/* Gets each thread; returns 0, or -errno upon which no more come. */
typedef int thread_visitor(void *context, pid_t thread);

/*
 * Show all threads of a process, or of the machine, as far as we may see them, to the visitor.
 * Those that end or begin meanwhile may be left out. Return 0, or what the visitor returned.
 */
int threads_of(pid_t process, thread_visitor *visit, void *context);
int threads_of_all(thread_visitor *visit, void *context);

#endif
