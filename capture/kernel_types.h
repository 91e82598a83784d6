/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kernel's types (BTF), of which a BPF program needs some thirty out of a hundred thousand.
 * libbpf reads, copies and indexes all of them, which takes longer than all else before a recording
 * begins; this finds some by their names in one pass.
 */
#ifndef CAPTURE_KERNEL_TYPES_H
#define CAPTURE_KERNEL_TYPES_H

#include <stddef.h>
#include <stdint.h>

struct btf_type;
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

/* Finds all of count types, and puts them in order of their names. Returns 0 or -ENOMEM. */
int kernel_types_find(const struct kernel_types *types, struct kernel_type *wanted, size_t count);

/* Called of a type that has the name of match, one of those looked for. */
typedef void kernel_types_found(void *context, struct kernel_type *match, unsigned kind,
                                uint32_t id);

/*
 * Calls found of every type that has the name of one of those wanted, and the kind of any of them.
 * These are put in order. Returns 0 or -ENOMEM.
 */
int kernel_types_match(const struct kernel_types *types, struct kernel_type *wanted, size_t count,
                       kernel_types_found *found, void *context);

/* One more than the highest number of a type. */
uint32_t kernel_types_count(const struct kernel_types *types);

/* The type of this number; NULL when there is none, and for void. */
const struct btf_type *kernel_types_at(const struct kernel_types *types, uint32_t id);

/* The name that stands there among the names. */
const char *kernel_types_string(const struct kernel_types *types, uint32_t offset);

#endif
