/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which addresses a pattern means. Compiled twice, for the kernel side and for user space, so that
 * both decide alike; user space makes the patterns (capture/pattern.h).
 */
#ifndef BPF_MATCH_H
#define BPF_MATCH_H

#include <linux/types.h>
#include <stdbool.h>

#ifdef __bpf__
#include "bpf/loop.h"
#endif

enum {
    PATTERN_ELEMENTS = 128, /* a power of two; the longest address has 108 */
    PATTERN_SETS = 8,
    PATTERN_NAMES = 16,              /* processes by name, and as many users */
    PATTERN_PLACES = 64,             /* by address; a path takes up to three, a host one for each
                                        of its addresses */
    PATTERN_STEPS = 1 << 14,         /* more than any text takes: 108 times 128 */
    PATTERN_TEXT = PATTERN_ELEMENTS, /* bytes of text */
    OWN_SOCKETS = 8,
};

/* An element of a glob is a byte, or one of these; ELEMENT_SET and above, a set. */
enum {
    ELEMENT_ANY = 256, /* ? */
    ELEMENT_STAR,      /* * */
    ELEMENT_SET,       /* [...] */
};

struct glob {
    __u32 count;
    __u32 reserved; /* no padding: patterns are compared as bytes */
    __u16 elements[PATTERN_ELEMENTS];
    __u64 sets[PATTERN_SETS][4]; /* a bit for each byte */
};

enum place_kind {
    PLACE_NONE,
    PLACE_UNIX,
    PLACE_INET,
};

/* Where a socket is: its address in a form that all kinds of addresses fit. */
struct place {
    __u8 kind; /* enum place_kind */
    __u8 type; /* SOCK_... */
    __u16 port;
    union {
        __u32 host[4]; /* IPv6, or IPv4 as ::ffff:a.b.c.d; all in network byte order */
        struct {       /* a Unix socket's file, as the kernel numbers it; 0 when there is none */
            __u64 device;
            __u64 file;
        };
    };
    __u32 length; /* of text: a path, NUL and an abstract name, or nothing */
    __u32 reserved;
    char text[PATTERN_TEXT];
};

/* What the user means by one address. */
struct pattern {
    __u8 kind; /* enum place_kind */
    __u8 excludes;
    __u8 type;     /* SOCK_..., or 0 for any */
    __u8 any_host; /* else the one in host */
    __u16 port;    /* 0: any */
    __u16 reserved;
    union {
        __u32 host[4];
        struct { /* the file that is meant; 0 while there is none, or in a glob */
            __u64 device;
            __u64 file;
        };
    };
    struct glob text;
};

/* What is observed, besides the patterns of addresses and names. */
struct scope {
    __u32 own_process;
    __u32 pattern_count; /* of addresses */
    __u32 name_count;    /* of processes; 0: whatever they are called. So it is with users. */
    __u32 user_count;
    __u32 users[PATTERN_NAMES];
    __u8 by_process;  /* only processes that are listed; else all */
    __u8 by_address;  /* only sockets at an address asked for, and their peers */
    __u8 by_socket;   /* whether sockets need be looked at at all */
    __u8 follow;      /* the children of a listed process are listed, too */
    __u8 attaches;    /* there are processes that ran before */
    __u8 by_spelling; /* paths are compared with globs, however their servers spell them */
    __u8 reserved[2];
    __u64 own_sockets[OWN_SOCKETS]; /* inodes */
};

/* How far a text has been compared with a glob. The kernel side's stack is small. */
struct matching {
    const struct glob *glob;
    const char *text;
    __u16 length;
    __u16 at;   /* in text */
    __u16 next; /* element */
    __u16 star_at;
    __u16 star_next; /* the element behind the last star; 0: there was none */
    __u16 matches;
};

static inline bool element_takes(const struct glob *glob, __u32 element, __u8 byte)
{
    if (element < ELEMENT_ANY)
        return element == byte;
    if (element == ELEMENT_ANY)
        return true;
    if (element < ELEMENT_SET)
        return false;
    return glob->sets[(element - ELEMENT_SET) % PATTERN_SETS][byte / 64] >> byte % 64 & 1;
}

/* One step; where there is no other way, it goes back to the last star. Returns 1 at the end. */
static inline long match_step(__u64 index, struct matching *matching)
{
    const struct glob *glob = matching->glob;
    const char *text = matching->text;
    __u32 element = ELEMENT_STAR;
    bool more;

    (void)index;
    if (!glob || !text)
        return 1;
    more = matching->next < glob->count;
    if (more)
        element = glob->elements[matching->next % PATTERN_ELEMENTS];
    if (more && element == ELEMENT_STAR) {
        matching->star_at = matching->at;
        matching->star_next = ++matching->next;
        return 0;
    }
    if (matching->at >= matching->length) {
        matching->matches = !more;
        return 1;
    }
    if (more && element_takes(glob, element, text[matching->at % PATTERN_TEXT])) {
        matching->at++;
        matching->next++;
        return 0;
    }
    matching->at = ++matching->star_at;
    matching->next = matching->star_next;
    return !matching->star_next;
}

static inline bool match_text(const struct glob *glob, const char *text, __u32 length)
{
    struct matching matching = {.glob = glob, .text = text, .length = (__u16)length};

#ifdef __bpf__
    matching.at = matching.next = matching.star_at = matching.star_next = some_number;
    LOOP(PATTERN_STEPS, match_step, &matching);
#else
    for (__u64 i = 0; i < PATTERN_STEPS && !match_step(i, &matching); i++)
        ;
#endif
    return matching.matches;
}

static inline bool is_wildcard_host(const __u32 host[4])
{
    return !host[0] && !host[1] && (!host[2] || host[2] == __builtin_bswap32(0xffff)) && !host[3];
}

/* A socket that is bound to all addresses of the machine is at each of them. */
static inline bool match_inet(const struct pattern *pattern, const struct place *place)
{
    if (pattern->type && pattern->type != place->type)
        return false;
    if (pattern->port && pattern->port != place->port)
        return false;
    if (pattern->any_host || is_wildcard_host(place->host))
        return true;
    return pattern->host[0] == place->host[0] && pattern->host[1] == place->host[1] &&
           pattern->host[2] == place->host[2] && pattern->host[3] == place->host[3];
}

/* Where text does not matter: 1 the pattern means the place, 0 not, -1 its text decides. */
static inline int match_all_but_text(const struct pattern *pattern, const struct place *place)
{
    if (pattern->kind == PLACE_NONE || pattern->kind != place->kind)
        return 0;
    if (pattern->kind == PLACE_INET)
        return match_inet(pattern, place);
    /*
     * A path that leads to a file means the socket bound there, whatever it calls itself, and one
     * that is bound there by the same path in the same file system later; a path that leads nowhere
     * yet means what calls itself so.
     */
    if (pattern->file && pattern->file == place->file && pattern->device == place->device)
        return 1;
    if (pattern->file && place->file && pattern->device != place->device)
        return 0;
    return -1;
}

static inline bool match_place(const struct pattern *pattern, const struct place *place)
{
    int matches = match_all_but_text(pattern, place);

    return matches < 0 ? match_text(&pattern->text, place->text, place->length) : matches;
}

#endif
