/* SPDX-License-Identifier: GPL-2.0-only */
/* Descriptors of the running thread, and what is behind them. */
#ifndef BPF_DESCRIPTOR_H
#define BPF_DESCRIPTOR_H

#include "bpf/record.h"

/*
 * The running thread's open file behind fd; 0 when there is none. For where calls are nested as
 * deep as the verifier allows (eight frames), and no other has room.
 */
static __always_inline struct file *file_of(__u32 fd)
{
    struct fdtable *table = READ(bpf_get_current_task_btf(), files, fdt);
    struct file *file = 0, **slots;

    if (fd >= READ(table, max_fds))
        return 0;
    slots = READ(table, fd);
    bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
    return file;
}

/*
 * The same, quicker, but not to load: where a pointer of a task is followed, the verifier searches
 * all the kernel's types. Not static, so that it does so once.
 */
__noinline __u64 file_at(__u32 fd)
{
    struct fdtable *table = bpf_get_current_task_btf()->files->fdt;
    struct file *file = 0, **slots;

    if (fd >= table->max_fds)
        return 0;
    slots = table->fd;
    bpf_probe_read_kernel(&file, sizeof(file), slots + fd);
    return (__u64)file;
}

/* Compilers that warn of a string without its NUL know how to say that this is none. */
#if __has_attribute(nonstring)
#define NO_STRING __attribute__((nonstring))
#else
#define NO_STRING
#endif

/* As much of a file's name as tells the ones below from each other, with zeros behind it. */
union name_start {
    char text[8] NO_STRING;
    __u64 word;
};

/* Files that share one inode: what they are stands in the name that the kernel gave them. */
static const struct {
    union name_start name;
    __u8 kind;
} anonymous_files[] = {
    {{"[eventfd"}, KIND_EVENTFD}, {{"[eventpo"}, KIND_EPOLL},    {{"[pidfd]"}, KIND_PIDFD},
    {{"[timerfd"}, KIND_TIMERFD}, {{"[signalf"}, KIND_SIGNALFD}, {{"inotify"}, KIND_INOTIFY},
};

static __always_inline union name_start name_start_of(struct dentry *dentry)
{
    union name_start name = {};
    char text[sizeof(name) + 1] = {}; /* the helper ends it with NUL */

    bpf_probe_read_kernel_str(text, sizeof(text), READ(dentry, d_name.name));
    __builtin_memcpy(&name, text, sizeof(name));
    return name;
}

static __always_inline __u8 kind_of_anonymous(struct dentry *dentry)
{
    union name_start name = name_start_of(dentry);

    for (__u32 i = 0; i < sizeof(anonymous_files) / sizeof(*anonymous_files); i++)
        if (anonymous_files[i].name.word == name.word)
            return anonymous_files[i].kind;
    return KIND_OTHER;
}

/* A memfd is in no directory; a file of that name is. */
static __always_inline bool is_memfd(struct dentry *dentry)
{
    static const union name_start memfd = {"memfd:"}, mask = {"\xff\xff\xff\xff\xff\xff"};

    return READ(dentry, d_parent) == dentry &&
           (name_start_of(dentry).word & mask.word) == memfd.word;
}

static __always_inline __u8 kind_of_file(struct file *file)
{
    struct inode *inode = READ(file, f_inode);
    struct dentry *dentry = READ(file, f_path.dentry);

    /* Before the mode: some kernels give such an inode that of a regular file. */
    switch (READ(inode, i_sb, s_magic)) {
    case ANON_INODE_FS_MAGIC:
        return kind_of_anonymous(dentry);
    case PID_FS_MAGIC:
        return KIND_PIDFD;
    }
    switch (READ(inode, i_mode) & S_IFMT) {
    case S_IFREG:
        return is_memfd(dentry) ? KIND_MEMFD : KIND_FILE;
    case S_IFDIR:
        return KIND_DIRECTORY;
    case S_IFIFO:
        return KIND_PIPE;
    case S_IFCHR:
    case S_IFBLK:
        return KIND_DEVICE;
    case S_IFSOCK:
        return KIND_SOCKET;
    }
    return KIND_OTHER;
}

/* What is behind a descriptor of the running thread: an enum descriptor_kind. */
__noinline int descriptor_kind(__u32 fd)
{
    struct file *file = file_of(fd);

    return file ? kind_of_file(file) : KIND_UNKNOWN;
}

#endif
