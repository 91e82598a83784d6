/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the backends that use BPF share in user space, beside the ring buffer. */
#ifndef CAPTURE_BPF_H
#define CAPTURE_BPF_H

#include "capture/backend.h"

struct bpf_map;

/*
 * Sets up libbpf's log and finds out whether this process may use BPF at all.
 * Returns 0, or -errno with the reason and the way out in reason.
 */
int bpf_prepare(bool verbose, char reason[REASON_SIZE]);

/* Says in reason why doing failed with -errno error, the way out included. Returns error. */
int bpf_reason(int error, const char *doing, char reason[REASON_SIZE]);

/* Adds a process to the map of observed ones. Returns 0 or -errno. */
int bpf_observe(const struct bpf_map *observed, pid_t pid);

/* Adds what the kernel side counted. */
void bpf_losses(const struct record_losses *counted, struct losses *losses);

#endif
