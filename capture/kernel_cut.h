/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Cuts out of the kernel's types the few that a BPF object is relocated by. */
#ifndef CAPTURE_KERNEL_CUT_H
#define CAPTURE_KERNEL_CUT_H

struct btf;
struct kernel_types;

/*
 * Writes to fd, as BTF, the kernel's types that have the name of one in the object's BTF, and what
 * they consist of. Of "name___flavor" the name is what stands before. Returns 0 or -errno.
 */
int kernel_cut_out(const struct kernel_types *types, const struct btf *object, int fd);

#endif
