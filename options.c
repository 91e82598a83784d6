/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "options.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/output.h"
#include "capture/text.h"
#include "completion.h"
#include "emit/call.h"
#include "emit/report.h"
#include "emit/pdu.h"
#include "capture/size.h"
#include "emit/writer.h"
#include "option_values.h"

enum {
    BUFFER_SIZE_MIN = 64 << 10,
    BUFFER_SIZE_DEFAULT = 16 << 20,
    BUFFER_SIZE_MAX = 1 << 30,
    REPEAT_MAX = 1000,
    JOBS_MAX = 256,
};

const char *argp_program_version = "sockfixture " VERSION;

static const char doc[] =
    "Run COMMAND, record what it says over its sockets, and print it as a table of test cases. "
    "Without COMMAND, watch what runs already: -p, -s, -e or --uid say what, until Ctrl-C. "
    "Or be the server that was recorded (--serve), or its client (--replay).\v"
    "The fixture goes to the file named by -o once the command is done, and -o is the usual way. "
    "Without it the fixture goes to standard output, and so that the two are not mixed, what the "
    "command prints goes to standard error.\n"
    "\n"
    "With -w alone nothing but the recording is written. From -r, fixtures in any language can be "
    "made of a recording later.\n"
    "\n"
    "Exit status: 0 done; 1 --check, --replay or --serve found a "
    "difference; 2 bad usage, or what cannot be read or written; "
    "3 the recording is "
    "incomplete; 4 the command failed or could not be run; 5 nothing can record here.\n"
    "\n"
    "Example: sockfixture --lang go -o ntpdata_test.go chronyc ntpdata";

enum {
    OPTION_AS = 256,
    OPTION_BACKEND,
    OPTION_BACKENDS,
    OPTION_BYTES,
    OPTION_CALL,
    OPTION_CHDIR,
    OPTION_CHECK,
    OPTION_DIFF_FORMAT,
    OPTION_CLIENT,
    OPTION_COMMAND,
    OPTION_COMPLETION,
    OPTION_DISSECTOR,
    OPTION_EMBED_ABOVE,
    OPTION_FRAME,
    OPTION_FOLLOW,
    OPTION_FROM,
    OPTION_IGNORE_STATUS,
    OPTION_INIT,
    OPTION_LIST,
    OPTION_LIST_LANGS,
    OPTION_MANIFEST,
    OPTION_MAX_MESSAGE,
    OPTION_NAME,
    OPTION_NO_FOLLOW,
    OPTION_PACKAGE,
    OPTION_REDACT,
    OPTION_REPEAT,
    OPTION_REPLAY,
    OPTION_SERVE,
    OPTION_STABLE,
    OPTION_PRINT_TEMPLATE,
    OPTION_SERVER,
    OPTION_STYLE,
    OPTION_TEMPLATE,
    OPTION_VOLATILE,
    OPTION_TEMPLATE_DIR,
    OPTION_TEXT,
    OPTION_TIMING,
    OPTION_TYPE,
    OPTION_UID,
    OPTION_UPDATE,
};

static const struct argp_option option_table[] = {
    {"lang", 'l', "LANG", 0, "Language of the fixture (default: by the ending of -o, or json)", 1},
    {"output", 'o', "FILE", 0, "Write the fixture to FILE (- for standard output)", 1},
    {"template", OPTION_TEMPLATE, "FILE", 0, "Use the template in FILE", 1},
    {"template-dir", OPTION_TEMPLATE_DIR, "DIR", 0,
     "Look for templates in DIR first (may be given again)", 1},
    {"print-template", OPTION_PRINT_TEMPLATE, "NAME", 0,
     "Print the template of that name, to begin one's own with", 1},
    {"name", OPTION_NAME, "NAME", 0, "Name of the table (default: from the command)", 1},
    {"package", OPTION_PACKAGE, "NAME", 0, "Package or module, where the language has them", 1},
    {"style", OPTION_STYLE, "NAME", 0, "The language's style (--list-langs lists them)", 1},
    {"bytes", OPTION_BYTES, "HOW", 0,
     "Spell messages as hex, as text, or as what they are (auto, the default)", 1},
    {"call", OPTION_CALL, "FUNCTION", 0, "The function that a fixture with tests calls", 1},
    {"embed-above", OPTION_EMBED_ABOVE, "SIZE", 0,
     "Put messages longer than SIZE in files beside the fixture (0: none)", 1},
    {"dissector", OPTION_DISSECTOR, "NAME", 0,
     "What reads the messages of a capture (pcapng) in Wireshark: a dissector as ptp, or "
     "TABLE:NUMBER as udp.port:323 (default: by --frame or the server's port)",
     1},
    {"as", OPTION_AS, "PROTOCOL:PORT", 0,
     "In a capture (pcapng), wrap messages in IP as if sent so: as udp:323 or tcp:6379", 1},
    {"list-langs", OPTION_LIST_LANGS, NULL, 0, "List the languages there are templates for", 1},
    {"write", 'w', "FILE", 0, "Write the recording to FILE (- for standard output)", 2},
    {"read", 'r', "FILE", 0,
     "Read a recording, or what another tool dumped, from FILE (- for standard input), run nothing",
     2},
    {"from", OPTION_FROM, "FORMAT", 0, "What wrote FILE (default: as it looks)", 2},
    {"command", OPTION_COMMAND, "COMMAND", 0, "The command that FILE is of", 2},
    {"server", OPTION_SERVER, "ADDRESS", 0, "The server's address, where FILE does not say it", 2},
    {"type", OPTION_TYPE, "TYPE", 0,
     "stream, dgram or seqpacket: the sockets' type, where FILE does not say it", 2},
    {"text", OPTION_TEXT, NULL, 0, "In a dump as text, a dot is a dot", 2},
    {"client", OPTION_CLIENT, "WHO", 0,
     "Which end is the client, where FILE does not say it: its name or pid, or left or right", 2},
    {"repeat", OPTION_REPEAT, "N", 0, "Run COMMAND N times, and find the bytes that vary", 2},
    {"volatile", OPTION_VOLATILE, "RANGE", 0,
     "Bytes that vary: [[EXCHANGE:]REQ|RESP:]OFFSET:LENGTH; may be given more than once", 2},
    {"stable", OPTION_STABLE, "RANGE", 0, "Bytes that do not, whatever was found", 2},
    {"check", OPTION_CHECK, NULL, 0,
     "Write nothing, but tell what differs from the recording (-w) and the fixture (-o)", 2},
    {"diff-format", OPTION_DIFF_FORMAT, "FORMAT", 0,
     "Tell it as text (the default), json, junit or github", 2},
    {"redact", OPTION_REDACT, "WHAT", 0,
     "Put filler in the place of what matches WHAT: a regular expression, a RANGE, or 'secrets', "
     "which are known by their shapes",
     2},
    {"socket", 's', "ADDRESS", 0,
     "Only conversations with the server at ADDRESS: a path, @abstract, tcp:HOST:PORT, udp:..., "
     ":PORT; globs allowed; '*' is every Unix socket",
     3},
    {"frame", OPTION_FRAME, "KIND", 0,
     "Cut streams into messages: line, nul, crlf, len:OFFSET:SIZE[:be|le][:+N], http, dbus, resp "
     "or "
     "postgres",
     3},
    {"exclude", 'x', "ADDRESS", 0, "Leave out what is said to or from ADDRESS", 3},
    {"pid", 'p', "PID", 0, "Watch a process that runs already (several: -p 1,2)", 3},
    {"comm", 'e', "NAME", 0, "Only processes of that name (globs allowed)", 3},
    {"uid", OPTION_UID, "USER", 0, "Only processes of that user", 3},
    {"no-follow", OPTION_NO_FOLLOW, NULL, 0, "Leave out the processes that COMMAND or PID starts",
     3},
    {"follow", OPTION_FOLLOW, NULL, 0,
     "Observe the processes that COMMAND or PID starts (the default)", 3},
    {"backend", OPTION_BACKEND, "NAME", 0, "Record by NAME (default: auto, the first that works)",
     3},
    {"backends", OPTION_BACKENDS, NULL, 0, "List the backends, and whether they work here", 3},
    {"user", 'u', "NAME", 0, "Run COMMAND as that user (only root can)", 3},
    {"env", 'E', "VARIABLE", 0, "Set it for COMMAND (as NAME=VALUE), or do not (as NAME)", 3},
    {"chdir", OPTION_CHDIR, "DIR", 0, "Run COMMAND in DIR", 3},
    {"buffer-size", 'B', "SIZE", 0, "Buffer between kernel and program, as 512K or 64M", 3},
    {"max-message", OPTION_MAX_MESSAGE, "SIZE", 0,
     "Keep no more than SIZE bytes of each message (default: all)", 3},
    {"ignore-status", OPTION_IGNORE_STATUS, NULL, 0, "Write the fixture even if the command failed",
     3},
    {"count", 'c', "N", 0, "End the recording when N exchanges are complete", 3},
    {"duration", 'T', "SECONDS", 0, "End the recording after so many seconds (as 10 or 0.5)", 3},
    {"serve", OPTION_SERVE, "ADDRESS", 0,
     "Be the server that was recorded (-r), at a path, @abstract, tcp:HOST:PORT, udp:... or :PORT, "
     "until COMMAND has ended, or Ctrl-C",
     4},
    {"replay", OPTION_REPLAY, "ADDRESS", 0,
     "Ask the server there what was recorded (-r), and tell what it answers otherwise", 4},
    {"timing", OPTION_TIMING, "WHEN", 0,
     "Let it take as long as was recorded, or be done at once (now, the default)", 4},
    {"init", OPTION_INIT, NULL, 0,
     "Write a first manifest, of a fixture that COMMAND and the other options make", 5},
    {"update", OPTION_UPDATE, NULL, 0,
     "Make the fixtures of the manifest, or those named, anew; write what differs", 5},
    {"list", OPTION_LIST, NULL, 0, "List the fixtures of the manifest", 5},
    {"manifest", OPTION_MANIFEST, "FILE", 0, "The manifest (default: sockfixture.json)", 5},
    {"jobs", 'j', "N", 0, "Make N fixtures of the manifest at a time (default: 1)", 5},
    {"quiet", 'q', NULL, 0, "Say nothing but errors", 6},
    {"verbose", 'v', NULL, 0, "Show each message as it passes; -vv: and the log of libbpf", 6},
    {"completion", OPTION_COMPLETION, "SHELL", 0,
     "Print what completes these options in bash, fish or zsh", 6},
    {0},
};

/* As argp_error(), but nothing in the text can drive the terminal. */
static void option_error(const struct argp_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void option_error(const struct argp_state *state, const char *format, ...)
{
    char line[1024], text[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text_escape(text, sizeof(text), line, strlen(line));
    argp_error(state, "%s", text);
}

/* The same, rounded up to a power of two; 0 when it is no size that a buffer can have. */
static size_t parse_buffer_size(const char *text)
{
    size_t size, rounded = BUFFER_SIZE_MIN;

    if (size_parse(text, strlen(text), &size) || size == 0 || size > BUFFER_SIZE_MAX)
        return 0;
    while (rounded < size)
        rounded *= 2;
    return rounded;
}

static void parse_repeat(struct options *options, const char *value, struct argp_state *state)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);

    if (!isdigit((unsigned char)*value) || *end || number < 1 || number > REPEAT_MAX)
        option_error(state, "--repeat: '%s' is no number from 1 to %d", value, REPEAT_MAX);
    options->repeat = number;
}

static void parse_jobs(struct options *options, const char *value, struct argp_state *state)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);

    if (!isdigit((unsigned char)*value) || *end || number < 1 || number > JOBS_MAX)
        option_error(state, "--jobs: '%s' is no number from 1 to %d", value, JOBS_MAX);
    options->jobs = number;
}

static void parse_diff_format(struct options *options, const char *value, struct argp_state *state)
{
    options->diff_format = value;
    if (!report_find(value))
        option_error(state, "--diff-format: '%s' is none of text, json, junit and github", value);
}

/* A number of exchanges; 0 when it is none. */
static size_t parse_count(const char *text)
{
    unsigned long long count;
    char *end;

    errno = 0;
    count = strtoull(text, &end, 10);
    return errno || *end || !isdigit((unsigned char)text[0]) || count > SIZE_MAX ? 0 : count;
}

/* Seconds as 10 or 0.5, in nanoseconds; 0 when it is no such number, or longer than a lifetime.
 */
static uint64_t parse_seconds(const char *text)
{
    double seconds;
    char *end;

    if (strspn(text, "0123456789.") != strlen(text))
        return 0;
    seconds = strtod(text, &end);
    return *end || seconds > 3e9 ? 0 : (uint64_t)(seconds * 1e9);
}

/* The number of the word among those that the option knows, or of none past the last. */
static size_t find_word(const char *option, const char *value)
{
    const char *word;
    size_t index = 0;

    while ((word = option_word(option, index)) && strcmp(word, value) != 0)
        index++;
    return index;
}

static void parse_bytes(struct options *options, const char *value, struct argp_state *state)
{
    static const enum fixture_bytes bytes[] = {BYTES_AUTO, BYTES_HEX, BYTES_TEXT};
    size_t index = find_word("bytes", value);

    if (!option_word("bytes", index))
        option_error(state, "--bytes: '%s' is none of auto, hex and text", value);
    options->bytes = bytes[index];
}

static void parse_embed_above(struct options *options, const char *value, struct argp_state *state)
{
    options->embed_given = true;
    if (size_parse(value, strlen(value), &options->embed_above))
        option_error(state, "--embed-above: '%s' is no size (as 512, 64K or 1M)", value);
}

static void parse_call(struct options *options, const char *value, struct argp_state *state)
{
    struct call call;
    int err = call_parse(&call, value);

    call_free(&call);
    options->call = value;
    if (err)
        option_error(state, "--call: '%s' is no name of a function (as parse, or reply.parse)",
                     value);
}

static void parse_timing(struct options *options, const char *value, struct argp_state *state)
{
    size_t index = find_word("timing", value);

    options->timed = index == 1;
    if (!option_word("timing", index))
        option_error(state, "--timing: '%s' is neither recorded nor now", value);
}

static void parse_type(struct options *options, const char *value, struct argp_state *state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    size_t index = find_word("type", value);

    if (!option_word("type", index))
        option_error(state, "--type: '%s' is none of stream, dgram and seqpacket", value);
    options->type = types[index];
}

static void parse_completion(struct options *options, const char *value, struct argp_state *state)
{
    options->completion = value;
    if (!completion_find(value))
        option_error(state, "--completion: '%s' is none of bash, fish and zsh", value);
}

static const char *option_name(int key)
{
    const struct argp_option *option = option_table;

    while (option->name && option->key != key)
        option++;
    return option->name;
}

static void add_word(struct option_words *words, int key, const char *value,
                     struct argp_state *state)
{
    const char *name = option_name(key);

    if (words->count == OPTION_WORDS && name)
        option_error(state, "--%s was given more than %d times", name, OPTION_WORDS);
    if (words->count == OPTION_WORDS)
        option_error(state, "more than %d fixtures were named", OPTION_WORDS);
    words->at[words->count++] = value;
}

/* Options that can be given several times; NULL when this is none. */
static struct option_words *words_of(struct options *options, int key)
{
    switch (key) {
    case 's':
        return &options->sockets;
    case 'x':
        return &options->excludes;
    case 'r':
        return &options->reads;
    case 'p':
        return &options->pids;
    case 'e':
        return &options->comms;
    case 'E':
        return &options->environment;
    case OPTION_UID:
        return &options->uids;
    case OPTION_VOLATILE:
        return &options->volatiles;
    case OPTION_STABLE:
        return &options->stables;
    case OPTION_REDACT:
        return &options->redact;
    }
    return NULL;
}

/* Keeps what was given, for the manifest. */
static void keep_option(struct options *options, int key, const char *value,
                        struct argp_state *state)
{
    const char *name = option_name(key);

    if (!name)
        return;
    if (options->given_count == OPTIONS_GIVEN)
        option_error(state, "more than %d options were given", OPTIONS_GIVEN);
    options->given[options->given_count++] = (struct option_given){name, value};
}

static bool is_of_manifest(const struct options *options)
{
    return options->task == MANIFEST_UPDATE || options->task == MANIFEST_LIST ||
           options->task == MANIFEST_CHECK;
}

static void take_task(struct options *options, enum manifest_task task, struct argp_state *state)
{
    if (options->task != MANIFEST_NONE && options->task != task)
        option_error(state, "--init, --update, --list and --check exclude each other");
    options->task = task;
}

/* Without a recording or a fixture to compare with, --check is about the manifest. */
static void find_task(struct options *options)
{
    if (options->check && options->task == MANIFEST_NONE && !options->write && !options->output &&
        !options->reads.count)
        options->task = MANIFEST_CHECK;
}

/* What is no option is the command, to which all that is left belongs; or a fixture's name. */
static void take_argument(struct options *options, char *value, struct argp_state *state)
{
    find_task(options);
    if (is_of_manifest(options)) {
        add_word(&options->names, ARGP_KEY_ARG, value, state);
        return;
    }
    options->command = state->argv + state->next - 1;
    state->next = state->argc;
}

/* Where the option's argument goes as it is, if it does. */
static const char **text_of(struct options *options, int key)
{
    switch (key) {
    case 'l':
        return &options->lang;
    case 'o':
        return &options->output;
    case 'w':
        return &options->write;
    case OPTION_PRINT_TEMPLATE:
        return &options->print_template;
    case OPTION_SERVE:
        return &options->serve;
    case OPTION_REPLAY:
        return &options->replay;
    case OPTION_CHDIR:
        return &options->directory;
    case OPTION_MANIFEST:
        return &options->manifest;
    case OPTION_STYLE:
        return &options->style;
    case OPTION_BACKEND:
        return &options->backend;
    case OPTION_FRAME:
        return &options->frame;
    case OPTION_FROM:
        return &options->from;
    case OPTION_COMMAND:
        return &options->dump_command;
    case OPTION_SERVER:
        return &options->server;
    case OPTION_CLIENT:
        return &options->client;
    case 'u':
        return &options->user;
    case OPTION_NAME:
        return &options->name;
    case OPTION_PACKAGE:
        return &options->package;
    case OPTION_TEMPLATE:
        return &options->template;
    }
    return NULL;
}

/* What the option says by being there, if that is all. */
static bool *flag_of(struct options *options, int key)
{
    switch (key) {
    case 'q':
        return &options->quiet;
    case OPTION_CHECK:
        return &options->check;
    case OPTION_TEXT:
        return &options->text;
    case OPTION_BACKENDS:
        return &options->list_backends;
    case OPTION_IGNORE_STATUS:
        return &options->ignore_status;
    case OPTION_LIST_LANGS:
        return &options->list_langs;
    }
    return NULL;
}

/* Options of which the argument is looked at. */
static error_t parse_value(struct options *options, int key, char *value, struct argp_state *state)
{
    switch (key) {
    case OPTION_FOLLOW:
    case OPTION_NO_FOLLOW:
        options->no_follow = key == OPTION_NO_FOLLOW;
        break;
    case 'B':
        options->buffer_size = parse_buffer_size(value);
        if (!options->buffer_size)
            option_error(state, "--buffer-size: '%s' is no size up to 1G (as 512K or 64M)", value);
        break;
    case 'c':
        options->count = parse_count(value);
        if (!options->count)
            option_error(state, "--count: '%s' is no number of exchanges", value);
        break;
    case 'T':
        options->duration = parse_seconds(value);
        if (!options->duration)
            option_error(state, "--duration: '%s' is no number of seconds (as 10 or 0.5)", value);
        break;
    case 'v':
        options->verbose++;
        break;
    case OPTION_BYTES:
        parse_bytes(options, value, state);
        break;
    case OPTION_AS:
        if (wrapping_parse(&options->as, value))
            option_error(state, "--as: '%s' is neither udp:PORT nor tcp:PORT", value);
        break;
    case OPTION_DISSECTOR:
        if (!pdu_dissector_is_one(value))
            option_error(state, "--dissector: '%s' is neither a name nor TABLE:NUMBER", value);
        options->dissector = value;
        break;
    case OPTION_CALL:
        parse_call(options, value, state);
        break;
    case OPTION_EMBED_ABOVE:
        parse_embed_above(options, value, state);
        break;
    case OPTION_TEMPLATE_DIR:
        if (options->template_dirs_count == TEMPLATE_DIRS_MAX)
            option_error(state, "--template-dir: expected at most %d", TEMPLATE_DIRS_MAX);
        options->template_dirs[options->template_dirs_count++] = value;
        break;
    case OPTION_REPEAT:
        parse_repeat(options, value, state);
        break;
    case OPTION_TIMING:
        parse_timing(options, value, state);
        break;
    case OPTION_INIT:
        take_task(options, MANIFEST_INIT, state);
        break;
    case OPTION_UPDATE:
        take_task(options, MANIFEST_UPDATE, state);
        break;
    case OPTION_LIST:
        take_task(options, MANIFEST_LIST, state);
        break;
    case 'j':
        parse_jobs(options, value, state);
        break;
    case OPTION_DIFF_FORMAT:
        parse_diff_format(options, value, state);
        break;
    case OPTION_TYPE:
        parse_type(options, value, state);
        break;
    case OPTION_COMPLETION:
        parse_completion(options, value, state);
        break;
    case OPTION_MAX_MESSAGE:
        if (size_parse(value, strlen(value), &options->max_message))
            option_error(state, "--max-message: '%s' is no size (as 64 or 1K; 0: no limit)", value);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct options *options = state->input;
    struct option_words *words = words_of(options, key);
    const char **text = text_of(options, key);
    bool *flag = flag_of(options, key);

    keep_option(options, key, value, state);
    if (words)
        add_word(words, key, value, state);
    else if (text)
        *text = value;
    else if (flag)
        *flag = true;
    else if (key == ARGP_KEY_ARG)
        take_argument(options, value, state);
    else if (key == ARGP_KEY_END)
        find_task(options);
    else
        return parse_value(options, key, value, state);
    return 0;
}

bool is_stdout(const char *path)
{
    return path && output_is_stdout(path);
}

bool wants_fixture(const struct options *options)
{
    return !replays(options) &&
           (options->lang || options->template || options->output || !options->write);
}

bool fixture_to_stdout(const struct options *options)
{
    return wants_fixture(options) && (!options->output || is_stdout(options->output));
}

bool says_details(const struct options *options)
{
    return !options->part || options->verbose;
}

bool replays(const struct options *options)
{
    return options->serve || options->replay;
}

bool is_trial(const struct options *options)
{
    return options->part && options->part->trial;
}

bool attaches(const struct options *options)
{
    return !options->command && !options->read &&
           (options->pids.count || options->sockets.count || options->comms.count ||
            options->uids.count);
}

bool option_is_for_manifest(const char *name)
{
    static const char *const names[] = {"update", "check",   "list",    "init",  "manifest",
                                        "jobs",   "backend", "verbose", "quiet", "diff-format"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Is any of the options given that are named, the last of them NULL? */
static bool any_given(const struct options *options, const char *const *names)
{
    for (; *names; names++)
        for (size_t i = 0; i < options->given_count; i++)
            if (strcmp(options->given[i].name, *names) == 0)
                return true;
    return false;
}

/* What is wrong with those that say what to do with the manifest. */
static const char *manifest_misuse(const struct options *options)
{
    if (options->task == MANIFEST_INIT && !options->command)
        return "--init needs the command that the first fixture records";
    if (options->task == MANIFEST_INIT && (is_stdout(options->write) || is_stdout(options->output)))
        return "a manifest's recordings and fixtures are files, and not standard output";
    if (options->task == MANIFEST_INIT)
        return NULL;
    if (options->check && options->task != MANIFEST_CHECK)
        return "--update, --list and --check exclude each other";
    if (options->diff_format && options->task != MANIFEST_CHECK)
        return "--diff-format is how --check tells what differs";
    for (size_t i = 0; i < options->given_count; i++)
        if (!option_is_for_manifest(options->given[i].name))
            return options->task == MANIFEST_CHECK
                       ? "--check without -w and -o is about the manifest, where what a fixture is "
                         "made with stands: beside it go --manifest, --jobs, --backend, "
                         "--diff-format, -q and -v"
                       : "what a fixture is made with stands in the manifest: beside --update and "
                         "--list go --manifest, --jobs, --backend, -q and -v";
    return NULL;
}

/*
 * Who knows tcpdump names a capture with -w: that is a fixture as any other, where nothing else is
 * to be written.
 */
static void write_capture(struct options *options)
{
    const char *path = options->write;
    const struct writer *writer = NULL;

    if (!path || options->output || options->template)
        return;
    if (is_stdout(path) || (options->lang && writer_for_file(path)))
        writer = options->lang ? writer_find(options->lang) : NULL;
    else if (!options->lang)
        writer = writer_for_file(path);
    if (!writer)
        return;
    options->lang = writer->name;
    options->output = path;
    options->write = NULL;
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].name, "write") == 0)
            options->given[i].name = "output";
}

static bool is_same(const char *a, const char *b, mode_t type)
{
    struct stat first, second;

    return stat(a, &first) == 0 && stat(b, &second) == 0 && (first.st_mode & S_IFMT) == type &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static const char *last_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Will both be one file, of that name in one folder? */
static bool is_same_place(const char *a, const char *b)
{
    char *first = strdup(a), *second = strdup(b);
    bool is = first && second && strcmp(last_of(a), last_of(b)) == 0 &&
              is_same(dirname(first), dirname(second), S_IFDIR);

    free(first);
    free(second);
    return is;
}

/* Is that one file, or will it be? What is no file, as /dev/null is, can be written twice. */
static bool is_same_file(const char *a, const char *b)
{
    if (!a || !b || access(a, F_OK) != access(b, F_OK))
        return false;
    return access(a, F_OK) == 0 ? is_same(a, b, S_IFREG) : is_same_place(a, b);
}

/* Would writing destroy what is read, or what else is written? */
static const char *file_misuse(const struct options *options)
{
    if (is_same_file(options->write, options->output))
        return "recording (-w) and fixture (-o) cannot be one file";
    for (size_t i = 0; i < options->reads.count; i++)
        if (is_same_file(options->reads.at[i], options->output))
            return "the fixture (-o) would take the place of what it is made of (-r)";
    return NULL;
}

static bool is_old_capture(const char *path)
{
    const char *dot = path ? strrchr(last_of(path), '.') : NULL;

    return dot && (strcasecmp(dot, ".pcap") == 0 || strcasecmp(dot, ".cap") == 0);
}

/* Would a name promise what is not written? */
static const char *name_misuse(const struct options *options)
{
    const bool chosen = options->lang || options->template;

    if (options->write && writer_for_file(options->write))
        return "a capture is a fixture, and there is one besides (make both of one recording)";
    if (is_old_capture(options->write) || (is_old_capture(options->output) && !chosen))
        return "captures are written as pcapng: name it so, as FILE.pcapng";
    return NULL;
}

/* What is wrong with those that are for a command, where there is none. */
static const char *command_misuse(const struct options *options)
{
    static const char *const names[] = {"env", "chdir", "ignore-status", NULL};

    if (options->user)
        return "--user is for a command, and there is none to run";
    if (any_given(options, names))
        return "--env, --chdir and --ignore-status are for a command, and there is none to run";
    return NULL;
}

/* The same of those that say what the fixture is like. */
static const char *fixture_misuse(const struct options *options)
{
    static const char *const names[] = {"style", "bytes", "call", "package", "embed-above", NULL};

    if (any_given(options, names))
        return "--style, --bytes, --call, --package and --embed-above say what a fixture is like, "
               "and there is none to write (-o names one)";
    return NULL;
}

/* Does -E say which variable it is about? */
static bool names_variables(const struct options *options)
{
    for (size_t i = 0; i < options->environment.count; i++)
        if (!options->environment.at[i][0] || options->environment.at[i][0] == '=')
            return false;
    return true;
}

/* Has this option a place beside --serve, or beside --replay? */
static bool option_is_for_replay(const struct options *options, const char *name)
{
    static const char *const both[] = {
        "read",    "from",    "command",  "server",      "type",     "client", "text",
        "socket",  "exclude", "frame",    "timing",      "volatile", "stable", "quiet",
        "verbose", "name",    "duration", "diff-format", "backend",  "serve",  "replay"};
    static const char *const serving[] = {"count", "user", "env", "chdir", "ignore-status"};

    for (size_t i = 0; i < sizeof(both) / sizeof(*both); i++)
        if (strcmp(both[i], name) == 0)
            return true;
    for (size_t i = 0; options->serve && i < sizeof(serving) / sizeof(*serving); i++)
        if (strcmp(serving[i], name) == 0)
            return true;
    return false;
}

static const char *replay_misuse(const struct options *options)
{
    if (options->serve && options->replay)
        return "--serve is the server and --replay the client: one at a time";
    if (!options->read)
        return "--serve and --replay need the recording (-r)";
    if (options->replay && options->command)
        return "--replay is the client itself: there is no command to run beside it";
    for (size_t i = 0; i < options->given_count; i++)
        if (!option_is_for_replay(options, options->given[i].name))
            return options->serve ? "beside --serve go -r and what says what to read, -s, -x, "
                                    "--frame, --timing, --volatile, --stable, --name, "
                                    "--diff-format, -c, -T, -q, -v, and of a command --user, "
                                    "--env, --chdir and --ignore-status"
                                  : "beside --replay go -r and what says what to read, -s, -x, "
                                    "--frame, --timing, --volatile, --stable, --name, "
                                    "--diff-format, -T, -q and -v";
    return options->command ? NULL : command_misuse(options);
}

/* What is wrong with the options together; NULL when nothing is. */
static const char *misuse(const struct options *options)
{
    static const char *const buffer[] = {"buffer-size", NULL};
    const char *wrong;

    if (!names_variables(options))
        return "-E needs the name of a variable, as NAME=VALUE or NAME";
    if (options->task != MANIFEST_NONE)
        return manifest_misuse(options);
    if (options->manifest || options->jobs)
        return "--manifest goes with --update, --check, --list or --init, and --jobs with --update "
               "or --check";
    if (options->list_langs || options->list_backends || options->print_template ||
        options->completion)
        return NULL;
    if (replays(options))
        return replay_misuse(options);
    if (options->timed)
        return "--timing goes with --serve or --replay";
    if (options->command && options->read)
        return "either a command is run or a recording is read (-r), not both";
    if (!options->command && !options->read && !attaches(options))
        return "no command to run, nothing to watch (-p, -s, -e, --uid), and no recording to "
               "read "
               "(-r)";
    if (!options->read && (options->from || options->dump_command || options->server ||
                           options->client || options->type || options->text))
        return "--from, --command, --server, --client, --type and --text say what a file is (-r), "
               "and "
               "there "
               "is none to read";
    if (options->read && options->duration)
        return "--duration is for recording, and not for what was recorded (-r)";
    if (options->pids.count && (options->command || options->read))
        return "-p watches processes that run already: it goes with no command, nor with -r";
    if (options->read && (options->comms.count || options->uids.count))
        return "-e and --uid choose what is recorded: they do not go with -r";
    if (options->read && (options->no_follow || any_given(options, buffer)))
        return "--no-follow and --buffer-size are for recording, and not for what was recorded "
               "(-r)";
    wrong = options->command ? NULL : command_misuse(options);
    if (!wrong && !wants_fixture(options))
        wrong = fixture_misuse(options);
    if (!wrong)
        wrong = file_misuse(options);
    if (wrong)
        return wrong;
    if (options->lang && options->template)
        return "--lang and --template exclude each other";
    wrong = name_misuse(options);
    if (wrong)
        return wrong;
    if (is_stdout(options->write) && fixture_to_stdout(options))
        return "recording and fixture cannot both go to standard output (name a file with -o)";
    if (options->check && !options->write && !options->output)
        return "--check needs a recording (-w) or a fixture (-o) to compare with";
    if (options->check && (is_stdout(options->write) || is_stdout(options->output)))
        return "--check compares with files, not with standard output";
    if (options->check && wants_fixture(options) && !options->output)
        return "--check compares with the fixture that is there, and -o does not name it";
    if (options->check && options->command && !options->write)
        return "--check needs the recording (-w) that the fixture was made of";
    if (options->diff_format && !options->check)
        return "--diff-format is how --check tells what differs";
    if (options->repeat > 1 && !options->command)
        return "--repeat runs a command several times, and there is none";
    return NULL;
}

const struct argp_option *options_table(void)
{
    return option_table;
}

const char *options_parse(struct options *options, int argc, char **argv)
{
    static const struct argp argp = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "COMMAND [ARG...]\n-p PID | -s ADDRESS\n-r FILE\n"
                    "--serve ADDRESS -r FILE [COMMAND...]\n--replay ADDRESS -r FILE\n"
                    "--update [NAME...]\n--check [NAME...]\n--list\n--init COMMAND [ARG...]",
        .doc = doc,
    };

    *options = (struct options){.backend = "auto", .buffer_size = BUFFER_SIZE_DEFAULT, .repeat = 1};
    argp_err_exit_status = STATUS_USAGE;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, options);
    write_capture(options);
    options->read = options->reads.at[0];
    return misuse(options);
}
