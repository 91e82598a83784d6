/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A socket is known by the inode that /proc shows behind a descriptor. The first time, and when a
 * call may have changed it, the socket itself is asked: by a copy of the descriptor (pidfd_getfd),
 * which is closed at once, as a socket is open for as long as anybody has it; or where that is
 * forbidden, as in some containers, by what sock_diag shows to everybody.
 *
 * Who is at the other end only sock_diag tells, and only while that end has an inode: from accept()
 * until it is closed.
 */
#include "capture/ptrace_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capture/pattern.h"
#include "capture/sockdiag.h"
#include "capture/tree.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* Linux 6.9 */
#endif

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* How often to ask for a peer that is not known; it may be one of another network namespace. */
enum { ASK_MAX = 8 };

struct sockets {
    const struct sink *sink;
    const struct patterns *patterns;    /* or NULL */
    void *by_inode;                     /* struct traced_socket */
    struct traced_socket *first, *last; /* those that wait, in the order in which they connected */
    int diag;                           /* -1: there is no sock_diag */
};

static int compare_inode(const void *a, const void *b)
{
    return tree_compare_numbers(((const struct traced_socket *)a)->facts.inode,
                                ((const struct traced_socket *)b)->facts.inode);
}

int sockets_new(struct sockets **out, const struct sink *sink, const struct patterns *patterns)
{
    struct sockets *sockets;

    if (access("/proc/self/fd", R_OK))
        return -errno;
    sockets = calloc(1, sizeof(*sockets));
    if (!sockets)
        return -ENOMEM;
    sockets->sink = sink;
    sockets->patterns = patterns;
    sockets->diag = sockdiag_open();
    *out = sockets;
    return 0;
}

void sockets_free(struct sockets *sockets)
{
    if (!sockets)
        return;
    if (sockets->diag >= 0)
        close(sockets->diag);
    tdestroy(sockets->by_inode, free);
    free(sockets);
}

static struct traced_socket *find(struct sockets *sockets, uint64_t inode)
{
    struct traced_socket key = {.facts.inode = inode};

    return tree_find(&sockets->by_inode, &key, compare_inode);
}

static struct traced_socket *find_or_add(struct sockets *sockets, uint64_t inode)
{
    struct traced_socket new = {.facts = {.inode = inode, .token = inode}, .stale = true};

    return tree_get(&sockets->by_inode, &new, sizeof(new), compare_inode, NULL);
}

/* Asking the socket */

/* A copy of the caller's descriptor, or -errno; it is to be closed soon. */
static int copy_descriptor(const struct traced_socket *socket, const struct caller *caller, int fd)
{
    int pidfd = (int)syscall(SYS_pidfd_open, caller->tid, PIDFD_THREAD), copy;
    struct stat file;

    if (pidfd < 0)
        pidfd = (int)syscall(SYS_pidfd_open, caller->pid, 0);
    if (pidfd < 0)
        return -errno;
    copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
    close(pidfd);
    if (copy < 0)
        return -errno;
    if (fstat(copy, &file) || file.st_ino != socket->facts.inode) {
        close(copy); /* another thread has put something else in its place */
        return -ESTALE;
    }
    return copy;
}

static int get_option(int copy, int option)
{
    int value = 0;
    socklen_t length = sizeof(value);

    return getsockopt(copy, SOL_SOCKET, option, &value, &length) ? 0 : value;
}

/* An internet socket has no address until it has a port. */
static bool has_name(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ((const struct sockaddr_in *)address)->sin_port;
    if (address->ss_family == AF_INET6)
        return ((const struct sockaddr_in6 *)address)->sin6_port;
    return address->ss_family == AF_UNIX;
}

static void print_name(char text[ADDRESS_TEXT_SIZE], const struct sockaddr_storage *address,
                       socklen_t length, int type)
{
    text[0] = '\0';
    if (length >= sizeof(sa_family_t) && has_name(address))
        address_print(text, address, length, type);
}

/* The kernel's SO_PEERNAME of an internet socket is a getpeername() that also answers while it is
 * being connected, and after it was. */
static int get_peer_name(int copy, int family, struct sockaddr_storage *address, socklen_t *length)
{
    *length = sizeof(*address);
    if (family == AF_UNIX)
        return getpeername(copy, (struct sockaddr *)address, length);
    *length = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    return getsockopt(copy, SOL_SOCKET, SO_PEERNAME, address, length);
}

static int ask_copy(const struct traced_socket *socket, const struct caller *caller, int fd,
                    struct endpoint_facts *facts)
{
    struct sockaddr_storage address = {0}, peer = {0};
    socklen_t length = sizeof(address), peer_length;
    struct ucred credentials = {0};
    socklen_t credentials_length = sizeof(credentials),
              network_length = sizeof(facts->standpoint.network);
    int copy = copy_descriptor(socket, caller, fd);

    if (copy < 0)
        return copy;
    facts->family = get_option(copy, SO_DOMAIN);
    facts->type = get_option(copy, SO_TYPE);
    if (getsockname(copy, (struct sockaddr *)&address, &length))
        length = 0;
    if (get_peer_name(copy, facts->family, &peer, &peer_length))
        peer_length = 0;
    if (!getsockopt(copy, SOL_SOCKET, SO_PEERCRED, &credentials, &credentials_length))
        facts->peer_pid = (uint32_t)credentials.pid;
    if (getsockopt(copy, SOL_SOCKET, SO_NETNS_COOKIE, &facts->standpoint.network, &network_length))
        facts->standpoint.network = 0; /* before Linux 5.14 */
    close(copy);
    print_name(facts->address, &address, length, facts->type);
    print_name(facts->peer_address, &peer, peer_length, facts->type);
    return 0;
}

static void take_answer(struct endpoint_facts *facts, const struct sockdiag_answer *answer)
{
    facts->family = answer->family;
    facts->type = answer->type;
    print_name(facts->address, &answer->address, answer->address_length, answer->type);
    print_name(facts->peer_address, &answer->peer_address, answer->peer_address_length,
               answer->type);
}

/* What sock_diag knows of the socket; with `all` unset just who the peer of a Unix socket is. */
static int ask_diag(struct sockets *sockets, struct endpoint_facts *facts, bool all)
{
    struct sockdiag_answer answer, peer;
    int err;

    if (sockets->diag < 0)
        return sockets->diag;
    err = sockdiag_unix(sockets->diag, facts->inode, &answer);
    if (err == -ENOENT && all) {
        err = sockdiag_inet(sockets->diag, facts->inode, &answer);
        if (!err)
            take_answer(facts, &answer);
        return err;
    }
    if (err)
        return err;
    facts->peer_inode = facts->peer_token = answer.peer_inode;
    if (!all)
        return 0;
    if (answer.peer_inode && sockdiag_unix(sockets->diag, answer.peer_inode, &peer) == 0) {
        answer.peer_address = peer.address;
        answer.peer_address_length = peer.address_length;
    }
    take_answer(facts, &answer);
    return 0;
}

/* Who belongs to whom */

static void wait_for_peer(struct sockets *sockets, struct traced_socket *socket)
{
    if (socket->waiting)
        return;
    socket->waiting = true;
    socket->previous = sockets->last;
    socket->next = NULL;
    *(sockets->last ? &sockets->last->next : &sockets->first) = socket;
    sockets->last = socket;
}

static void wait_no_more(struct sockets *sockets, struct traced_socket *socket)
{
    if (!socket->waiting)
        return;
    socket->waiting = false;
    *(socket->previous ? &socket->previous->next : &sockets->first) = socket->next;
    *(socket->next ? &socket->next->previous : &sockets->last) = socket->previous;
}

static void set_peer(struct traced_socket *socket, uint64_t peer)
{
    if (socket->facts.peer_inode == peer)
        return;
    socket->facts.peer_inode = socket->facts.peer_token = peer;
    socket->told = false;
}

/* A server may have renamed the file that it had bound; the path that leads there is the caller's.
 */
static bool leads_to_asked(const struct sockets *sockets, const struct traced_socket *socket,
                           const struct caller *caller, const char *address)
{
    return sockets->patterns && socket->facts.family == AF_UNIX && address[0] != '@' &&
           patterns_lead_to(sockets->patterns, address, (uint32_t)caller->pid);
}

void sockets_name_peer(const struct sockets *sockets, struct traced_socket *socket,
                       const struct caller *caller, const char *address)
{
    socket->facts.matches = leads_to_asked(sockets, socket, caller, address) ? MATCH_PEER : 0;
    if (strcmp(socket->facts.peer_address, address) == 0)
        return;
    stpcpy(socket->facts.peer_address, address);
    socket->told = false;
}

void sockets_pair(struct traced_socket *one, struct traced_socket *other)
{
    set_peer(one, other->facts.inode);
    set_peer(other, one->facts.inode);
}

/*
 * A connection that its client closed before it was accepted: the kernel no longer says whose it
 * was, but a listener hands out connections in the order in which they were made.
 */
static struct traced_socket *claim(struct sockets *sockets, const struct traced_socket *accepted)
{
    const struct endpoint_facts *facts = &accepted->facts;

    for (struct traced_socket *each = sockets->first; each; each = each->next)
        if (each->facts.type == facts->type &&
            (!facts->peer_pid || (uint32_t)each->connector == facts->peer_pid) &&
            strcmp(each->facts.peer_address, facts->address) == 0)
            return each;
    return NULL;
}

/* Lets the other end know, when we observe it, who has accepted it. */
static void meet(struct sockets *sockets, struct traced_socket *accepted)
{
    struct traced_socket *client;

    client = accepted->facts.peer_inode ? find(sockets, accepted->facts.peer_inode)
                                        : claim(sockets, accepted);
    if (!client)
        return;
    wait_no_more(sockets, client);
    sockets_pair(accepted, client);
}

/* Keeping what is known up to date */

static bool is_stream(const struct endpoint_facts *facts)
{
    return facts->type == SOCK_STREAM || facts->type == SOCK_SEQPACKET;
}

/* A Unix socket that has a peer, but one that had no inode when it was asked for. */
static bool lacks_peer(const struct traced_socket *socket)
{
    return socket->known && socket->facts.family == AF_UNIX && is_stream(&socket->facts) &&
           !socket->facts.peer_inode && socket->asked < ASK_MAX;
}

static bool is_recorded(const struct endpoint_facts *facts)
{
    bool family = facts->family == AF_UNIX || facts->family == AF_INET || facts->family == AF_INET6;

    return family && (is_stream(facts) || facts->type == SOCK_DGRAM);
}

static bool same(const struct endpoint_facts *a, const struct endpoint_facts *b)
{
    return a->role == b->role && a->peer_inode == b->peer_inode &&
           strcmp(a->address, b->address) == 0 && strcmp(a->peer_address, b->peer_address) == 0;
}

static void learn(struct sockets *sockets, struct traced_socket *socket,
                  const struct caller *caller, int fd)
{
    struct endpoint_facts facts = {
        .inode = socket->facts.inode,
        .token = socket->facts.token,
        .standpoint = socket->facts.standpoint,
        .role = socket->facts.role,
        .matches = socket->facts.matches,
    };

    if (ask_copy(socket, caller, fd, &facts) == 0) {
        if (facts.family == AF_UNIX)
            ask_diag(sockets, &facts, false);
    } else if (ask_diag(sockets, &facts, true) && socket->known) {
        return; /* it is gone: what was known of it stays */
    } else if (!facts.peer_address[0]) {
        memcpy(facts.peer_address, socket->facts.peer_address, sizeof(facts.peer_address));
    }
    /* A peer that is gone, as far as sock_diag can tell, was the peer all the same. */
    if (facts.family == AF_UNIX && !facts.peer_inode && !socket->parted) {
        facts.peer_inode = facts.peer_token = socket->facts.peer_inode;
        socket->asked++;
    }
    socket->parted = false;
    if (!same(&facts, &socket->facts))
        socket->told = false;
    memcpy(facts.comm, socket->facts.comm, sizeof(facts.comm));
    facts.pid = socket->facts.pid;
    socket->facts = facts;
    socket->known = is_recorded(&facts);
    socket->stale = !facts.family;
}

/* Whether the file may be one of /proc that a thread is renamed by. */
static bool is_comm(const char *name)
{
    const char *last = strrchr(name, '/');

    return last && strcmp(last, "/comm") == 0;
}

/*
 * The name of what is behind the descriptor says enough, and it is the kernel that gives it. To ask
 * the file itself could be to wait for a process that waits for us: one that serves a file system.
 */
int sockets_look(struct sockets *sockets, const struct caller *caller, int fd,
                 struct traced_socket **out)
{
    struct traced_socket *socket;
    char path[64], name[PATH_MAX];
    unsigned long inode;
    ssize_t length;

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", caller->tid, fd);
    length = readlink(path, name, sizeof(name) - 1);
    if (length < 0)
        return errno == EACCES || errno == EPERM ? DESCRIPTOR_HIDDEN : DESCRIPTOR_OTHER;
    name[length] = '\0';
    if (sscanf(name, "socket:[%lu]", &inode) != 1)
        return is_comm(name) ? DESCRIPTOR_COMM : DESCRIPTOR_OTHER;
    socket = find_or_add(sockets, inode);
    if (!socket)
        return -ENOMEM;
    if (socket->stale || lacks_peer(socket))
        learn(sockets, socket, caller, fd);
    *out = socket;
    return socket->known ? DESCRIPTOR_SOCKET : DESCRIPTOR_OTHER;
}

static int tell(struct sockets *sockets, struct traced_socket *socket, const struct caller *caller)
{
    if (socket->facts.peer_inode)
        wait_no_more(sockets, socket);
    if (socket->told)
        return 0;
    socket->facts.pid = (uint32_t)caller->pid;
    if (socket->facts.family == AF_UNIX && socket->facts.type == SOCK_DGRAM)
        standpoint_find(&socket->facts.standpoint, caller->pid);
    memcpy(socket->facts.comm, caller->comm, COMM_SIZE);
    socket->told = socket->observed = true;
    return sockets->sink->endpoint(sockets->sink->context, &socket->facts);
}

/* What is accepted may be a connection whose client stands in the call that opens it: its address
 * is known by now, and must be before anything that came from it. */
static int tell_opening(struct sockets *sockets)
{
    int err = 0;

    for (struct traced_socket *each = sockets->first; each && !err; each = each->next) {
        if (!each->opening)
            continue;
        learn(sockets, each, &each->opener, each->opener_fd);
        err = tell(sockets, each, &each->opener);
    }
    return err;
}

int sockets_tell(struct sockets *sockets, struct traced_socket *socket, const struct caller *caller,
                 int fd, enum record_role role)
{
    int err = 0;

    if (role != ROLE_UNKNOWN && socket->facts.role != role) {
        socket->facts.role = role;
        socket->told = false;
    }
    if (socket->stale || lacks_peer(socket))
        learn(sockets, socket, caller, fd);
    if (role == ROLE_ACCEPTED && socket->facts.family == AF_UNIX)
        meet(sockets, socket);
    else if (role == ROLE_ACCEPTED)
        err = tell_opening(sockets);
    if (role == ROLE_CONNECTED && socket->facts.family == AF_UNIX && is_stream(&socket->facts)) {
        socket->connector = caller->pid;
        wait_for_peer(sockets, socket);
    }
    return err ? err : tell(sockets, socket, caller);
}

void sockets_open(struct sockets *sockets, struct traced_socket *socket,
                  const struct caller *caller, int fd, const char *address)
{
    sockets_name_peer(sockets, socket, caller, address);
    socket->opening = true;
    socket->opener = *caller;
    socket->opener_fd = fd;
    wait_for_peer(sockets, socket);
}

int sockets_opened(struct sockets *sockets, struct traced_socket *socket,
                   const struct caller *caller, int fd, bool connected)
{
    socket->opening = false;
    wait_no_more(sockets, socket);
    socket->stale = true;
    return sockets_tell(sockets, socket, caller, fd, connected ? ROLE_CONNECTED : ROLE_UNKNOWN);
}

bool sockets_peer_observed(struct sockets *sockets, const struct traced_socket *socket)
{
    const struct traced_socket *peer;

    if (socket->facts.family != AF_UNIX || !socket->facts.peer_inode)
        return false;
    peer = find(sockets, socket->facts.peer_inode);
    return peer && peer->observed;
}

bool sockets_may_be_bound(const struct traced_socket *socket, const struct caller *caller, int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof(address);
    int copy = copy_descriptor(socket, caller, fd);
    bool bound;

    if (copy < 0)
        return true;
    bound = getsockname(copy, (struct sockaddr *)&address, &length) ||
            (length > sizeof(sa_family_t) && has_name(&address));
    close(copy);
    return bound;
}

bool sockets_ended(struct sockets *sockets, const struct traced_socket *socket,
                   const struct caller *caller, int fd)
{
    struct sockdiag_answer answer;
    struct pollfd state = {.events = POLLRDHUP};

    state.fd = copy_descriptor(socket, caller, fd);
    if (state.fd >= 0) {
        bool ended = poll(&state, 1, 0) > 0 && state.revents & POLLRDHUP;

        close(state.fd);
        return ended;
    }
    if (socket->facts.family == AF_UNIX && sockets->diag >= 0 &&
        sockdiag_unix(sockets->diag, socket->facts.inode, &answer) == 0)
        return answer.ended;
    return socket->facts.type ==
           SOCK_SEQPACKET; /* gone already: more likely its end than a record */
}
