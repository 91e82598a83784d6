/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel side of the `syscall` backend: looks at the socket calls of observed processes where
 * they are entered (which socket, which memory) and where they return (how much was moved).
 */
#include "bpf/ancillary.h"
#include "bpf/bytes.h"
#include "bpf/loop.h"
#include "bpf/scope.h"

char LICENSE[] SEC("license") = "GPL";

/* enum call_kind by system call number; user space knows the numbers. */
const volatile __u8 call_kinds[CALL_NUMBERS] = {};

#if defined(__TARGET_ARCH_x86)
#define TS_COMPAT 2
static __always_inline __u64 argument(struct pt_regs *regs, int index)
{
    switch (index) {
    case 0:
        return regs->di;
    case 1:
        return regs->si;
    case 2:
        return regs->dx;
    case 3:
        return regs->r10;
    case 4:
        return regs->r8;
    default:
        return regs->r9;
    }
}

static __always_inline bool foreign_call(struct task_struct *task)
{
    return task->thread_info.status & TS_COMPAT;
}

static __always_inline __u64 foreign_argument(struct pt_regs *regs)
{
    return regs->bx;
}

/* A call's number and first argument where it returns: the others are still where they were. */
static __always_inline long returning_call(struct pt_regs *regs)
{
    return regs->orig_ax;
}

static __always_inline __u64 first_argument(struct pt_regs *regs)
{
    return regs->di;
}
#elif defined(__TARGET_ARCH_arm64)
#define TIF_32BIT 22
static __always_inline __u64 argument(struct pt_regs *regs, int index)
{
    return regs->user_regs.regs[index];
}

static __always_inline bool foreign_call(struct task_struct *task)
{
    return task->thread_info.flags & (1UL << TIF_32BIT);
}

static __always_inline __u64 foreign_argument(struct pt_regs *regs)
{
    return regs->user_regs.regs[0];
}

static __always_inline long returning_call(struct pt_regs *regs)
{
    return regs->syscallno;
}

static __always_inline __u64 first_argument(struct pt_regs *regs)
{
    return regs->orig_x0;
}
#endif

static __always_inline bool sends(__u8 kind)
{
    switch (kind) {
    case CALL_SEND_BUFFER:
    case CALL_SEND_VECTOR:
    case CALL_SENDTO:
    case CALL_SENDMSG:
    case CALL_SENDMMSG:
    case CALL_SENDFILE:
        return true;
    }
    return false;
}

/* Whether the file is a socket of the families and types this program knows, and which. */
static __always_inline bool socket_of(struct file *file, struct subject *subject)
{
    struct inode *inode = file ? READ(file, f_inode) : 0;
    struct socket *socket;
    struct sock *sk;

    if (!inode || (READ(inode, i_mode) & S_IFMT) != S_IFSOCK)
        return false;
    socket = READ(file, private_data);
    sk = READ(socket, sk);
    return sk && subject_is(subject, sk, READ(inode, i_ino));
}

/* Keeps of the call's arguments what its return will need. */
static __always_inline void keep_arguments(struct call *call, struct pt_regs *regs)
{
    call->memory = argument(regs, 1);
    call->count = argument(regs, 2);
    call->name = 0;
    call->name_length = 0;
    call->name_room = ~0U; /* or unknown */
    switch (call->kind) {
    case CALL_SENDTO:
    case CALL_RECVFROM:
        call->message_flags = argument(regs, 3);
        call->name = argument(regs, 4);
        call->name_length = argument(regs, 5);
        break;
    case CALL_SENDMSG:
    case CALL_RECVMSG:
        call->message_flags = argument(regs, 2);
        break;
    case CALL_SENDMMSG:
    case CALL_RECVMMSG:
        call->message_flags = argument(regs, 3);
        break;
    }
}

/*
 * Afterwards, the call says how long the name was, which may be more than there was room for. Of
 * several datagrams, this is not known.
 */
static __noinline __u32 room_for_name(const struct call *call)
{
    struct user_msghdr header = {};
    __u32 room = 0;

    if (!call)
        return 0;
    if (call->kind == CALL_RECVFROM) {
        if (call->name) /* to read at no address takes long */
            bpf_probe_read_user(&room, sizeof(room), (void *)call->name_length);
        return room;
    }
    if (call->kind != CALL_RECVMSG && (call->kind != CALL_RECVMMSG || (__u32)call->count != 1))
        return ~0U;
    bpf_probe_read_user(&header, sizeof(header), (void *)call->memory);
    return header.name_length;
}

/*
 * Whether the file is the socket that the thread's last call was on. A file may be closed, and its
 * memory be another's, but no two sockets have the same inode number.
 */
static __always_inline bool is_last_socket(const struct call *last, struct file *file)
{
    struct inode *inode;

    if (!last || !file || last->file != (__u64)file)
        return false;
    inode = READ(file, f_inode);
    return last->file_inode == (__u64)inode && last->inode == READ(inode, i_ino);
}

/* As socket_of; most calls are on the same socket as the one before, of which all is known. */
static __always_inline bool socket_again(const struct call *last, struct file *file,
                                         struct subject *subject)
{
    if (!is_last_socket(last, file))
        return socket_of(file, subject);
    subject->sock = last->sock;
    subject->inode = last->inode;
    subject->family = last->family;
    subject->type = last->type;
    subject->by_itself = 0;
    return true;
}

/*
 * Finds the socket that a call is on, and turns CALL_SPLICE into what it does to that socket. last
 * is the thread's last call, or 0.
 */
static __always_inline struct file *find_socket(struct subject *subject, struct pt_regs *regs,
                                                __u8 *kind, const struct call *last)
{
    struct file *file;

    if (*kind == CALL_SPLICE) {
        file = (struct file *)file_at(argument(regs, 2));
        if (socket_of(file, subject)) {
            *kind = CALL_SENDFILE;
            return file;
        }
    }
    file = (struct file *)file_at(first_argument(regs));
    return socket_again(last, file, subject) ? file : 0;
}

/* Those whom the messages of a sendmmsg() go to. */
struct addressees {
    struct subject *subject;
    __u64 headers;
    __u32 of_peer, of_named; /* how the socket stands with its peer, and without it */
    __u64 standing;
};

/* One that is wanted has all of the call recorded: user space sorts the others out. */
static long judge_addressee(__u64 index, struct addressees *to)
{
    struct {
        __u64 name;
        __u64 length;
    } each; /* as much as there is room for of a user_mmsghdr */
    const void *header = (const void *)(to->headers + index * sizeof(struct user_mmsghdr));
    int standing;

    if (!to->subject || bpf_probe_read_user(&each, sizeof(each), header))
        return 1;
    if (!each.name || !(__u32)each.length)
        standing = to->of_peer;
    else if (to->of_named == STANDING_OPEN)
        standing = standing_of_name(to->subject, each.name, (__u16)each.length);
    else
        standing = to->of_named;
    if (standing != STANDING_OUT)
        to->standing = standing;
    return standing == STANDING_IN;
}

static __noinline int standing_of_batch(struct subject *subject, struct pt_regs *regs, int of_peer,
                                        int of_named)
{
    struct addressees to = {subject, argument(regs, 1), of_peer, of_named, STANDING_OUT};

    LOOP((__u32)argument(regs, 2), judge_addressee, &to);
    return to.standing;
}

/* Whether the call names whom it sends to, which is put in the header, or may name many. */
static __always_inline bool names(struct pt_regs *regs, __u8 kind, struct user_msghdr *header)
{
    if (kind == CALL_SENDTO) {
        header->name = argument(regs, 4);
        header->name_length = argument(regs, 5);
    } else if (kind == CALL_SENDMSG) {
        bpf_probe_read_user(header, sizeof(*header), (void *)argument(regs, 1));
    }
    return kind == CALL_SENDMMSG || (header->name && header->name_length);
}

/* As standing_of, of a socket on which a call is entered that may name whom it sends to. */
static __always_inline int standing_of_call(struct subject *subject, struct pt_regs *regs,
                                            __u8 kind)
{
    struct user_msghdr header = {};
    int standing, of_peer = STANDING_IN;

    if (!scope.by_socket)
        return STANDING_IN;
    if (kind == CALL_SENDMMSG)
        of_peer = standing_of(subject);
    subject->by_itself = subject->type == SOCK_DGRAM && names(regs, kind, &header);
    standing = standing_of(subject);
    if (!subject->by_itself)
        return standing;
    if (kind == CALL_SENDMMSG)
        return standing_of_batch(subject, regs, of_peer, standing);
    if (standing != STANDING_OPEN)
        return standing;
    return standing_of_name(subject, header.name, (__u16)header.name_length);
}

static __always_inline void begin(struct call *call)
{
    struct user_msghdr header;
    __u64 name = call->name;
    __u64 length = call->name_length;

    before_sending(call);
    if ((call->kind == CALL_SENDMSG || call->kind == CALL_SENDMMSG) &&
        !bpf_probe_read_user(&header, sizeof(header), (void *)call->memory)) {
        name = header.name;
        length = header.name_length;
    }
    record_begin(call, name, length, false);
}

/* A call of a 32-bit program: they have numbers of their own, so what it does is not known. */
static __always_inline void note_foreign(struct pt_regs *regs)
{
    struct subject subject;

    if (scope.by_process || (socket_of(file_of(foreign_argument(regs)), &subject) &&
                             is_observed(standing_of(&subject))))
        __sync_fetch_and_add(&losses.foreign, 1);
}

/* Processes that were counted for the rings they have. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 1024);
    __type(key, __u32);
    __type(value, __u8);
} ring_users SEC(".maps");

static __always_inline void note_ring(void)
{
    __u32 process = bpf_get_current_pid_tgid() >> 32;
    __u8 yes = 1;

    if (!bpf_map_update_elem(&ring_users, &process, &yes, BPF_NOEXIST))
        __sync_fetch_and_add(&losses.unfollowed, 1);
}

static __always_inline void keep_socket(struct call *call, const struct subject *subject,
                                        struct file *file)
{
    if (call->file == (__u64)file && call->inode == subject->inode)
        return; /* the same as before */
    keep_subject(call, subject);
    call->file_inode = (__u64)READ(file, f_inode);
    call->file = (__u64)file;
}

/* Nothing passes by: it was seen, and is not wanted, though the socket is. */
static __always_inline void leave_out(struct task_struct *task)
{
    struct call *call = call_get(task);

    if (call)
        call->kind = CALL_LEFT_OUT;
}

static __always_inline int enter(struct pt_regs *regs, long number)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct call *call, *last;
    struct subject subject;
    struct file *file;
    __u8 kind;

    if (foreign_call(task)) {
        if (process_is_observed())
            note_foreign(regs);
        return 0;
    }
    if (number < 0 || number >= CALL_NUMBERS)
        return 0;
    kind = call_kinds[number];
    if (kind == CALL_OTHER || (is_change(kind) && !scope.by_socket))
        return 0;
    if (!process_is_observed())
        return 0;
    if (kind == CALL_RING) {
        note_ring();
        return 0;
    }
    last = bpf_task_storage_get(&calls, task, 0, 0);
    file = find_socket(&subject, regs, &kind, last);
    if (!file)
        return 0;
    if (is_change(kind)) {
        if (kind != CALL_ACCEPT)
            forget_standing(&subject);
        return 0;
    }
    if (!is_observed(standing_of_call(&subject, regs, kind))) {
        if (subject.by_itself)
            leave_out(task);
        return 0;
    }
    call = last ? last : call_get(task);
    if (!call)
        return 0;
    keep_socket(call, &subject, file);
    call->kind = kind;
    if (call->paired && call->type != SOCK_DGRAM && !sends(kind))
        return 0; /* it is recorded where it is sent */
    call_begin(call, sends(kind));
    keep_arguments(call, regs);
    if (sends(kind))
        begin(call);
    else if (call->type == SOCK_DGRAM)
        call->name_room = room_for_name(call);
    return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long number)
{
    return enter(regs, number);
}

struct capacity {
    __u64 base;
    __u64 bytes;
};

static long add_element(__u64 index, struct capacity *capacity)
{
    struct user_iovec element;

    if (bpf_probe_read_user(&element, sizeof(element),
                            (void *)(capacity->base + index * sizeof(element))))
        return 1;
    capacity->bytes += element.length;
    return 0;
}

/* How many bytes an array of iovec has room for. */
__noinline __u64 capacity_of(__u64 base, __u64 count)
{
    struct capacity capacity = {base, 0};

    LOOP(count, add_element, &capacity);
    return capacity.bytes;
}

/* With MSG_TRUNC a call returns the length of the datagram, however much of it was delivered. */
static __always_inline __u64 delivered(struct call *call, __u64 length, __u64 base, __u64 count)
{
    return call->message_flags & MSG_TRUNC ? capacity_of(base, count) : length;
}

/* Notes the control messages of a call that has returned. */
static __always_inline void keep_control(struct call *call, const struct user_msghdr *header,
                                         __u8 flags)
{
    call->control = header->control;
    call->control_length = header->control_length;
    call->control_in_kernel = 0;
    keep_control_cut(call, flags & RECORD_SENT ? 0 : header->flags);
}

/* Whether a datagram's address of so many bytes is there whole: the receiver's, or the sender's. */
static __always_inline bool has_name(const struct call *call, __u32 length, __u8 flags)
{
    return call->type == SOCK_DGRAM && (flags & RECORD_SENT || length <= call->name_room);
}

/* Records one message of a msghdr, of which length bytes were moved; keep_control() knows of it. */
__noinline int record_header(struct call *call, const struct user_msghdr *header, __u64 length,
                             __u8 flags)
{
    struct vector vector = {.call = call};
    __u64 available = length;

    if (!call || !header)
        return 0;
    vector.base = header->vector;
    if (!(flags & RECORD_SENT))
        available = delivered(call, length, header->vector, header->vector_count);
    message_open(call, length, available, flags);
    call->flags |= record_ancillary(call);
    if (header->name && has_name(call, header->name_length, flags)) {
        call->flags |= RECORD_NAMED;
        if (record_name(call, header->name, header->name_length, false))
            goto out;
    }
    record_vector(&vector, header->vector_count);
out:
    message_close(call);
    return 0;
}

/* Whether nothing received, or sent, means just that, and not an empty datagram or record. */
static __always_inline bool is_end(struct call *call, __u8 flags)
{
    struct sock *sk = (struct sock *)call->sock;

    return call->type == SOCK_STREAM ||
           (!(flags & RECORD_SENT) && READ(sk, sk_shutdown) & RCV_SHUTDOWN);
}

struct batch {
    struct call *call;
    __u64 flags;
};

static long record_in_batch(__u64 index, struct batch *batch)
{
    struct user_mmsghdr each;
    struct call *call = batch->call;

    if (!call)
        return 1;
    if (bpf_probe_read_user(&each, sizeof(each), (void *)(call->memory + index * sizeof(each)))) {
        lose(call, 0);
        return 0;
    }
    keep_control(call, &each.header, batch->flags);
    if (each.length || is_carrier(call) || !is_end(call, batch->flags))
        record_header(call, &each.header, each.length, batch->flags);
    return 0;
}

/* Which of the messages is the last one to be recorded is not known before: the end says so. */
static __always_inline void record_batch(struct call *call, __u64 count, __u8 flags)
{
    struct batch batch = {call, flags};

    LOOP(count, record_in_batch, &batch);
    if (call->begun)
        record_void(call);
}

static __always_inline void record_plain(struct call *call, __u64 length, __u8 flags)
{
    __u32 name_length = call->name_length;

    message_open(call, length, call->count, flags);
    if (call->name && !(flags & RECORD_SENT) &&
        bpf_probe_read_user(&name_length, sizeof(name_length), (void *)call->name_length))
        name_length = 0;
    if (call->name && has_name(call, name_length, flags)) {
        call->flags |= RECORD_NAMED;
        if (record_name(call, call->name, name_length, false))
            goto out;
    }
    record_stretch(call, call->memory, length);
out:
    message_close(call);
}

static __always_inline void record_call(struct call *call, __u8 kind, __u64 moved, __u8 flags)
{
    struct user_msghdr header;

    switch (kind) {
    case CALL_SEND_BUFFER:
    case CALL_RECEIVE_BUFFER:
    case CALL_SENDTO:
    case CALL_RECVFROM:
        record_plain(call, moved, flags | RECORD_ENDS_CALL);
        break;
    case CALL_SEND_VECTOR:
    case CALL_RECEIVE_VECTOR: {
        struct vector vector = {.call = call, .base = call->memory};

        message_open(call, moved, moved, flags | RECORD_ENDS_CALL);
        record_vector(&vector, call->count);
        message_close(call);
        break;
    }
    case CALL_SENDMSG:
    case CALL_RECVMSG:
        if (bpf_probe_read_user(&header, sizeof(header), (void *)call->memory)) {
            lose(call, moved);
            break;
        }
        keep_control(call, &header, flags);
        record_header(call, &header, moved, flags | RECORD_ENDS_CALL);
        break;
    case CALL_SENDMMSG:
    case CALL_RECVMMSG:
        record_batch(call, moved, flags);
        break;
    case CALL_SENDFILE:
    case CALL_SPLICE:
        record_unreadable(call, moved, flags | RECORD_ENDS_CALL);
        break;
    }
}

/*
 * Whether a call that returned 0 moved an empty datagram or record, or nothing at all: read() and
 * readv() that have no room take none, recv() takes one.
 */
static __always_inline bool moved_empty(struct call *call, __u8 kind)
{
    struct user_msghdr header;

    switch (kind) {
    case CALL_SEND_BUFFER:
    case CALL_SENDTO:
    case CALL_SENDMSG:
        return !is_end(call, RECORD_SENT);
    case CALL_RECEIVE_BUFFER:
        return call->count && !is_end(call, 0);
    case CALL_RECEIVE_VECTOR:
        return !is_end(call, 0) && capacity_of(call->memory, call->count);
    case CALL_RECVFROM:
        return !is_end(call, 0);
    case CALL_RECVMSG:
        if (!is_end(call, 0))
            return true;
        if (bpf_probe_read_user(&header, sizeof(header), (void *)call->memory))
            return false;
        keep_control(call, &header, 0);
        return is_carrier(call);
    }
    return false;
}

/*
 * A call that names or connects a socket, or accepts one, has returned: only now can be said
 * whether that is observed.
 */
static __noinline void on_changed(struct task_struct *task, struct pt_regs *regs, __u8 kind,
                                  long result)
{
    __u64 fd = kind == CALL_ACCEPT ? result : first_argument(regs);
    struct subject subject;
    struct call *call;

    if (!has_changed(kind, result) || !process_is_observed() || !socket_of(file_of(fd), &subject) ||
        !is_observed(standing_of(&subject)))
        return;
    call = call_get(task);
    if (!call)
        return;
    keep_subject(call, &subject);
    tell_changed(call, kind);
}

static __always_inline bool has_moved(struct call *call, __u8 kind, long result)
{
    return result > 0 || (result == 0 && moved_empty(call, kind));
}

/* Whether what the call received is to be recorded: not when it is recorded where it was sent. */
static __always_inline bool takes_received(struct call *call, __u8 kind, long result)
{
    if (is_no_message(call) || is_paired(call) || !has_moved(call, kind, result) ||
        tell_of(call) & PEER_OBSERVED)
        return false;
    call->time = bpf_ktime_get_ns();
    return true;
}

static __always_inline bool takes_sent(struct call *call, __u8 kind, long result)
{
    if (may_have_changed(call, result) && !is_paired(call))
        tell_sent(call, result);
    if (has_moved(call, kind, result))
        return true;
    if (call->begun)
        record_void(call);
    return false;
}

/* Not static, so that the stack it takes is not that of what finds out who is observed, too. */
__noinline int on_return(struct call *call, long result)
{
    bool sent, takes;
    __u8 kind;

    if (!call)
        return 0;
    kind = call->kind;
    sent = sends(kind);
    call->kind = CALL_OTHER;
    takes = sent ? takes_sent(call, kind, result) : takes_received(call, kind, result);
    if (takes)
        record_call(call, kind, result, sent ? RECORD_SENT : 0);
    return 0;
}

/*
 * The call that returns now, had it been seen when it was entered, which was before the recording
 * began; 0 when it is not recorded. Not inlined: what it needs of the stack is free again when the
 * call is recorded.
 */
static __noinline struct call *early_call(struct task_struct *task, struct pt_regs *regs, __u8 kind)
{
    struct subject subject;
    struct call *call;

    /* One that splices into a socket sends. */
    if (sends(kind) || !process_is_observed() ||
        (kind == CALL_SPLICE && socket_of(file_of(argument(regs, 2)), &subject)) ||
        !socket_of(file_of(first_argument(regs)), &subject) || !is_observed(standing_of(&subject)))
        return 0;
    call = call_get(task);
    if (!call)
        return 0;
    keep_subject(call, &subject);
    call->kind = kind;
    call_begin(call, false);
    keep_arguments(call, regs);
    return call;
}

static __always_inline int leave(struct pt_regs *regs, long result)
{
    struct task_struct *task = bpf_get_current_task_btf();
    long number = returning_call(regs);
    struct call *call;
    __u8 kind;

    if (number >= CALL_NUMBERS || foreign_call(task))
        return 0;
    /* A tracer may have taken the number away. */
    kind = number < 0 ? CALL_SPLICE : call_kinds[number];
    if (kind == CALL_OTHER || kind == CALL_RING)
        return 0;
    if (is_change(kind)) {
        on_changed(task, regs, kind, result);
        return 0;
    }
    if (!process_is_listed())
        return 0;
    call = bpf_task_storage_get(&calls, task, 0, 0);
    if (call && call->kind == CALL_LEFT_OUT) {
        call->kind = CALL_OTHER;
        return 0;
    }
    if (!call || call->kind == CALL_OTHER)
        call = was_early() ? early_call(task, regs, kind) : 0;
    if (call)
        on_return(call, result);
    return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long result)
{
    return leave(regs, result);
}

/*
 * Where these tracepoints exist, what a socket moved in no call that is looked at is noticed. Each
 * has two programs, of which user space loads one: finding out whether a socket is among those
 * chosen is most of what there is to load, and where all are recorded nobody asks.
 */
static __always_inline bool is_unnoticed(struct sock *sk, bool all)
{
    struct subject subject;

    if (!process_is_observed())
        return false;
    return subject_is(&subject, sk, inode_of(sk)) && (all || is_observed(standing_of(&subject)));
}

static __always_inline struct pt_regs *registers(void)
{
    return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
}

/* Whether the thread's call may have begun before us, and be one that is recorded as it returns. */
static __always_inline bool is_early_call(void)
{
    long number = returning_call(registers());
    __u8 kind = number >= 0 && number < CALL_NUMBERS ? call_kinds[number] : CALL_SPLICE;

    return kind != CALL_OTHER && kind != CALL_RING && is_early();
}

/* Whether nothing is known of the thread's call, and that not because it had begun before us. */
static __always_inline bool is_unseen(void)
{
    struct call *call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), 0, 0);

    return (!call || call->kind == CALL_OTHER) && !is_early_call();
}

static __always_inline int notice_sent(struct sock *sk, int moved, bool all)
{
    if (moved > 0 && recording && is_unseen() && (is_unnoticed(sk, all) || is_left_out(sk)))
        __sync_fetch_and_add(&losses.bypassed, moved);
    return 0;
}

static __always_inline int notice_received(struct sock *sk, int moved, int flags, bool all)
{
    if (moved > 0 && !(flags & (MSG_PEEK | MSG_ERRQUEUE)) && is_unseen() && is_unnoticed(sk, all))
        __sync_fetch_and_add(&losses.bypassed, moved);
    return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(on_send_length, struct sock *sk, int moved, int flags)
{
    return notice_sent(sk, moved, true);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(on_chosen_send_length, struct sock *sk, int moved, int flags)
{
    return notice_sent(sk, moved, false);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_recv_length, struct sock *sk, int moved, int flags)
{
    return notice_received(sk, moved, flags, true);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_chosen_recv_length, struct sock *sk, int moved, int flags)
{
    return notice_received(sk, moved, flags, false);
}

/*
 * The same by events of tracefs, which take longer to get here, but are not preempted: from Linux
 * 7.0 on, the programs above are, and left out for other threads meanwhile.
 */

SEC("tracepoint/raw_syscalls/sys_enter")
int on_enter_event(struct trace_event_raw_sys_enter *event)
{
    return enter(registers(), event->id);
}

SEC("tracepoint/raw_syscalls/sys_exit")
int on_exit_event(struct trace_event_raw_sys_exit *event)
{
    return leave(registers(), event->ret);
}

SEC("tracepoint/task/task_newtask")
int on_task_event(struct trace_event_raw_task_newtask *event)
{
    begin_thread(event->pid);
    if (event->clone_flags & CLONE_THREAD)
        return 0;
    return begin_process(bpf_get_current_pid_tgid() >> 32, event->pid);
}

SEC("tracepoint/sock/sock_send_length")
int on_send_event(struct trace_event_raw_sock_msg_length *event)
{
    return notice_sent(event->sk, event->ret, false);
}

SEC("tracepoint/sock/sock_recv_length")
int on_recv_event(struct trace_event_raw_sock_msg_length *event)
{
    return notice_received(event->sk, event->ret, event->flags, false);
}
