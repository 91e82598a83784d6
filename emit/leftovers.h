/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Files of messages beside a fixture that nothing loads any more, once there is a new one. */
#ifndef EMIT_LEFTOVERS_H
#define EMIT_LEFTOVERS_H

#include <stddef.h>

struct leftovers {
    int folder; /* where they are */
    char *stem;
    char **names; /* in order, and each once */
    size_t count;
};

/*
 * Finds what the fixture loads that is at `output` now, if there is one and it says that this
 * program made it: the names in quotes, as files_each() makes them with the stem. Returns 0, or
 * -errno and leaves *out alone.
 */
int leftovers_find(struct leftovers *out, const char *output, const char *stem);

/*
 * Removes what is loaded neither by the fixture that is at `output` by then, nor by another of the
 * same stem, and puts how many files that were in *removed. Returns 0, or -errno:
 * then some are left.
 */
int leftovers_remove(struct leftovers *leftovers, const char *output, size_t *removed);

void leftovers_free(struct leftovers *leftovers);

#endif
