/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The descriptors of a process that strace shows, by number; threads share them. */
#ifndef CAPTURE_STRACE_DESCRIPTORS_H
#define CAPTURE_STRACE_DESCRIPTORS_H

#include <stdbool.h>
#include <stdint.h>

enum { DESCRIPTOR_MAX = 1 << 20 }; /* the kernel's usual limit, fs.nr_open */

struct strace_socket;

/* One descriptor of which something is known. */
struct strace_descriptor {
    uint32_t number;
    struct strace_socket *socket; /* NULL: no socket, not known to be one, or closed */
    bool closes_on_exec;
};

struct strace_descriptors {
    unsigned users;
    void *tree; /* of struct strace_descriptor */
};

/* None, for one user, who leaves them in the end. NULL when there is no memory. */
struct strace_descriptors *strace_descriptors_new(void);
void strace_descriptors_leave(struct strace_descriptors *descriptors);

/* As fork() copies them. NULL when there is no memory. */
struct strace_descriptors *strace_descriptors_copy(const struct strace_descriptors *from);

/* Does what was done to `late` to these. Returns 0 or -ENOMEM. */
int strace_descriptors_catch_up(struct strace_descriptors *descriptors,
                                const struct strace_descriptors *late);

/* The descriptor, to be read or changed; NULL when nothing is known of it. */
struct strace_descriptor *strace_descriptor_find(struct strace_descriptors *descriptors,
                                                 int64_t number);

/* The same, made where there is none; NULL when there is no memory, or no such number can be. */
struct strace_descriptor *strace_descriptor_get(struct strace_descriptors *descriptors,
                                                int64_t number);

/* Puts a socket, or NULL, behind the descriptor; the socket counts by how many it is held. */
void strace_descriptor_put(struct strace_descriptor *descriptor, struct strace_socket *socket);

/* A program was put in the place of another. */
void strace_descriptors_exec(struct strace_descriptors *descriptors);

/* close_range(), which may also just mark those that the next exec closes. */
void strace_descriptors_close(struct strace_descriptors *descriptors, uint32_t first, uint32_t last,
                              bool just_marks);

#endif
