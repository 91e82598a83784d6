/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * On overlayfs and btrfs stat(2) gives numbers that are made up. What the kernel uses shows in
 * /proc: the inode beside the open file, the device in the list of mounts.
 */
#include "capture/socket_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static uint64_t kernel_device(unsigned major, unsigned minor)
{
    return (uint64_t)major << 20 | minor;
}

/* The device of one of our mounts, by its number in the list; 0 when it is not there. */
static uint64_t device_of_mount(int mount)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    unsigned major, minor;
    uint64_t device = 0;
    char *line = NULL;
    size_t size = 0;
    int number;

    while (file && !device && getline(&line, &size, file) > 0)
        if (sscanf(line, "%d %*d %u:%u", &number, &major, &minor) == 3 && number == mount)
            device = kernel_device(major, minor);
    free(line);
    if (file)
        fclose(file);
    return device;
}

/* Replaces what stat said by what /proc says of the open file, as far as it does. */
static void ask_proc(struct socket_file *file, int fd)
{
    unsigned long long inode;
    uint64_t device = 0;
    char path[64], line[128];
    FILE *info;
    int mount;

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    info = fopen(path, "re");
    if (!info)
        return;
    while (fgets(line, sizeof(line), info)) {
        if (sscanf(line, "mnt_id: %d", &mount) == 1)
            device = device_of_mount(mount);
        if (sscanf(line, "ino: %llu", &inode) == 1)
            file->file = inode;
    }
    if (device)
        file->device = device;
    fclose(info);
}

int socket_file_find(struct socket_file *file, const char *path)
{
    int fd = open(path, O_PATH | O_CLOEXEC), err = 0;
    struct stat about;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &about))
        err = -errno;
    else if (!S_ISSOCK(about.st_mode))
        err = -ENOTSOCK;
    if (!err) {
        file->file = about.st_ino;
        file->device = kernel_device(major(about.st_dev), minor(about.st_dev));
        ask_proc(file, fd);
    }
    close(fd);
    return err;
}
