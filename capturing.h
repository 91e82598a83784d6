/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A run in which messages come from a backend: of a command, or of what runs already. */
#ifndef CAPTURING_H
#define CAPTURING_H

#include "run.h"

/* Records until the command has ended, or the user says so. What is wrong has been said. */
enum status capturing_make(struct run *run);

/* Waits between two runs until then. A signal that has come ends it, which is said. */
enum status capturing_pause(const struct options *options, uint64_t until);

#endif
