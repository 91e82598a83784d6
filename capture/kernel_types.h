/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kernel's types (BTF), of which a BPF program needs some thirty out of a hundred thousand.
 * libbpf reads, copies and indexes all of them, which takes longer than all else before a recording
 * begins; this finds some by their names in one pass, and cuts them out for libbpf.
 */
#ifndef CAPTURE_KERNEL_TYPES_H
#define CAPTURE_KERNEL_TYPES_H

#include <stddef.h>
#include <stdint.h>

struct btf;
struct kernel_types;

/* A type to find: kind is a BTF_KIND_, and id is filled in, 0 when there is no such type. */
struct kernel_type {
    const char *name;
    unsigned kind;
    uint32_t id;
};

/*
 * Opens the types of the kernel that runs. Returns 0, or -errno: -EINVAL when they are in a format
 * that is not known.
 */
int kernel_types_open(struct kernel_types **out);

void kernel_types_close(struct kernel_types *types);

/* Finds all of count types. Returns 0 or -ENOMEM. */
int kernel_types_find(const struct kernel_types *types, struct kernel_type *wanted, size_t count);

/*
 * Writes to fd, as BTF, the kernel's types that have the name of one in the object's BTF, and what
 * they consist of. Of "name___flavor" the name is what stands before. Returns 0 or -errno.
 */
int kernel_types_extract(const struct kernel_types *types, const struct btf *object, int fd);

#endif
