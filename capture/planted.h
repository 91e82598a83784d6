/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What somebody else may have put where we are about to write. */
#ifndef CAPTURE_PLANTED_H
#define CAPTURE_PLANTED_H

#include <stdbool.h>

/*
 * Whether somebody else put this, as seen from the folder `at`, where anybody can put things: a
 * link there may lead anywhere, at the other end of a pipe may be anybody, and a mode may open to
 * all what takes its place. fs.protected_symlinks and its like go by the same.
 */
bool planted(int at, const char *path);

#endif
