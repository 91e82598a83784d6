/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/text.h"

ssize_t proc_read(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];
    ssize_t length;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    file = fopen(path, "re");
    if (!file)
        return -1;
    length = (ssize_t)fread(text, 1, size - 1, file);
    fclose(file);
    if (length > 0 && text[length - 1] == '\n')
        length--;
    text[length] = '\0';
    return length;
}

bool proc_field(const char *status, const char *name, int base, unsigned long long *number)
{
    const char *field = strstr(status, name);

    if (!field)
        return false;
    *number = strtoull(field + strlen(name), NULL, base);
    return true;
}

/* The kernel's proc_pid_status() tells the number of each namespace from that of /proc to ours. */
bool proc_is_foreign(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    bool is_foreign = false;
    char *line = NULL;
    size_t size = 0;

    while (file && getline(&line, &size, file) > 0)
        if (text_begins(line, "NSpid:"))
            is_foreign = strchr(line, '\t') != strrchr(line, '\t');
    free(line);
    if (file)
        fclose(file);
    return is_foreign;
}
