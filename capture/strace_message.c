/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The bytes that calls moved, as strace shows them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/address.h"
#include "capture/ancillary.h"
#include "capture/strace.h"

/* Where a call has what; -1 where it has no such argument. */
enum { FLAGS = 3, NAME = 4 };

/* A look at what is there, and the kernel's own reports, move nothing. */
static bool moves_nothing(struct slice flags)
{
    return slice_has_flag(flags, "MSG_PEEK", MSG_PEEK) ||
           slice_has_flag(flags, "MSG_ERRQUEUE", MSG_ERRQUEUE);
}

/*
 * Whether its messages are recorded, by what the user says of sockets that strace does not tell the
 * family or the type of.
 */
static bool is_known(struct strace *strace, struct strace_socket *socket)
{
    const struct reader_options *options = strace->reading->options;
    const char *server = options->server;
    bool inet = server && address_is_inet(server);
    struct endpoint_facts *facts = &socket->facts;
    bool told = facts->family && facts->type;

    if (!facts->family && server)
        facts->family = !inet ? AF_UNIX : strchr(server, '[') ? AF_INET6 : AF_INET;
    if (!facts->type && inet)
        facts->type = server[0] == 't' ? SOCK_STREAM : SOCK_DGRAM;
    if (!facts->type)
        facts->type = options->type;
    if (!told && server && !facts->address[0] && !facts->peer_address[0] && !facts->role)
        strace_socket_peer(&strace->world, socket, server);
    return (facts->family == AF_UNIX || facts->family == AF_INET || facts->family == AF_INET6) &&
           facts->type > 0;
}

/* The address that a call named or was given, in text; NULL when there was none. */
static const char *name_of(struct slice name, struct slice length,
                           const struct strace_socket *socket, char text[ADDRESS_TEXT_SIZE])
{
    if (socket->facts.type != SOCK_DGRAM || !name.length || slice_is(name, "NULL"))
        return NULL;
    if (!strace_address_given(name, length, SOCK_DGRAM, text))
        text[0] = '\0';
    return text;
}

struct moved {
    struct strace_socket *socket;
    bool sends;
    bool last;  /* of its call */
    bool noted; /* as what a socket without an address sends, when the call began */
    bool shown; /* the bytes, or some of them */
    struct slice flags;
    struct slice name;
    struct slice name_length;
    size_t length; /* of all that moved */
    size_t taken;  /* of that the receiver has taken so much */
    struct ancillary *ancillary;
};

/* Hands on the message whose bytes are in strace->data. */
static int deliver(struct strace *strace, struct strace_thread *thread,
                   const struct strace_call *call, const struct moved *moved)
{
    const struct sink *sink = strace->world.sink;
    char name[ADDRESS_TEXT_SIZE];
    size_t there = strace->data.length < moved->taken ? strace->data.length : moved->taken;
    struct message_facts facts = {
        .inode = moved->socket->facts.inode,
        .time = moved->sends ? call->began : call->ended,
        .tid = thread->tid,
        .pid = thread->pid,
        .sent = moved->sends,
        .ends_call = moved->last,
        .call = thread->sends ? thread->sends : strace->calls,
        .name = name_of(moved->name, moved->name_length, moved->socket, name),
        .data = strace->data.at,
        .length = there,
        .missing = moved->length - there,
        .ancillary = moved->ancillary,
    };
    int err;

    memcpy(facts.comm, thread->comm, COMM_SIZE);
    strace->cut += there < moved->taken && moved->shown;
    strace->unseen += !moved->shown;
    strace_socket_says(&strace->world, moved->socket, moved->sends);
    err = strace_socket_tell(&strace->world, moved->socket, thread);
    if (!err && moved->sends && !moved->noted)
        err = strace_stranger_sent(&strace->world, moved->socket, facts.name, facts.data, there);
    else if (!err && !moved->sends)
        err = strace_stranger_came(&strace->world, moved->socket, facts.name, facts.data, there,
                                   thread);
    if (!err)
        err = sink->message(sink->context, &facts);
    if (moved->last)
        thread->sends = 0;
    return err;
}

/*
 * With MSG_TRUNC a receiving call returns the length of the datagram, not how much of it had room;
 * of a TCP stream it takes so many bytes and delivers none: tcp(7).
 */
static void set_length(struct moved *moved, size_t result, size_t room)
{
    bool tells_all = !moved->sends && slice_has_flag(moved->flags, "MSG_TRUNC", MSG_TRUNC);
    const struct endpoint_facts *facts = &moved->socket->facts;
    bool discards = tells_all && facts->type == SOCK_STREAM && facts->family != AF_UNIX;

    moved->taken = result < room ? result : room;
    moved->length = tells_all ? result : moved->taken;
    moved->taken = discards ? 0 : moved->taken;
}

/* Nothing at all is a message where messages have bounds, unless it is the end. */
static bool is_message(const struct moved *moved)
{
    int type = moved->socket->facts.type;

    if (moved->length)
        return true;
    return type == SOCK_DGRAM || (type == SOCK_SEQPACKET && (moved->sends || moved->ancillary));
}

/* Whether the user has said what sockets are that were there before strace. */
static bool may_assume(const struct strace *strace)
{
    return strace->reading->options->type || strace->reading->options->server;
}

/* The kernel gives what is opened the lowest number: where one below is free, it was not opened. */
static void note_older(struct strace *strace, const struct strace_thread *thread, int64_t number)
{
    int64_t below = number - 1;

    strace->older = true;
    strace->gap = strace->gap || (below > STDERR_FILENO && below > strace->highest &&
                                  !strace_descriptor_find(thread->descriptors, below));
    strace->highest = number > strace->highest ? number : strace->highest;
}

/* Bytes are moved on what may be a file: neither a call nor strace itself may show what it is. */
static void look_at_unsure(struct strace *strace, const struct strace_thread *thread,
                           struct slice descriptor)
{
    struct strace_facts facts;
    int64_t number;

    if (slice_number(descriptor, &number) && number > STDERR_FILENO &&
        !strace_annotation(descriptor, &facts) &&
        !strace_descriptor_find(thread->descriptors, number))
        note_older(strace, thread, number);
}

/* Finds the socket, and whether its messages are to be taken. */
static bool find_socket(struct strace *strace, struct strace_thread *thread,
                        struct slice descriptor, bool sure, struct strace_socket **socket)
{
    struct strace_facts facts;

    *socket = thread->on ? thread->on : strace_socket_of(strace, thread, descriptor);
    if (!*socket && sure && !strace_annotation(descriptor, &facts) && may_assume(strace)) {
        *socket = strace_socket_new(&strace->world, 0);
        if (!*socket || strace_put(thread, descriptor, *socket, false))
            strace->starved = true;
    }
    if (*socket && is_known(strace, *socket))
        return true;
    if (!*socket && !sure)
        look_at_unsure(strace, thread, descriptor);
    /* What is told to be of another family or type is none that is recorded. */
    if (*socket ? !(*socket)->facts.family || !(*socket)->facts.type
                : sure && !strace_annotation(descriptor, &facts))
        strace->unknown++;
    return false;
}

/*
 * What is sent along with the connection (TCP Fast Open) connects its socket, too. Where it goes,
 * stands in the call, or in its header.
 */
static int open_connection(struct strace *strace, struct strace_thread *thread,
                           const struct strace_call *call, bool in_header)
{
    struct slice flags = call->arguments[in_header ? 2 : FLAGS], name = call->arguments[NAME];
    const struct strace_socket *socket;

    if (in_header)
        slice_field(call->arguments[1], "msg_name", &name);
    if (!name.length || !slice_has_flag(flags, "MSG_FASTOPEN", MSG_FASTOPEN))
        return 0;
    socket = strace_socket_of(strace, thread, call->arguments[0]);
    if (!socket || socket->facts.family == AF_UNIX || socket->facts.type != SOCK_STREAM)
        return 0;
    return strace_connect(strace, thread, call, name);
}

static int take_buffer(struct strace *strace, struct strace_thread *thread,
                       const struct strace_call *call)
{
    const struct strace_mover *mover = strace_mover_find(call->name);
    struct moved moved = {
        .sends = mover->sends,
        .last = true,
        .noted = thread->sends,
        .shown = true,
        .flags = call->arguments[FLAGS],
        .name = call->arguments[NAME],
        .name_length = call->arguments[NAME + 1],
    };
    int err = open_connection(strace, thread, call, false);
    int64_t size;
    bool cut;

    if (err || call->failed || moves_nothing(moved.flags) ||
        !find_socket(strace, thread, call->arguments[0], mover->sure, &moved.socket))
        return err;
    if (!slice_number(call->arguments[2], &size) || size < 0)
        size = INT64_MAX;
    set_length(&moved, (size_t)call->result, (size_t)size);
    /* Without room, read() takes nothing; recv() takes a datagram. */
    if (!is_message(&moved) || (!size && !moved.sends && !mover->sure))
        return 0;
    strace->data.length = 0;
    return slice_string(call->arguments[1], &strace->data, &cut)
               ? -ENOMEM
               : deliver(strace, thread, call, &moved);
}

/* Appends what an array of struct iovec holds; *room is how much it could. */
static int take_pieces(struct strace *strace, struct slice vector, size_t *room)
{
    const char *at = slice_inside(vector);
    struct slice piece, base, length;
    bool cut = false;
    int64_t size;

    *room = 0;
    strace->data.length = 0;
    while (at && slice_next(&at, &piece)) {
        size = -1;
        if (!slice_field(piece, "iov_base", &base)) { /* ..., for what strace left out */
            *room = SIZE_MAX;
            return 0;
        }
        if (slice_field(piece, "iov_len", &length) && slice_number(length, &size) && size == 0)
            continue; /* its base may be NULL */
        /* Behind a piece that is cut short the next one has no place. */
        if (!cut && slice_string(base, &strace->data, &cut))
            return -ENOMEM;
        if (size > 0)
            *room = *room + (size_t)size < *room ? SIZE_MAX : *room + (size_t)size;
    }
    if (!at)
        *room = SIZE_MAX;
    return 0;
}

/* A vector of nothing sends no empty datagram, and receives none. */
static int take_vector(struct strace *strace, struct strace_thread *thread,
                       const struct strace_call *call)
{
    const struct strace_mover *mover = strace_mover_find(call->name);
    struct moved moved = {
        .sends = mover->sends,
        .last = true,
        .noted = thread->sends,
        .shown = true,
    };
    size_t room;

    if (call->failed ||
        !find_socket(strace, thread, call->arguments[0], mover->sure, &moved.socket))
        return 0;
    if (take_pieces(strace, call->arguments[1], &room))
        return -ENOMEM;
    set_length(&moved, (size_t)call->result, room);
    return room && is_message(&moved) ? deliver(strace, thread, call, &moved) : 0;
}

/* One struct msghdr. */
static int take_header(struct strace *strace, struct strace_thread *thread,
                       const struct strace_call *call, struct slice header, size_t length,
                       struct moved *moved)
{
    struct slice vector = {0};
    size_t room;
    int err = strace_ancillary(strace, thread, header, moved->sends, moved->socket->facts.family,
                               &moved->ancillary);

    if (err)
        return err;
    moved->name = moved->name_length = (struct slice){0};
    slice_field(header, "msg_name", &moved->name);
    slice_field(header, "msg_namelen", &moved->name_length);
    slice_field(header, "msg_iov", &vector);
    err = take_pieces(strace, vector, &room);
    set_length(moved, length, room);
    if (!err && is_message(moved))
        err = deliver(strace, thread, call, moved);
    free(moved->ancillary);
    moved->ancillary = NULL;
    return err;
}

static int take_message(struct strace *strace, struct strace_thread *thread,
                        const struct strace_call *call)
{
    const struct strace_mover *mover = strace_mover_find(call->name);
    struct moved moved = {
        .sends = mover->sends,
        .last = true,
        .noted = thread->sends,
        .shown = true,
        .flags = call->arguments[2],
    };
    int err = open_connection(strace, thread, call, true);

    if (err || call->failed || moves_nothing(moved.flags) ||
        !find_socket(strace, thread, call->arguments[0], true, &moved.socket))
        return err;
    return take_header(strace, thread, call, call->arguments[1], (size_t)call->result, &moved);
}

static int take_messages(struct strace *strace, struct strace_thread *thread,
                         const struct strace_call *call)
{
    const struct strace_mover *mover = strace_mover_find(call->name);
    struct moved moved = {.sends = mover->sends, .shown = true, .flags = call->arguments[FLAGS]};
    const char *at = slice_inside(call->arguments[1]);
    struct slice each, header, value;
    int64_t length, left = call->result;
    int err = 0;

    if (call->failed || moves_nothing(moved.flags) ||
        !find_socket(strace, thread, call->arguments[0], true, &moved.socket))
        return 0;
    for (; !err && left > 0 && at && slice_next(&at, &each); left--) {
        if (!slice_field(each, "msg_hdr", &header) || !slice_field(each, "msg_len", &value) ||
            !slice_number(value, &length) || length < 0 || length > INT32_MAX)
            break;
        moved.last = left == 1;
        err = take_header(strace, thread, call, header, (size_t)length, &moved);
    }
    strace->torn += left > 0;
    return err;
}

/* The bytes went past user memory: how many is all that is known. */
static int take_unseen(struct strace *strace, struct strace_thread *thread,
                       const struct strace_call *call, struct slice descriptor, bool sends)
{
    size_t length = (size_t)call->result;
    struct moved moved = {.sends = sends, .last = true, .length = length, .taken = length};

    if (call->failed || !call->result ||
        !find_socket(strace, thread, descriptor, false, &moved.socket))
        return 0;
    strace->data.length = 0;
    return deliver(strace, thread, call, &moved);
}

static int take_sendfile(struct strace *strace, struct strace_thread *thread,
                         const struct strace_call *call)
{
    return take_unseen(strace, thread, call, call->arguments[0], true);
}

static int take_splice(struct strace *strace, struct strace_thread *thread,
                       const struct strace_call *call)
{
    int err = take_unseen(strace, thread, call, call->arguments[0], false);

    return err ? err : take_unseen(strace, thread, call, call->arguments[2], true);
}

static const struct strace_mover movers[] = {
    {"read", false, false, take_buffer},
    {"write", true, false, take_buffer},
    {"recvfrom", false, true, take_buffer},
    {"sendto", true, true, take_buffer},
    {"recv", false, true, take_buffer},
    {"send", true, true, take_buffer},
    {"readv", false, false, take_vector},
    {"writev", true, false, take_vector},
    {"preadv2", false, false, take_vector},
    {"pwritev2", true, false, take_vector},
    {"recvmsg", false, true, take_message},
    {"sendmsg", true, true, take_message},
    {"recvmmsg", false, true, take_messages},
    {"sendmmsg", true, true, take_messages},
    {"recvmmsg_time64", false, true, take_messages},
    {"sendfile", true, false, take_sendfile},
    {"sendfile64", true, false, take_sendfile},
    {"splice", true, false, take_splice},
};

const struct strace_mover *strace_mover_find(struct slice name)
{
    for (size_t i = 0; i < sizeof(movers) / sizeof(*movers); i++)
        if (slice_is(name, movers[i].name))
            return &movers[i];
    return NULL;
}

/* Puts what the call shows of its bytes into strace->data. Returns 0 or -ENOMEM. */
static int show_data(struct strace *strace, const struct strace_call *call,
                     const struct strace_mover *mover)
{
    struct slice shown = call->arguments[1];
    size_t room;
    bool cut;

    strace->data.length = 0;
    if (mover->handle == take_buffer)
        return slice_string(shown, &strace->data, &cut);
    if (mover->handle == take_message)
        slice_field(call->arguments[1], "msg_iov", &shown);
    return take_pieces(strace, shown, &room);
}

bool strace_message_torn(struct strace *strace, struct strace_thread *thread,
                         const struct strace_call *call)
{
    const struct strace_mover *mover = strace_mover_find(call->name);
    struct strace_socket *socket;

    return mover && mover->sends &&
           find_socket(strace, thread, call->arguments[mover->handle == take_splice ? 2 : 0],
                       mover->sure, &socket);
}

int strace_message_begin(struct strace *strace, struct strace_thread *thread,
                         const struct strace_call *call)
{
    const struct strace_mover *mover = strace_mover_find(call->name);
    const struct sink *sink = strace->world.sink;
    struct slice name = {0};
    struct strace_socket *socket;
    char text[ADDRESS_TEXT_SIZE];
    const char *to;
    int err = 0;

    if (!mover || mover->handle == take_splice)
        return 0;
    thread->on = socket = strace_socket_of(strace, thread, call->arguments[0]);
    if (!mover->sends || !socket || !is_known(strace, socket))
        return 0;
    if (mover->handle == take_message)
        slice_field(call->arguments[1], "msg_name", &name);
    else if (mover->handle == take_buffer) /* of sendmmsg() each message may have another */
        name = call->arguments[NAME];
    if (name.length)
        err = open_connection(strace, thread, call, mover->handle == take_message);
    if (err)
        return err;
    strace_socket_says(&strace->world, socket, true);
    err = strace_socket_tell(&strace->world, socket, thread);
    if (err)
        return err;
    thread->sends = ++strace->calls;
    to = name_of(name, (struct slice){0}, socket, text);
    err = sink->begin(sink->context, socket->facts.inode, thread->tid, thread->sends, to);
    if (err || mover->handle == take_messages) /* which shows its bytes when it returns */
        return err;
    /* A datagram may be received, and answered, before the call that sends it returns. */
    err = show_data(strace, call, mover);
    return err ? err
               : strace_stranger_sent(&strace->world, socket, to, strace->data.at,
                                      strace->data.length);
}
