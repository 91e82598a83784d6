/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Calls that make sockets, and that name them and their peers. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/strace.h"

/* Sockets by descriptor */

int strace_put(struct strace_thread *thread, struct slice descriptor, struct strace_socket *socket,
               bool closes_on_exec)
{
    int64_t number;

    if (!slice_number(descriptor, &number))
        return 0;
    return strace_thread_put(thread, number, socket, closes_on_exec);
}

/* Whether what strace says of a descriptor can be said of the socket that was there. */
static bool agrees(const struct strace_socket *socket, const struct strace_facts *facts)
{
    const struct endpoint_facts *known = &socket->facts;

    if (facts->inode && known->inode < READER_INODE && facts->inode != known->inode)
        return false;
    if (facts->type == SOCK_STREAM && facts->peer_address[0] && known->peer_address[0] &&
        !socket->moved && !address_agrees(facts->peer_address, known->peer_address))
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
        strace_socket_learn(&strace->world, socket, facts);
    else
        strace->starved = true;
    return socket;
}

struct strace_socket *strace_socket_of(struct strace *strace, struct strace_thread *thread,
                                       struct slice descriptor)
{
    struct strace_descriptor *at;
    struct strace_socket *socket;
    struct strace_facts facts;
    int64_t number;

    if (!slice_number(descriptor, &number))
        return NULL;
    at = strace_descriptor_find(thread->descriptors, number);
    socket = at ? at->socket : NULL;
    if (!strace_annotation(descriptor, &facts))
        return socket;
    socket = facts.is_socket ? by_annotation(strace, socket, &facts) : NULL;
    if (strace_thread_put(thread, number, socket, at && at->closes_on_exec))
        strace->starved = true;
    return socket;
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

/* These return -1 for one that is not recorded, and 0 when it is not told. */

static int family_of(struct slice name)
{
    int64_t number;

    for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
        if (slice_is_constant(name, families[i].name, families[i].number))
            return families[i].number;
    return slice_number(name, &number) || slice_begins(name, "AF_") || slice_begins(name, "PF_")
               ? -1
               : 0;
}

/* Flags may be joined to it. */
static int type_of(struct slice name)
{
    const char *bar = memchr(name.at, '|', name.length);
    int64_t number;
    bool numbered;

    if (bar)
        name.length = (size_t)(bar - name.at);
    numbered = slice_number(name, &number);
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (slice_is(name, types[i].name) ||
            (numbered && (number & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) == types[i].number))
            return types[i].number;
    return numbered || slice_begins(name, "SOCK_") ? -1 : 0;
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
    strace_socket_learn(&strace->world, socket, &facts);
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
                               slice_has_flag(call->arguments[1], "SOCK_CLOEXEC", SOCK_CLOEXEC))
                  : -ENOMEM;
}

static int on_socketpair(struct strace *strace, struct strace_thread *thread,
                         const struct strace_call *call)
{
    bool closes = slice_has_flag(call->arguments[1], "SOCK_CLOEXEC", SOCK_CLOEXEC);
    const char *at = slice_inside(call->arguments[3]);
    struct strace_socket *one, *other;
    struct slice first, second;
    int err;

    if (call->failed || !at || !slice_next(&at, &first) || !slice_next(&at, &second))
        return 0;
    one = make(strace, call, first);
    other = make(strace, call, second);
    if (!one || !other)
        return -ENOMEM;
    strace_sockets_pair(one, other);
    err = strace_put(thread, first, one, closes);
    return err ? err : strace_put(thread, second, other, closes);
}

/* Naming them */

/* bind() and getsockname(). */
static int on_name(struct strace *strace, struct strace_thread *thread,
                   const struct strace_call *call)
{
    struct strace_socket *socket = strace_socket_of(strace, thread, call->arguments[0]);
    char address[ADDRESS_TEXT_SIZE];

    /* Port 0 leaves the choice to the kernel, and strace_address() the address empty. */
    if (call->failed || !socket ||
        !strace_address_given(call->arguments[1], call->arguments[2], socket->facts.type,
                              address) ||
        !address[0])
        return 0;
    strace_socket_address(&strace->world, socket, address);
    socket->bound = socket->bound || slice_is(call->name, "bind");
    return socket->facts.type == SOCK_DGRAM ? strace_socket_tell(&strace->world, socket, thread)
                                            : 0;
}

static int on_getpeername(struct strace *strace, struct strace_thread *thread,
                          const struct strace_call *call)
{
    struct strace_socket *socket = strace_socket_of(strace, thread, call->arguments[0]);
    char address[ADDRESS_TEXT_SIZE];

    if (!call->failed && socket &&
        strace_address_given(call->arguments[1], call->arguments[2], socket->facts.type, address) &&
        address[0])
        strace_socket_peer(&strace->world, socket, address);
    return 0;
}

/*
 * A socket has another peer from now on, or none: an internet socket then also gives up an address
 * that was not asked for.
 */
static void part(struct strace_world *world, struct strace_socket *socket, bool for_none)
{
    socket->moved = socket->moved || socket->facts.peer_address[0];
    if (for_none && socket->facts.family != AF_UNIX && !socket->bound)
        strace_socket_address(world, socket, "");
    socket->facts.peer_inode = socket->facts.peer_token = 0;
    strace_socket_peer(world, socket, "");
    socket->told = false;
}

/* Whether connect() tells of a connection that was pending that there is none. */
static bool is_refused(const struct strace_call *call)
{
    static const char *const others[] = {"EINPROGRESS", "EALREADY", "EISCONN", "EINTR"};

    if (!call->failed || call->result != -1)
        return false;
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (strstr(call->returned.at, others[i]))
            return false;
    return true;
}

/* Asked for once a connection that was pending is made, or is not to be. */
static int on_getsockopt(struct strace *strace, struct strace_thread *thread,
                         const struct strace_call *call)
{
    struct strace_socket *socket = strace_socket_of(strace, thread, call->arguments[0]);
    const char *at = slice_inside(call->arguments[3]);
    struct slice error;

    if (call->failed || !socket || !at || !slice_next(&at, &error) ||
        !slice_is_constant(call->arguments[1], "SOL_SOCKET", SOL_SOCKET) ||
        !slice_is_constant(call->arguments[2], "SO_ERROR", SO_ERROR))
        return 0;
    /* What was reset had been made. */
    if (slice_is_constant(error, "0", 0) || slice_is_constant(error, "ECONNRESET", ECONNRESET))
        socket->pending = false;
    else
        strace_socket_refused(&strace->world, socket);
    return 0;
}

int strace_connect(struct strace *strace, struct strace_thread *thread,
                   const struct strace_call *call, struct slice name)
{
    struct strace_socket *socket = strace_socket_of(strace, thread, call->arguments[0]);
    char address[ADDRESS_TEXT_SIZE];
    bool parts;

    if (!socket)
        return 0;
    if (is_refused(call))
        strace_socket_refused(&strace->world, socket);
    /* A Unix socket connects in the call, or not at all. */
    if (call->failed && (!call->pending || socket->facts.family == AF_UNIX))
        return 0;
    if (!strace_address(name, socket->facts.type, address))
        address[0] = '\0';
    parts = !address[0] && socket->facts.peer_address[0]; /* a connection ends by AF_UNSPEC */
    if (socket->facts.type == SOCK_DGRAM || parts)
        part(&strace->world, socket, !address[0]);
    if (socket->facts.family <= 0 || socket->facts.type <= 0)
        return 0;
    strace_socket_peer(&strace->world, socket, address);
    socket->told = socket->told && socket->facts.role == ROLE_CONNECTED;
    socket->facts.role = ROLE_CONNECTED;
    if (socket->facts.type == SOCK_DGRAM && socket->facts.family == AF_UNIX && address[0])
        strace_socket_meet(&strace->world, socket);
    if (socket->facts.type != SOCK_DGRAM && !parts)
        strace_socket_connected(&strace->world, socket, call->entered, call->pending);
    return strace_socket_tell(&strace->world, socket, thread);
}

static int on_connect(struct strace *strace, struct strace_thread *thread,
                      const struct strace_call *call)
{
    return strace_connect(strace, thread, call, call->arguments[1]);
}

static int on_accept(struct strace *strace, struct strace_thread *thread,
                     const struct strace_call *call)
{
    struct strace_socket *listener, *socket;
    struct strace_facts facts = {0};
    char address[ADDRESS_TEXT_SIZE];
    int err;

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
        strace_socket_address(&strace->world, socket, listener->facts.address);
    }
    if (strace_address_given(call->arguments[1], call->arguments[2], socket->facts.type, address))
        strace_socket_peer(&strace->world, socket, address);
    strace_socket_learn(&strace->world, socket, &facts);
    socket->facts.role = ROLE_ACCEPTED;
    err = strace_put(thread, call->returned, socket,
                     slice_has_flag(call->arguments[3], "SOCK_CLOEXEC", SOCK_CLOEXEC));
    if (err)
        return err;
    strace_socket_accepted(&strace->world, socket, call->ended);
    if (socket->facts.family <= 0 || socket->facts.type <= 0)
        return 0;
    return strace_socket_tell(&strace->world, socket, thread);
}

static const struct {
    const char *name;
    strace_handler *handle;
} namings[] = {
    {"socket", on_socket},    {"socketpair", on_socketpair},   {"bind", on_name},
    {"connect", on_connect},  {"accept", on_accept},           {"accept4", on_accept},
    {"getsockname", on_name}, {"getpeername", on_getpeername}, {"getsockopt", on_getsockopt},
};

strace_handler *strace_naming_find(struct slice name)
{
    for (size_t i = 0; i < sizeof(namings) / sizeof(*namings); i++)
        if (slice_is(name, namings[i].name))
            return namings[i].handle;
    return NULL;
}
