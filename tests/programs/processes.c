/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Conversations that change hands: descriptors, threads, processes, programs and signals in the
 * middle of them. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "tests/programs/scenario.h"

enum { THREADS = 8, TURNS = 25, TICK_MICROSECONDS = 20000, TICKS = 3, LONG_MESSAGE = 1 << 20 };

/* dup: one endpoint under many numbers. */

static void dup_client(struct peer *peer)
{
    struct peer copy = *peer;

    ask(peer);
    copy.fd = dup(peer->fd);
    say(peer, "sent on one");
    hear(&copy, "heard on the other");
    must(!close(peer->fd), "close");
    ask(&copy);
    must(dup2(copy.fd, 200) == 200 && !close(copy.fd), "dup2");
    copy.fd = 200;
    ask(&copy);
    copy.fd = fcntl(200, F_DUPFD_CLOEXEC, 100);
    must(copy.fd >= 100, "F_DUPFD_CLOEXEC");
    ask(&copy);
}

static void dup_server(struct peer *peer)
{
    answer(peer);
    hear(peer, "sent on one");
    say(peer, "heard on the other");
    answer(peer);
    answer(peer);
    answer(peer);
}

/* Until the thread is asleep in the call that it was about to make. */
static void wait_until_asleep(pid_t tid)
{
    char path[64], line[512];
    char state = '?';

    snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
    while (state != 'S') {
        FILE *file = fopen(path, "re");

        must(file && fgets(line, sizeof(line), file) && !fclose(file), path);
        state = strrchr(line, ')')[2];
        usleep(1000);
    }
}

/* reuse: while a thread waits in recv, its descriptor is closed and becomes another socket's. */

struct waiter {
    struct peer peer;
    _Atomic pid_t tid;
};

static void *wait_for_answer(void *argument)
{
    struct waiter *waiter = argument;
    char data[32];
    int64_t before = now();
    ssize_t got;

    waiter->tid = gettid();
    got = recv(waiter->peer.fd, data, sizeof(data), 0);
    must(got == 6 && !memcmp(data, "answer", 6), "recv on a closed descriptor");
    witness_received(&waiter->peer.witness, 1, "recvfrom", before, data, 6);
    return NULL;
}

static void reuse_client(struct peer *peer)
{
    struct waiter waiter = {.peer = *peer};
    struct peer kept = *peer, second = *peer;
    pthread_t thread;
    char data[16];
    int ends[2];

    kept.fd = dup(peer->fd);
    must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
    must(!pthread_create(&thread, NULL, wait_for_answer, &waiter), "pthread_create");
    while (!waiter.tid)
        usleep(1000);
    wait_until_asleep(waiter.tid);
    must(!close(peer->fd) && dup2(ends[0], peer->fd) == peer->fd, "close, dup2");
    say(&kept, "go on");
    must(!pthread_join(thread, NULL), "pthread_join");

    /* Its other end is ours too, so what that one receives is not told again. */
    second.conversation = 2;
    say(&second, "same number");
    must(recv(ends[1], data, sizeof(data), 0) == 11, "recv on the pair");
}

static void reuse_server(struct peer *peer)
{
    hear(peer, "go on");
    say(peer, "answer");
}

/* exec: the program is another one, or the same anew, while the conversation goes on. */

/* Our other children are no part of the scenario, but must have ended well. */
static void reap(void)
{
    siginfo_t info;

    while (!waitid(P_ALL, 0, &info, WEXITED | WNOWAIT))
        must_succeed(info.si_pid);
}

static void run_rest(struct peer *peer)
{
    char fd[16];

    must(!fcntl(peer->fd, F_SETFD, 0), "F_SETFD");
    snprintf(fd, sizeof(fd), "%d", peer->fd);
    execl("/proc/self/exe", "processes", "resume", fd, peer->log, NULL);
}

/* What the program does when it was executed by run_rest(). */
static void resume(const char *fd, const char *log)
{
    struct peer peer = {.conversation = 1, .log = log};

    peer.fd = (int)number(fd, INT32_MAX);
    witness_open(&peer.witness, log, false);
    ask(&peer);
    reap();
}

static void exec_client(struct peer *peer)
{
    ask(peer);
    run_rest(peer);
    fail("execl");
}

static void two_answers(struct peer *peer)
{
    answer(peer);
    answer(peer);
}

static void *exec_in_thread(void *peer)
{
    ask(peer);
    run_rest(peer);
    fail("execl");
}

static void exec_thread_client(struct peer *peer)
{
    pthread_t thread;

    ask(peer);
    must(!pthread_create(&thread, NULL, exec_in_thread, peer), "pthread_create");
    pthread_join(thread, NULL);
    fail("the thread ended");
}

static void three_answers(struct peer *peer)
{
    answer(peer);
    answer(peer);
    answer(peer);
}

/* vfork: a child borrows our memory, then is a program of its own with our descriptor. */

static void vfork_client(struct peer *peer)
{
    pid_t child;

    ask(peer);
    child = vfork();
    if (!child) {
        run_rest(peer);
        _exit(1);
    }
    must_succeed(child);
    ask(peer);
}

/* relay: parent, child and grandchild share the endpoint, each says something. */

static void relay_client(struct peer *peer)
{
    pid_t child, grandchild;

    ask(peer);
    child = fork();
    must(child >= 0, "fork");
    if (!child) {
        ask(peer);
        grandchild = fork();
        must(grandchild >= 0, "fork");
        if (!grandchild) {
            ask(peer);
            exit(0);
        }
        must_succeed(grandchild);
        say(peer, "the child ends");
        exit(0);
    }
    must_succeed(child);
    say(peer, "the parent ends");
}

static void relay_server(struct peer *peer)
{
    three_answers(peer);
    hear(peer, "the child ends");
    hear(peer, "the parent ends");
}

/* shared: parent and child both hold both ends of a pair, and change places. */

static void shared_client(struct peer *peer)
{
    struct peer first = *peer, second = *peer;
    int ends[2], status;
    pid_t child;
    char data[32];

    ask(peer);
    must(!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), "socketpair");
    first.conversation = second.conversation = 2;
    first.fd = ends[0];
    second.fd = ends[1];

    /* Both ends are observed, whoever holds them: each message is told where it is sent. */
    say(&first, "parent on the first");
    child = fork();
    must(child >= 0, "fork");
    if (!child) {
        must(recv(second.fd, data, sizeof(data), 0) == 19, "recv in the child");
        second.witness.server = true;
        say(&second, "child on the second");
        must(recv(second.fd, data, sizeof(data), 0) == 12, "recv in the child");
        say(&first, "child on the first");
        _exit(0);
    }
    must(recv(first.fd, data, sizeof(data), 0) == 19, "recv in the parent");
    say(&first, "change sides");
    must(waitpid(child, &status, 0) == child && !status, "waitpid");
    must(recv(second.fd, data, sizeof(data), 0) == 18, "recv in the parent");
    second.witness.server = true;
    say(&second, "parent on the second");
    ask(peer);
}

/*
 * overtaken: an end of a pair is answered by the other before its call has returned, and nothing
 * was known of the other until then, as it had made no call.
 */
static void overtaking_child(struct peer *peer, int ready)
{
    const size_t rest = LONG_MESSAGE - 1;
    uint8_t *data = allocate(rest);

    must(write(ready, "", 1) == 1, "write");
    must(recv(peer->fd, data, 1, 0) == 1, "recv in the child");
    peer->witness.server = true;
    say(peer, "no need to go on");
    must(recv(peer->fd, data, rest, MSG_WAITALL) == (ssize_t)rest, "recv in the child");
    _exit(0);
}

static void overtaken_client(struct peer *peer)
{
    struct peer first = *peer, second = *peer;
    uint8_t *data = allocate(LONG_MESSAGE);
    int ends[2], ready[2], status;
    pid_t child;

    ask(peer);
    must(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends) && !pipe(ready), "a pair and a pipe");
    first.conversation = second.conversation = 2;
    first.fd = ends[0];
    second.fd = ends[1];
    child = fork();
    must(child >= 0, "fork");
    close(child ? second.fd : first.fd);
    if (!child)
        overtaking_child(&second, ready[1]);
    must(read(ready[0], data, 1) == 1, "read");
    fill(data, LONG_MESSAGE, 1, 0);
    say_bytes(&first, data, LONG_MESSAGE);
    must(recv(first.fd, data, LONG_MESSAGE, 0) == 16, "recv in the parent");
    must(waitpid(child, &status, 0) == child && !status, "waitpid");
    free(data);
    ask(peer);
}

/* threads: many of them send on one socket at once. */

struct speaker {
    struct peer *peer;
    unsigned number;
};

static void *speak(void *argument)
{
    struct speaker *speaker = argument;
    char text[64];

    for (unsigned turn = 0; turn < TURNS; turn++) {
        snprintf(text, sizeof(text), "thread %02u says %03u", speaker->number, turn);
        say(speaker->peer, text);
    }
    return NULL;
}

static void threads_client(struct peer *peer)
{
    struct speaker speakers[THREADS];
    pthread_t threads[THREADS];

    for (unsigned i = 0; i < THREADS; i++) {
        speakers[i] = (struct speaker){peer, i};
        must(!pthread_create(&threads[i], NULL, speak, &speakers[i]), "pthread_create");
    }
    for (unsigned i = 0; i < THREADS; i++)
        must(!pthread_join(threads[i], NULL), "pthread_join");
    hear(peer, "all heard");
}

static void threads_server(struct peer *peer)
{
    unsigned next[THREADS] = {0};
    char data[64], expected[64];

    for (unsigned i = 0; i < THREADS * TURNS; i++) {
        int64_t before = now();
        ssize_t got = recv(peer->fd, data, strlen("thread 00 says 000"), 0);
        unsigned thread;

        must(got == (ssize_t)strlen("thread 00 says 000"), "recv");
        witness_received(&peer->witness, 1, "recvfrom", before, data, (size_t)got);
        thread = (unsigned)(data[7] - '0') * 10 + (unsigned)(data[8] - '0');
        must(thread < THREADS, "no such thread");
        snprintf(expected, sizeof(expected), "thread %02u says %03u", thread, next[thread]++);
        must(!memcmp(data, expected, (size_t)got), "a thread's messages changed places");
    }
    say(peer, "all heard");
}

/* leaderless: the first thread is gone, the process is not. */

static void *talk_on(void *argument)
{
    struct peer *peer = argument;
    char path[] = "/proc/self/stat", line[512], state = '?';

    while (state != 'Z') {
        FILE *file = fopen(path, "re");

        must(file && fgets(line, sizeof(line), file) && !fclose(file), path);
        state = strrchr(line, ')')[2];
        usleep(1000);
    }
    ask(peer);
    reap();
    exit(0);
}

static void leaderless_client(struct peer *peer)
{
    static struct peer kept;
    pthread_t thread;

    ask(peer);
    kept = *peer;
    must(!pthread_create(&thread, NULL, talk_on, &kept), "pthread_create");
    pthread_exit(NULL);
}

/* interrupted, restarted: signals arrive while a call waits. */

static struct peer *ticking;
static volatile sig_atomic_t ticks;

static void tick(int signal)
{
    (void)signal;
    ticks++;
}

static void tick_and_say(int signal)
{
    (void)signal;
    if (++ticks == TICKS)
        say(ticking, "go on");
}

static void start_ticking(void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    struct itimerval often = {{0, TICK_MICROSECONDS}, {0, TICK_MICROSECONDS}};

    ticks = 0;
    must(!sigaction(SIGALRM, &action, NULL), "sigaction");
    must(!setitimer(ITIMER_REAL, &often, NULL), "setitimer");
}

static void stop_ticking(void)
{
    struct itimerval never = {0};

    must(!setitimer(ITIMER_REAL, &never, NULL), "setitimer");
    must(signal(SIGALRM, SIG_DFL) != SIG_ERR, "signal");
    alarm(PATIENCE_SECONDS);
}

static void interrupted_client(struct peer *peer)
{
    char byte;

    ask(peer);
    start_ticking(tick, 0);
    for (int i = 0; i < TICKS; i++)
        must_refuse(recv(peer->fd, &byte, 1, 0), EINTR, "recv with a signal");
    stop_ticking();
    say(peer, "go on");
    hear(peer, "answer");
}

static void restarted_client(struct peer *peer)
{
    ask(peer);
    ticking = peer;
    start_ticking(tick_and_say, SA_RESTART);
    hear(peer, "answer");
    stop_ticking();
    must(ticks >= TICKS, "too few signals");
    ask(peer);
}

static void interrupted_server(struct peer *peer)
{
    answer(peer);
    hear(peer, "go on");
    say(peer, "answer");
}

static void restarted_server(struct peer *peer)
{
    interrupted_server(peer);
    answer(peer);
}

/* last-words: sent in the call right before the process is no more. */

static void last_words_client(struct peer *peer)
{
    ask(peer);
    say(peer, "my last words");
    _exit(0);
}

static void last_words_server(struct peer *peer)
{
    answer(peer);
    hear(peer, "my last words");
}

static const struct scenario scenarios[] = {
    {"dup", AF_UNIX, SOCK_STREAM, dup_client, dup_server},
    {"reuse", AF_UNIX, SOCK_STREAM, reuse_client, reuse_server},
    {"exec", AF_UNIX, SOCK_STREAM, exec_client, two_answers},
    {"exec-thread", AF_UNIX, SOCK_STREAM, exec_thread_client, three_answers},
    {"vfork", AF_UNIX, SOCK_STREAM, vfork_client, three_answers},
    {"relay", AF_UNIX, SOCK_STREAM, relay_client, relay_server},
    {"shared", AF_UNIX, SOCK_STREAM, shared_client, two_answers},
    {"overtaken", AF_UNIX, SOCK_STREAM, overtaken_client, two_answers},
    {"threads", AF_UNIX, SOCK_SEQPACKET, threads_client, threads_server},
    {"threads-stream", AF_UNIX, SOCK_STREAM, threads_client, threads_server},
    {"leaderless", AF_UNIX, SOCK_STREAM, leaderless_client, two_answers},
    {"interrupted", AF_UNIX, SOCK_STREAM, interrupted_client, interrupted_server},
    {"restarted", AF_UNIX, SOCK_STREAM, restarted_client, restarted_server},
    {"last-words", AF_UNIX, SOCK_STREAM, last_words_client, last_words_server},
    {NULL, 0, 0, NULL, NULL},
};

int main(int argc, char **argv)
{
    if (argc == 4 && !strcmp(argv[1], "resume")) {
        resume(argv[2], argv[3]);
        return 0;
    }
    return scenario_main(argc, argv, scenarios);
}
