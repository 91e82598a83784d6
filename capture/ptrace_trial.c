/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Security modules, seccomp profiles and old kernels each refuse another part; only a trial tells.
 */
#include "capture/ptrace_trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf/message.h"
#include "capture/open_files.h"
#include "capture/ptrace_filter.h"

/* What the tried process does once it is traced: makes a call that the filter stops. */
static void be_tried(int go)
{
    char byte;
    int err;

    if (read(go, &byte, 1) != 1)
        _exit(0);
    err = filter_install();
    if (err)
        _exit(-err);
    sendto(-1, NULL, 0, 0, NULL, 0);
    _exit(0);
}

/* The setting of Yama, which restricts tracing, or -1 where there is none. */
static int yama_scope(void)
{
    FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
    int scope = -1;

    if (!file)
        return scope;
    if (fscanf(file, "%d", &scope) != 1)
        scope = -1;
    fclose(file);
    return scope;
}

static int refused(char reason[REASON_SIZE], int error, const char *what)
{
    int scope = yama_scope();

    if (error == EPERM && scope >= 2)
        snprintf(reason, REASON_SIZE, "%s: %s (kernel.yama.ptrace_scope is %d; up to 1 will do)",
                 what, strerror(error), scope);
    else if (error == EPERM)
        snprintf(reason, REASON_SIZE,
                 "%s: %s (is this traced already? a container may need --cap-add SYS_PTRACE)", what,
                 strerror(error));
    else
        snprintf(reason, REASON_SIZE, "%s: %s%s", what, strerror(error), open_files_hint(-error));
    return -error;
}

static int look_at_stop(pid_t pid, char reason[REASON_SIZE])
{
    struct __ptrace_syscall_info info = {0};
    int mine = 0, its = 0;
    struct iovec local = {&its, sizeof(its)}, remote = {&mine, sizeof(mine)};

    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
        return refused(reason, errno, "PTRACE_GET_SYSCALL_INFO (Linux 5.3)");
    if (info.op != PTRACE_SYSCALL_INFO_SECCOMP ||
        filter_stop_of(info.seccomp.ret_data) != CALL_SENDTO)
        return refused(reason, EPROTO, "stopping at system calls");
    if (process_vm_readv(pid, &local, 1, &remote, 1, 0) != sizeof(its))
        return refused(reason, errno, "process_vm_readv");
    return 0;
}

/* A signal has stopped it, as when the terminal stops us: it is of our process group. */
static bool is_stopped_otherwise(int status)
{
    return WIFSTOPPED(status) && status >> 16 != PTRACE_EVENT_SECCOMP;
}

static int trace(pid_t pid, int go, char reason[REASON_SIZE])
{
    int status;

    if (ptrace(PTRACE_SEIZE, pid, 0L, (long)(PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP)))
        return refused(reason, errno, "ptrace");
    if (write(go, "", 1) != 1)
        return refused(reason, errno, "pipe");
    do
        if (waitpid(pid, &status, __WALL) != pid)
            return refused(reason, errno, "waitpid");
    while (is_stopped_otherwise(status) && !ptrace(PTRACE_CONT, pid, 0L, 0L));
    if (WIFEXITED(status) && WEXITSTATUS(status))
        return refused(reason, WEXITSTATUS(status), "seccomp");
    if (!WIFSTOPPED(status) || status >> 16 != PTRACE_EVENT_SECCOMP)
        return refused(reason, EPROTO, "stopping at system calls");
    return look_at_stop(pid, reason);
}

/* Tries it on a process of our own. */
static int try_it(char reason[REASON_SIZE])
{
    int go[2], err;
    pid_t pid;

    if (pipe2(go, O_CLOEXEC))
        return refused(reason, errno, "pipe");
    pid = fork();
    if (pid == 0) {
        close(go[1]);
        be_tried(go[0]);
    }
    close(go[0]);
    err = pid < 0 ? refused(reason, errno, "fork") : trace(pid, go[1], reason);
    close(go[1]);
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
            ;
    }
    return err;
}

/* Once it has worked it is not done again: who lets an earlier run's processes pass would reap it.
 */
int ptrace_trial(char reason[REASON_SIZE])
{
    static bool works;
    int err = works ? 0 : try_it(reason);

    works = !err;
    return err;
}
