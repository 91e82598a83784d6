/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A name or a path may hold anything, so a header is read from what cannot be anything else. */
#include "capture/sockdump_header.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "capture/clock.h"
#include "capture/text.h"

static bool read_time(const char **at, uint64_t *time)
{
    unsigned hours, minutes, seconds, thousandths;
    int after = 0;

    if (sscanf(*at, "%2u:%2u:%2u.%3u %n", &hours, &minutes, &seconds, &thousandths, &after) != 4)
        return false;
    *time = ((hours * 60 + minutes) * 60 + seconds) * SECOND + thousandths * UINT64_C(1000000);
    *at += after;
    return true;
}

static void set_comm(struct sockdump_header *header, const char *name, size_t length)
{
    memcpy(header->comm, name, length < COMM_SIZE ? length : COMM_SIZE - 1);
}

/* What stands behind the processes: a path, perhaps, and the length. */
static bool read_length(const char *at, struct sockdump_header *header)
{
    const char *path = text_begins(at, " path ") ? at + 6 : NULL;
    const char *length = memrchr(at, 'l', strlen(at));
    int after = 0;

    if (!length || length == at || length[-1] != ' ')
        return false;
    if (path && path < length)
        text_escape(header->path, sizeof(header->path), path, (size_t)(length - 1 - path));
    if (sscanf(length, "len %zu(%zu)%n", &header->shown, &header->length, &after) == 2)
        return !length[after] && header->shown <= header->length && header->length <= INT32_MAX;
    after = 0;
    if (sscanf(length, "len %zu%n", &header->shown, &after) != 1)
        return false;
    header->length = header->shown;
    return !length[after] && header->length <= INT32_MAX;
}

/* NAME [PID -> PID], and NAME[PID]; a name may hold anything. */
static bool read_processes(const char *at, bool timed, struct sockdump_header *header)
{
    int after = 0;

    for (const char *bracket = strchr(at, '['); bracket; bracket = strchr(bracket + 1, '[')) {
        after = 0;
        if (sscanf(bracket, "[%" SCNu32 " -> %" SCNu32 "]%n", &header->pid, &header->peer,
                   &after) == 2 &&
            after && bracket > at && bracket[-1] == ' ') {
            header->has_peer = header->peer != 0;
            set_comm(header, at, (size_t)(bracket - at) - 1);
            return read_length(bracket + after, header);
        }
        if (!timed && sscanf(bracket, "[%" SCNu32 "]%n", &header->pid, &after) == 1 && after) {
            set_comm(header, at, (size_t)(bracket - at));
            return read_length(bracket + after, header);
        }
    }
    return false;
}

const char *sockdump_header_parse(const char *text, const char *end, struct sockdump_header *header)
{
    static const char arrows[] = ">>> ", process[] = "process ";
    char line[512];
    size_t room = (size_t)(end - text) < sizeof(line) ? (size_t)(end - text) : sizeof(line);
    const char *newline = memchr(text, '\n', room), *at;
    bool timed;

    *header = (struct sockdump_header){0};
    if (!newline)
        return NULL;
    memcpy(line, text, (size_t)(newline - text));
    line[newline - text] = '\0';
    if (newline > text && newline[-1] == '\r') /* a terminal's */
        line[newline - 1 - text] = '\0';
    at = line;
    timed = read_time(&at, &header->time);
    if (!text_begins(at, arrows))
        return NULL;
    at += strlen(arrows);
    if (timed && !text_begins(at, process))
        return NULL;
    at += timed ? strlen(process) : 0;
    return read_processes(at, timed, header) ? newline + 1 : NULL;
}

const char *sockdump_header_find(const char *at, const char *end)
{
    struct sockdump_header header;
    const char *found = at;

    for (; found < end; found++)
        if ((isdigit((unsigned char)*found) || *found == '>') &&
            sockdump_header_parse(found, end, &header))
            return found;
    return end;
}
