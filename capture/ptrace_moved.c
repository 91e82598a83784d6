/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* No more is taken than was moved, and no byte is guessed: what cannot be read is missing. */
#include "capture/ptrace_moved.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "capture/ptrace_ancillary.h"
#include "capture/ptrace_memory.h"

/* One message of a call. */
struct moved_message {
    size_t offset; /* of its bytes in moved->data */
    size_t length;
    size_t missing;
    struct ancillary *ancillary;
    bool named;
    char name[ADDRESS_TEXT_SIZE];
};

/* A buffer larger than this is given back after use. */
enum { KEEP = 1 << 20 };

void moved_free(struct moved *moved)
{
    moved_clear(moved);
    free(moved->messages);
    free(moved->data);
    memset(moved, 0, sizeof(*moved));
}

void moved_clear(struct moved *moved)
{
    for (size_t i = 0; i < moved->count; i++)
        free(moved->messages[i].ancillary);
    moved->count = moved->length = 0;
    if (moved->size > KEEP) {
        free(moved->data);
        moved->data = NULL;
        moved->size = 0;
    }
}

static struct moved_message *add_message(struct moved *moved)
{
    struct moved_message *message;

    if (moved->count == moved->capacity) {
        size_t capacity = moved->capacity ? moved->capacity * 2 : 4;
        struct moved_message *messages = realloc(moved->messages, capacity * sizeof(*messages));

        if (!messages)
            return NULL;
        moved->messages = messages;
        moved->capacity = capacity;
    }
    message = &moved->messages[moved->count++];
    message->offset = moved->length;
    message->length = message->missing = 0;
    message->ancillary = NULL;
    message->named = false;
    return message;
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
static int take_pieces(struct moved *moved, struct moved_message *message, pid_t tid,
                       struct iovec *pieces, size_t count, size_t length)
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
    message->length = size < 0 ? 0 : (size_t)size;
    message->missing = length - message->length;
    moved->length += message->length;
    return 0;
}

/* Reads an array of struct iovec. Returns how many there are, none when they cannot be read. */
static size_t read_vector(pid_t tid, struct iovec pieces[IOV_MAX], uint64_t base, uint64_t count)
{
    if (count > IOV_MAX)
        return 0;
    return memory_read(tid, pieces, base, count * sizeof(*pieces)) ? count : 0;
}

bool moved_has_room(const struct traced_call *call, const struct caller *caller)
{
    struct iovec pieces[IOV_MAX];
    size_t count = read_vector(caller->tid, pieces, call->arguments[1], call->arguments[2]);

    while (count && !pieces[count - 1].iov_len)
        count--;
    return count > 0;
}

/*
 * With MSG_TRUNC a receiving call returns the length of the datagram, not how much of it had room;
 * of a TCP stream it takes so many bytes and delivers none: tcp(7).
 */
static bool discards(const struct traced_call *call)
{
    return !call_sends(call) && call_flags(call) & MSG_TRUNC &&
           call->socket->facts.family != AF_UNIX && call->socket->facts.type == SOCK_STREAM;
}

/* Takes the address of length bytes at from, if there is one, and all of it. */
static void take_name(struct moved_message *message, const struct traced_call *call,
                      const struct caller *caller, uint64_t from, uint32_t length)
{
    message->named = from && call_has_name(call, length);
    if (message->named)
        memory_read_name(caller->tid, message->name, from, length, SOCK_DGRAM);
}

static int take_plain(const struct traced_call *call, const struct caller *caller,
                      struct moved *moved, size_t length)
{
    struct iovec piece = {(void *)(uintptr_t)call->arguments[1], call->arguments[2]};
    struct moved_message *message = add_message(moved);
    uint32_t name_length = (uint32_t)call->arguments[5];

    if (!message)
        return -ENOMEM;
    if (call->kind == CALL_RECVFROM && call->arguments[4] &&
        !memory_read(caller->tid, &name_length, call->arguments[5], sizeof(name_length)))
        name_length = 0;
    if (call->kind == CALL_SENDTO || call->kind == CALL_RECVFROM)
        take_name(message, call, caller, call->arguments[4], name_length);
    return take_pieces(moved, message, caller->tid, &piece, discards(call) ? 0 : 1, length);
}

static int take_vector(const struct traced_call *call, const struct caller *caller,
                       struct moved *moved, size_t length)
{
    struct moved_message *message = add_message(moved);
    struct iovec pieces[IOV_MAX];
    size_t count;

    if (!message)
        return -ENOMEM;
    count = read_vector(caller->tid, pieces, call->arguments[1], call->arguments[2]);
    return take_pieces(moved, message, caller->tid, pieces, count, length);
}

static int take_header(const struct traced_call *call, const struct caller *caller,
                       struct moved *moved, const struct msghdr *header, size_t length)
{
    struct moved_message *message = add_message(moved);
    struct iovec pieces[IOV_MAX];
    size_t count;

    if (!message || traced_ancillary_take(&message->ancillary, call, caller, header))
        return -ENOMEM;
    take_name(message, call, caller, (uintptr_t)header->msg_name, header->msg_namelen);
    count = read_vector(caller->tid, pieces, (uintptr_t)header->msg_iov, header->msg_iovlen);
    if (discards(call))
        count = 0;
    return take_pieces(moved, message, caller->tid, pieces, count, length);
}

static void lose(const struct traced_call *call, struct moved *moved, size_t bytes)
{
    call->socket->lost++;
    moved->losses.messages++;
    moved->losses.bytes += bytes;
}

static int take_message(const struct traced_call *call, const struct caller *caller,
                        struct moved *moved, size_t length)
{
    struct msghdr header = {0};

    if (memory_read(caller->tid, &header, call->arguments[1], sizeof(header)))
        return take_header(call, caller, moved, &header, length);
    lose(call, moved, length);
    return 0;
}

static int take_messages(const struct traced_call *call, struct sockets *sockets,
                         const struct caller *caller, struct moved *moved, size_t count)
{
    int err = 0;

    for (size_t i = 0; i < count && !err; i++) {
        struct mmsghdr each = {0};

        if (!memory_read(caller->tid, &each, call->arguments[1] + i * sizeof(each), sizeof(each)))
            lose(call, moved, 0);
        else if (each.msg_len || traced_ancillary_came(call, &each.msg_hdr) ||
                 !call_is_end(call, sockets, caller))
            err = take_header(call, caller, moved, &each.msg_hdr, each.msg_len);
    }
    return err;
}

/* The bytes went past user memory: how many is all that is known. */
static int take_unreadable(struct moved *moved, size_t length)
{
    struct moved_message *message = add_message(moved);

    if (!message)
        return -ENOMEM;
    message->missing = length;
    return 0;
}

int moved_take(struct moved *moved, const struct traced_call *call, struct sockets *sockets,
               const struct caller *caller, size_t result)
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

static int deliver_message(const struct traced_call *call, const struct caller *caller,
                           struct moved *moved, size_t index, const struct sink *sink)
{
    const struct moved_message *message = &moved->messages[index];
    struct message_facts facts = {
        .inode = call->socket->facts.inode,
        .time = moved->epoch + call->time,
        .tid = (uint32_t)caller->tid,
        .pid = (uint32_t)caller->pid,
        .sent = call_sends(call),
        .ends_call = index + 1 == moved->count,
        .call = call->id,
        .name = message->named ? message->name : NULL,
        .data = moved->data + message->offset,
        .length = message->length,
        .missing = message->missing,
        .lost = call->socket->lost,
        .ancillary = message->ancillary,
    };

    memcpy(facts.comm, caller->comm, COMM_SIZE);
    call->socket->lost = 0;
    return sink->message(sink->context, &facts);
}

int moved_deliver(struct moved *moved, const struct traced_call *call, const struct caller *caller,
                  const struct sink *sink)
{
    int err = 0;

    for (size_t i = 0; i < moved->count && !err; i++)
        err = deliver_message(call, caller, moved, i, sink);
    return err;
}
