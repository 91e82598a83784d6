/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Writes a first manifest. */
#ifndef MANIFEST_INIT_H
#define MANIFEST_INIT_H

#include <stdbool.h>
#include <stdio.h>

#include "options.h"

enum { INIT_TEXT_SIZE = 256 };

/*
 * Prints a manifest with one fixture: what the command and the options given with it make, which is
 * a recording and, with `emits`, a fixture. Returns 0, -ENOMEM, -EIO, or -EINVAL with, in text,
 * what cannot stand in a manifest.
 */
int init_print(const struct options *options, bool emits, FILE *out, char text[INIT_TEXT_SIZE]);

#endif
