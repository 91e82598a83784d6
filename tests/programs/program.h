/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the test programs share: giving up, addresses, what they say, and the witness's log of what
 * really moved. */
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Longer than any test needs on a slow machine; a program that hangs ends by SIGALRM. */
enum { PATIENCE_SECONDS = 600 };

static inline __attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...)
{
    int error = errno;
    va_list arguments;

    fprintf(stderr, "%s[%d]: ", program_invocation_short_name, (int)getpid());
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, " (errno: %s)\n", strerror(error));
    exit(1);
}

/* Ends the program when what must hold does not. */
static inline void must(bool holds, const char *what)
{
    if (!holds)
        fail("%s", what);
}

static inline void *allocate(size_t size)
{
    void *memory = malloc(size ? size : 1);

    must(memory != NULL, "malloc");
    return memory;
}

/* Waits for a child, -1 for any, and ends the program when that did not go well. */
static inline void must_succeed(pid_t child)
{
    int status;

    child = waitpid(child, &status, 0);
    must(child > 0, "waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("child %d ended with wait status %#x", (int)child, (unsigned)status);
}

static inline unsigned long number(const char *text, unsigned long most)
{
    char *end;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno || end == text || *end || value > most)
        fail("not a number up to %lu: %s", most, text);
    return value;
}

/* Where `name` stands among `names`, which end with NULL. */
static inline unsigned choice(const char *const *names, const char *name)
{
    for (unsigned i = 0; names[i]; i++)
        if (!strcmp(names[i], name))
            return i;
    fail("unknown: %s", name);
}

/* Addresses. */

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_storage storage;
    };
    socklen_t length;
};

/* A name in the file system, with something after it: the server's own is `suffix` "". */
static inline struct address address_unix(const char *path, const char *suffix)
{
    struct address address = {.un.sun_family = AF_UNIX};
    int length = snprintf(address.un.sun_path, sizeof(address.un.sun_path), "%s%s", path, suffix);

    if (length < 0 || (size_t)length >= sizeof(address.un.sun_path))
        fail("path too long: %s%s", path, suffix);
    address.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length + 1);
    return address;
}

/* An abstract name: its bytes, however odd, are all part of it. */
static inline struct address address_abstract(const void *name, size_t length)
{
    struct address address = {.un.sun_family = AF_UNIX};

    must(length < sizeof(address.un.sun_path), "abstract name too long");
    memcpy(address.un.sun_path + 1, name, length);
    address.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
    return address;
}

/* A port of the loopback interface; 0 lets the kernel choose when it is bound. */
static inline struct address address_loopback(int family, unsigned port)
{
    struct address address = {.any.sa_family = (sa_family_t)family};

    if (family == AF_INET) {
        address.in.sin_port = htons((uint16_t)port);
        address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.length = sizeof(address.in);
    } else {
        address.in6.sin6_port = htons((uint16_t)port);
        address.in6.sin6_addr = in6addr_loopback;
        address.length = sizeof(address.in6);
    }
    return address;
}

/* A new socket bound to *address, which then says what it was really bound to. */
static inline int bound_socket(struct address *address, int type)
{
    int fd = socket(address->any.sa_family, type | SOCK_CLOEXEC, 0);
    int yes = 1;

    must(fd >= 0, "socket");
    if (address->any.sa_family == AF_UNIX && address->un.sun_path[0])
        unlink(address->un.sun_path);
    if (address->any.sa_family != AF_UNIX)
        must(!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)), "SO_REUSEADDR");
    must(!bind(fd, &address->any, address->length), "bind");
    address->length = sizeof(address->storage);
    must(!getsockname(fd, &address->any, &address->length), "getsockname");
    return fd;
}

static inline int connected_socket(const struct address *address, int type)
{
    int fd = socket(address->any.sa_family, type | SOCK_CLOEXEC, 0);

    must(fd >= 0, "socket");
    must(!connect(fd, &address->any, address->length), "connect");
    return fd;
}

static inline int accepted_socket(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    must(fd >= 0, "accept");
    return fd;
}

/* What is said. */

/*
 * Bytes that anybody can work out again from the three numbers. They take every value, so they hold
 * what a notation must escape.
 */
static inline void fill(uint8_t *data, size_t length, unsigned conversation, unsigned turn)
{
    uint64_t state = 0x9e3779b97f4a7c15u * (1 + conversation) + 0xbf58476d1ce4e5b9u * (1 + turn);

    for (size_t i = 0; i < length; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data[i] = (uint8_t)(state >> 32);
    }
}

enum { ANSWER_MARK = 'R' };

/* The answer to a request: its bytes backwards and a mark; `answer` holds length + 1. */
static inline void fill_answer(uint8_t *answer, const uint8_t *request, size_t length)
{
    for (size_t i = 0; i < length; i++)
        answer[i] = request[length - 1 - i];
    answer[length] = ANSWER_MARK;
}

/* The witness. */

static inline int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

/* The log of one end: FILE.client or FILE.server. One with no name is not written. */
struct witness {
    FILE *file;
    bool server;
    const char *ancillary; /* what the next message carries, spelt as below; or NULL */
};

static inline void witness_open(struct witness *witness, const char *log, bool server)
{
    char path[4096];

    *witness = (struct witness){.server = server};
    if (!log)
        return;
    must((size_t)snprintf(path, sizeof(path), "%s.%s", log, server ? "server" : "client") <
             sizeof(path),
         "name of the log too long");
    witness->file = fopen(path, "ae");
    must(witness->file != NULL, path);
}

static inline void witness_hex(FILE *file, const uint8_t *data, size_t length)
{
    static const char digits[] = "0123456789abcdef";

    if (!length)
        putc_unlocked('-', file);
    for (size_t i = 0; i < length; i++) {
        putc_unlocked(digits[data[i] >> 4], file);
        putc_unlocked(digits[data[i] & 15], file);
    }
}

/*
 * One line for a message that a call began at `before` really moved:
 *
 *     BEFORE AFTER PID TID CONVERSATION request|response sent|received CALL MISSING HEX
 *
 * BEFORE and AFTER in nanoseconds since the epoch; MISSING are bytes that belong after HEX and
 * never reached the process's memory; HEX is - for no bytes at all. tests/witness.py reads it.
 * A message with ancillary data has one word more, its control messages with + between them:
 * descriptors:KIND,KIND... credentials:PID/UID/GID other:LEVEL/TYPE/LENGTH cut
 */
static inline void witness_line(struct witness *witness, unsigned conversation, bool request,
                                bool sent, const char *call, int64_t before, size_t missing,
                                const void *data, size_t length)
{
    int64_t after = now();
    int error = errno;

    if (!witness->file)
        return;
    flockfile(witness->file);
    fprintf(witness->file, "%lld %lld %d %d %u %s %s %s %zu ", (long long)before, (long long)after,
            (int)getpid(), (int)gettid(), conversation, request ? "request" : "response",
            sent ? "sent" : "received", call, missing);
    witness_hex(witness->file, data, length);
    if (witness->ancillary && *witness->ancillary)
        fprintf(witness->file, " %s", witness->ancillary);
    witness->ancillary = NULL;
    putc_unlocked('\n', witness->file);
    must(!fflush(witness->file), "write to the log");
    funlockfile(witness->file);
    errno = error;
}

static inline void witness_sent(struct witness *witness, unsigned conversation, const char *call,
                                int64_t before, const void *data, size_t length)
{
    witness_line(witness, conversation, !witness->server, true, call, before, 0, data, length);
}

static inline void witness_received(struct witness *witness, unsigned conversation,
                                    const char *call, int64_t before, const void *data,
                                    size_t length)
{
    witness_line(witness, conversation, witness->server, false, call, before, 0, data, length);
}

#endif
