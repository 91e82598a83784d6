/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the kernel spells the path of a socket's file: from the root on, and without links. Its
 * server may have called it otherwise, as /var/run/x for what is in /run.
 */
#ifndef BPF_SPELLING_H
#define BPF_SPELLING_H

#include "bpf/loop.h"
#include "bpf/place.h"

enum { SPELLING_STEPS = PATTERN_TEXT }; /* more folders and mounts than a path has that fits */

/* Written from its end on. Behind it is room for what the verifier thinks might be. */
struct spelling {
    char text[2 * PATTERN_TEXT];
    __u32 at; /* where it begins; PATTERN_TEXT is its end */
    __u32 too_long;
    __u64 dentry;
    __u64 mount;
};

/* Too large for the stack; only threads that use sockets with a path have one. */
struct {
    __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, int);
    __type(value, struct spelling);
} spellings SEC(".maps");

struct spelled {
    struct spelling *spelling;
};

/* Goes from the root of a mounted file system to where that is mounted. Returns 1 at the root. */
static __always_inline long leave_mount(struct spelling *spelling)
{
    struct mount *mount = (struct mount *)spelling->mount;
    __u64 parent = (__u64)READ(mount, mnt_parent);

    if (!parent || parent == spelling->mount)
        return 1;
    spelling->dentry = (__u64)READ(mount, mnt_mountpoint);
    spelling->mount = parent;
    return 0;
}

static long spell_part(__u64 index, struct spelled *spelled)
{
    struct spelling *spelling = spelled->spelling;
    struct dentry *dentry;
    struct mount *mount;
    __u32 at, length;

    if (!spelling)
        return 1;
    dentry = (struct dentry *)spelling->dentry;
    mount = (struct mount *)spelling->mount;
    if (dentry == READ(mount, mnt.mnt_root))
        return leave_mount(spelling);
    length = READ(dentry, d_name.len);
    at = spelling->at;
    if (!dentry || length >= at || length >= PATTERN_TEXT) {
        spelling->too_long = 1;
        return 1;
    }
    at = (at - length - 1) % PATTERN_TEXT;
    spelling->text[at] = '/';
    bpf_probe_read_kernel(spelling->text + at + 1, length % PATTERN_TEXT,
                          READ(dentry, d_name.name));
    spelling->at = at;
    spelling->dentry = (__u64)READ(dentry, d_parent);
    return 0;
}

/*
 * Makes the text of a socket's place the path of its file. Returns false when it has none, or a
 * longer one than patterns are compared with.
 */
static __always_inline bool place_spelled(struct place *place, struct sock *sk)
{
    struct spelled spelled = {};
    struct spelling *spelling;
    __u64 mount = (__u64)READ(unix_of(sk), path.mnt);

    if (!mount)
        return false;
    spelling = bpf_task_storage_get(&spellings, bpf_get_current_task_btf(), 0,
                                    BPF_LOCAL_STORAGE_GET_F_CREATE);
    if (!spelling)
        return false;
    spelling->at = PATTERN_TEXT;
    spelling->too_long = 0;
    spelling->dentry = (__u64)READ(unix_of(sk), path.dentry);
    spelling->mount = mount - bpf_core_field_offset(struct mount, mnt);
    spelled.spelling = spelling;
    LOOP(SPELLING_STEPS, spell_part, &spelled);
    if (spelling->too_long)
        return false;
    place->length = PATTERN_TEXT - spelling->at;
    bpf_probe_read_kernel(place->text, PATTERN_TEXT, spelling->text + spelling->at % PATTERN_TEXT);
    return true;
}

#endif
