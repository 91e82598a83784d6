/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which internet addresses are those of this machine, as a process sees them in its namespace. */
#ifndef CAPTURE_HOSTS_H
#define CAPTURE_HOSTS_H

#include <stdbool.h>
#include <stdint.h>

/* What was found out; all zero when nothing was. Free it with hosts_free(). */
struct hosts {
    void *by_name; /* a tree of struct host */
};

void hosts_free(struct hosts *hosts);

/*
 * Can what the process sends to this address, as `udp:10.0.0.1:53`, reach a socket of this machine:
 * is it one of ours, or one of many machines? What cannot be found out can.
 */
bool hosts_are_reached(struct hosts *hosts, const char *address, uint32_t pid);

#endif
