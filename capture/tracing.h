/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loads programs that trace the kernel (tp_btf, fentry, fexit) without libbpf's reading all of the
 * kernel's types: it gets a cut-out of them, and the number of what each program is attached to.
 */
#ifndef CAPTURE_TRACING_H
#define CAPTURE_TRACING_H

#include <stdbool.h>

struct bpf_object;
struct bpf_object_open_opts;
struct bpf_object_skeleton;
struct tracing;

/*
 * Opens the kernel's types. To be called before the object is opened, with tracing_options(), and
 * freed when it is attached or given up; there can be one at a time. Returns 0 or -errno.
 */
int tracing_new(struct tracing **out);

void tracing_free(struct tracing *tracing);

/* What the object is to be opened with; it belongs to the tracing, which has to outlive the
 * loading. */
const struct bpf_object_open_opts *tracing_options(const struct tracing *tracing);

/* Finds what an open object needs of the kernel's types. Returns 0 or -errno. */
int tracing_find(struct tracing *tracing, const struct bpf_object *object);

/*
 * Whether the kernel has what a program in this section of the object is for: a tracepoint, or a
 * function.
 */
bool tracing_exists(const struct tracing *tracing, const char *section);

/* Attaches the tracing programs of a skeleton that is loaded. Returns 0 or -errno. */
int tracing_attach(const struct bpf_object_skeleton *skeleton);

#endif
