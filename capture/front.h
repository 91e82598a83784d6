/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Lets the program end, as whoever started it sees it, while a part of it stays behind. */
#ifndef CAPTURE_FRONT_H
#define CAPTURE_FRONT_H

#include <stdbool.h>

/*
 * Goes on in a new process. The one that called becomes its front: it passes signals on to the new
 * one and ends as that one does, or as soon as that one, when it exits, finds that it is `needed`;
 * that one then closes all it has open and stays.
 * Returns 0, in the new process, or -errno.
 */
int front_split(bool (*needed)(void), void (*stay)(void));

/* Becomes readable when the front was killed; -1 when there is none. */
int front_fd(void);

/* True when the front was killed. */
bool front_is_gone(void);

#endif
