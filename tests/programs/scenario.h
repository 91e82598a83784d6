/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A scripted conversation with a name: what its client does, what its server does, and a main() for
 * a table of them. */
#ifndef TESTS_SCENARIO_H
#define TESTS_SCENARIO_H

#include <getopt.h>

#include "tests/programs/program.h"

/* One of the two ends. A scenario with more than one conversation makes copies of it. */
struct peer {
    int fd;
    int listener; /* the server's, where there is one; else -1 */
    struct witness witness;
    unsigned conversation;
    struct address self;
    struct address other;
    bool name_other; /* `other` is named in each sending call */
    const char *log;
};

struct scenario {
    const char *name;
    int family;
    int type;
    void (*client)(struct peer *peer);
    void (*server)(struct peer *peer);
};

/* Sends all of it, with as many calls as it takes. */
static inline void say_bytes(struct peer *peer, const void *data, size_t length)
{
    const struct address *to = peer->name_other ? &peer->other : NULL;
    size_t done = 0;

    do {
        int64_t before = now();
        ssize_t sent = sendto(peer->fd, (const uint8_t *)data + done, length - done, MSG_NOSIGNAL,
                              to ? &to->any : NULL, to ? to->length : 0);

        must(sent >= 0, "send");
        witness_sent(&peer->witness, peer->conversation, "sendto", before,
                     (const uint8_t *)data + done, (size_t)sent);
        done += (size_t)sent;
    } while (done < length);
}

static inline void say(struct peer *peer, const char *text)
{
    say_bytes(peer, text, strlen(text));
}

/* Receives just these bytes, with as many calls as it takes, and asks for the sender's name. */
static inline void hear_bytes(struct peer *peer, const void *expected, size_t length)
{
    struct address from = {.length = sizeof(from.storage)};
    uint8_t *data = allocate(length);
    size_t done = 0;

    do {
        int64_t before = now();
        ssize_t got =
            recvfrom(peer->fd, data + done, length ? length - done : 1, 0, &from.any, &from.length);

        must(got > 0 || (got == 0 && length == 0), "recv");
        witness_received(&peer->witness, peer->conversation, "recvfrom", before, data + done,
                         (size_t)got);
        done += (size_t)got;
    } while (done < length);
    if (memcmp(data, expected, length))
        fail("expected: %.*s, heard: %.*s", (int)length, (const char *)expected, (int)length,
             (const char *)data);
    free(data);
}

static inline void hear(struct peer *peer, const char *text)
{
    hear_bytes(peer, text, strlen(text));
}

static inline void hear_end(struct peer *peer)
{
    char byte;

    must(recv(peer->fd, &byte, 1, 0) == 0, "the other side did not end");
}

/* The call must not succeed, and say this. */
static inline void must_refuse(ssize_t result, int error, const char *what)
{
    if (result != -1 || errno != error)
        fail("%s: expected %s, but the result was %zd", what, strerror(error), result);
}

/* An exchange in which nothing is odd. */
static inline void ask(struct peer *peer)
{
    say(peer, "a plain question");
    hear(peer, "a plain answer");
}

static inline void answer(struct peer *peer)
{
    hear(peer, "a plain question");
    say(peer, "a plain answer");
}

/* How to reach the two ends; the abstract names hold what is hard to write down. */
static inline struct address scenario_address(const struct scenario *scenario, const char *path,
                                              bool server)
{
    static const char odd[] = "odd \0\n\"'\\\x7f\xc3\xa9\xff\t{{name}} */ ";

    if (scenario->family != AF_UNIX)
        return address_loopback(scenario->family, (unsigned)number(path, UINT16_MAX - 1) +
                                                      (server || !strcmp(path, "0") ? 0 : 1));
    if (!strcmp(scenario->name, "odd-names"))
        return address_abstract(odd, sizeof(odd) - (server ? 1 : 2));
    return address_unix(path, server ? "" : ".client");
}

static inline void scenario_bind(struct peer *peer, const struct scenario *scenario)
{
    int fd = bound_socket(&peer->self, scenario->type);

    peer->listener = -1;
    peer->fd = fd;
    if (scenario->type == SOCK_DGRAM || !peer->witness.server)
        return;
    must(!listen(fd, 8), "listen");
    peer->listener = fd;
    peer->fd = -1;
}

static inline void scenario_run(struct peer *peer, const struct scenario *scenario)
{
    if (peer->witness.server) {
        if (peer->listener >= 0)
            peer->fd = accepted_socket(peer->listener);
        else
            peer->name_other = true;
        scenario->server(peer);
    } else {
        must(!connect(peer->fd, &peer->other.any, peer->other.length), "connect");
        scenario->client(peer);
    }
}

static inline void scenario_run_roles(const struct scenario *scenario, const char *role,
                                      const char *path, const char *log)
{
    bool both = !strcmp(role, "both");
    struct address client_name = scenario_address(scenario, path, false);
    struct address server_name = scenario_address(scenario, path, true);
    struct peer server = {.self = server_name, .other = client_name};
    struct peer client = {.self = client_name, .other = server_name};
    pid_t child = 0;

    client.conversation = server.conversation = 1;
    client.log = server.log = log;
    server.witness.server = true;
    if (strcmp(role, "client"))
        scenario_bind(&server, scenario);
    if (strcmp(role, "server"))
        scenario_bind(&client, scenario);
    if (both) {
        server.other = client.self;
        client.other = server.self;
        child = fork();
        must(child >= 0, "fork");
    }
    if (!strcmp(role, "server") || (both && !child)) {
        if (both)
            close(client.fd);
        witness_open(&server.witness, log, true);
        scenario_run(&server, scenario);
        exit(0);
    }
    if (both)
        close(server.listener >= 0 ? server.listener : server.fd);
    witness_open(&client.witness, log, false);
    scenario_run(&client, scenario);
    if (both)
        must_succeed(child);
}

/* NAME [--role both|client|server] --path PATH|PORT [--log FILE], or --list. */
static inline int scenario_main(int argc, char **argv, const struct scenario *scenarios)
{
    static const struct option options[] = {
        {"role", required_argument, NULL, 'r'},
        {"path", required_argument, NULL, 'p'},
        {"log", required_argument, NULL, 'l'},
        {"list", no_argument, NULL, 'L'},
        {NULL, 0, NULL, 0},
    };
    const char *role = "both", *path = "0", *log = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'r':
            role = optarg;
            break;
        case 'p':
            path = optarg;
            break;
        case 'l':
            log = optarg;
            break;
        case 'L':
            for (const struct scenario *i = scenarios; i->name; i++)
                printf("%s %s\n", i->name, i->family == AF_UNIX ? "unix" : "inet");
            exit(0);
        default:
            exit(2);
        }
    }
    must(optind == argc - 1, "which scenario? --list names them");
    alarm(PATIENCE_SECONDS);
    for (const struct scenario *i = scenarios; i->name; i++) {
        if (strcmp(i->name, argv[optind]))
            continue;
        scenario_run_roles(i, role, path, log);
        return 0;
    }
    fail("no such scenario: %s", argv[optind]);
}

#endif
