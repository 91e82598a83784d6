/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Processes that send numbered messages of 64 bytes at a steady rate to one that throws them away.
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>

#include "tests/programs/program.h"

enum { MESSAGE_SIZE = 64, TICKS = 1000, SENDERS_MAX = 64 };

struct settings {
    const char *path;
    const char *log; /* gets how many messages each sender has sent */
    unsigned senders;
    unsigned rate; /* messages a second of each */
    unsigned seconds;
};

static void drain(int listener, unsigned senders)
{
    struct pollfd fds[SENDERS_MAX];
    char message[MESSAGE_SIZE];
    unsigned left = senders;

    for (unsigned i = 0; i < senders; i++) {
        fds[i] = (struct pollfd){.fd = accept(listener, NULL, NULL), .events = POLLIN};
        must(fds[i].fd >= 0, "accept");
    }
    while (left > 0) {
        must(poll(fds, senders, -1) > 0, "poll");
        for (unsigned i = 0; i < senders; i++) {
            ssize_t got = 1;

            while (fds[i].fd >= 0 && got > 0)
                got = recv(fds[i].fd, message, sizeof(message), MSG_DONTWAIT);
            if (fds[i].fd >= 0 && got == 0) {
                close(fds[i].fd);
                fds[i].fd = -1;
                left--;
            }
        }
    }
}

static void sleep_until(struct timespec *next)
{
    next->tv_nsec += 1000000000 / TICKS;
    if (next->tv_nsec >= 1000000000) {
        next->tv_nsec -= 1000000000;
        next->tv_sec++;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL);
}

/* A sender that falls behind makes up for it: as many are sent as were promised. */
static void flood(const struct settings *settings, unsigned sender)
{
    struct address server = address_unix(settings->path, "");
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    unsigned long sent = 0, promised = 0;
    struct timespec next;
    char message[2 * MESSAGE_SIZE];

    must(fd >= 0 && !connect(fd, &server.any, server.length), "connect");
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (unsigned tick = 1; tick <= settings->seconds * TICKS; tick++) {
        for (promised = (unsigned long)settings->rate * tick / TICKS; sent < promised; sent++) {
            snprintf(message, sizeof(message), "flood %02u %055lu", sender, sent);
            must(send(fd, message, MESSAGE_SIZE, MSG_NOSIGNAL) == MESSAGE_SIZE, "send");
        }
        sleep_until(&next);
    }
    must(!close(fd), "close");
}

static void write_log(const struct settings *settings)
{
    FILE *file = fopen(settings->log, "we");

    must(file != NULL, settings->log);
    fprintf(file, "%u %lu\n", settings->senders, (unsigned long)settings->rate * settings->seconds);
    must(!fclose(file), settings->log);
}

static void parse(struct settings *settings, int argc, char **argv)
{
    static const struct option options[] = {
        {"path", required_argument, NULL, 'p'},    {"log", required_argument, NULL, 'l'},
        {"senders", required_argument, NULL, 'n'}, {"rate", required_argument, NULL, 'r'},
        {"seconds", required_argument, NULL, 's'}, {NULL, 0, NULL, 0},
    };
    int option;

    *settings = (struct settings){.senders = 2, .rate = 1000, .seconds = 1};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            settings->path = optarg;
            break;
        case 'l':
            settings->log = optarg;
            break;
        case 'n':
            settings->senders = (unsigned)number(optarg, SENDERS_MAX);
            break;
        case 'r':
            settings->rate = (unsigned)number(optarg, 10000000);
            break;
        case 's':
            settings->seconds = (unsigned)number(optarg, 3600);
            break;
        default:
            exit(2);
        }
    }
    must(optind == argc && settings->path, "flood --path PATH [OPTIONS]");
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct address name;
    int listener;

    parse(&settings, argc, argv);
    alarm(settings.seconds + PATIENCE_SECONDS);
    name = address_unix(settings.path, "");
    listener = bound_socket(&name, SOCK_SEQPACKET);
    must(!listen(listener, SOMAXCONN), "listen");
    for (unsigned i = 0; i < settings.senders; i++) {
        pid_t child = fork();

        must(child >= 0, "fork");
        if (!child) {
            close(listener);
            flood(&settings, i);
            exit(0);
        }
    }
    drain(listener, settings.senders);
    for (unsigned i = 0; i < settings.senders; i++)
        must_succeed(-1);
    if (settings.log)
        write_log(&settings);
    return 0;
}
