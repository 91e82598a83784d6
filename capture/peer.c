/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kernel tells the peer's process where sockets are connected as streams are. For datagrams it
 * does not: whoever holds the socket bound to that path is looked up, which means to read all of
 * /proc, so what one look found is kept and the next one waits a while. A client that comes, asks
 * and goes is a process that was not there before: for those alone, looking takes little.
 */
#include "capture/peer.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "capture/address.h"
#include "capture/clock.h"
#include "capture/proc.h"
#include "capture/sockdiag.h"
#include "capture/text.h"
#include "capture/tree.h"

/* Looking may take this share of the time: one part in so many. */
enum { SPARING = 50, SPARING_NEW = 10 };

/* So many bits the kernel has for the lower part of a device's number. */
enum { KERNEL_MINOR_BITS = 20 };

/* A named socket of this machine. */
struct owner {
    char *address;
    uint64_t inode;
    uint32_t pid;          /* 0 while its process has not been found */
    uint32_t file, device; /* what it is bound to, as the kernel numbers them; 0: no file */
    bool is_datagram;
    bool doubtful; /* another one has that name, too */
    struct owner *next;
};

struct peers {
    struct owner *owners;
    void *by_address;
    void *by_inode;
    void *known;                       /* a tree of struct process: those that were looked at */
    uint64_t next_look, next_look_new; /* CLOCK_MONOTONIC, ns */
};

struct process {
    uint32_t pid;
};

static int compare_pid(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct process *)a)->pid, ((const struct process *)b)->pid);
}

static int compare_address(const void *a, const void *b)
{
    return strcmp(((const struct owner *)a)->address, ((const struct owner *)b)->address);
}

static int compare_inode(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct owner *)a)->inode, ((const struct owner *)b)->inode);
}

static void keep_node(void *node)
{
    (void)node; /* the trees only point to what the list owns */
}

static void forget(struct peers *peers)
{
    tdestroy(peers->by_address, keep_node);
    tdestroy(peers->by_inode, keep_node);
    tdestroy(peers->known, free);
    peers->by_address = peers->by_inode = peers->known = NULL;
    while (peers->owners) {
        struct owner *owner = peers->owners;

        peers->owners = owner->next;
        free(owner->address);
        free(owner);
    }
}

/* Whether that is what the name leads to, as we see it. Nobody can have an abstract one of another.
 */
static bool is_at_its_name(const struct owner *owner)
{
    char path[ADDRESS_TEXT_SIZE];
    struct stat file;

    if (!owner->file)
        return true;
    return text_unescape(path, sizeof(path), owner->address) && stat(path, &file) == 0 &&
           owner->file == (uint32_t)file.st_ino &&
           owner->device == (major(file.st_dev) << KERNEL_MINOR_BITS | minor(file.st_dev));
}

static bool is_bound(const struct owner *owner)
{
    struct sockdiag_answer answer;
    int diag = sockdiag_open();
    bool is = diag >= 0 && sockdiag_unix(diag, owner->inode, &answer) == 0;

    if (diag >= 0)
        close(diag);
    return is;
}

/*
 * A datagram socket may have a name that another one had. But as well a relative path in another
 * directory, and any path in another mount namespace, reads the same: then it is looked which of
 * them is there, and none is taken where that cannot be told.
 */
static void take_name(struct peers *peers, struct owner *owner)
{
    struct owner *holder = tree_find(&peers->by_address, owner, compare_address);

    if (holder && holder->is_datagram && is_bound(holder)) {
        if (is_at_its_name(holder))
            return;
        owner->doubtful = !is_at_its_name(owner);
    }
    tdelete(owner, &peers->by_address, compare_address);
    tsearch(owner, &peers->by_address, compare_address);
}

static void add_socket(void *context, const struct sockdiag_answer *answer)
{
    struct peers *peers = context;
    char text[ADDRESS_TEXT_SIZE];
    struct owner *owner;

    address_print(text, &answer->address, answer->address_length, answer->type);
    if (!*text ||
        tree_find(&peers->by_inode, &(struct owner){.inode = answer->inode}, compare_inode))
        return;
    owner = calloc(1, sizeof(*owner));
    if (!owner)
        return;
    owner->inode = answer->inode;
    owner->file = answer->file;
    owner->device = answer->device;
    owner->is_datagram = answer->type == SOCK_DGRAM;
    owner->address = strdup(text);
    if (!owner->address) {
        free(owner);
        return;
    }
    owner->next = peers->owners;
    peers->owners = owner;
    if (owner->is_datagram)
        take_name(peers, owner);
    else /* streams share it with who listens */
        tsearch(owner, &peers->by_address, compare_address);
    tsearch(owner, &peers->by_inode, compare_inode);
}

/* Notes which of the sockets the process holds. */
static void read_descriptors(struct peers *peers, const char *pid)
{
    char path[64], link[64];
    struct dirent *entry;
    DIR *directory;

    snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
    directory = opendir(path);
    if (!directory)
        return;
    while ((entry = readdir(directory))) {
        ssize_t length = readlinkat(dirfd(directory), entry->d_name, link, sizeof(link) - 1);
        struct owner key = {0}, *found;

        if (length <= 0)
            continue;
        link[length] = '\0';
        if (sscanf(link, "socket:[%lu]", &key.inode) != 1)
            continue;
        found = tree_find(&peers->by_inode, &key, compare_inode);
        if (found && !found->pid)
            found->pid = strtoul(pid, NULL, 10);
    }
    closedir(directory);
}

/* Whether the process has not been looked at; it has been from now on. */
static bool is_new(struct peers *peers, const char *pid)
{
    struct process key = {.pid = (uint32_t)strtoul(pid, NULL, 10)};

    if (tree_find(&peers->known, &key, compare_pid))
        return false;
    tree_get(&peers->known, &key, sizeof(key), compare_pid, NULL); /* else it is looked at again */
    return true;
}

/* Looks at the sockets that have come, and who of the processes not looked at holds them. */
static void look_at_new(struct peers *peers)
{
    struct dirent *entry;
    DIR *proc;

    /*
     * Where the kernel cannot tell, they stay unknown: /proc/net/unix has names as they are, with
     * newlines, so whoever binds a socket could write what he likes there.
     */
    sockdiag_unix_all(add_socket, peers);
    proc = opendir("/proc");
    while (proc && (entry = readdir(proc)))
        if (isdigit((unsigned char)entry->d_name[0]) && is_new(peers, entry->d_name))
            read_descriptors(peers, entry->d_name);
    if (proc)
        closedir(proc);
}

/* Looks at all processes, if it is not too soon for that; else at those that have come. */
static void look(struct peers *peers)
{
    uint64_t begin = clock_monotonic(), took;
    const bool all = begin >= peers->next_look;

    if (!all && begin < peers->next_look_new)
        return;
    if (all)
        forget(peers);
    look_at_new(peers);
    took = clock_monotonic() - begin;
    if (all)
        peers->next_look = begin + took + took * SPARING;
    else
        peers->next_look_new = begin + took + took * SPARING_NEW;
}

static struct owner *owner_find(const struct peers *peers, const char *address)
{
    struct owner key = {.address = (char *)address};

    return tree_find(&peers->by_address, &key, compare_address);
}

static void read_comm(struct end *end)
{
    char comm[COMM_SIZE + 1]; /* with its newline */

    if (proc_read((pid_t)end->pid, "comm", comm, sizeof(comm)) > 0)
        snprintf(end->comm, sizeof(end->comm), "%.*s", COMM_SIZE - 1, comm);
}

int peers_new(struct peers **out)
{
    struct peers *peers = calloc(1, sizeof(*peers));

    if (!peers)
        return -ENOMEM;
    *out = peers;
    return 0;
}

void peers_free(struct peers *peers)
{
    if (!peers)
        return;
    forget(peers);
    free(peers);
}

bool peers_is_there(uint32_t pid)
{
    return pid && (kill((pid_t)pid, 0) == 0 || errno != ESRCH);
}

void peers_complete(struct peers *peers, struct end *end, int family)
{
    const uint32_t told = end->pid;
    struct owner *owner;

    /* Who listened may have left it to a child: then whoever has the address now is meant. */
    if (end->address[0] && !peers_is_there(told))
        end->pid = 0;
    if (!end->pid && family == AF_UNIX && end->address[0]) {
        owner = owner_find(peers, end->address);
        if (!owner || !peers_is_there(owner->pid)) {
            look(peers);
            owner = owner_find(peers, end->address);
        }
        if (owner && !owner->doubtful && (!owner->pid || peers_is_there(owner->pid))) {
            end->pid = owner->pid;
            end->inode = end->inode ? end->inode : owner->inode;
        }
    }
    if (!end->pid)
        end->pid = told;
    if (end->pid && !end->comm[0])
        read_comm(end);
}
