/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is observed: an endpoint is when both its process and its address are wanted. What is found
 * out of an address is kept for as long as it stays, so most calls cost one lookup.
 */
#ifndef BPF_SCOPE_H
#define BPF_SCOPE_H

#include "bpf/loop.h"
#include "bpf/process.h"
#include "bpf/spelling.h"

const volatile struct glob wanted_names[PATTERN_NAMES] = {};

/*
 * Paths that lead to another file by now are compiled anew, and then what was left out before is
 * looked at again: user space counts these changes.
 */
struct pattern patterns[PATTERN_PLACES] = {};
volatile __u32 patterns_change = 0;

enum standing {
    STANDING_OUT = 1,
    STANDING_IN,
    STANDING_OPEN, /* a datagram socket that talks to whomever: each of its messages decides */
};

struct verdict {
    __u64 inode;
    struct state state;
    __u32 change; /* what patterns_change was */
    __u8 standing;
    __u8 matches;  /* enum record_match */
    __u8 by_name;  /* it is in because of whom it has sent to */
    __u8 has_peer; /* though it was judged by itself */
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 32768); /* user space makes it small when it is not needed */
    __type(key, __u64);         /* the struct sock */
    __type(value, struct verdict);
} verdicts SEC(".maps");

/* Processes by user and name */

static __always_inline bool user_is_wanted(void)
{
    __u32 user = (__u32)bpf_get_current_uid_gid();

    if (!scope.user_count)
        return true;
    for (__u32 i = 0; i < PATTERN_NAMES; i++)
        if (i < scope.user_count && scope.users[i] == user)
            return true;
    return false;
}

struct naming {
    char name[PATTERN_TEXT];
    __u32 length;
    __u32 matches;
};

static long judge_name(__u64 index, struct naming *naming)
{
    if (index >= PATTERN_NAMES || index >= scope.name_count)
        return 1;
    naming->matches = match_text((const struct glob *)&wanted_names[index % PATTERN_NAMES],
                                 naming->name, naming->length);
    return naming->matches;
}

/* Not static, as others below: the verifier looks at each once, not wherever it is called. */
__noinline int name_is_wanted(void)
{
    struct task_struct *leader = READ(bpf_get_current_task_btf(), group_leader);
    struct naming naming = {};
    long length;

    length = bpf_probe_read_kernel_str(naming.name, RECORD_COMM_SIZE, leader->comm);
    naming.length = length > 0 ? length - 1 : 0;
    LOOP(PATTERN_NAMES, judge_name, &naming);
    return naming.matches;
}

__noinline int user_and_name_are_wanted(void)
{
    return user_is_wanted() && (!scope.name_count || name_is_wanted());
}

/* Whether the process is one of those asked for by name and user; of those by number it is. */
static __always_inline bool process_is_wanted(void)
{
    return (!scope.user_count && !scope.name_count) || user_and_name_are_wanted();
}

/* Addresses */

/* A place while it is compared with the patterns, and what came of that. */
struct judging {
    struct place place;
    __u8 side; /* enum record_match */
    __u8 matches;
    __u8 excluded;
};

/* Not inlined: the loop in it is the dearest thing there is to verify. */
__noinline int judge_text(struct place *place, __u32 index)
{
    if (!place)
        return 0;
    return match_text(&patterns[index % PATTERN_PLACES].text, place->text, place->length);
}

static long judge_pattern(__u64 index, struct judging *judging)
{
    const struct pattern *pattern = &patterns[index % PATTERN_PLACES];
    int matches;

    if (index >= scope.pattern_count)
        return 1;
    matches = match_all_but_text(pattern, &judging->place);
    if (matches < 0)
        matches = judge_text(&judging->place, index);
    if (matches && pattern->excludes)
        judging->excluded = 1;
    else if (matches)
        judging->matches |= judging->side;
    return 0;
}

/* Compares a place with all the patterns. */
static __always_inline void judge_place(struct judging *judging)
{
    LOOP(PATTERN_PLACES, judge_pattern, judging);
}

/* Not inlined, as it is much, and needed for both sides. */
static __noinline void judge_side(struct judging *judging, struct sock *sk, __u16 family, bool peer)
{
    judging->side = peer ? MATCH_PEER : MATCH_OWN;
    if (family == AF_UNIX)
        place_unix(&judging->place, sk);
    else
        place_inet(&judging->place, sk, family, peer);
    judge_place(judging);
    if (family == AF_UNIX && scope.by_spelling && place_spelled(&judging->place, sk))
        judge_place(judging);
}

/* Our own sockets, whoever else has them, are not observed, and neither is what is sent to them. */
static __always_inline bool is_ours(__u64 inode)
{
    for (__u32 i = 0; i < OWN_SOCKETS; i++)
        if (inode && scope.own_sockets[i] == inode)
            return true;
    return false;
}

static __always_inline __u8 standing_by(const struct judging *judging, __u16 type, bool has_peer)
{
    if (judging->excluded)
        return STANDING_OUT;
    if (judging->matches)
        return STANDING_IN;
    if (type == SOCK_DGRAM && !has_peer)
        return STANDING_OPEN;
    return scope.by_address ? STANDING_OUT : STANDING_IN;
}

/* Fills in what the verdict on a socket is, where inode and state stand there already. */
static __always_inline void judge(struct sock *sk, __u16 family, __u16 type,
                                  struct verdict *verdict)
{
    struct judging judging = {};
    struct sock *other;

    judging.place.type = type;
    judge_side(&judging, sk, family, false);
    if (verdict->state.peer) {
        other = family == AF_UNIX ? (struct sock *)verdict->state.peer : sk;
        judge_side(&judging, other, family, true);
        if (family == AF_UNIX && is_ours(inode_of(other)))
            judging.excluded = 1;
    }
    if (is_ours(verdict->inode))
        judging.excluded = 1;
    verdict->matches = judging.matches;
    verdict->standing = standing_by(&judging, type, verdict->state.peer != 0);
}

/*
 * How the socket stands, by what it and its peer are called, or it alone. What was in stays in when
 * a path has come to mean another file.
 */
__noinline int standing_of(struct subject *subject)
{
    struct verdict now = {}, *known;
    __u64 key;

    if (!subject)
        return STANDING_OUT;
    if (!scope.by_socket)
        return STANDING_IN;
    key = subject->sock;
    state_of((struct sock *)key, subject->family, &now.state);
    if (subject->by_itself) {
        now.has_peer = now.state.peer != 0;
        now.state.peer = 0;
    }
    now.inode = subject->inode;
    now.change = patterns_change;
    known = bpf_map_lookup_elem(&verdicts, &key);
    if (known && known->inode == now.inode && known->by_name && !known->state.address)
        known->state.address = now.state.address; /* by sending it got one */
    if (known && known->inode == now.inode && known->state.address == now.state.address &&
        known->state.peer == now.state.peer &&
        (known->standing == STANDING_IN || known->change == now.change))
        return known->standing;
    judge((struct sock *)key, subject->family, subject->type, &now);
    remember(&verdicts, &key, &now);
    return now.standing;
}

enum { NAME_IN_KERNEL = 1 << 16 }; /* beside the length of a name */

/*
 * Decides on a message from an open socket to the address that stands at name. When it is one asked
 * for, all that the socket says from now on is wanted.
 */
__noinline int standing_of_name(struct subject *subject, __u64 name, __u32 length)
{
    struct judging judging = {.side = MATCH_PEER};
    bool in_kernel = length & NAME_IN_KERNEL;
    struct verdict *verdict;
    __u64 key;

    if (!subject)
        return STANDING_OUT;
    length &= NAME_IN_KERNEL - 1;
    judging.place.type = SOCK_DGRAM;
    place_named(&judging.place, name, length, in_kernel);
    judge_place(&judging);
    /* What answers may be received without a name: user space, which knows who was asked, leaves
     * out both. */
    if (judging.excluded || !judging.matches)
        return STANDING_OPEN;
    key = subject->sock;
    verdict = bpf_map_lookup_elem(&verdicts, &key);
    if (verdict && verdict->inode == subject->inode) {
        if (!verdict->has_peer)
            verdict->matches |= MATCH_PEER;
        verdict->standing = STANDING_IN;
        verdict->by_name = 1;
    }
    return STANDING_IN;
}

/* What was found out of the socket's addresses: enum record_match. */
static __always_inline __u8 matches_of(__u64 sock)
{
    struct verdict *verdict = scope.by_socket ? bpf_map_lookup_elem(&verdicts, &sock) : 0;

    return verdict ? verdict->matches : 0;
}

/* A call that may change who the socket talks to: what was found out no longer holds. */
static __always_inline void forget_standing(const struct subject *subject)
{
    __u64 key = subject->sock;

    if (scope.by_socket)
        bpf_map_delete_elem(&verdicts, &key);
}

/* Whether the process's call on a socket that stands so is recorded. */
static __always_inline bool is_observed(int standing)
{
    /* Who is known by one address may be meant by another: of listed processes all is taken, and
     * user space finds out. */
    if (standing == STANDING_OPEN && (scope.by_process || !scope.by_address))
        standing = STANDING_IN;
    return standing == STANDING_IN && process_is_wanted();
}

#endif
