/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Looks at a call twice: where it is entered, and where it returns and what it moved is there. */
#include "capture/ptrace_call.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "capture/clock.h"
#include "capture/ptrace_ancillary.h"
#include "capture/ptrace_memory.h"
#include "capture/ptrace_moved.h"

bool call_sends(const struct traced_call *call)
{
    switch (call->kind) {
    case CALL_SEND_BUFFER:
    case CALL_SEND_VECTOR:
    case CALL_SENDTO:
    case CALL_SENDMSG:
    case CALL_SENDMMSG:
    case CALL_SENDFILE:
        return true;
    default:
        return false;
    }
}

static bool names_endpoint(const struct traced_call *call)
{
    return call->kind == CALL_BIND || call->kind == CALL_CONNECT || call->kind == CALL_ACCEPT ||
           call->kind == CALL_PAIR;
}

bool call_has_name(const struct traced_call *call, uint32_t length)
{
    return call->socket->facts.type == SOCK_DGRAM &&
           (call_sends(call) || length <= call->name_room);
}

int call_flags(const struct traced_call *call)
{
    switch (call->kind) {
    case CALL_SENDTO:
    case CALL_RECVFROM:
    case CALL_SENDMMSG:
    case CALL_RECVMMSG:
        return (int)call->arguments[3];
    case CALL_SENDMSG:
    case CALL_RECVMSG:
        return (int)call->arguments[2];
    default:
        return 0;
    }
}

/* Entering */

/* Finds the socket that the call is on, and turns CALL_SPLICE into what it does to that socket. */
static int find_socket(struct traced_call *call, struct sockets *sockets,
                       const struct caller *caller)
{
    int found;

    if (call->kind == CALL_SPLICE) {
        call->kind = CALL_SENDFILE;
        call->fd = (int)call->arguments[2];
        found = sockets_look(sockets, caller, call->fd, &call->socket);
        if (found == DESCRIPTOR_SOCKET || found < 0)
            return found;
        call->kind = CALL_SPLICE;
    }
    call->fd = (int)call->arguments[0];
    return sockets_look(sockets, caller, call->fd, &call->socket);
}

/* Where the call says that it sends to. Returns false when it does not say. */
static bool read_destination(const struct traced_call *call, const struct caller *caller,
                             char name[ADDRESS_TEXT_SIZE])
{
    bool header = call->kind == CALL_SENDMSG || call->kind == CALL_SENDMMSG;
    struct msghdr message = {0};
    uint64_t address = 0;
    uint32_t length = 0;

    if (header && memory_read(caller->tid, &message, call->arguments[1], sizeof(message))) {
        address = (uintptr_t)message.msg_name;
        length = message.msg_namelen;
    } else if (call->kind == CALL_SENDTO) {
        address = call->arguments[4];
        length = (uint32_t)call->arguments[5];
    }
    if (!address || !length)
        return false;
    memory_read_name(caller->tid, name, address, length, call->socket->facts.type);
    return true;
}

/* Tells the sink that a message may be on its way, and to whom when the call says so. */
static int begin(struct traced_call *call, const struct caller *caller, const struct sink *sink)
{
    const struct endpoint_facts *facts = &call->socket->facts;
    char name[ADDRESS_TEXT_SIZE];
    bool named = facts->type == SOCK_DGRAM && read_destination(call, caller, name);

    call->begun = true;
    return sink->begin(sink->context, facts->inode, (uint32_t)caller->tid, call->id,
                       named ? name : NULL);
}

/* What a call sends that connects as well is said to whom it names, from the beginning. */
static void enter_open(struct traced_call *call, struct sockets *sockets,
                       const struct caller *caller)
{
    const struct endpoint_facts *facts = &call->socket->facts;
    char name[ADDRESS_TEXT_SIZE];

    call->opens = facts->type == SOCK_STREAM && facts->family != AF_UNIX &&
                  facts->role == ROLE_UNKNOWN && call_flags(call) & MSG_FASTOPEN &&
                  read_destination(call, caller, name);
    if (call->opens)
        sockets_open(sockets, call->socket, caller, call->fd, name);
}

static int enter_send(struct traced_call *call, struct sockets *sockets,
                      const struct caller *caller, const struct sink *sink)
{
    int err;

    enter_open(call, sockets, caller);
    err = sockets_tell(sockets, call->socket, caller, call->fd, ROLE_UNKNOWN);
    if (err)
        return err;
    call->time = clock_monotonic();
    call->unbound = call->socket->facts.type == SOCK_DGRAM && !call->socket->facts.address[0];
    err = begin(call, caller, sink);
    return err ? err : CALL_STOPS;
}

/*
 * Afterwards, the call says how long the name was, which may be more than there was room for. Of
 * several datagrams, this is not known.
 */
static uint32_t name_room(const struct traced_call *call, const struct caller *caller)
{
    struct msghdr header = {0};
    uint32_t room = 0;

    if (call->kind == CALL_RECVFROM) {
        if (call->arguments[4])
            memory_read(caller->tid, &room, call->arguments[5], sizeof(room));
        return room;
    }
    if (call->kind != CALL_RECVMSG && (call->kind != CALL_RECVMMSG || call->arguments[2] != 1))
        return UINT32_MAX;
    memory_read(caller->tid, &header, call->arguments[1], sizeof(header));
    return header.msg_namelen;
}

/* What an observed peer sent is recorded there, and the thread need not stop again. */
static int enter_receive(struct traced_call *call, struct sockets *sockets,
                         const struct caller *caller)
{
    if (!sockets_peer_observed(sockets, call->socket)) {
        if (call->socket->facts.type == SOCK_DGRAM)
            call->name_room = name_room(call, caller);
        return CALL_STOPS;
    }
    return sockets_tell(sockets, call->socket, caller, call->fd, ROLE_UNKNOWN);
}

static int enter_socket(struct traced_call *call, struct sockets *sockets,
                        const struct caller *caller, const struct sink *sink)
{
    if (names_endpoint(call))
        return CALL_STOPS;
    if (call_sends(call))
        return enter_send(call, sockets, caller, sink);
    return enter_receive(call, sockets, caller);
}

int call_enter(struct traced_call *call, enum call_kind kind, const uint64_t arguments[6],
               struct sockets *sockets, const struct caller *caller, const struct sink *sink)
{
    int result;

    call->kind = kind;
    call->begun = false;
    memcpy(call->arguments, arguments, sizeof(call->arguments));
    if (kind == CALL_PAIR || kind == CALL_URING)
        return CALL_STOPS;
    switch (find_socket(call, sockets, caller)) {
    case DESCRIPTOR_SOCKET:
        call->id = (uint64_t)caller->tid << 32 | (uint32_t)(call->id + 1);
        result = enter_socket(call, sockets, caller, sink);
        break;
    case DESCRIPTOR_COMM:
        result = CALL_RENAMES;
        break;
    case DESCRIPTOR_HIDDEN:
        result = CALL_HIDDEN;
        break;
    case DESCRIPTOR_OTHER:
        result = CALL_PASSES;
        break;
    default:
        result = -ENOMEM;
    }
    if (result != CALL_STOPS)
        call->kind = CALL_OTHER;
    return result;
}

/* Leaving */

bool call_is_end(const struct traced_call *call, struct sockets *sockets,
                 const struct caller *caller)
{
    return call->socket->facts.type == SOCK_STREAM ||
           (!call_sends(call) && sockets_ended(sockets, call->socket, caller, call->fd));
}

static bool brought_ancillary(const struct traced_call *call, const struct caller *caller)
{
    struct msghdr header = {0};

    return memory_read(caller->tid, &header, call->arguments[1], sizeof(header)) &&
           traced_ancillary_came(call, &header);
}

/*
 * Whether a call that returned 0 moved an empty datagram or record, or nothing at all: read() and
 * readv() that have no room take none, recv() takes one.
 */
static bool moved_empty(const struct traced_call *call, struct sockets *sockets,
                        const struct caller *caller)
{
    switch (call->kind) {
    case CALL_SEND_BUFFER:
    case CALL_SENDTO:
    case CALL_SENDMSG:
        return !call_is_end(call, sockets, caller);
    case CALL_RECVMSG:
        return brought_ancillary(call, caller) || !call_is_end(call, sockets, caller);
    case CALL_RECEIVE_BUFFER:
        return call->arguments[2] && !call_is_end(call, sockets, caller);
    case CALL_RECEIVE_VECTOR:
        return moved_has_room(call, caller) && !call_is_end(call, sockets, caller);
    case CALL_RECVFROM:
        return !call_is_end(call, sockets, caller);
    default:
        return false;
    }
}

static void leave_pair(struct traced_call *call, int64_t result, struct sockets *sockets,
                       const struct caller *caller)
{
    struct traced_socket *one, *other;
    int ends[2];

    if (result == 0 && memory_read(caller->tid, ends, call->arguments[3], sizeof(ends)) &&
        sockets_look(sockets, caller, ends[0], &one) == DESCRIPTOR_SOCKET &&
        sockets_look(sockets, caller, ends[1], &other) == DESCRIPTOR_SOCKET)
        sockets_pair(one, other);
}

/*
 * Whether a call that failed connects all the same: it was not to wait, or a signal has interrupted
 * that. A Unix socket connects in its call, or not at all.
 */
static bool is_connecting(const struct traced_call *call, int64_t result)
{
    enum { ERESTARTSYS = 512 }; /* of the kernel: what becomes EINTR, or the same call anew */

    return result == -EINPROGRESS ||
           (call->socket->facts.family != AF_UNIX && (result == -EINTR || result == -ERESTARTSYS));
}

static int leave_named(struct traced_call *call, int64_t result, struct sockets *sockets,
                       const struct caller *caller)
{
    enum record_role role = ROLE_UNKNOWN;
    char name[ADDRESS_TEXT_SIZE];

    if (call->kind == CALL_ACCEPT) {
        if (result < 0)
            return 0;
        call->fd = (int)result;
        role = ROLE_ACCEPTED;
        if (sockets_look(sockets, caller, call->fd, &call->socket) != DESCRIPTOR_SOCKET)
            return 0;
    } else if (call->kind == CALL_CONNECT) {
        if (result && !is_connecting(call, result))
            return 0;
        role = ROLE_CONNECTED;
    } else if (result) {
        return 0;
    }
    if (call->kind == CALL_CONNECT) {
        memory_read_name(caller->tid, name, call->arguments[1], (uint32_t)call->arguments[2],
                         call->socket->facts.type);
        sockets_name_peer(sockets, call->socket, caller, name);
        call->socket->parted = true;
    }
    call->socket->stale = true;
    return sockets_tell(sockets, call->socket, caller, call->fd, role);
}

static int leave_receive(struct traced_call *call, int64_t result, struct sockets *sockets,
                         const struct caller *caller, struct moved *moved)
{
    int err;

    if (result < 0 || (result == 0 && !moved_empty(call, sockets, caller)))
        return 0;
    err = sockets_tell(sockets, call->socket, caller, call->fd, ROLE_UNKNOWN);
    if (err || sockets_peer_observed(sockets, call->socket))
        return err;
    call->time = clock_monotonic();
    return moved_take(moved, call, sockets, caller, (size_t)result);
}

static int leave_send(struct traced_call *call, int64_t result, struct sockets *sockets,
                      const struct caller *caller, struct moved *moved)
{
    bool refused = result == -ECONNREFUSED && call->socket->facts.family == AF_UNIX;
    int err = 0;

    if (call->opens)
        err = sockets_opened(sockets, call->socket, caller, call->fd,
                             result >= 0 || is_connecting(call, result));
    /* A datagram socket that is refused has lost its peer, one that sends may get an address. */
    if (refused || (call->unbound && sockets_may_be_bound(call->socket, caller, call->fd))) {
        call->socket->stale = true;
        call->socket->parted = refused;
        err = sockets_tell(sockets, call->socket, caller, call->fd, ROLE_UNKNOWN);
    }
    if (!err && (result > 0 || (result == 0 && moved_empty(call, sockets, caller))))
        err = moved_take(moved, call, sockets, caller, (size_t)result);
    return err;
}

int call_leave(struct traced_call *call, int64_t result, struct sockets *sockets,
               const struct caller *caller, struct moved *moved)
{
    moved_clear(moved);
    if (call->kind == CALL_URING)
        return 0;
    if (call->kind == CALL_PAIR) {
        leave_pair(call, result, sockets, caller);
        return 0;
    }
    if (names_endpoint(call))
        return leave_named(call, result, sockets, caller);
    if (call_sends(call))
        return leave_send(call, result, sockets, caller, moved);
    return leave_receive(call, result, sockets, caller, moved);
}

int call_deliver(struct traced_call *call, const struct caller *caller, struct moved *moved,
                 const struct sink *sink)
{
    int err = moved_deliver(moved, call, caller, sink);

    if (!err && call->begun && moved->count == 0)
        err = sink->end(sink->context, (uint32_t)caller->tid, call->id);
    call->kind = CALL_OTHER;
    call->begun = false;
    return err;
}
