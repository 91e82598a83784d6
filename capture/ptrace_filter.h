/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The seccomp filters that stop a process at its socket calls and let all others pass untouched.
 */
#ifndef CAPTURE_PTRACE_FILTER_H
#define CAPTURE_PTRACE_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

/* What the filter tells of a stop, besides the values of enum call_kind. */
enum filter_stop {
    FILTER_RENAME = 32, /* the thread gives itself another name */
    FILTER_PAIR,        /* socketpair() */
    FILTER_PTRACE,      /* it wants to trace, or to be traced, itself */
    FILTER_IO_URING,    /* it will make calls that no filter sees */
    FILTER_AIO,         /* io_submit(), which may send and receive */
    FILTER_LISTENER,    /* it puts up a filter that may outrank ours */
    FILTER_CLONE,       /* it may make a process that is not traced */
    FILTER_FOREIGN,     /* a call in a convention that is not ours */
    FILTER_DOOR,        /* behind it, only the second filter sees what is done to sockets */
    FILTER_BEHIND,      /* the same call, under the second filter */

    FILTER_EARLIER = 63, /* any of these, in what is left of an earlier run */
};

struct filter {
    struct sock_filter code[192];
    unsigned short length;
};

/*
 * Puts the calling process and all that will come of it under the filter. From then on its socket
 * calls fail with ENOSYS whenever no tracer is there to let them through. Returns 0 or -errno.
 */
int filter_install(void);

/* Filters that are made from now on are of another run than all that have been made before. */
void filter_begin_run(void);

/* What a stop is, by its SECCOMP_RET_DATA: an enum filter_stop or enum call_kind. */
unsigned filter_stop_of(unsigned data);

/* The filter that a process is to have besides once it may get a socket. */
void filter_second(struct filter *filter);

/* True when the architecture of a stopped call is the one this program is built for. */
bool filter_knows(uint32_t architecture);

#endif
