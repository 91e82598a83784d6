/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Calls as strace prints them: whole, or in the two parts that another thread's came between. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/strace.h"
#include "capture/text.h"

/* The kernel moves no more in one call: MAX_RW_COUNT. */
enum { MOVED_MAX = 0x7ffff000 };

static const char unfinished[] = "<unfinished ...>";
static const char moved_on[] = "<pid changed to "; /* in an execve(), where strace -ff writes */
static const char superseded[] = "+++ superseded by execve in pid ";

/* What stands behind the arguments: = RESULT. */
static bool read_result(struct strace_call *call, const char *at)
{
    at += strspn(at, " ");
    if (*at != '=')
        return false;
    at++;
    at += strspn(at, " ");
    call->returned = (struct slice){at, strlen(at)};
    call->failed = !slice_number(call->returned, &call->result) || call->result < 0;
    call->pending = call->failed && (strstr(at, "EINPROGRESS") || strstr(at, "EINTR") ||
                                     strstr(at, "ERESTARTSYS")); /* which becomes EINTR, or not */
    call->fatal = *at == '?' && !text_begins(at, "? E");
    return *at != '\0';
}

/* The descriptor alone, without what follows: 3<socket:[5]> <0.000020>. */
static struct slice descriptor_at(struct slice returned)
{
    const char *at = returned.at;
    struct slice piece;

    if (slice_next(&at, &piece) && piece.length) {
        const char *blank = memmem(piece.at, piece.length, "> <", 3);

        returned.length = blank ? (size_t)(blank + 1 - piece.at) : piece.length;
    }
    return returned;
}

/* What an argument is, without its name, which strace tells of some, and with -N of all. */
static struct slice value_of(struct slice argument)
{
    size_t name = 0;

    while (name < argument.length &&
           (isalnum((unsigned char)argument.at[name]) || argument.at[name] == '_'))
        name++;
    if (!name || name == argument.length || argument.at[name] != '=')
        return argument;
    return (struct slice){argument.at + name + 1, argument.length - name - 1};
}

bool strace_call_parse(struct strace_call *call, const char *text, bool *whole)
{
    size_t length = 0;
    struct slice extra;
    const char *at;

    *call = (struct strace_call){.failed = true};
    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    if (!length || text[length] != '(')
        return false;
    call->name = (struct slice){text, length};
    at = text + length + 1;
    for (size_t i = 0; i < STRACE_ARGUMENTS; i++) {
        call->arguments[i] = (struct slice){at, 0};
        slice_next(&at, &call->arguments[i]);
        call->arguments[i] = value_of(call->arguments[i]);
    }
    while (slice_next(&at, &extra))
        ;
    *whole = *at == ')' && read_result(call, at + 1);
    if (*whole)
        call->returned = descriptor_at(call->returned);
    return true;
}

/* A call that began will not return, or not be seen to. */
static int give_up(struct strace *strace, struct strace_thread *thread)
{
    const struct sink *sink = strace->world.sink;
    uint64_t call = thread->sends;

    strace->torn += call && thread->begun;
    free(strace_thread_end(&strace->world, thread));
    thread->on = NULL;
    thread->sends = 0;
    return call ? sink->end(sink->context, thread->tid, call) : 0;
}

/* It is in another call: one that it was in has returned, and nobody saw with what. */
static int go_on(struct strace *strace, struct strace_thread *thread)
{
    strace->torn += thread->begun && thread->on && !thread->sends;
    return give_up(strace, thread);
}

static int begin(struct strace *strace, struct strace_thread *thread, char *text, uint64_t time)
{
    struct strace_call call;
    bool whole;
    int err = go_on(strace, thread);
    bool is_call = strace_call_parse(&call, text, &whole);

    strace_thread_begin(&strace->world, thread, text, is_call && strace_clones(&call));
    thread->time = time;
    if (err || !is_call)
        return err;
    call.pending = true;
    call.entered = time;
    return strace_message_begin(strace, thread, &call);
}

static int dispatch(struct strace *strace, struct strace_thread *thread,
                    const struct strace_call *call)
{
    const struct strace_mover *mover = strace_mover_find(call->name);
    strace_handler *handle = mover ? mover->handle : strace_state_find(call->name);
    int err = 0;

    if (!handle)
        return 0;
    strace->calls++;
    strace->torn += call->fatal && strace_message_torn(strace, thread, call);
    err = handle(strace, thread, call);
    return err ? err : give_up(strace, thread);
}

/* What begins here, without the mark at its end; NULL when there is no such mark, or no memory. */
static char *begun_text(const char *text, int *err)
{
    const char *mark = strrchr(text, '<');
    size_t length;
    char *copy;

    if (!mark || (strcmp(mark, unfinished) != 0 && !text_begins(mark, moved_on)))
        return NULL;
    length = (size_t)(mark - text);
    while (length && text[length - 1] == ' ')
        length--;
    copy = strndup(text, length);
    *err = copy ? 0 : -ENOMEM;
    return copy;
}

/* Puts the two parts of a call together; NULL when there is no memory. */
static char *joined_text(const char *begun, const char *rest)
{
    char *text = malloc(strlen(begun) + strlen(rest) + 2);

    if (text)
        stpcpy(stpcpy(stpcpy(text, begun), " "), rest);
    return text;
}

static int take_call(struct strace *strace, struct strace_thread *thread, const char *text,
                     uint64_t entered, uint64_t began, uint64_t ended)
{
    const struct strace_mover *mover;
    struct strace_call call;
    bool whole;

    if (!strace_call_parse(&call, text, &whole))
        return 0;
    mover = strace_mover_find(call.name);
    strace->plain = strace->plain || (mover && !mover->sure);
    if (!whole || (mover && call.result > MOVED_MAX)) {
        /* An end without a result is that of a thread that was ended in the call. */
        strace->torn += mover && !strstr(text, unfinished);
        return give_up(strace, thread);
    }
    call.entered = entered;
    call.began = began;
    call.ended = ended;
    return dispatch(strace, thread, &call);
}

/* <... recvfrom resumed>"abc", 9, 0, NULL, NULL) = 3 */
static int resume(struct strace *strace, struct strace_thread *thread, const char *text,
                  uint64_t time)
{
    const char *name = text + strlen("<... "), *rest = strstr(name, " resumed>");
    const struct strace_mover *mover;
    char *begun, *whole;
    int err;

    if (!rest)
        return 0;
    mover = strace_mover_find((struct slice){name, (size_t)(rest - name)});
    rest += strlen(" resumed>");
    begun = strace_thread_end(&strace->world, thread);
    if (!begun) {
        strace->torn += mover && mover->sure;
        return 0;
    }
    whole = joined_text(begun, rest);
    free(begun);
    if (!whole)
        return -ENOMEM;
    err = take_call(strace, thread, whole, thread->time, thread->time, time);
    free(whole);
    return err;
}

/* Another thread of the process goes on under this one's number, in the execve() it is in. */
static void supersede(struct strace *strace, struct strace_thread *thread, const char *number)
{
    struct strace_world *world = &strace->world;
    struct strace_thread *other = strace_thread_find(world, (uint32_t)strtoul(number, NULL, 10));

    if (!other || other == thread)
        return;
    thread->time = other->time;
    strace_thread_begin(world, thread, strace_thread_end(world, other), false);
    strace_thread_drop(world, other);
}

int strace_take(struct strace *strace, struct strace_thread *thread, const struct strace_line *line)
{
    const char *text = line->text;
    char *begun;
    int err = 0;

    if (text_begins(text, "+++ ")) {
        err = give_up(strace, thread);
        if (text_begins(text, superseded))
            supersede(strace, thread, text + strlen(superseded));
        else
            strace_thread_drop(&strace->world, thread);
        return err;
    }
    if (text_begins(text, "<... "))
        return resume(strace, thread, text, line->time);
    begun = begun_text(text, &err);
    if (begun)
        return begin(strace, thread, begun, line->time);
    if (!err)
        err = go_on(strace, thread);
    return err ? err : take_call(strace, thread, text, line->began, line->time, line->time);
}
