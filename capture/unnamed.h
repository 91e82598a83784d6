/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Files without a name, for what does not fit into memory or is read back from a child. */
#ifndef CAPTURE_UNNAMED_H
#define CAPTURE_UNNAMED_H

#include <stdio.h>

/*
 * Opens one, to be read and written, in the first folder of TMPDIR, /var/tmp and /tmp that takes
 * it; it is gone when it is closed, and no command inherits it. Returns its descriptor, or -1.
 */
int unnamed_open(void);

/* The same as a stream, or NULL. */
FILE *unnamed_file(void);

#endif
