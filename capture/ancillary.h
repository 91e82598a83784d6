/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Ancillary data: what a message carries beside its bytes, in control messages (cmsg(3)). */
#ifndef CAPTURE_ANCILLARY_H
#define CAPTURE_ANCILLARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bpf/message.h"

enum control_kind { CONTROL_DESCRIPTORS, CONTROL_CREDENTIALS, CONTROL_OTHER };

/* One control message. */
struct control {
    enum control_kind kind;
    union {
        struct {
            size_t count;                   /* 1 to DESCRIPTORS_MAX */
            uint8_t kinds[DESCRIPTORS_MAX]; /* enum descriptor_kind */
        } descriptors;
        struct {
            uint32_t pid, uid, gid;
        } credentials;
        struct {
            int32_t level, type;
            uint32_t length; /* of its data, in bytes */
        } other;
    };
};

/* Those of a message. It is one piece of memory, which memcpy() copies and free() frees. */
struct ancillary {
    bool cut; /* there was more, which is not here */
    size_t count;
    struct control controls[];
};

/* How many bytes it takes up; 0 for NULL, which stands for no ancillary data. */
size_t ancillary_size(const struct ancillary *ancillary);

/*
 * A copy in *out, which the caller frees: NULL for NULL.
 * Returns 0, or -ENOMEM and leaves *out alone.
 */
int ancillary_copy(struct ancillary **out, const struct ancillary *ancillary);

/*
 * Adds a copy of the control message to *ancillary, or notes that there was more; it may be NULL,
 * and is allocated anew. Returns 0, or -ENOMEM and leaves it alone.
 */
int ancillary_add(struct ancillary **ancillary, const struct control *control);
int ancillary_cut(struct ancillary **ancillary);

/*
 * Makes a control message of this level, type and length of data; what its data mean is for the
 * caller to fill in, but for the number of descriptors. Returns false when it carries nothing.
 */
bool control_init(struct control *control, int32_t level, int32_t type, uint32_t length);

/* Says what it is in a few words; with the pid of credentials when it is wanted. */
void control_print(FILE *file, const struct control *control, bool with_pid);

/* Says what kinds of descriptors there are, in order, and only how many where they are alike. */
void descriptors_print(FILE *file, const struct control *control);

/* The name of an enum descriptor_kind, and back; -1 when it is none. */
const char *descriptor_name(enum descriptor_kind kind);
int descriptor_find(const char *name);

#endif
