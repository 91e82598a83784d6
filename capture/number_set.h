/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Sets of processes and threads in the kernel's memory (bpf/process.h), as seen from here. */
#ifndef CAPTURE_NUMBER_SET_H
#define CAPTURE_NUMBER_SET_H

#include <sys/types.h>

struct number_set;

/* Maps a set, of which map is the descriptor. Returns it, or NULL with errno set. */
struct number_set *number_set_open(int map);

/* Unmaps it, the kernel side keeps it; there may be none. */
void number_set_close(struct number_set *set);

/* Puts a number in, at any time. Returns 0 or -ERANGE. */
int number_set_add(struct number_set *set, pid_t number);

#endif
