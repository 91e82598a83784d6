/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A run that reads what was recorded before, by us or by another tool. */
#ifndef READING_H
#define READING_H

#include "run.h"

/* Makes the run from the files of -r. What is wrong has been said. */
enum status reading_make(struct run *run);

#endif
