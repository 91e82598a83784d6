/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Files by way of pipes: a command that opens its output anew, as `echo x > /dev/stderr` does, cuts
 * off all that a file has, and nothing that went through a pipe.
 */
#ifndef MANIFEST_DRAIN_H
#define MANIFEST_DRAIN_H

#include <stdio.h>

/* A file without a name, to the end of which all write; NULL with errno when there is no room. */
FILE *drain_file(void);

/*
 * Appends what comes until the end, which is read also when there is no room for it: nobody is to
 * wait. Returns 0 or -errno.
 */
int drain(int from, int to);

/*
 * Does so in a child of its own with a pipe, that is until nobody can write to it any more. Takes
 * over `from`; the child has no use for `other` (-1: none). Returns 0 or -errno.
 */
int drain_begin(int from, int to, int other);

/* Appends what is in a pipe now. Returns 0 or -errno. */
int drain_now(int from, int to);

#endif
