/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/recording_format.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/message.h"

const struct recording_name recording_families[] = {
    {"unix", AF_UNIX},
    {"inet", AF_INET},
    {"inet6", AF_INET6},
    {NULL, 0},
};

const struct recording_name recording_types[] = {
    {"stream", SOCK_STREAM},
    {"dgram", SOCK_DGRAM},
    {"seqpacket", SOCK_SEQPACKET},
    {NULL, 0},
};

const struct recording_name recording_directions[] = {
    {"request", REQUEST},
    {"response", RESPONSE},
    {NULL, 0},
};

const struct recording_name recording_calls[] = {
    {"send", true},
    {"receive", false},
    {NULL, 0},
};

bool recording_value_of(const struct recording_name *names, const char *name, int *value)
{
    while (names->name && (!name || strcmp(names->name, name) != 0))
        names++;
    *value = names->value;
    return names->name;
}

const char *recording_name_of(const struct recording_name *names, int value)
{
    while (names->name && names->value != value)
        names++;
    return names->name;
}
