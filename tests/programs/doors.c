/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Processes that have no socket and then get one, in all the ways in which that is hard to notice,
 * and then talk by read() and write() alone. Each says "hello" over its first socket.
 */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "tests/programs/program.h"

enum { READS = 1000, CHILDREN = 40, TICK_MICROSECONDS = 200 };

static const char word[] = "hello";

static void talk(const int ends[2])
{
    char heard[sizeof(word)];

    must(write(ends[0], word, strlen(word)) == (ssize_t)strlen(word), "write");
    must(read(ends[1], heard, sizeof(heard)) == (ssize_t)strlen(word), "read");
}

static void make_pair(int ends[2])
{
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
}

static void talk_over_pair(void)
{
    int ends[2];

    make_pair(ends);
    talk(ends);
}

/* files: prints how often the reads of a file made us wait, without a socket and with one. */

static long waits_for_reads(int file)
{
    struct rusage before, after;
    char byte;

    must(!getrusage(RUSAGE_SELF, &before), "getrusage");
    for (int i = 0; i < READS; i++)
        must(pread(file, &byte, 1, 0) == 1 && !lseek(file, 0, SEEK_SET) &&
                 read(file, &byte, 1) == 1,
             "read");
    must(!getrusage(RUSAGE_SELF, &after), "getrusage");
    return after.ru_nvcsw - before.ru_nvcsw;
}

static void files(void)
{
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    long without = waits_for_reads(file);

    talk_over_pair();
    printf("%ld %ld\n", without, waits_for_reads(file));
}

/* threads: one that has been there before its process has a socket is the one that uses it. */

static int pipe_ends[2];

static void *use(void *ends)
{
    char byte;

    must(read(pipe_ends[0], &byte, 1) == 1, "read");
    talk(ends);
    return NULL;
}

static void threads(void)
{
    pthread_t thread;
    int ends[2];

    must(!pipe2(pipe_ends, O_CLOEXEC), "pipe");
    must(!pthread_create(&thread, NULL, use, ends), "pthread_create");
    make_pair(ends);
    must(write(pipe_ends[1], "", 1) == 1, "write");
    must(!pthread_join(thread, NULL), "pthread_join");
}

/* clone, clone3: a process that shares our descriptors makes the socket that we use. */

static void share(pid_t (*make)(void))
{
    int *ends =
        mmap(NULL, 2 * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child;

    must(ends != MAP_FAILED, "mmap");
    child = make();
    must(child >= 0, "clone");
    if (child == 0) {
        make_pair(ends);
        _exit(0);
    }
    must_succeed(child);
    talk(ends);
}

static pid_t call_clone(void)
{
    return (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
}

static pid_t call_clone3(void)
{
    struct clone_args arguments = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};

    return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static void by_clone(void)
{
    share(call_clone);
}

static void by_clone3(void)
{
    share(call_clone3);
}

/* seccomp, prctl: a sandbox in which one dies of what a recorder might want to do in it. */

static const struct sock_filter sandbox[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 3, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 2, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_munmap, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};
static const struct sock_fprog sandbox_program = {sizeof(sandbox) / sizeof(*sandbox),
                                                  (struct sock_filter *)sandbox};

static void by_seccomp(void)
{
    must(!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &sandbox_program), "seccomp");
    talk_over_pair();
}

static void by_prctl(void)
{
    must(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &sandbox_program), "prctl");
    talk_over_pair();
}

/* cramped: there is no room for another page. */
static void cramped(void)
{
    const struct rlimit none = {0, 0};

    must(!setrlimit(RLIMIT_AS, &none), "setrlimit");
    talk_over_pair();
}

/* untouched: what the kernel has of us is the same after the first socket as before it. */

static void read_maps(char text[1 << 16])
{
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    ssize_t length = 0, more;

    must(file >= 0, "/proc/self/maps");
    while ((more = read(file, text + length, (1 << 16) - 1 - (size_t)length)) > 0)
        length += more;
    text[length] = '\0';
    must(!more && !close(file), "/proc/self/maps");
}

static void untouched(void)
{
    static char before[1 << 16], after[1 << 16];
    sigset_t mask = {0}, mask_after = {0};
    int ends[2];

    sigaddset(&mask, SIGUSR2);
    must(!sigprocmask(SIG_SETMASK, &mask, NULL), "sigprocmask");
    read_maps(before);
    make_pair(ends);
    read_maps(after);
    must(!strcmp(before, after), "the memory is not as it was");
    must(!sigprocmask(SIG_SETMASK, NULL, &mask_after), "sigprocmask");
    must(!memcmp(&mask, &mask_after, sizeof(mask)), "the mask is not as it was");
    talk(ends);
}

/* registers: nor does a call change other registers than it does without us. */

#ifdef __x86_64__
static void registers(void)
{
    int ends[2];
    register long r8 asm("r8") = 0x1008, r9 asm("r9") = 0x1009, r10 asm("r10") = (long)ends;
    register long r12 asm("r12") = 0x1012, r13 asm("r13") = 0x1013;
    register long r14 asm("r14") = 0x1014, r15 asm("r15") = 0x1015;
    long rax = SYS_socketpair, rbx = 0x1001, rdi = AF_UNIX, rsi = SOCK_STREAM, rdx = 0;

    asm volatile("syscall"
                 : "+a"(rax), "+b"(rbx), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r8), "+r"(r9),
                   "+r"(r10), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
                 :
                 : "rcx", "r11", "memory");
    must(rax == 0 && rbx == 0x1001 && rdi == AF_UNIX && rsi == SOCK_STREAM && rdx == 0,
         "rax to rdx");
    must(r8 == 0x1008 && r9 == 0x1009 && r10 == (long)ends, "r8 to r10");
    must(r12 == 0x1012 && r13 == 0x1013 && r14 == 0x1014 && r15 == 0x1015, "r12 to r15");
    talk(ends);
}
#else
static void registers(void)
{
    talk_over_pair();
}
#endif

/* signals: they come in between, and the process is stopped and goes on in between. */

static volatile sig_atomic_t ticks;

static void on_tick(int signal)
{
    (void)signal;
    ticks = ticks + 1;
}

static void talk_under_fire(void)
{
    struct itimerval timer = {{0, TICK_MICROSECONDS}, {0, TICK_MICROSECONDS}};
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};

    must(!sigaction(SIGALRM, &action, NULL) && !setitimer(ITIMER_REAL, &timer, NULL), "setitimer");
    talk_over_pair();
    for (int i = 0; i < 10000 && !ticks; i++)
        usleep(1000);
    must(ticks, "signals do not come through");
    exit(0);
}

static void signals(void)
{
    pid_t child;
    int status;

    for (int i = 0; i < CHILDREN; i++) {
        child = fork();
        must(child >= 0, "fork");
        if (child == 0)
            talk_under_fire();
        while (!waitpid(child, &status, WNOHANG)) {
            must(!kill(child, SIGSTOP), "SIGSTOP");
            usleep((useconds_t)(i % 8) * 100);
            must(!kill(child, SIGCONT), "SIGCONT");
            usleep(200);
        }
        must(WIFEXITED(status) && !WEXITSTATUS(status), "the child has ended otherwise");
    }
}

/* many: child after child, so that the recording ends in the middle of one. */
static void many(void)
{
    for (int i = 0; i < 3 * CHILDREN; i++) {
        pid_t child = fork();

        must(child >= 0, "fork");
        if (child == 0) {
            talk_over_pair();
            _exit(0);
        }
        must_succeed(child);
    }
    must(!close(open("finished", O_WRONLY | O_CREAT | O_CLOEXEC, 0666)), "finished");
}

int main(int count, char **arguments)
{
    static const char *const names[] = {"files",     "threads", "clone",   "clone3",
                                        "seccomp",   "prctl",   "cramped", "untouched",
                                        "registers", "signals", "many",    NULL};
    static void (*const scenarios[])(void) = {files,      threads,  by_clone, by_clone3,
                                              by_seccomp, by_prctl, cramped,  untouched,
                                              registers,  signals,  many};

    must(count == 2, "which scenario?");
    scenarios[choice(names, arguments[1])]();
    return 0;
}
