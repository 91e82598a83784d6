/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Calls that make sockets, descriptors, threads and processes, and that end or name them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/strace.h"

/* Sockets by descriptor */

int strace_put(struct strace_thread *thread, struct slice descriptor, struct strace_socket *socket,
               bool closes_on_exec)
{
    struct strace_descriptor *at;
    int64_t number;

    if (!slice_number(descriptor, &number))
        return 0;
    at = strace_descriptor(thread, number);
    if (at)
        *at = (struct strace_descriptor){socket, closes_on_exec};
    return at || number < 0 || number >= DESCRIPTOR_MAX ? 0 : -ENOMEM;
}

/* Whether what strace says of a descriptor can be said of the socket that was there. */
static bool agrees(const struct strace_socket *socket, const struct strace_facts *facts)
{
    const struct endpoint_facts *known = &socket->facts;

    if (facts->inode && known->inode < READER_INODE && facts->inode != known->inode)
        return false;
    if (facts->type == SOCK_STREAM && facts->peer_address[0] && known->peer_address[0] &&
        !address_agrees(facts->peer_address, known->peer_address))
        return false;
    return !facts->family || !known->family || facts->family == known->family;
}

static struct strace_socket *by_annotation(struct strace *strace, struct strace_socket *socket,
                                           const struct strace_facts *facts)
{
    if (!socket || !agrees(socket, facts))
        socket = strace_socket_find(&strace->world, facts);
    if (!socket)
        socket = strace_socket_new(&strace->world, facts->inode);
    if (socket)
        strace_socket_learn(socket, facts);
    return socket;
}

struct strace_socket *strace_socket_of(struct strace *strace, struct strace_thread *thread,
                                       struct slice descriptor)
{
    struct strace_descriptor *at;
    struct strace_facts facts;
    int64_t number;

    if (!slice_number(descriptor, &number))
        return NULL;
    at = strace_descriptor(thread, number);
    if (!at || !strace_annotation(descriptor, &facts))
        return at ? at->socket : NULL;
    at->socket = facts.is_socket ? by_annotation(strace, at->socket, &facts) : NULL;
    return at->socket;
}

/* Making them */

static const struct {
    const char *name;
    int number;
} families[] =
    {
        {"AF_UNIX", AF_UNIX},   {"AF_LOCAL", AF_UNIX}, {"AF_INET", AF_INET},
        {"AF_INET6", AF_INET6}, {"PF_LOCAL", AF_UNIX}, {"PF_INET", AF_INET},
        {"PF_INET6", AF_INET6}, {"PF_UNIX", AF_UNIX},
},
  types[] = {
      {"SOCK_STREAM", SOCK_STREAM},
      {"SOCK_DGRAM", SOCK_DGRAM},
      {"SOCK_SEQPACKET", SOCK_SEQPACKET},
};

static int family_of(struct slice name)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
        if (slice_is(name, families[i].name))
            return families[i].number;
    return -1; /* one that is not recorded */
}

static int type_of(struct slice flags)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (slice_has(flags, types[i].name))
            return types[i].number;
    return -1;
}

static struct strace_socket *make(struct strace *strace, const struct strace_call *call,
                                  struct slice descriptor)
{
    struct strace_facts facts = {0};
    struct strace_socket *socket;

    strace_annotation(descriptor, &facts);
    socket = strace_socket_new(&strace->world, facts.inode);
    if (!socket)
        return NULL;
    socket->facts.family = family_of(call->arguments[0]);
    socket->facts.type = type_of(call->arguments[1]);
    facts.type = 0;
    strace_socket_learn(socket, &facts);
    return socket;
}

static int on_socket(struct strace *strace, struct strace_thread *thread,
                     const struct strace_call *call)
{
    struct strace_socket *socket;

    if (call->failed)
        return 0;
    socket = make(strace, call, call->returned);
    return socket ? strace_put(thread, call->returned, socket,
                               slice_has(call->arguments[1], "SOCK_CLOEXEC"))
                  : -ENOMEM;
}

static int on_socketpair(struct strace *strace, struct strace_thread *thread,
                         const struct strace_call *call)
{
    bool closes = slice_has(call->arguments[1], "SOCK_CLOEXEC");
    const char *at = slice_inside(call->arguments[3]);
    struct strace_socket *one, *other;
    struct slice first, second;

    if (call->failed || !at || !slice_next(&at, &first) || !slice_next(&at, &second))
        return 0;
    one = make(strace, call, first);
    other = make(strace, call, second);
    if (!one || !other)
        return -ENOMEM;
    strace_sockets_pair(one, other);
    strace_put(thread, first, one, closes);
    return strace_put(thread, second, other, closes);
}

/* Naming them */

static int on_bind(struct strace *strace, struct strace_thread *thread,
                   const struct strace_call *call)
{
    struct strace_socket *socket = strace_socket_of(strace, thread, call->arguments[0]);
    char address[ADDRESS_TEXT_SIZE];

    /* Port 0 leaves the choice to the kernel, and strace_address() the address empty. */
    if (call->failed || !socket ||
        !strace_address(call->arguments[1], socket->facts.type, address) || !address[0])
        return 0;
    strace_socket_address(socket, address);
    return socket->facts.type == SOCK_DGRAM ? strace_socket_tell(&strace->world, socket, thread)
                                            : 0;
}

static int on_getsockname(struct strace *strace, struct strace_thread *thread,
                          const struct strace_call *call)
{
    return on_bind(strace, thread, call);
}

static int on_getpeername(struct strace *strace, struct strace_thread *thread,
                          const struct strace_call *call)
{
    struct strace_socket *socket = strace_socket_of(strace, thread, call->arguments[0]);
    char address[ADDRESS_TEXT_SIZE];

    if (!call->failed && socket &&
        strace_address(call->arguments[1], socket->facts.type, address) && address[0])
        strace_socket_peer(socket, address);
    return 0;
}

/* A datagram socket has another peer from now on, or none. */
static void part(struct strace_socket *socket)
{
    socket->facts.peer_inode = socket->facts.peer_token = 0;
    socket->facts.peer_address[0] = '\0';
    socket->told = false;
}

static int on_connect(struct strace *strace, struct strace_thread *thread,
                      const struct strace_call *call)
{
    struct strace_socket *socket = strace_socket_of(strace, thread, call->arguments[0]);
    char address[ADDRESS_TEXT_SIZE];

    if ((call->failed && !call->pending) || !socket)
        return 0;
    if (!strace_address(call->arguments[1], socket->facts.type, address))
        address[0] = '\0';
    if (socket->facts.type == SOCK_DGRAM)
        part(socket);
    if (socket->facts.family <= 0 || socket->facts.type <= 0)
        return 0;
    strace_socket_peer(socket, address);
    socket->told = socket->told && socket->facts.role == ROLE_CONNECTED;
    socket->facts.role = ROLE_CONNECTED;
    if (socket->facts.type != SOCK_DGRAM)
        strace_socket_connected(&strace->world, socket);
    return strace_socket_tell(&strace->world, socket, thread);
}

static int on_accept(struct strace *strace, struct strace_thread *thread,
                     const struct strace_call *call)
{
    struct strace_socket *listener, *socket;
    struct strace_facts facts = {0};
    char address[ADDRESS_TEXT_SIZE];

    if (call->failed)
        return 0;
    listener = strace_socket_of(strace, thread, call->arguments[0]);
    strace_annotation(call->returned, &facts);
    socket = strace_socket_new(&strace->world, facts.inode);
    if (!socket)
        return -ENOMEM;
    if (listener) {
        socket->facts.family = listener->facts.family;
        socket->facts.type = listener->facts.type;
        strace_socket_address(socket, listener->facts.address);
    }
    if (strace_address(call->arguments[1], socket->facts.type, address))
        strace_socket_peer(socket, address);
    strace_socket_learn(socket, &facts);
    socket->facts.role = ROLE_ACCEPTED;
    strace_put(thread, call->returned, socket, slice_has(call->arguments[3], "SOCK_CLOEXEC"));
    strace_socket_accepted(&strace->world, socket);
    if (socket->facts.family <= 0 || socket->facts.type <= 0)
        return 0;
    return strace_socket_tell(&strace->world, socket, thread);
}

/* Descriptors */

static int on_dup(struct strace *strace, struct strace_thread *thread,
                  const struct strace_call *call)
{
    if (call->failed)
        return 0;
    return strace_put(thread, call->returned, strace_socket_of(strace, thread, call->arguments[0]),
                      slice_has(call->arguments[2], "O_CLOEXEC"));
}

static int on_fcntl(struct strace *strace, struct strace_thread *thread,
                    const struct strace_call *call)
{
    struct slice what = call->arguments[1];
    struct strace_descriptor *at;
    int64_t number;

    if (call->failed)
        return 0;
    if (slice_is(what, "F_DUPFD") || slice_is(what, "F_DUPFD_CLOEXEC"))
        return strace_put(thread, call->returned,
                          strace_socket_of(strace, thread, call->arguments[0]),
                          slice_is(what, "F_DUPFD_CLOEXEC"));
    if (!slice_is(what, "F_SETFD") || !slice_number(call->arguments[0], &number))
        return 0;
    at = strace_descriptor(thread, number);
    if (at)
        at->closes_on_exec = slice_has(call->arguments[2], "FD_CLOEXEC");
    return 0;
}

/* Also when close() fails the descriptor is closed. */
static int on_close(struct strace *strace, struct strace_thread *thread,
                    const struct strace_call *call)
{
    (void)strace;
    return strace_put(thread, call->arguments[0], NULL, false);
}

static int on_close_range(struct strace *strace, struct strace_thread *thread,
                          const struct strace_call *call)
{
    struct strace_descriptors *all = thread->descriptors;
    bool just_marks = slice_has(call->arguments[2], "CLOSE_RANGE_CLOEXEC");
    int64_t first, last;

    (void)strace;
    if (call->failed || !slice_number(call->arguments[0], &first) || first < 0 ||
        !slice_number(call->arguments[1], &last))
        return 0;
    for (size_t i = (size_t)first; i < all->count && (last < 0 || i <= (size_t)last); i++) {
        if (just_marks)
            all->at[i].closes_on_exec = true;
        else
            all->at[i] = (struct strace_descriptor){0};
    }
    return 0;
}

/* What it returns is a descriptor, and of no socket. */
static int on_open(struct strace *strace, struct strace_thread *thread,
                   const struct strace_call *call)
{
    (void)strace;
    return call->failed ? 0 : strace_put(thread, call->returned, NULL, false);
}

static int on_pipe(struct strace *strace, struct strace_thread *thread,
                   const struct strace_call *call)
{
    const char *at = slice_inside(call->arguments[0]);
    struct slice each;

    (void)strace;
    while (!call->failed && at && slice_next(&at, &each))
        strace_put(thread, each, NULL, false);
    return 0;
}

/* Processes */

/* The flags of clone(child_stack=NULL, flags=CLONE_VM|...) and clone3({flags=...}). */
static struct slice clone_flags(const struct strace_call *call)
{
    struct slice flags;

    if (slice_field(call->arguments[0], "flags", &flags))
        return flags;
    for (size_t i = 0; i < STRACE_ARGUMENTS; i++)
        if (slice_begins(call->arguments[i], "flags="))
            return (struct slice){call->arguments[i].at + 6, call->arguments[i].length - 6};
    return (struct slice){call->arguments[0].at, 0};
}

int strace_clone(struct strace_thread *child, const struct strace_thread *parent,
                 const struct strace_call *call)
{
    struct slice flags = clone_flags(call);

    return strace_thread_inherit(child, parent, slice_has(flags, "CLONE_FILES"),
                                 slice_has(flags, "CLONE_THREAD"));
}

/* The child may have been seen already, and done something: then it has inherited by then. */
static int on_clone(struct strace *strace, struct strace_thread *thread,
                    const struct strace_call *call)
{
    struct strace_thread *child;

    if (call->failed || call->result <= 0 || call->result > UINT32_MAX)
        return 0;
    child = strace_thread_get(&strace->world, (uint32_t)call->result);
    if (!child)
        return -ENOMEM;
    return child->placed ? 0 : strace_clone(child, thread, call);
}

bool strace_clones(const struct strace_call *call)
{
    return strace_state_find(call->name) == on_clone;
}

static void set_comm(struct strace_thread *thread, const struct bytes *name)
{
    const uint8_t *slash = name->length ? memrchr(name->at, '/', name->length) : NULL;
    size_t skipped = slash ? (size_t)(slash + 1 - name->at) : 0;
    size_t length = name->length - skipped;

    memset(thread->comm, 0, COMM_SIZE);
    if (length)
        memcpy(thread->comm, name->at + skipped, length < COMM_SIZE ? length : COMM_SIZE - 1);
}

static int on_execve(struct strace *strace, struct strace_thread *thread,
                     const struct strace_call *call)
{
    bool at = slice_is(call->name, "execveat"), cut;

    if (call->failed)
        return 0;
    strace->data.length = 0;
    if (slice_string(call->arguments[at], &strace->data, &cut))
        return -ENOMEM;
    set_comm(thread, &strace->data);
    strace_descriptors_exec(thread);
    return 0;
}

static int on_prctl(struct strace *strace, struct strace_thread *thread,
                    const struct strace_call *call)
{
    bool cut;

    if (call->failed || !slice_is(call->arguments[0], "PR_SET_NAME"))
        return 0;
    strace->data.length = 0;
    if (slice_string(call->arguments[1], &strace->data, &cut))
        return -ENOMEM;
    memset(thread->comm, 0, COMM_SIZE);
    if (strace->data.length)
        memcpy(thread->comm, strace->data.at,
               strace->data.length < COMM_SIZE ? strace->data.length : COMM_SIZE - 1);
    return 0;
}

static int on_uring(struct strace *strace, struct strace_thread *thread,
                    const struct strace_call *call)
{
    strace->uring = strace->uring || !call->failed;
    return on_open(strace, thread, call);
}

static const struct {
    const char *name;
    strace_handler *handle;
} states[] = {
    {"socket", on_socket},
    {"socketpair", on_socketpair},
    {"bind", on_bind},
    {"connect", on_connect},
    {"accept", on_accept},
    {"accept4", on_accept},
    {"getsockname", on_getsockname},
    {"getpeername", on_getpeername},
    {"dup", on_dup},
    {"dup2", on_dup},
    {"dup3", on_dup},
    {"fcntl", on_fcntl},
    {"fcntl64", on_fcntl},
    {"close", on_close},
    {"close_range", on_close_range},
    {"open", on_open},
    {"openat", on_open},
    {"openat2", on_open},
    {"creat", on_open},
    {"pipe", on_pipe},
    {"pipe2", on_pipe},
    {"epoll_create", on_open},
    {"epoll_create1", on_open},
    {"eventfd", on_open},
    {"eventfd2", on_open},
    {"timerfd_create", on_open},
    {"signalfd", on_open},
    {"signalfd4", on_open},
    {"inotify_init", on_open},
    {"inotify_init1", on_open},
    {"memfd_create", on_open},
    {"pidfd_open", on_open},
    {"userfaultfd", on_open},
    {"io_uring_setup", on_uring},
    {"clone", on_clone},
    {"clone3", on_clone},
    {"fork", on_clone},
    {"vfork", on_clone},
    {"execve", on_execve},
    {"execveat", on_execve},
    {"prctl", on_prctl},
};

strace_handler *strace_state_find(struct slice name)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
        if (slice_is(name, states[i].name))
            return states[i].handle;
    return NULL;
}
