/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * fuse FOLDER FILE: mounts a file system at FOLDER that has the contents of FILE as `program`, and
 * leaves a process behind, its number in fuse.pid, that serves it until it is unmounted. The kernel
 * may keep nothing of what it is told of files, so that whoever asks for it asks that process.
 */
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "tests/programs/program.h"

enum { ROOT = 1, PROGRAM, REQUEST_SIZE = 1 << 20, PIECE = 65536 };

static uint8_t *contents;
static size_t size;

static void read_file(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;

    must(file >= 0 && !fstat(file, &status), path);
    size = (size_t)status.st_size;
    contents = allocate(size);
    for (size_t done = 0; done < size;) {
        ssize_t more = read(file, contents + done, size - done);

        must(more > 0, path);
        done += (size_t)more;
    }
    close(file);
}

static struct fuse_attr attributes(uint64_t node)
{
    return (struct fuse_attr){
        .ino = node,
        .nlink = 1,
        .mode = node == ROOT ? S_IFDIR | 0755 : S_IFREG | 0755,
        .size = node == ROOT ? 0 : size,
        .blksize = 4096,
    };
}

static void answer(int device, uint64_t unique, int error, const void *data, size_t length)
{
    struct fuse_out_header header = {(uint32_t)(sizeof(header) + length), error, unique};
    struct iovec pieces[] = {{&header, sizeof(header)}, {(void *)data, length}};

    must(writev(device, pieces, 2) > 0 || errno == ENOENT, "writev"); /* it was interrupted */
}

static void answer_read(int device, uint64_t unique, const struct fuse_read_in *request)
{
    size_t left = request->offset < size ? size - request->offset : 0;

    answer(device, unique, 0, contents + request->offset,
           left < request->size ? left : request->size);
}

static void serve_one(int device, const struct fuse_in_header *header)
{
    const void *request = header + 1;
    const struct fuse_init_out begin = {
        .major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = PIECE, .max_readahead = PIECE};
    const struct fuse_entry_out entry = {.nodeid = PROGRAM, .attr = attributes(PROGRAM)};
    const struct fuse_attr_out status = {.attr = attributes(header->nodeid)};
    const struct fuse_open_out opened = {0};

    switch (header->opcode) {
    case FUSE_INIT:
        return answer(device, header->unique, 0, &begin, sizeof(begin));
    case FUSE_LOOKUP:
        if (strcmp(request, "program") != 0)
            return answer(device, header->unique, -ENOENT, NULL, 0);
        return answer(device, header->unique, 0, &entry, sizeof(entry));
    case FUSE_GETATTR:
        return answer(device, header->unique, 0, &status, sizeof(status));
    case FUSE_OPEN:
        return answer(device, header->unique, 0, &opened, sizeof(opened));
    case FUSE_READ:
        return answer_read(device, header->unique, request);
    case FUSE_FLUSH:
    case FUSE_RELEASE:
        return answer(device, header->unique, 0, NULL, 0);
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        return;
    default:
        return answer(device, header->unique, -ENOSYS, NULL, 0);
    }
}

static void serve(int device)
{
    static _Alignas(struct fuse_in_header) uint8_t request[REQUEST_SIZE];
    ssize_t length;

    while ((length = read(device, request, sizeof(request))) > 0 || errno == EINTR ||
           errno == ENOENT)
        if (length > 0)
            serve_one(device, (const struct fuse_in_header *)(const void *)request);
    must(errno == ENODEV, "read");
}

static void leave_number(pid_t pid)
{
    FILE *file = fopen("fuse.pid", "we");

    must(file && fprintf(file, "%d\n", (int)pid) > 0 && !fclose(file), "fuse.pid");
}

int main(int count, char **arguments)
{
    char options[64];
    int device;
    pid_t pid;

    must(count == 3, "fuse FOLDER FILE");
    read_file(arguments[2]);
    device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", device);
    must(device >= 0 && !mount("test", arguments[1], "fuse", 0, options), "mount");
    pid = fork();
    must(pid >= 0, "fork");
    if (pid)
        leave_number(pid);
    else
        serve(device);
    return 0;
}
