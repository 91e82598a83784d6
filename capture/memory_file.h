/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A file whose text is in memory, and that fails when memory runs out: that of open_memstream()
 * goes on then, and leaves out bytes.
 */
#ifndef CAPTURE_MEMORY_FILE_H
#define CAPTURE_MEMORY_FILE_H

#include <stddef.h>
#include <stdio.h>

/*
 * Opens a file to write to. When fclose() has succeeded, *text is what was written, to be freed,
 * with a zero byte behind its *size bytes; when it has not, *text is NULL. Returns NULL when there
 * is no memory.
 */
FILE *memory_file_open(char **text, size_t *size);

#endif
