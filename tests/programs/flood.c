/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Processes that send numbered messages of 64 bytes at a steady rate to one that throws them away.
 */
#include <getopt.h>
#include <poll.h>

#include "tests/programs/program.h"

enum { MESSAGE_SIZE = 64, TICKS = 1000, SENDERS_MAX = 64, BATCH = 100 };

/* Messages that a call moves together, as what is to be measured is not what calls cost. */
struct batch {
    char room[BATCH][2 * MESSAGE_SIZE];
    struct iovec pieces[BATCH];
    struct mmsghdr messages[BATCH];
};

struct settings {
    const char *path;
    const char *log; /* gets how many messages each sender has sent */
    unsigned senders;
    unsigned rate; /* messages a second of each */
    unsigned seconds;
};

static void batch_init(struct batch *batch)
{
    for (size_t i = 0; i < BATCH; i++) {
        batch->pieces[i] = (struct iovec){batch->room[i], MESSAGE_SIZE};
        batch->messages[i] = (struct mmsghdr){
            .msg_hdr = {.msg_iov = &batch->pieces[i], .msg_iovlen = 1},
        };
    }
}

/* Throws away what is there. Returns whether nothing will follow: empty is what the end is told as.
 */
static bool drained_to_end(int fd, struct batch *batch)
{
    int got;

    do
        got = recvmmsg(fd, batch->messages, BATCH, MSG_DONTWAIT, NULL);
    while (got > 0 && batch->messages[got - 1].msg_len > 0);
    return got > 0;
}

static void drain(int listener, unsigned senders)
{
    struct pollfd fds[SENDERS_MAX];
    static struct batch batch;
    unsigned left = senders;

    batch_init(&batch);
    for (unsigned i = 0; i < senders; i++) {
        fds[i] = (struct pollfd){.fd = accept(listener, NULL, NULL), .events = POLLIN};
        must(fds[i].fd >= 0, "accept");
    }
    while (left > 0) {
        must(poll(fds, senders, -1) > 0, "poll");
        for (unsigned i = 0; i < senders; i++) {
            if (fds[i].fd >= 0 && drained_to_end(fds[i].fd, &batch)) {
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

static unsigned send_all(int fd, struct mmsghdr *messages, unsigned count)
{
    for (unsigned sent = 0; sent < count;) {
        int more = sendmmsg(fd, messages + sent, count - sent, MSG_NOSIGNAL);

        must(more > 0, "sendmmsg");
        sent += (unsigned)more;
    }
    return count;
}

/* A sender that falls behind makes up for it: as many are sent as were promised. */
static void flood(const struct settings *settings, unsigned sender)
{
    struct address server = address_unix(settings->path, "");
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    unsigned long sent = 0, promised = 0;
    static struct batch batch;
    struct timespec next;

    batch_init(&batch);
    must(fd >= 0 && !connect(fd, &server.any, server.length), "connect");
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (unsigned tick = 1; tick <= settings->seconds * TICKS; tick++) {
        promised = (unsigned long)settings->rate * tick / TICKS;
        while (sent < promised) {
            unsigned count = promised - sent < BATCH ? (unsigned)(promised - sent) : BATCH;

            for (unsigned i = 0; i < count; i++)
                snprintf(batch.room[i], sizeof(batch.room[i]), "flood %02u %055lu", sender,
                         sent + i);
            sent += send_all(fd, batch.messages, count);
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
