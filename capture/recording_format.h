/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What whoever writes recordings and whoever reads them agree on. */
#ifndef CAPTURE_RECORDING_FORMAT_H
#define CAPTURE_RECORDING_FORMAT_H

#include <stdbool.h>

#define RECORDING_FORMAT "sockfixture-recording"
enum { RECORDING_VERSION = 1 };

/* How a recording spells what is a number here; each table ends with a name that is NULL. */
struct recording_name {
    const char *name;
    int value;
};

extern const struct recording_name recording_families[];
extern const struct recording_name recording_types[];
extern const struct recording_name recording_directions[];
extern const struct recording_name recording_calls[];

/* The name of that value, or NULL. */
const char *recording_name_of(const struct recording_name *names, int value);

/* Puts the value of that name, which may be NULL, in *value. False when there is no such name. */
bool recording_value_of(const struct recording_name *names, const char *name, int *value);

#endif
