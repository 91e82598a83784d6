/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel side of the `socket` backend: the functions of Unix and internet sockets that move
 * messages, where they begin and where they return. Whatever way a program sends, it ends up there.
 *
 * Each function has two pairs of programs, of which user space loads one: fentry and fexit, or
 * where the kernel has no BPF trampolines, kprobe and kretprobe.
 */
#include "bpf/ancillary.h"
#include "bpf/bytes.h"
#include "bpf/function.h"

char LICENSE[] SEC("license") = "GPL";

#if defined(__TARGET_ARCH_x86)
static __always_inline __u64 parameter(struct pt_regs *regs, int index)
{
    switch (index) {
    case 0:
        return regs->di;
    case 1:
        return regs->si;
    case 2:
        return regs->dx;
    default:
        return regs->cx;
    }
}

static __always_inline int result_of(struct pt_regs *regs)
{
    return regs->ax;
}
#elif defined(__TARGET_ARCH_arm64)
static __always_inline __u64 parameter(struct pt_regs *regs, int index)
{
    return regs->user_regs.regs[index];
}

static __always_inline int result_of(struct pt_regs *regs)
{
    return regs->user_regs.regs[0];
}
#endif

/* Notes where control messages are; those that are sent have been copied to the kernel. */
static __always_inline void keep_control(struct call *call, struct msghdr *header)
{
    call->control = (__u64)READ(header, msg_control);
    call->control_length = READ(header, msg_controllen);
    call->control_in_kernel = !BPF_CORE_READ_BITFIELD_PROBED(header, msg_control_is_user);
    call->control_cut = 0;
}

/* Notes what was put there. A call that is not of the recvmsg() kind has no place for it. */
static __always_inline void keep_received_control(struct call *call)
{
    struct msghdr *header = (struct msghdr *)call->header;

    if (call->control_in_kernel) {
        call->control_length = 0;
        return;
    }
    call->control_length -= READ(header, msg_controllen);
    keep_control_cut(call, READ(header, msg_flags));
    /* 32-bit programs get another layout. */
    if (call->message_flags & MSG_CMSG_COMPAT && call->control_length) {
        call->control_length = 0;
        call->control_cut = 1;
    }
}

static __always_inline void begin(struct call *call, __u64 name, __u32 length)
{
    before_sending(call);
    record_begin(call, name, length, true);
}

static __always_inline int enter_message(struct socket *socket, struct msghdr *header, __u8 kind,
                                         int flags)
{
    struct task_struct *task;
    struct call *call;

    if (!process_is_observed())
        return 0;
    was_early();
    task = bpf_get_current_task_btf();
    call = call_enter(socket, task, kind, header);
    if (!call)
        return 0;
    call->message_flags = flags;
    keep_memory(call, &header->msg_iter);
    keep_control(call, header);
    if (kind == CALL_SENDMSG)
        begin(call, (__u64)READ(header, msg_name), READ(header, msg_namelen));
    return 0;
}

static __always_inline void record_call(struct call *call, __u64 length, __u8 flags)
{
    struct msghdr *header = (struct msghdr *)call->header;
    struct vector vector = {
        .call = call,
        .base = call->memory,
        .done = call->skip,
        .in_kernel = 1,
    };
    __u64 name = call->type == SOCK_DGRAM ? (__u64)READ(header, msg_name) : 0;

    flags |= record_ancillary(call);
    if (name) {
        flags |= RECORD_NAMED;
        if (record_name(call, name, READ(header, msg_namelen), true)) {
            lose(call, length);
            return;
        }
    }
    if (call->elsewhere && length) {
        record_unreadable(call, length, flags);
        return;
    }
    message_open(call, length, call->count, flags);
    if (call->elements)
        record_vector(&vector, call->elements);
    else
        record_stretch(call, call->memory, length);
    message_close(call);
}

static __always_inline void leave_send(struct call *call, int result)
{
    if (may_have_changed(call, result))
        tell_sent(call, result);
    if (result > 0 || (result == 0 && call->type != SOCK_STREAM))
        record_call(call, result, RECORD_SENT | RECORD_ENDS_CALL);
    else if (call->begun)
        record_void(call);
}

static __always_inline void leave_receive(struct call *call, int result)
{
    struct sock *sk = (struct sock *)call->sock;

    if (is_no_message(call) || result < 0)
        return;
    keep_received_control(call);
    if (result == 0 && !is_carrier(call) &&
        (call->type == SOCK_STREAM || READ(sk, sk_shutdown) & RCV_SHUTDOWN))
        return;
    if (tell(call, ROLE_UNKNOWN) & PEER_OBSERVED)
        return;
    call->time = bpf_ktime_get_ns();
    record_call(call, result, RECORD_ENDS_CALL);
}

static __always_inline int leave_message(int result)
{
    struct call *call = call_leave(result);
    __u8 kind;

    if (!call)
        return 0;
    kind = call->kind;
    call->kind = CALL_OTHER;
    if (kind == CALL_SENDMSG)
        leave_send(call, result);
    else if (kind == CALL_RECVMSG)
        leave_receive(call, result);
    return 0;
}

/* Bytes that go between a socket and a pipe or a file in the kernel. */
static __always_inline int enter_splice(struct socket *socket, __u8 kind)
{
    struct task_struct *task;
    struct call *call;

    if (!process_is_observed())
        return 0;
    task = bpf_get_current_task_btf();
    call = call_enter(socket, task, kind, 0);
    if (call && kind == CALL_SENDFILE)
        begin(call, 0, 0);
    return 0;
}

static __always_inline int leave_splice(int result)
{
    struct call *call = call_leave(result);
    __u8 flags;

    if (!call || (call->kind != CALL_SENDFILE && call->kind != CALL_SPLICE))
        return 0;
    flags = call->kind == CALL_SENDFILE ? RECORD_SENT : 0;
    call->kind = CALL_OTHER;
    if (result > 0 && (flags || !(tell(call, ROLE_UNKNOWN) & PEER_OBSERVED)))
        record_unreadable(call, result, flags | RECORD_ENDS_CALL);
    else if (call->begun)
        record_void(call);
    return 0;
}

/*
 * What sendfile() and splice() put into a socket goes there in pieces, as large as the kernel
 * likes: what they moved between them is one message.
 */
static __always_inline int enter_transfer(struct file *out)
{
    struct task_struct *task;
    struct socket *socket;
    struct call *call;

    if (!process_is_observed())
        return 0;
    task = bpf_get_current_task_btf();
    call = bpf_task_storage_get(&calls, task, 0, 0);
    if (call)
        drop_transfer(call);
    if ((READ(out, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
        return 0;
    socket = READ(out, private_data);
    call = call_enter(socket, task, CALL_SENDFILE, 0);
    if (!call)
        return 0;
    call->gathers = 1;
    call->count = 0;
    begin(call, 0, 0);
    return 0;
}

static __always_inline int leave_transfer(int result)
{
    struct call *call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), 0, 0);

    if (!call || call->kind != CALL_SENDFILE || !call->gathers)
        return 0;
    call->kind = CALL_OTHER;
    call->gathers = 0;
    if (call->count)
        record_unreadable(call, call->count, RECORD_SENT | RECORD_ENDS_CALL);
    else if (call->begun)
        record_void(call);
    return 0;
}

/* Which socket the call changes, or makes: the one to look at when it returns. */
static __always_inline int enter_change(struct socket *socket, __u8 kind)
{
    struct subject subject;
    struct call *call;

    if (!process_is_observed())
        return 0;
    if (kind != CALL_ACCEPT && socket_of(socket, &subject))
        forget_standing(&subject);
    call = call_get(bpf_get_current_task_btf());
    if (!call)
        return 0;
    drop_transfer(call);
    call->kind = kind;
    call->memory = (__u64)socket;
    call->header = 0;
    call->nested = 0;
    return 0;
}

static __always_inline int leave_change(int result)
{
    struct call *call = call_leave(result);
    struct subject subject;
    __u8 kind;

    if (!call)
        return 0;
    kind = call->kind;
    call->kind = CALL_OTHER;
    if (!is_change(kind) || !has_changed(kind, result) ||
        !socket_of((struct socket *)call->memory, &subject) || !is_observed(standing_of(&subject)))
        return 0;
    keep_subject(call, &subject);
    tell_changed(call, kind);
    return 0;
}

/*
 * A function that had been entered before this program was attached to it returns past it. Where
 * there is this tracepoint, from 6.3 on, what such a call received is at least counted.
 */
SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_recv_length, struct sock *sk, int moved, int flags)
{
    struct subject subject;

    if (moved <= 0 || flags & (MSG_PEEK | MSG_ERRQUEUE) || !is_early() || !process_is_observed())
        return 0;
    if (subject_is(&subject, sk, inode_of(sk)) && is_observed(standing_of(&subject)))
        __sync_fetch_and_add(&losses.bypassed, moved);
    return 0;
}

/* The functions' programs leave processes out that are not observed, and so what they send as well.
 */
SEC("tp_btf/sock_send_length")
int BPF_PROG(on_send_length, struct sock *sk, int moved, int flags)
{
    if (moved <= 0 || !recording || (process_is_observed() && process_is_wanted()))
        return 0;
    if (is_left_out(sk))
        __sync_fetch_and_add(&losses.bypassed, moved);
    return 0;
}

/* The arguments of a function, by how it is attached. */
#define TRACED(index) (context[index])
#define PROBED(index) (parameter(context, index))

/*
 * Both pairs of programs for a function: enter is what to do with its arguments, in terms of
 * AT(index), and leave what to do with its result, which fexit gets behind the `count` arguments.
 */
#define HOOK(function, enter, leave)                                                               \
    SEC("fentry/" #function) int function##_fentry(__u64 *context)                                 \
    {                                                                                              \
        return enter(TRACED);                                                                      \
    }                                                                                              \
    SEC("fexit/" #function) int function##_fexit(__u64 *context)                                   \
    {                                                                                              \
        __u64 result = 0;                                                                          \
                                                                                                   \
        bpf_get_func_ret(context, &result);                                                        \
        return leave((int)result);                                                                 \
    }                                                                                              \
    SEC("kprobe/" #function) int function##_kprobe(struct pt_regs *context)                        \
    {                                                                                              \
        return enter(PROBED);                                                                      \
    }                                                                                              \
    SEC("kretprobe/" #function) int function##_kretprobe(struct pt_regs *context)                  \
    {                                                                                              \
        return leave(result_of(context));                                                          \
    }

#define SOCKET(AT, index) ((struct socket *)AT(index))
#define SENDS(AT)         enter_message(SOCKET(AT, 0), (struct msghdr *)AT(1), CALL_SENDMSG, 0)
#define RECEIVES(AT)      enter_message(SOCKET(AT, 0), (struct msghdr *)AT(1), CALL_RECVMSG, (int)AT(3))
#define SPLICES_IN(AT)    enter_splice(SOCKET(AT, 0), CALL_SENDFILE)
#define SPLICES_OUT(AT)   enter_splice(SOCKET(AT, 0), CALL_SPLICE)
#define TRANSFERS(AT)     enter_transfer((struct file *)AT(2))
#define BINDS(AT)         enter_change(SOCKET(AT, 0), CALL_BIND)
#define CONNECTS(AT)      enter_change(SOCKET(AT, 0), CALL_CONNECT)
#define ACCEPTS(AT)       enter_change(SOCKET(AT, 1), CALL_ACCEPT)

HOOK(unix_stream_sendmsg, SENDS, leave_message)
HOOK(unix_dgram_sendmsg, SENDS, leave_message)
HOOK(unix_seqpacket_sendmsg, SENDS, leave_message)
HOOK(inet_sendmsg, SENDS, leave_message)
HOOK(inet6_sendmsg, SENDS, leave_message)

HOOK(unix_stream_recvmsg, RECEIVES, leave_message)
HOOK(unix_dgram_recvmsg, RECEIVES, leave_message)
HOOK(unix_seqpacket_recvmsg, RECEIVES, leave_message)
HOOK(inet_recvmsg, RECEIVES, leave_message)
HOOK(inet6_recvmsg, RECEIVES, leave_message)

/* Until 6.4; since then such bytes come through sendmsg. */
HOOK(unix_stream_sendpage, SPLICES_IN, leave_splice)
HOOK(inet_sendpage, SPLICES_IN, leave_splice)

HOOK(unix_stream_splice_read, SPLICES_OUT, leave_splice)
HOOK(tcp_splice_read, SPLICES_OUT, leave_splice)

/* Of sendfile() the first, of splice() the second. */
HOOK(do_splice_direct, TRANSFERS, leave_transfer)
HOOK(do_splice, TRANSFERS, leave_transfer)

HOOK(unix_bind, BINDS, leave_change)
HOOK(inet_bind, BINDS, leave_change)
HOOK(inet6_bind, BINDS, leave_change)

HOOK(unix_stream_connect, CONNECTS, leave_change)
HOOK(unix_dgram_connect, CONNECTS, leave_change)
HOOK(inet_stream_connect, CONNECTS, leave_change)
HOOK(inet_dgram_connect, CONNECTS, leave_change)

HOOK(unix_accept, ACCEPTS, leave_change)
HOOK(inet_accept, ACCEPTS, leave_change)
