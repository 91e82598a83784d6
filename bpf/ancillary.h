/* SPDX-License-Identifier: GPL-2.0-only */
/* What messages carry beside their bytes: control messages, cmsg(3). */
#ifndef BPF_ANCILLARY_H
#define BPF_ANCILLARY_H

#include "bpf/descriptor.h"
#include "bpf/loop.h"

/* How many of one message are recorded: more than can pass all the descriptors one by one. */
enum { CONTROL_MESSAGES_MAX = 256 };

/* Too large for the stack; only threads that move ancillary data have one. */
struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct record_ancillary);
} ancillary_records SEC(".maps");

static __always_inline int read_control(const struct call *call, void *to, __u32 size, __u64 offset)
{
    const void *from = (const void *)(call->control + offset);

    if (call->control_in_kernel)
        return bpf_probe_read_kernel(to, size, from);
    return bpf_probe_read_user(to, size, from);
}

/* The descriptors that a control message passes, to be looked at one by one. */
struct passing {
    const struct call *call;
    struct record_ancillary *record;
    __u64 offset; /* of the first one in the control messages */
    __u64 unread; /* some could not be read; a count, the verifier would follow to its end */
};

static long record_descriptor(__u64 index, struct passing *passing)
{
    struct record_ancillary *record = passing->record;
    int fd;

    if (!record || !passing->call || index >= DESCRIPTORS_MAX)
        return 1;
    if (read_control(passing->call, &fd, sizeof(fd), passing->offset + index * sizeof(fd)))
        passing->unread = 1;
    else
        record->kinds[index] = descriptor_kind(fd);
    return 0;
}

/*
 * Fills in what the data of a control message mean, which begin at offset. Returns -1 when they are
 * not all there: the last one may be cut.
 */
static __always_inline int record_meaning(const struct call *call, struct record_ancillary *record,
                                          __u64 offset)
{
    struct passing passing = {call, record, offset, 0};
    struct user_ucred credentials = {};

    record->count = 0;
    if (record->level == SOL_SOCKET && record->type == SCM_RIGHTS) {
        record->count = record->length / sizeof(int);
        if (record->count > DESCRIPTORS_MAX)
            return -1;
        LOOP(record->count, record_descriptor, &passing);
    } else if (record->level == SOL_SOCKET && record->type == SCM_CREDENTIALS) {
        if (record->length < sizeof(credentials) ||
            read_control(call, &credentials, sizeof(credentials), offset))
            return -1;
    }
    record->pid = credentials.pid;
    record->uid = credentials.uid;
    record->gid = credentials.gid;
    return passing.unread ? -1 : 0;
}

static __always_inline int record_one(const struct call *call, const struct user_cmsghdr *header,
                                      __u32 index, __u64 offset)
{
    struct record_ancillary *record = bpf_task_storage_get(
        &ancillary_records, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

    if (!record)
        return -1;
    record_head(&record->head, RECORD_ANCILLARY, 0, call->id);
    record->index = index;
    record->level = header->level;
    record->type = header->type;
    record->length = header->length - sizeof(*header);
    if (record_meaning(call, record, offset + sizeof(*header)))
        return -1;
    return bpf_ringbuf_output(&records, record, sizeof(*record), wakeup());
}

/* The control messages of a message, one after the other. */
struct controls {
    struct call *call;
    __u64 offset; /* of the next one */
    __u32 count;  /* of those recorded */
    __u32 flags;  /* enum record_flag that say so */
};

/* Whether it passes descriptors, but not one. */
static __always_inline bool is_empty(const struct user_cmsghdr *header)
{
    return header->level == SOL_SOCKET && header->type == SCM_RIGHTS &&
           header->length < sizeof(*header) + sizeof(int);
}

static long record_control(__u64 index, struct controls *controls)
{
    struct call *call = controls->call;
    struct user_cmsghdr header;
    __u64 offset = controls->offset;

    if (!call || offset + sizeof(header) > call->control_length)
        return 1;
    if (index >= CONTROL_MESSAGES_MAX || read_control(call, &header, sizeof(header), offset) ||
        header.length < sizeof(header) || header.length > call->control_length - offset)
        goto more;
    controls->offset = offset + ((header.length + 7) & ~7ULL);
    if (is_empty(&header))
        return 0;
    if (record_one(call, &header, controls->count, offset))
        goto more;
    controls->count++;
    controls->flags |= RECORD_CARRIES;
    return 0;
more:
    controls->flags |= RECORD_CARRIED_MORE;
    return 1;
}

/*
 * Records the control messages that the call knows of, which are those of the next message. Returns
 * the flags that this one gets.
 */
__noinline int record_controls(struct call *call)
{
    struct controls controls = {.call = call};

    if (!call)
        return 0;
    if (call->control_cut)
        controls.flags = RECORD_CARRIED_MORE;
    LOOP(CONTROL_MESSAGES_MAX + 1, record_control, &controls);
    return controls.flags;
}

static __always_inline bool has_ancillary(const struct call *call)
{
    return call->control_length || call->control_cut;
}

static __always_inline __u8 record_ancillary(struct call *call)
{
    return has_ancillary(call) ? record_controls(call) : 0;
}

/*
 * Notes that the kernel had no room for all ancillary data, by the flags of a received message. On
 * an internet socket that is nothing the peer has passed.
 */
static __always_inline void keep_control_cut(struct call *call, __u32 flags)
{
    call->control_cut = call->family == AF_UNIX && flags & MSG_CTRUNC;
}

/* An empty record that brings ancillary data is not the end of what can be received. */
static __always_inline bool is_carrier(const struct call *call)
{
    return call->type != SOCK_STREAM && has_ancillary(call);
}

#endif
