/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Processes and paths that the scope names, and that are not ours: they come and go as they like.
 */
#ifndef CAPTURE_ATTACH_H
#define CAPTURE_ATTACH_H

#include <stdbool.h>

struct attachment;
struct scope_request;

/*
 * Begins to look after them. Returns 0 and an attachment in *out, or -errno: -ESRCH when a process
 * has ended since it was named. Free it with attachment_free().
 */
int attachment_new(struct attachment **out, const struct scope_request *scope);
void attachment_free(struct attachment *attachment);

/* Becomes readable when something has changed. */
int attachment_fd(const struct attachment *attachment);

/* Takes what has changed. Returns 1 when paths lead elsewhere now, 0 when not, or -errno. */
int attachment_step(struct attachment *attachment);

/* True when there were processes, and all have ended. */
bool attachment_ended(const struct attachment *attachment);

#endif
