/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "capture/unnamed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int open_in(const char *folder)
{
    char path[4096];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    if ((size_t)snprintf(path, sizeof(path), "%s/sockfixture.XXXXXX", folder) >= sizeof(path))
        return -1;
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

/* Large files belong in /var/tmp: /tmp may be memory itself. */
int unnamed_open(void)
{
    const char *folders[] = {secure_getenv("TMPDIR"), "/var/tmp", "/tmp"};
    int fd = -1;

    for (size_t i = 0; i < 3 && fd < 0; i++)
        fd = folders[i] && *folders[i] ? open_in(folders[i]) : -1;
    return fd;
}

FILE *unnamed_file(void)
{
    int fd = unnamed_open();
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");

    if (fd >= 0 && !file)
        close(fd);
    return file;
}
