/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Is there a server behind a socket's path? */
#ifndef MANIFEST_READY_H
#define MANIFEST_READY_H

#include <stdbool.h>

/*
 * True when a socket is bound to that path and, unless it is one for datagrams, listens. Nothing
 * that a server could notice is done to find out.
 */
bool ready_socket(const char *path);

#endif
