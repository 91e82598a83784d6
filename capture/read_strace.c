/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reads what strace prints: follows sockets, descriptors and processes through the calls, and tells
 * of what these moved. Lines that are none of strace's, as those of a command that writes to the
 * same terminal, are passed over.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/strace.h"
#include "capture/strace_lines.h"
#include "capture/text.h"
#include "capture/words.h"

/* What it looks like */

static const char attached[] = "strace: Process ";

/* +++ exited with 0 +++, +++ killed by SIGKILL +++, +++ superseded by execve in pid 5 +++ */
static bool is_end(const char *text)
{
    static const char *const ends[] = {"+++ exited with ", "+++ killed by ", "+++ superseded by "};

    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
        if (text_begins(text, ends[i]))
            return true;
    return false;
}

/* How sure a line makes that strace wrote it. */
static int look_at_line(char *text)
{
    struct strace_clock clock = {0};
    struct strace_line line;
    struct strace_call call;
    bool whole;

    strace_line_parse(&line, text, &clock);
    if (text_begins(line.text, attached) || is_end(line.text))
        return 70;
    if (text_begins(line.text, "<... ") && strstr(line.text, " resumed>"))
        return 70;
    if (!strace_call_parse(&call, line.text, &whole))
        return 0;
    return whole || strstr(line.text, "<unfinished ...>") || strstr(line.text, "<pid changed to ")
               ? 80
               : 0;
}

static int looks(const uint8_t *bytes, size_t size)
{
    int sure = 0;

    for (size_t at = 0; at < size && !sure;) {
        const uint8_t *end = memchr(bytes + at, '\n', size - at);
        size_t length = end ? (size_t)(end - bytes) - at : size - at;
        char *line = end ? strndup((const char *)bytes + at, length) : NULL;

        if (line && strlen(line) == length)
            sure = look_at_line(line);
        else
            size = at; /* it is cut off, or no text */
        free(line);
        at += length + 1;
    }
    return sure;
}

/* The command */

/* Takes the words of execve("/bin/sh", ["sh", "-c", "..."], ...); NULL when not all are there. */
static char **command_of(const struct strace_call *call)
{
    const char *at = slice_inside(call->arguments[1]);
    struct bytes text = {0};
    struct slice word;
    char **words = NULL;
    size_t count = 0;
    bool cut = false;

    while (!cut && at && slice_next(&at, &word)) {
        char **more = realloc(words, (count + 2) * sizeof(*more));

        text.length = 0;
        if (!more)
            break;
        words = more;
        words[count] = NULL;
        if (slice_string(word, &text, &cut) || cut)
            break;
        words[count] = strndup((const char *)text.at, text.length);
        words[++count] = NULL;
    }
    free(text.at);
    if (words && (cut || !count || !words[count - 1])) {
        words_free(words);
        return NULL;
    }
    return words;
}

/*
 * The first that a program does is read its libraries, from the first descriptor that is free, 3.
 * Where -e leaves out the calls that come before it, that is the first line.
 */
static bool is_loader(struct strace *strace, const struct strace_call *call)
{
    static const char elf[] = "\177ELF";
    int64_t number;
    bool cut;

    strace->data.length = 0;
    return slice_is(call->name, "read") && slice_number(call->arguments[0], &number) &&
           number == 3 && !slice_string(call->arguments[1], &strace->data, &cut) &&
           strace->data.length >= strlen(elf) && !memcmp(strace->data.at, elf, strlen(elf));
}

/* The first line is of the command that was run, unless strace came later or looked elsewhere. */
static int begin(struct strace *strace, const char *text)
{
    struct reading *reading = strace->reading;
    struct strace_call call;
    char **words = NULL;
    bool whole;
    int err;

    if (strace_call_parse(&call, text, &whole)) {
        bool told = slice_is(call.name, "execve");

        words = told ? command_of(&call) : NULL;
        strace->executed = told || is_loader(strace, &call);
    }
    err = reading->begin(reading->context, words, "strace");
    words_free(words);
    return err;
}

/* Whose line it is */

/* A thread that is seen for the first time is that which another is just making, or ours. */
static struct strace_thread *new_thread(struct strace *strace, uint32_t tid, bool resumes)
{
    struct strace_world *world = &strace->world;
    struct strace_thread *nameless = strace_thread_find(world, 0), *parent, *thread;
    struct strace_call call;
    bool whole;

    if (nameless && (resumes || !nameless->begun || !nameless->clones))
        return strace_thread_rename(world, nameless, tid) ? NULL : strace_thread_find(world, tid);
    parent = strace_thread_cloning(world);
    thread = strace_thread_get(world, tid);
    if (thread && parent && strace_call_parse(&call, parent->begun, &whole) &&
        strace_clone(thread, parent, &call))
        return NULL;
    return thread;
}

/* Without a number a line is of the only thread that there is, or was until just now. */
static struct strace_thread *unnumbered_thread(struct strace *strace)
{
    struct strace_thread *thread = strace_thread_only(&strace->world);

    if (!thread)
        thread = strace_thread_find(&strace->world, strace->unnumbered);
    if (!thread)
        thread = strace_thread_get(&strace->world, 0);
    if (thread)
        strace->unnumbered = thread->tid;
    return thread;
}

/* NULL when there is no memory. */
static struct strace_thread *thread_of(struct strace *strace, const struct strace_line *line)
{
    struct strace_thread *thread;

    if (!line->tid)
        return unnumbered_thread(strace);
    thread = strace_thread_find(&strace->world, line->tid);
    return thread ? thread : new_thread(strace, line->tid, text_begins(line->text, "<... "));
}

/* strace: Process 5 attached. Of what came before it on the line, the parent's call has begun. */
static int attach(struct strace *strace, const char *number, const char *before)
{
    struct strace_thread *child, *parent;
    struct strace_line line;
    struct strace_clock clock = {0};
    struct strace_call call;
    bool whole;
    long tid = strtol(number, NULL, 10);

    if (tid <= 0 || (unsigned long)tid > UINT32_MAX || !*before)
        return 0;
    strace_line_parse(&line, before, &clock);
    parent = thread_of(strace, &line);
    child = strace_thread_get(&strace->world, (uint32_t)tid);
    if (!parent || !child)
        return -ENOMEM;
    if (child->placed || child == parent || !strace_call_parse(&call, line.text, &whole) ||
        !strace_clones(&call))
        return 0;
    return strace_clone(child, parent, &call);
}

/*
 * When strace says on the terminal that it has attached a process, it may do so in the middle of a
 * line, which goes on in the next: *carried keeps its beginning. Returns 1 when that was it.
 */
static int take_attached(struct strace *strace, const char *text, char **carried)
{
    const char *at = strstr(text, attached), *number;
    char *before;
    size_t digits;
    int err;

    if (!at)
        return 0;
    number = at + strlen(attached);
    digits = strspn(number, "0123456789");
    if (!digits || strcmp(number + digits, " attached") != 0)
        return 0;
    before = strndup(text, (size_t)(at - text));
    if (!before)
        return -ENOMEM;
    err = attach(strace, number, before);
    if (err || !*before || *carried) {
        free(before);
        return err ? err : 1;
    }
    *carried = before;
    return 1;
}

/* Puts what was carried before the source's line. */
static int carry(struct strace_source *source, char **carried)
{
    size_t length = strlen(*carried);
    char *text = malloc(length + source->length + 1);

    if (!text)
        return -ENOMEM;
    memcpy(text, *carried, length);
    memcpy(text + length, source->text, source->length + 1);
    free(source->text);
    free(*carried);
    *carried = NULL;
    source->text = text;
    source->room = length + source->length + 1;
    source->length += length;
    strace_line_parse(&source->line, text, &source->clock);
    return 0;
}

/*
 * Whether the file ends in the middle of a line of strace, as strace was ended, or the disk full: a
 * number at its end may have had more digits, and what came behind it is not here. What a command
 * writes to the same terminal may end so, too, and does not matter.
 */
static bool is_torn(struct strace *strace, const struct strace_source *source)
{
    const char *text = source->line.text;
    struct strace_call call;
    bool whole;

    if (source->has_end || (is_end(text) && strstr(text + 4, " +++")))
        return false;
    return text_begins(text, "<... ") || strace_call_parse(&call, text, &whole) ||
           (source->line.tid && strace_thread_find(&strace->world, source->line.tid));
}

static int take_line(struct strace *strace, struct strace_source *source, char **carried)
{
    struct strace_thread *thread;
    int err = *carried && !strstr(source->text, attached) ? carry(source, carried) : 0;

    if (!err)
        err = take_attached(strace, source->text, carried);
    if (err)
        return err < 0 ? err : 0;
    if (is_torn(strace, source))
        reading_lacks(strace->reading, source->dump, "it ends within a line");
    if (!look_at_line((char *)source->line.text))
        return 0;
    thread = thread_of(strace, &source->line);
    err = thread ? strace_take(strace, thread, &source->line) : -ENOMEM;
    return !err && strace->starved ? -ENOMEM : err;
}

/* The files */

/* strace -ff puts the thread's number behind the file's name. */
static uint32_t tid_of(const char *path)
{
    const char *point = strrchr(path, '.');
    unsigned long tid;
    char *end;

    if (!point || !isdigit((unsigned char)point[1]))
        return 0;
    tid = strtoul(point + 1, &end, 10);
    return *end || tid > UINT32_MAX ? 0 : (uint32_t)tid;
}

static int open_sources(struct strace_source *sources, struct reading *reading)
{
    int err = 0;

    for (size_t i = 0; i < reading->count && !err; i++) {
        sources[i].dump = &reading->dumps[i];
        sources[i].tid = tid_of(reading->dumps[i].path);
        err = strace_source_next(&sources[i], reading);
        if (!err && reading->count > 1 && sources[i].there && !sources[i].line.exact)
            err = reading_fail(reading, sources[i].dump, 1,
                               "no time tells where this belongs among the other files "
                               "(strace -ff -ttt -T writes it)");
    }
    return err;
}

/* The source whose line comes next; NULL when all are at their end. */
static struct strace_source *next_source(struct strace_source *sources, size_t count)
{
    struct strace_source *first = NULL;

    for (size_t i = 0; i < count; i++)
        if (sources[i].there && (!first || sources[i].line.time < first->line.time))
            first = &sources[i];
    return first;
}

static int read_sources(struct strace *strace, struct strace_source *sources)
{
    struct reading *reading = strace->reading;
    struct strace_source *source;
    char *carried = NULL;
    int err = open_sources(sources, reading);
    bool begun = false;

    while (!err && (source = next_source(sources, reading->count))) {
        if (!begun)
            err = begin(strace, source->line.text);
        begun = true;
        if (!err)
            err = take_line(strace, source, &carried);
        if (!err)
            err = strace_source_next(source, reading);
    }
    if (!err && !begun)
        err = begin(strace, "");
    strace->torn += strace_threads_sending(&strace->world);
    free(carried);
    return err;
}

static void note(const struct strace *strace, const char *what)
{
    struct reading *reading = strace->reading;
    char text[512];

    snprintf(text, sizeof(text), "%.300s: %s", reading->dumps->path, what);
    reading->say(reading->context, text);
}

/* What may be missing, though that nothing is may be true all the same. */
static void say_doubts(const struct strace *strace)
{
    if (!strace->plain && strace->calls) /* as -e trace=network leaves it */
        note(strace,
             "no read() or write() is in it: what these moved is not here, if strace was not "
             "asked for them (-e trace=network,desc,process)");
    /*
     * No call returns the number of a descriptor that was passed. Otherwise, if the command was
     * traced from its beginning, and without the calls that open files, numbers that no call has
     * returned are files.
     */
    if (strace->passed)
        note(strace,
             "descriptors were passed in messages: what read() and write() moved on them is "
             "not here, if they are sockets (strace -yy tells)");
    else if (strace->older && (!strace->executed || strace->opens || strace->gap))
        note(strace,
             "of some descriptors no call shows what they are: what read() and write() moved on "
             "them is not here, if they are sockets (strace -yy tells)");
}

static void say_lacks(struct strace *strace)
{
    struct reading *reading = strace->reading;

    say_doubts(strace);
    if (strace->cut)
        reading_lacks(
            reading, reading->dumps,
            "of %zu %s strace shows a part at most (a longer -s, as -s 1048576, and no -e raw)",
            strace->cut, text_counted(strace->cut, "message", "messages"));
    if (strace->unseen)
        reading_lacks(reading, reading->dumps,
                      "%zu %s sent by sendfile() or splice(), whose bytes strace does not see",
                      strace->unseen, text_counted(strace->unseen, "message was", "messages were"));
    if (strace->unknown)
        reading_lacks(reading, reading->dumps,
                      "%zu %s of sockets of which nothing tells the kind (strace -yy does, or "
                      "--type and --server here)",
                      strace->unknown, text_counted(strace->unknown, "message", "messages"));
    if (strace->world.guessed)
        reading_lacks(
            reading, reading->dumps,
            "of %zu %s made at once only their order tells which ends belong together "
            "(strace -yy does)",
            strace->world.guessed,
            text_counted(strace->world.guessed, "connection that was", "connections that were"));
    if (strace->world.mistakable)
        reading_lacks(reading, reading->dumps,
                      "%zu %s could have come from another socket, which sent the same to the same "
                      "address",
                      strace->world.mistakable,
                      text_counted(strace->world.mistakable, "datagram", "datagrams"));
    if (strace->torn)
        reading_lacks(reading, reading->dumps, "%zu %s not there whole", strace->torn,
                      text_counted(strace->torn, "call is", "calls are"));
    if (strace->uring)
        reading_lacks(reading, reading->dumps,
                      "io_uring was used, and strace does not see what that moves");
}

static int read(struct reading *reading)
{
    struct strace_source *sources = calloc(reading->count, sizeof(*sources));
    struct strace strace = {.reading = reading, .world.sink = reading->sink};
    int err = sources ? read_sources(&strace, sources) : -ENOMEM;

    if (!err)
        say_lacks(&strace);
    for (size_t i = 0; sources && i < reading->count; i++)
        free(sources[i].text);
    free(sources);
    free(strace.data.at);
    strace_world_free(&strace.world);
    return err;
}

const struct reader reader_strace = {
    .name = "strace",
    .summary = "what strace printed",
    .several = true,
    .needs = READER_SERVER | READER_TYPE,
    .looks = looks,
    .read = read,
};
