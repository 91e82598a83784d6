/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Symbolic links. */
#ifndef CAPTURE_LINK_H
#define CAPTURE_LINK_H

enum { LINKS_MAX = 40 }; /* one behind the other, as the kernel follows them */

/* The path that a link leads to, to be freed; NULL when it is none, or there is no memory. */
char *link_follow(const char *path);

#endif
