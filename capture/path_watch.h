/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Notices that a path that was asked for leads to another socket by now, or to one at last. */
#ifndef CAPTURE_PATH_WATCH_H
#define CAPTURE_PATH_WATCH_H

struct patterns;

/*
 * Puts a descriptor into *fd that becomes readable when something happens to one of the patterns'
 * paths; -1 when there are none. Returns 0 or -errno.
 */
int path_watch_open(int *fd, const struct patterns *patterns);

/*
 * Takes what has happened, and finds out where the paths lead now. Returns 1 when any leads
 * elsewhere, 0 when not, or -errno.
 */
int path_watch_step(int fd, struct patterns *patterns);

#endif
