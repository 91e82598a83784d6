/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Memory is read where the call returns, so no more is taken than was moved. The thread is stopped,
 * but others that share its memory are not: what they change meanwhile is recorded as changed.
 */
#include "capture/ptrace_call.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "capture/losses.h"

/* One message of a call. */
struct parcel {
    size_t offset; /* of its bytes in moved->data */
    size_t length;
    size_t missing;
    bool named;
    char name[ADDRESS_TEXT_SIZE];
};

/* A buffer larger than this is given back after use. */
enum { KEEP = 1 << 20 };

void moved_free(struct moved *moved)
{
    free(moved->parcels);
    free(moved->data);
    memset(moved, 0, sizeof(*moved));
}

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

static int message_flags(const struct traced_call *call)
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

static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* The memory of a thread */

/* Reads as much of [from, from + length) as there is, from the beginning. Returns how much. */
static size_t read_memory(pid_t tid, void *to, uint64_t from, size_t length)
{
    struct iovec local = {to, length}, remote = {(void *)(uintptr_t)from, length};
    ssize_t size;

    if (length == 0)
        return 0;
    size = process_vm_readv(tid, &local, 1, &remote, 1, 0);
    return size < 0 ? 0 : (size_t)size;
}

static bool read_object(pid_t tid, void *to, uint64_t from, size_t length)
{
    return read_memory(tid, to, from, length) == length;
}

static void read_name(pid_t tid, char text[ADDRESS_TEXT_SIZE], uint64_t from, uint32_t length,
                      int type)
{
    uint8_t address[RECORD_ADDRESS_SIZE] = {0};

    if (length > sizeof(address))
        length = sizeof(address);
    if (!read_object(tid, address, from, length))
        length = 0;
    address_print(text, address, length, type);
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

/* Tells the sink that a message may be on its way, and to whom when the call says so. */
static int begin(struct traced_call *call, const struct caller *caller, const struct sink *sink)
{
    bool header = call->kind == CALL_SENDMSG || call->kind == CALL_SENDMMSG;
    const struct endpoint_facts *facts = &call->socket->facts;
    char name[ADDRESS_TEXT_SIZE];
    uint64_t address = 0;
    uint32_t length = 0;
    struct msghdr message = {0};

    call->begun = true;
    if (facts->type == SOCK_DGRAM && header &&
        read_object(caller->tid, &message, call->arguments[1], sizeof(message))) {
        address = (uintptr_t)message.msg_name;
        length = message.msg_namelen;
    } else if (call->kind == CALL_SENDTO) {
        address = call->arguments[4];
        length = (uint32_t)call->arguments[5];
    }
    if (facts->type != SOCK_DGRAM || !address || !length)
        return sink->begin(sink->context, facts->inode, (uint32_t)caller->tid, call->id, NULL);
    read_name(caller->tid, name, address, length, SOCK_DGRAM);
    return sink->begin(sink->context, facts->inode, (uint32_t)caller->tid, call->id, name);
}

static int enter_send(struct traced_call *call, struct sockets *sockets,
                      const struct caller *caller, const struct sink *sink)
{
    int err = sockets_tell(sockets, call->socket, caller, call->fd, ROLE_UNKNOWN);

    if (err)
        return err;
    call->time = now();
    call->unbound = call->socket->facts.type == SOCK_DGRAM && !call->socket->facts.address[0];
    err = begin(call, caller, sink);
    return err ? err : CALL_STOPS;
}

/* What an observed peer sent is recorded there, and the thread need not stop again. */
static int enter_receive(struct traced_call *call, struct sockets *sockets,
                         const struct caller *caller)
{
    if (!sockets_peer_observed(sockets, call->socket))
        return CALL_STOPS;
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
    if (kind == CALL_PAIR)
        return CALL_STOPS;
    switch (find_socket(call, sockets, caller)) {
    case DESCRIPTOR_SOCKET:
        call->id = (uint64_t)caller->tid << 32 | (uint32_t)(call->id + 1);
        result = enter_socket(call, sockets, caller, sink);
        break;
    case DESCRIPTOR_PROC:
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

static struct parcel *add_parcel(struct moved *moved)
{
    struct parcel *parcel;

    if (moved->count == moved->capacity) {
        size_t capacity = moved->capacity ? moved->capacity * 2 : 4;
        struct parcel *parcels = realloc(moved->parcels, capacity * sizeof(*parcels));

        if (!parcels)
            return NULL;
        moved->parcels = parcels;
        moved->capacity = capacity;
    }
    parcel = &moved->parcels[moved->count++];
    parcel->offset = moved->length;
    parcel->length = parcel->missing = 0;
    parcel->named = false;
    return parcel;
}

static int make_room(struct moved *moved, size_t more)
{
    size_t size = moved->length + more;
    uint8_t *data;

    if (size <= moved->size)
        return 0;
    data = realloc(moved->data, size);
    if (!data)
        return -ENOMEM;
    moved->data = data;
    moved->size = size;
    return 0;
}

/* Takes a message of length bytes, scattered over so many pieces of the thread's memory. */
static int take_pieces(struct moved *moved, struct parcel *parcel, pid_t tid, struct iovec *pieces,
                       size_t count, size_t length)
{
    size_t most = moved->max_message;
    size_t wanted = most && length > most ? most : length;
    struct iovec local;
    size_t left = wanted, used = 0;
    ssize_t size = 0;
    int err = make_room(moved, wanted);

    if (err)
        return err;
    for (; used < count && left; used++) {
        if (pieces[used].iov_len > left)
            pieces[used].iov_len = left;
        left -= pieces[used].iov_len;
    }
    local = (struct iovec){moved->data + moved->length, wanted - left};
    if (local.iov_len)
        size = process_vm_readv(tid, &local, 1, pieces, used, 0);
    parcel->length = size < 0 ? 0 : (size_t)size;
    parcel->missing = length - parcel->length;
    moved->length += parcel->length;
    return 0;
}

/* Reads an array of struct iovec. Returns how many there are, none when they cannot be read. */
static size_t read_vector(pid_t tid, struct iovec pieces[IOV_MAX], uint64_t base, uint64_t count)
{
    if (count > IOV_MAX)
        return 0;
    return read_object(tid, pieces, base, count * sizeof(*pieces)) ? count : 0;
}

/*
 * With MSG_TRUNC a receiving call returns the length of the datagram, not how much of it had room;
 * of a TCP stream it takes so many bytes and delivers none: tcp(7).
 */
static bool discards(const struct traced_call *call)
{
    return !call_sends(call) && message_flags(call) & MSG_TRUNC &&
           call->socket->facts.family != AF_UNIX && call->socket->facts.type == SOCK_STREAM;
}

static int take_plain(struct traced_call *call, const struct caller *caller, struct moved *moved,
                      size_t length)
{
    struct iovec piece = {(void *)(uintptr_t)call->arguments[1], call->arguments[2]};
    struct parcel *parcel = add_parcel(moved);
    uint32_t name_length = (uint32_t)call->arguments[5];

    if (!parcel)
        return -ENOMEM;
    parcel->named = (call->kind == CALL_SENDTO || call->kind == CALL_RECVFROM) &&
                    call->socket->facts.type == SOCK_DGRAM && call->arguments[4];
    if (parcel->named && call->kind == CALL_RECVFROM &&
        !read_object(caller->tid, &name_length, call->arguments[5], sizeof(name_length)))
        name_length = 0;
    if (parcel->named)
        read_name(caller->tid, parcel->name, call->arguments[4], name_length, SOCK_DGRAM);
    return take_pieces(moved, parcel, caller->tid, &piece, discards(call) ? 0 : 1, length);
}

static int take_vector(struct traced_call *call, const struct caller *caller, struct moved *moved,
                       size_t length)
{
    struct parcel *parcel = add_parcel(moved);
    struct iovec pieces[IOV_MAX];
    size_t count;

    if (!parcel)
        return -ENOMEM;
    count = read_vector(caller->tid, pieces, call->arguments[1], call->arguments[2]);
    return take_pieces(moved, parcel, caller->tid, pieces, count, length);
}

static int take_header(struct traced_call *call, const struct caller *caller, struct moved *moved,
                       const struct msghdr *header, size_t length)
{
    struct parcel *parcel = add_parcel(moved);
    struct iovec pieces[IOV_MAX];
    size_t count;

    if (!parcel)
        return -ENOMEM;
    parcel->named = call->socket->facts.type == SOCK_DGRAM && header->msg_name;
    if (parcel->named)
        read_name(caller->tid, parcel->name, (uintptr_t)header->msg_name, header->msg_namelen,
                  SOCK_DGRAM);
    count = read_vector(caller->tid, pieces, (uintptr_t)header->msg_iov, header->msg_iovlen);
    if (discards(call))
        count = 0;
    return take_pieces(moved, parcel, caller->tid, pieces, count, length);
}

static void lose(struct traced_call *call, struct moved *moved, size_t bytes)
{
    call->socket->lost++;
    moved->losses.messages++;
    moved->losses.bytes += bytes;
}

static int take_message(struct traced_call *call, const struct caller *caller, struct moved *moved,
                        size_t length)
{
    struct msghdr header = {0};

    if (read_object(caller->tid, &header, call->arguments[1], sizeof(header)))
        return take_header(call, caller, moved, &header, length);
    lose(call, moved, length);
    return 0;
}

/* Whether nothing received, or sent, means just that, and not an empty datagram or record. */
static bool is_end(const struct traced_call *call, struct sockets *sockets,
                   const struct caller *caller)
{
    return call->socket->facts.type == SOCK_STREAM ||
           (!call_sends(call) && sockets_ended(sockets, call->socket, caller, call->fd));
}

static int take_messages(struct traced_call *call, struct sockets *sockets,
                         const struct caller *caller, struct moved *moved, size_t count)
{
    int err = 0;

    for (size_t i = 0; i < count && !err; i++) {
        struct mmsghdr each = {0};

        if (!read_object(caller->tid, &each, call->arguments[1] + i * sizeof(each), sizeof(each)))
            lose(call, moved, 0);
        else if (each.msg_len || !is_end(call, sockets, caller))
            err = take_header(call, caller, moved, &each.msg_hdr, each.msg_len);
    }
    return err;
}

/* The bytes went past user memory: how many is all that is known. */
static int take_unreadable(struct moved *moved, size_t length)
{
    struct parcel *parcel = add_parcel(moved);

    if (!parcel)
        return -ENOMEM;
    parcel->missing = length;
    return 0;
}

static int take(struct traced_call *call, struct sockets *sockets, const struct caller *caller,
                struct moved *moved, size_t result)
{
    switch (call->kind) {
    case CALL_SEND_BUFFER:
    case CALL_RECEIVE_BUFFER:
    case CALL_SENDTO:
    case CALL_RECVFROM:
        return take_plain(call, caller, moved, result);
    case CALL_SEND_VECTOR:
    case CALL_RECEIVE_VECTOR:
        return take_vector(call, caller, moved, result);
    case CALL_SENDMSG:
    case CALL_RECVMSG:
        return take_message(call, caller, moved, result);
    case CALL_SENDMMSG:
    case CALL_RECVMMSG:
        return take_messages(call, sockets, caller, moved, result);
    case CALL_SENDFILE:
    case CALL_SPLICE:
        return take_unreadable(moved, result);
    default:
        return 0;
    }
}

/* Whether a call that returned 0 moved an empty datagram or record, or nothing at all. */
static bool moved_empty(const struct traced_call *call, struct sockets *sockets,
                        const struct caller *caller)
{
    switch (call->kind) {
    case CALL_SEND_BUFFER:
    case CALL_SENDTO:
    case CALL_SENDMSG:
    case CALL_RECVMSG:
        return !is_end(call, sockets, caller);
    case CALL_RECEIVE_BUFFER:
    case CALL_RECEIVE_VECTOR:
    case CALL_RECVFROM:
        return call->arguments[2] && !is_end(call, sockets, caller);
    default:
        return false;
    }
}

static void leave_pair(struct traced_call *call, int64_t result, struct sockets *sockets,
                       const struct caller *caller)
{
    struct traced_socket *one, *other;
    int ends[2];

    if (result == 0 && read_object(caller->tid, ends, call->arguments[3], sizeof(ends)) &&
        sockets_look(sockets, caller, ends[0], &one) == DESCRIPTOR_SOCKET &&
        sockets_look(sockets, caller, ends[1], &other) == DESCRIPTOR_SOCKET)
        sockets_pair(one, other);
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
        if (result && result != -EINPROGRESS)
            return 0;
        role = ROLE_CONNECTED;
    } else if (result) {
        return 0;
    }
    if (call->kind == CALL_CONNECT) {
        read_name(caller->tid, name, call->arguments[1], (uint32_t)call->arguments[2],
                  call->socket->facts.type);
        sockets_name_peer(call->socket, name);
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
    call->time = now();
    return take(call, sockets, caller, moved, (size_t)result);
}

static int leave_send(struct traced_call *call, int64_t result, struct sockets *sockets,
                      const struct caller *caller, struct moved *moved)
{
    bool refused = result == -ECONNREFUSED && call->socket->facts.family == AF_UNIX;
    int err = 0;

    /* A datagram socket that is refused has lost its peer, one that sends may get an address. */
    if (call->unbound || refused) {
        call->socket->stale = true;
        call->socket->parted = refused;
        err = sockets_tell(sockets, call->socket, caller, call->fd, ROLE_UNKNOWN);
    }
    if (!err && (result > 0 || (result == 0 && moved_empty(call, sockets, caller))))
        err = take(call, sockets, caller, moved, (size_t)result);
    return err;
}

int call_leave(struct traced_call *call, int64_t result, struct sockets *sockets,
               const struct caller *caller, struct moved *moved)
{
    moved->count = moved->length = 0;
    if (moved->size > KEEP) {
        free(moved->data);
        moved->data = NULL;
        moved->size = 0;
    }
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

static int deliver_parcel(const struct traced_call *call, const struct caller *caller,
                          struct moved *moved, size_t index, const struct sink *sink)
{
    const struct parcel *parcel = &moved->parcels[index];
    struct message_facts facts = {
        .inode = call->socket->facts.inode,
        .time = call->time,
        .tid = (uint32_t)caller->tid,
        .pid = (uint32_t)caller->pid,
        .sent = call_sends(call),
        .ends_call = index + 1 == moved->count,
        .call = call->id,
        .name = parcel->named ? parcel->name : NULL,
        .data = moved->data + parcel->offset,
        .length = parcel->length,
        .missing = parcel->missing,
        .lost = call->socket->lost,
    };

    memcpy(facts.comm, caller->comm, COMM_SIZE);
    call->socket->lost = 0;
    losses_count(&moved->losses, parcel->length + parcel->missing, parcel->length,
                 moved->max_message);
    return sink->message(sink->context, &facts);
}

int call_deliver(struct traced_call *call, const struct caller *caller, struct moved *moved,
                 const struct sink *sink)
{
    int err = 0;

    for (size_t i = 0; i < moved->count && !err; i++)
        err = deliver_parcel(call, caller, moved, i, sink);
    if (!err && call->begun && moved->count == 0)
        err = sink->end(sink->context, (uint32_t)caller->tid, call->id);
    call->kind = CALL_OTHER;
    call->begun = false;
    return err;
}
