/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls of kernel functions, which may call each other for one message. */
#ifndef BPF_FUNCTION_H
#define BPF_FUNCTION_H

#include "bpf/bytes.h"
#include "bpf/scope.h"

static __always_inline bool socket_of(struct socket *socket, struct subject *subject)
{
    struct file *file = READ(socket, file);
    struct sock *sk = READ(socket, sk);

    return file && sk && subject_is(subject, sk, READ(file, f_inode, i_ino));
}

/* As standing_of, of a socket that a message is on; what sends may name to whom. */
static __always_inline int standing_of_message(struct subject *subject, struct msghdr *header,
                                               __u8 kind)
{
    __u16 length = 0;
    int standing;

    if (scope.by_socket && kind == CALL_SENDMSG && subject->type == SOCK_DGRAM &&
        READ(header, msg_name))
        length = READ(header, msg_namelen);
    subject->by_itself = length > 0;
    standing = standing_of(subject);
    if (standing != STANDING_OPEN || !length)
        return standing;
    return standing_of_name(subject, (__u64)READ(header, msg_name), length | NAME_IN_KERNEL);
}

/* Which kind of memory the bytes are in: an enum iter_type of the kernel's. */
static __always_inline __u32 memory_type(struct iov_iter *iter)
{
    struct iov_iter___5_13 *oldest = (void *)iter;

    if (bpf_core_field_exists(iter->iter_type))
        return READ(iter, iter_type);
    return READ(oldest, type) & ~1U;
}

static __always_inline bool is_buffer(__u32 type)
{
    return bpf_core_enum_value_exists(enum iter_type, ITER_UBUF) &&
           type == bpf_core_enum_value(enum iter_type, ITER_UBUF);
}

static __always_inline bool is_vector(__u32 type)
{
    return type == bpf_core_enum_value(enum iter_type, ITER_IOVEC);
}

/* Notes where the bytes are: the iterator will have moved on by the time the call returns. */
static __always_inline void keep_memory(struct call *call, struct iov_iter *iter)
{
    struct iov_iter___6_3 *older = (void *)iter;
    __u32 type = memory_type(iter);

    call->count = READ(iter, count);
    call->skip = READ(iter, iov_offset);
    call->elements = 0;
    call->elsewhere = 0;
    if (is_buffer(type)) {
        call->memory = (__u64)READ(iter, ubuf) + call->skip;
    } else if (is_vector(type)) {
        call->memory =
            bpf_core_field_exists(iter->__iov) ? (__u64)READ(iter, __iov) : (__u64)READ(older, iov);
        call->elements = READ(iter, nr_segs);
    } else {
        call->elsewhere = 1;
    }
}

/* What is moved on the way of sendfile() or splice() is never in the program's memory. */
static __always_inline bool is_piece(struct msghdr *header)
{
    __u32 type;

    if (!header)
        return true;
    type = memory_type(&header->msg_iter);
    return !is_buffer(type) && !is_vector(type);
}

/*
 * Ends a transfer that has ended without that being seen: the kernel leaves a program out that it
 * has interrupted on the same processor. What it had moved is lost.
 */
static __always_inline void drop_transfer(struct call *call)
{
    if (!call->gathers)
        return;
    if (call->kind == CALL_SENDFILE && call->count)
        lose(call, call->count);
    call->kind = CALL_OTHER;
    call->gathers = 0;
}

/* Whether a function is called on the way of the thread's call, which tells all that is moved. */
static __always_inline bool is_part(const struct call *call, struct msghdr *header)
{
    return call->kind != CALL_OTHER && (call->gathers || (header && call->header == (__u64)header));
}

/* The thread's call, begun anew for this socket; 0 when it is not to be recorded. */
static __always_inline struct call *call_enter(struct socket *socket, struct task_struct *task,
                                               __u8 kind, struct msghdr *header)
{
    struct call *call = bpf_task_storage_get(&calls, task, 0, 0);
    struct subject subject;

    if (call && call->gathers && !is_piece(header))
        drop_transfer(call);
    /* A function that hands its message to another of these: the outer one records it. */
    if (call && is_part(call, header)) {
        if (!call->nested)
            call->counts = call->sock == (__u64)READ(socket, sk);
        call->nested++;
        return 0;
    }
    if (call)
        call->kind = CALL_OTHER;
    if (!socket_of(socket, &subject))
        return 0;
    if (!is_observed(header ? standing_of_message(&subject, header, kind) : standing_of(&subject)))
        return 0;
    call = call_get(task);
    if (!call)
        return 0;
    keep_subject(call, &subject);
    call_begin(call, kind != CALL_RECVMSG);
    call->kind = kind;
    call->header = (__u64)header;
    call->nested = 0;
    call->gathers = 0;
    call->counts = 0;
    return call;
}

/* The thread's call, which ends now; 0 when it is not recorded, or only a part of it has ended. */
static __always_inline struct call *call_leave(int result)
{
    struct call *call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), 0, 0);

    if (!call || call->kind == CALL_OTHER)
        return 0;
    if (call->nested) {
        call->nested--;
        if (call->gathers && call->counts && !call->nested && result > 0)
            call->count += result;
        return 0;
    }
    return call;
}

#endif
