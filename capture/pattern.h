/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The addresses that the user asked for (-s), and those to be left out (-x):
 *
 *   /run/x.sock             a path: the socket that is there, whatever others call it
 *   /run/p*, @name*, '*'    a glob, of paths or abstract names; '*' is every Unix socket
 *   @name, @a\0b, @a\xffb   an abstract name
 *   tcp:HOST:PORT, udp:[::1]:53, :PORT    where HOST and PORT may be * for any
 *
 * They are compiled into what bpf/match.h compares, for the kernel side as for user space.
 */
#ifndef CAPTURE_PATTERN_H
#define CAPTURE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/match.h"

enum { PATTERN_REASON_SIZE = 128 };

struct patterns;

/* Returns 0 and none in *out, or -ENOMEM. Free them with patterns_free(). */
int patterns_new(struct patterns **out);
void patterns_free(struct patterns *patterns);

/*
 * Adds what text, which must outlive the patterns, means. Returns 0, or -errno with the reason in
 * reason: it is no address, or names a file that is no socket, or there is no room for it.
 */
int patterns_add(struct patterns *patterns, const char *text, bool excludes,
                 char reason[PATTERN_REASON_SIZE]);

/* How many addresses were asked for, or are to be left out. */
size_t patterns_count(const struct patterns *patterns, bool excludes);

/* Finds out again which files the paths lead to. Returns whether anything has changed. */
bool patterns_resolve(struct patterns *patterns);

/*
 * The paths among them, one after the other from *index 0 on; NULL when there are no more. *missing
 * says that there is no such socket now.
 */
const char *patterns_path(const struct patterns *patterns, size_t *index, bool *missing);

/* What was compiled of them: *count patterns, valid until they change. */
const struct pattern *patterns_compiled(const struct patterns *patterns, size_t *count);

/* Whether there are globs of paths among them, which the spelling of a path decides on. */
bool patterns_by_spelling(const struct patterns *patterns);

/*
 * Whether an address, spelt as in capture/address.h, of a socket of that family and process (0: not
 * known) is one asked for, or to be left out.
 */
bool patterns_match(const struct patterns *patterns, bool excludes, int family, const char *address,
                    uint32_t pid);

/* Whether the process means the socket that is at a path asked for, whatever that is bound to. */
bool patterns_lead_to(const struct patterns *patterns, const char *address, uint32_t pid);

#endif
