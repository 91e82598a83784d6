/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What may pass a tracer by: requests that the kernel carries out by itself, filters that outrank
 * the tracer's, and processes that are to have no tracer. Each says "hello" over a socket. */
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "tests/programs/program.h"

static const char word[] = "hello";

enum { LENGTH = sizeof(word) - 1 };

static void make_pair(int ends[2])
{
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
}

static void hear(int fd)
{
    char heard[LENGTH];

    must(read(fd, heard, LENGTH) == LENGTH && !memcmp(heard, word, LENGTH), "read");
}

static void talk(void)
{
    int ends[2];

    make_pair(ends);
    must(write(ends[0], word, LENGTH) == LENGTH, "write");
    hear(ends[1]);
}

/* aio, aio-elsewhere: io_submit() sends on a socket; waits for one, and reads a file. */

static void submit(struct iocb *requests, size_t count)
{
    struct iocb *each[2] = {requests, requests + 1};
    struct io_event done[2];
    aio_context_t context = 0;

    must(!syscall(SYS_io_setup, count, &context), "io_setup");
    must(syscall(SYS_io_submit, context, count, each) == (long)count, "io_submit");
    must(syscall(SYS_io_getevents, context, count, count, done, NULL) == (long)count,
         "io_getevents");
    must(!syscall(SYS_io_destroy, context), "io_destroy");
}

static struct iocb request(int fd, unsigned short command, void *data, size_t length)
{
    return (struct iocb){.aio_fildes = (uint32_t)fd,
                         .aio_lio_opcode = command,
                         .aio_buf = (uintptr_t)data,
                         .aio_nbytes = length};
}

static void by_aio(void)
{
    char heard[LENGTH];
    struct iocb requests[2];
    int ends[2];

    make_pair(ends);
    requests[0] = request(ends[0], IOCB_CMD_PWRITE, (void *)word, LENGTH);
    submit(requests, 1);
    requests[0] = request(ends[1], IOCB_CMD_PREAD, heard, LENGTH);
    submit(requests, 1);
    must(!memcmp(heard, word, LENGTH), "io_submit");
}

static void by_aio_elsewhere(void)
{
    char heard[LENGTH];
    int ends[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct iocb requests[2];

    make_pair(ends);
    requests[0] = request(file, IOCB_CMD_PREAD, heard, LENGTH);
    requests[1] = request(ends[1], IOCB_CMD_POLL, NULL, 0);
    requests[1].aio_buf = POLLIN;
    must(write(ends[0], word, LENGTH) == LENGTH, "write");
    submit(requests, 2);
    hear(ends[1]);
}

/* listener, listener-elsewhere: a filter that asks a thread about sendto(), which allows it; one
 * that asks about nothing, and what a library does to find out whether there are such filters. */

static int put_filter(unsigned answer)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendto, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, answer),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(*code), code};
    int listener;

    must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
    listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                            &program);
    must(listener >= 0, "seccomp");
    return listener;
}

static void *allow(void *listener)
{
    struct seccomp_notif question = {0};
    struct seccomp_notif_resp answer = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

    must(!ioctl(*(int *)listener, SECCOMP_IOCTL_NOTIF_RECV, &question), "NOTIF_RECV");
    answer.id = question.id;
    must(!ioctl(*(int *)listener, SECCOMP_IOCTL_NOTIF_SEND, &answer), "NOTIF_SEND");
    return NULL;
}

static void by_listener(void)
{
    int ends[2], listener = put_filter(SECCOMP_RET_USER_NOTIF);
    pthread_t thread;

    must(!pthread_create(&thread, NULL, allow, &listener), "pthread_create");
    make_pair(ends);
    must(send(ends[0], word, LENGTH, 0) == LENGTH, "send");
    hear(ends[1]);
    must(!pthread_join(thread, NULL), "pthread_join");
}

static void by_listener_elsewhere(void)
{
    must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, NULL) ==
                 -1 &&
             errno == EFAULT,
         "seccomp");
    put_filter(SECCOMP_RET_ALLOW);
    talk();
}

/* uring, uring-elsewhere: a ring, by which all might be sent, and one that there cannot be. */

static void by_uring(void)
{
    struct io_uring_params params = {0};

    must(syscall(SYS_io_uring_setup, 1, &params) >= 0, "io_uring_setup");
    talk();
}

static void by_uring_elsewhere(void)
{
    must(syscall(SYS_io_uring_setup, 1, NULL) == -1, "io_uring_setup");
    talk();
}

/* clone, clone3: a child that nobody is to trace. */

static void be_untraced(pid_t child)
{
    must(child >= 0, "clone");
    if (child == 0) {
        talk();
        _exit(0);
    }
    must_succeed(child);
}

static void by_clone(void)
{
    be_untraced((pid_t)syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0));
}

static void by_clone3(void)
{
    static const struct clone_args arguments = {.flags = CLONE_UNTRACED, .exit_signal = SIGCHLD};

    be_untraced((pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments)));
}

/* later: a child that nobody is to trace, when the recording may be over. */
static void later(void)
{
    pid_t child = fork();

    must(child >= 0, "fork");
    if (child == 0) {
        talk();
        sleep(1);
        by_clone();
        by_clone3();
        must(!close(open("finished", O_WRONLY | O_CREAT | O_CLOEXEC, 0666)), "finished");
    }
}

int main(int count, char **arguments)
{
    static const char *const names[] = {"aio",      "aio-elsewhere",
                                        "listener", "listener-elsewhere",
                                        "uring",    "uring-elsewhere",
                                        "clone",    "clone3",
                                        "later",    NULL};
    static void (*const scenarios[])(void) = {
        by_aio,   by_aio_elsewhere,   by_listener, by_listener_elsewhere,
        by_uring, by_uring_elsewhere, by_clone,    by_clone3,
        later};

    must(count == 2, "which scenario?");
    scenarios[choice(names, arguments[1])]();
    return 0;
}
