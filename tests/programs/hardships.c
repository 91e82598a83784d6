/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Conversations under circumstances that recorders get wrong: processes by the thousand, numbers
 * used again, descriptors that move about, a server that dies in the middle of what it says.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/programs/program.h"

enum { TEXT_SIZE = 64, PIECE = 256 << 10, WHOLE = 8 << 20 };

static void make_pair(int type, int ends[2])
{
    must(socketpair(AF_UNIX, type, 0, ends) == 0, "socketpair");
}

static void say(int fd, const char *word, unsigned number)
{
    char text[TEXT_SIZE];
    int length = snprintf(text, sizeof(text), "%s %u", word, number);

    must(send(fd, text, (size_t)length, 0) == length, "send");
}

static void hear(int fd, const char *word, unsigned number)
{
    char text[TEXT_SIZE], expected[TEXT_SIZE];
    ssize_t length = recv(fd, text, sizeof(text) - 1, 0);

    must(length > 0, "recv");
    text[length] = '\0';
    snprintf(expected, sizeof(expected), "%s %u", word, number);
    must(strcmp(text, expected) == 0, "heard another thing than was said");
}

/* forks N: N processes, one after the other, each of which asks its parent something. */
static void run_forks(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        int ends[2];
        pid_t child;

        make_pair(SOCK_SEQPACKET, ends);
        child = fork();
        must(child >= 0, "fork");
        if (child == 0) {
            close(ends[1]);
            say(ends[0], "question", i);
            hear(ends[0], "answer", i);
            _exit(0);
        }
        hear(ends[1], "question", i);
        say(ends[1], "answer", i);
        must_succeed(child);
        close(ends[0]);
        close(ends[1]);
    }
}

/* connections N: a client that connects, asks and closes so many times. */
static void run_connections(unsigned count)
{
    struct address address = address_unix("connections", ".socket");
    int listener = bound_socket(&address, SOCK_STREAM);
    pid_t client;

    must(!listen(listener, 1), "listen");
    client = fork();
    must(client >= 0, "fork");
    for (unsigned i = 0; i < count; i++) {
        int fd = client ? accepted_socket(listener) : connected_socket(&address, SOCK_STREAM);

        if (client) {
            hear(fd, "question", i);
            say(fd, "answer", i);
        } else {
            say(fd, "question", i);
            hear(fd, "answer", i);
        }
        close(fd);
    }
    if (!client)
        _exit(0);
    must_succeed(client);
}

/* moves N: a client whose socket has another number for each question, and which execs again and
 * again. The rest of its arguments are where it has got to: moves N NUMBER FD. */
static void ask_from(char **argv, unsigned count, unsigned number, int fd)
{
    for (; number < count; number++) {
        int moved = number % 2 ? dup(fd) : fcntl(fd, F_DUPFD, 100 + (int)(number % 7));

        must(moved >= 0, "dup");
        close(fd);
        fd = moved;
        say(fd, "question", number);
        hear(fd, "answer", number);
        if (number % 5 == 4) {
            char next[16], name[16];

            snprintf(next, sizeof(next), "%u", number + 1);
            snprintf(name, sizeof(name), "%d", fd);
            execl("/proc/self/exe", argv[0], "moves", argv[2], next, name, NULL);
            fail("exec");
        }
    }
}

static void run_moves(char **argv, unsigned count)
{
    pid_t child;
    int ends[2];

    make_pair(SOCK_STREAM, ends);
    child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        close(ends[1]);
        ask_from(argv, count, 0, ends[0]);
        _exit(0);
    }
    close(ends[0]);
    for (unsigned i = 0; i < count; i++) {
        hear(ends[1], "question", i);
        say(ends[1], "answer", i);
    }
    must_succeed(child);
}

/* A process with this number; any number with 0. Returns as fork() does. */
static pid_t fork_as(pid_t number)
{
    pid_t wanted[1] = {number};
    struct clone_args arguments = {
        .exit_signal = SIGCHLD,
        .set_tid = number ? (uint64_t)(uintptr_t)wanted : 0,
        .set_tid_size = number != 0,
    };

    return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

/* Says a word to a process that has this number, and waits for it to end. Returns its number. */
static pid_t talk_as(pid_t number, const char *word, unsigned count)
{
    char name[16];
    pid_t child;
    int ends[2];

    make_pair(SOCK_SEQPACKET, ends);
    child = fork_as(number);
    must(child >= 0, "clone3 with a number that was used before");
    if (child == 0) {
        close(ends[1]);
        snprintf(name, sizeof(name), "%s-%u", word, count);
        prctl(PR_SET_NAME, name);
        say(ends[0], word, count);
        hear(ends[0], "answer", count);
        _exit(0);
    }
    hear(ends[1], word, count);
    say(ends[1], "answer", count);
    must_succeed(child);
    close(ends[0]);
    close(ends[1]);
    return child;
}

/* pids N: processes that have the same number one after the other, each with a name of its own. */
static void run_pids(unsigned count)
{
    pid_t number = talk_as(0, "life", 0);

    for (unsigned i = 1; i < count; i++)
        talk_as(number, "life", i);
}

/* leaves FILE: a child says something, and its number is written to the file; until that is gone,
 * somebody else may have the number. inherits PID is somebody else. */
static void run_leaves(const char *path)
{
    pid_t number = talk_as(0, "first", 0);
    FILE *file = fopen(path, "we");

    must(file != NULL, path);
    fprintf(file, "%d\n", number);
    must(fclose(file) == 0, path);
    while (access(path, F_OK) == 0)
        usleep(10000);
}

static void send_for_ever(int fd)
{
    char *bytes = allocate(PIECE);

    for (unsigned at = 0; at < PIECE; at++)
        bytes[at] = (char)('a' + at % 26);
    for (;;)
        if (send(fd, bytes, PIECE, 0) < 0)
            _exit(1);
}

/* dies: a server is killed while it says something; prints how many bytes its client has got. */
static void run_dies(void)
{
    char *bytes = allocate(PIECE);
    size_t got = 0;
    ssize_t length;
    pid_t server;
    int ends[2];

    make_pair(SOCK_STREAM, ends);
    server = fork();
    must(server >= 0, "fork");
    if (server == 0) {
        close(ends[0]);
        hear(ends[1], "question", 1);
        send_for_ever(ends[1]);
    }
    close(ends[1]);
    say(ends[0], "question", 1);
    while ((length = recv(ends[0], bytes, PIECE, 0)) > 0) {
        got += (size_t)length;
        if (got >= WHOLE && server) {
            usleep(100000); /* it waits for room, in the middle of a call */
            kill(server, SIGKILL);
            waitpid(server, NULL, 0);
            server = 0;
        }
    }
    printf("%zu\n", got);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;

    alarm(PATIENCE_SECONDS);
    if (argc == 3 && !strcmp(what, "forks"))
        run_forks(count);
    else if (argc == 3 && !strcmp(what, "connections"))
        run_connections(count);
    else if (argc == 3 && !strcmp(what, "moves"))
        run_moves(argv, count);
    else if (argc == 5 && !strcmp(what, "moves"))
        ask_from(argv, count, (unsigned)strtoul(argv[3], NULL, 10), atoi(argv[4]));
    else if (argc == 3 && !strcmp(what, "pids"))
        run_pids(count);
    else if (argc == 3 && !strcmp(what, "leaves"))
        run_leaves(argv[2]);
    else if (argc == 3 && !strcmp(what, "inherits"))
        talk_as((pid_t)count, "heir", 0);
    else if (argc == 2 && !strcmp(what, "dies"))
        run_dies();
    else
        fail("forks N | connections N | moves N | pids N | leaves FILE | inherits PID | dies");
    return 0;
}
