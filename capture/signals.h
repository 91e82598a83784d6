/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The signals by which a user has a say while it records. */
#ifndef CAPTURE_SIGNALS_H
#define CAPTURE_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct signalfd_siginfo;

/*
 * Holds back, from now on, what would end us for no good reason: SIGPIPE and SIGXFSZ, as writing
 * where nobody reads, or more than a file may hold, fails all the same; and SIGUSR1 until there is
 * something to show.
 */
void signals_hold(void);

/*
 * Adds to the set the signals that are for the command, too, and SIGUSR1, which is for us alone.
 * Not SIGHUP when it is ignored.
 */
void signals_add(sigset_t *set);

/*
 * Has those that end us, or are for the command, read instead. Returns a descriptor to read them
 * from, which does not block, or -errno.
 */
int signals_open(void);

/*
 * A shell script has what it starts in the background ignore SIGINT, and where nothing else ends
 * us, it must. Not for where a command is run, which inherits what we ignore.
 */
void signals_unignore(void);

/* Ignores them all. */
void signals_ignore(void);

/* The signals that have come. */
struct signals_heard {
    uint64_t first;   /* when one came first, or again; of the monotonic clock; 0: none has */
    uint64_t numbers; /* which: a bit for each */
    bool insists;     /* one came some time after the first: whoever sent it wants more than that */
};

/*
 * Notes one that has come. Returns whether it is news: what ends a process may send one signal more
 * than once in a moment, as timeout(1) does, to the process and then to its group.
 */
bool signals_hear(struct signals_heard *heard, const struct signalfd_siginfo *signal);

/* True when the terminal sent it, and to the command, too: then it need not be passed on. */
bool signal_reached_all(const struct signalfd_siginfo *signal);

#endif
